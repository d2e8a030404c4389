/** The client certificate: whether the edge presents one, which, and whether it is still good. */
import type { X509Certificate } from "node:crypto";
import { CLOUDFLARE_SHARED_CA_FINGERPRINT } from "../../pki";
import type { View } from "../view";
import { FOREIGN_LEAF, NEW_LEAF, cloudflareApi, visitorCommand, zoneOf, type Rule } from "./rule";

const SOON_DAYS = 14;
const PENDING = ["initializing", "pending_deployment"];
const NO_REFRESH = "The provider never reads an association back, so that `pulumi refresh` finds no difference.";
/** The fastest way where an association is there and off. */
const switchOn = (view: View): string =>
    [
        'At once (CLOUDFLARE_API_TOKEN needs "SSL and Certificates Write"; it must print "success":true; Pulumi sees no difference):',
        cloudflareApi(
            "PUT",
            `/zones/${zoneOf(view)}/origin_tls_client_auth/hostnames`,
            `{"config":[{"hostname":"${view.evidence.domainName}","cert_id":"${view.cloudflare?.association?.certId}","enabled":true}]}`,
        ),
    ].join("\n");

const isShared = ({ fingerprint256 }: X509Certificate): boolean => fingerprint256 === CLOUDFLARE_SHARED_CA_FINGERPRINT;
const otherLevels = ({ cloudflare }: View): string[] => [
    ...(cloudflare?.globalOriginPull ? ["global (Cloudflare's shared certificate)"] : []),
    ...(cloudflare?.zoneOriginPull ? ["zone"] : []),
];

export const ORIGIN_PULLS: Rule[] = [
    {
        id: "AOP-OTHER-LEVEL-ONLY",
        title: "Origin pulls are on at another level, and off for this hostname",
        impact: "visitors-down",
        find: (view) => {
            const { cloudflare, visitorUp, trusted } = view;
            const levels = otherLevels(view);
            const { association } = cloudflare ?? {};
            if (levels.length === 0 || association === undefined || association?.enabled) return undefined;
            // With no association of its own the hostname falls back to the other levels, which may be just what is trusted.
            if (association === null && (visitorUp || trusted === undefined || trusted.some(isShared))) return undefined;
            return [
                `on: ${levels.join(", ")}`,
                association === null
                    ? "the hostname has no association of its own"
                    : "the hostname's own association is off, which outranks them",
            ];
        },
        refresh: NO_REFRESH,
        fix: (view) => (view.cloudflare?.association ? switchOn(view) : NEW_LEAF),
        confirm: visitorCommand,
        explains: ["AOP-ASSOCIATION-OFF", "AOP-ASSOCIATION-MISSING"],
    },
    {
        id: "AOP-ASSOCIATION-OFF",
        title: "Origin pulls are turned off for this hostname",
        impact: "visitors-down",
        find: ({ cloudflare }) =>
            cloudflare?.association?.enabled === false
                ? ["the hostname's association has enabled: false: the edge presents no certificate at all, whatever the other levels say"]
                : undefined,
        refresh: NO_REFRESH,
        fix: switchOn,
        confirm: visitorCommand,
    },
    {
        id: "AOP-ASSOCIATION-MISSING",
        title: "No client certificate is associated with this hostname",
        impact: "visitors-down",
        find: (view) =>
            view.cloudflare?.association === null && !view.visitorUp && otherLevels(view).length === 0
                ? ["Cloudflare has no association for the hostname, so that its edge presents no certificate of yours"]
                : undefined,
        refresh: NO_REFRESH,
        fix: () => NEW_LEAF,
        confirm: visitorCommand,
    },
    {
        id: "AOP-CERTIFICATE-PENDING",
        title: "Cloudflare has not spread the client certificate over its edge yet",
        impact: ({ visitorUp }) => (visitorUp ? "none-yet" : "visitors-down"),
        find: ({ cloudflare, presented }) => {
            const status = presented?.status ?? cloudflare?.association?.certStatus;
            return status !== undefined && [...PENDING, "deployment_timed_out"].includes(status) && cloudflare?.association?.enabled
                ? [`the certificate's status is ${status}; until it is active the edge presents none`]
                : undefined;
        },
        refresh: "The status is no property of the resource that anybody compares.",
        fix: (view) =>
            view.presented?.status === "deployment_timed_out"
                ? NEW_LEAF
                : `Wait: it takes some minutes. If it does not become active:\n${NEW_LEAF}`,
        confirm: (view) => `npx --no cloudflare-protected-http-api doctor ${view.evidence.domainName} --wait 5m`,
    },
    {
        id: "LEAF-EXPIRED",
        title: "The client certificate that the edge presents has expired",
        impact: "visitors-down",
        find: ({ leafExpires, evidence: { now } }) =>
            leafExpires && leafExpires < now
                ? [`it ended on ${leafExpires.toISOString()}; Cloudflare keeps presenting it, and API Gateway refuses it`]
                : undefined,
        refresh: "`refresh` renews nothing. The next `up` does, if the leaf is issued by this stack.",
        fix: () =>
            `pulumi up --refresh   # renews an issued leaf, and uploads it again if it is gone at Cloudflare\nA brought one: pass the new certificatePem and privateKeyPem.\n${FOREIGN_LEAF}`,
        confirm: visitorCommand,
        explains: ["LEAF-EXPIRES-SOON"],
    },
    {
        id: "LEAF-EXPIRES-SOON",
        title: "The client certificate that the edge presents is about to expire",
        impact: "none-yet",
        find: (view) => {
            const { leafExpires } = view;
            const days = leafExpires && view.days(leafExpires);
            return days !== undefined && days >= 0 && days <= SOON_DAYS
                ? [`it ends on ${leafExpires!.toISOString()}, in ${days} days; after that every request is refused`]
                : undefined;
        },
        refresh: "`refresh` renews nothing. `up` renews an issued leaf in its last 30 days, so that none has run for a while.",
        fix: () =>
            `pulumi up --refresh   # renews an issued leaf, and uploads it again if it is gone at Cloudflare\nAnd let a pipeline run it every week.\n${FOREIGN_LEAF}`,
        confirm: (view) => `npx --no cloudflare-protected-http-api doctor ${view.evidence.domainName}`,
    },
];
