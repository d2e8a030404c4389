/** The client certificate: whether the edge presents one, which one, and whether it is valid. */
import type { X509Certificate } from "node:crypto";
import type { HostnameUpdateParams } from "cloudflare/resources/origin-tls-client-auth/hostnames";
import { CLOUDFLARE_SHARED_CA_FINGERPRINT } from "../../../pki";
import type { Facts } from "../facts";
import { FOREIGN_LEAF, NEW_LEAF, cloudflareApi, visitorCommand, zoneOf, type Rule } from "./rule";

const SOON_DAYS = 14;
const PENDING = ["initializing", "pending_deployment"];
const NO_REFRESH = "The provider never reads an association back, so `pulumi refresh` finds no difference.";
/** The fastest fix for an association that exists but is off. */
const switchOn = (facts: Facts): string =>
    [
        'Immediately (CLOUDFLARE_API_TOKEN needs "SSL and Certificates Write"; it must print "success":true; Pulumi sees no difference):',
        cloudflareApi(
            "PUT",
            `/zones/${zoneOf(facts)}/origin_tls_client_auth/hostnames`,
            JSON.stringify({
                config: [{ hostname: facts.evidence.domainName, cert_id: facts.cloudflare?.association?.certId, enabled: true }],
            } satisfies Omit<HostnameUpdateParams, "zone_id">),
        ),
    ].join("\n");

const isShared = ({ fingerprint256 }: X509Certificate): boolean => fingerprint256 === CLOUDFLARE_SHARED_CA_FINGERPRINT;
const otherLevels = ({ cloudflare }: Facts): string[] => [
    ...(cloudflare?.globalOriginPull ? ["global (Cloudflare's shared certificate)"] : []),
    ...(cloudflare?.zoneOriginPull ? ["zone"] : []),
];

export const ORIGIN_PULLS: Rule[] = [
    {
        id: "AOP-OTHER-LEVEL-ONLY",
        title: "Origin pulls are on at another level, but off for this hostname",
        place: "edge",
        impact: "visitors-down",
        find: (facts) => {
            const { cloudflare, visitorUp, trusted } = facts;
            const levels = otherLevels(facts);
            const { association } = cloudflare ?? {};
            if (levels.length === 0 || association === undefined || association?.enabled) return undefined;
            // Without its own association the hostname falls back to the other levels, which may be trusted.
            if (association === null && (visitorUp || trusted === undefined || trusted.some(isShared))) return undefined;
            return [
                `on: ${levels.join(", ")}`,
                association === null
                    ? "the hostname has no association of its own"
                    : "the hostname's own association is off, which overrides them",
            ];
        },
        refresh: NO_REFRESH,
        fix: (facts) => (facts.cloudflare?.association ? switchOn(facts) : NEW_LEAF),
        confirm: visitorCommand,
        explains: ["AOP-ASSOCIATION-OFF", "AOP-ASSOCIATION-MISSING"],
    },
    {
        id: "AOP-ASSOCIATION-OFF",
        title: "Origin pulls are turned off for this hostname",
        place: "edge",
        impact: "visitors-down",
        find: ({ cloudflare }) =>
            cloudflare?.association?.enabled === false
                ? ["the hostname's association has enabled: false: the edge presents no certificate, whatever the other levels say"]
                : undefined,
        refresh: NO_REFRESH,
        fix: switchOn,
        confirm: visitorCommand,
    },
    {
        id: "AOP-ASSOCIATION-MISSING",
        title: "No client certificate is associated with this hostname",
        place: "edge",
        impact: "visitors-down",
        find: (facts) =>
            facts.cloudflare?.association === null && !facts.visitorUp && otherLevels(facts).length === 0
                ? ["Cloudflare has no association for the hostname, so the edge presents none of your certificates"]
                : undefined,
        refresh: NO_REFRESH,
        fix: () => NEW_LEAF,
        confirm: visitorCommand,
    },
    {
        id: "AOP-CERTIFICATE-PENDING",
        title: "Cloudflare is still deploying the client certificate",
        place: "edge",
        impact: ({ visitorUp }) => (visitorUp ? "none-yet" : "visitors-down"),
        find: ({ cloudflare, presented }) => {
            const status = presented?.status ?? cloudflare?.association?.certStatus;
            return status !== undefined && [...PENDING, "deployment_timed_out"].includes(status) && cloudflare?.association?.enabled
                ? [`the certificate's status is ${status}; until it is active the edge may present none`]
                : undefined;
        },
        refresh: "Pulumi does not compare the certificate's status.",
        fix: (facts) =>
            facts.presented?.status === "deployment_timed_out"
                ? NEW_LEAF
                : `Wait a few minutes. If it does not become active:\n${NEW_LEAF}`,
        confirm: (facts) => `npx --no cloudflare-protected-http-api doctor ${facts.evidence.domainName} --wait 5m`,
    },
    {
        id: "LEAF-EXPIRED",
        title: "The client certificate that the edge presents has expired",
        place: "edge",
        impact: "visitors-down",
        find: ({ leafExpires, evidence: { now } }) =>
            leafExpires && leafExpires < now
                ? [`it expired on ${leafExpires.toISOString()}; Cloudflare still presents it, and API Gateway refuses it`]
                : undefined,
        refresh: "`refresh` renews nothing. The next `up` does, if this stack issues the leaf.",
        fix: () =>
            `pulumi up --refresh   # renews an issued leaf, and uploads it again if Cloudflare lost it\nIf it is your own, pass the new certificatePem and privateKeyPem.\n${FOREIGN_LEAF}`,
        confirm: visitorCommand,
        explains: ["LEAF-EXPIRES-SOON"],
    },
    {
        id: "LEAF-EXPIRES-SOON",
        title: "The client certificate that the edge presents is about to expire",
        place: "edge",
        impact: "none-yet",
        find: (facts) => {
            const { leafExpires } = facts;
            const days = leafExpires && facts.days(leafExpires);
            return days !== undefined && days >= 0 && days <= SOON_DAYS
                ? [`it expires on ${leafExpires!.toISOString()}, in ${days} days; after that API Gateway refuses every request`]
                : undefined;
        },
        refresh: "`refresh` renews nothing. `up` renews an issued leaf in its last 30 days: it has not run since.",
        fix: () =>
            `pulumi up --refresh   # renews an issued leaf, and uploads it again if Cloudflare lost it\nRun it in a weekly pipeline from now on.\n${FOREIGN_LEAF}`,
        confirm: (facts) => `npx --no cloudflare-protected-http-api doctor ${facts.evidence.domainName}`,
    },
];
