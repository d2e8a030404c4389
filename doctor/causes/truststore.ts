/** What API Gateway trusts, against what the edge presents and what S3 holds. */
import type { X509Certificate } from "node:crypto";
import { CLOUDFLARE_SHARED_CA_FINGERPRINT } from "../../pki";
import type { View } from "../view";
import { FOREIGN_LEAF, NEW_LEAF, doctorCommand, regionOf, visitorCommand, type Rule } from "./rule";

const names = (list: X509Certificate[]): string => list.map(({ subject }) => subject.replace(/\n/g, ", ")).join("; ") || "none";
const minus = (list: X509Certificate[], other: X509Certificate[]): X509Certificate[] =>
    list.filter((one) => !other.some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256));

/** The subject that this component gives to the authorities which it issues. */
const issuedHere = (view: View, subject: string): boolean => {
    const name = subject.split("\n").find((part) => part.startsWith("CN="));
    return (
        name !== undefined &&
        name.slice(3).includes("pull CA ") &&
        `${view.evidence.domainName} `.endsWith(name.slice(3).split("pull CA ")[0]!)
    );
};

/** The leaf that is presented and the list that is trusted, when neither knows the other. */
function stranded(view: View): { leaf: X509Certificate; trusted: X509Certificate[] } | undefined {
    const { leaf, trusted } = view;
    if (!leaf || !trusted || trusted.length === 0 || view.signer(leaf, trusted)) return undefined;
    return { leaf, trusted };
}

const inNewest = (view: View, leaf: X509Certificate): boolean =>
    view.newestTrusted !== undefined && view.signer(leaf, view.newestTrusted) !== undefined;
const sameName = (leaf: X509Certificate, trusted: X509Certificate[]): boolean => trusted.some(({ subject }) => subject === leaf.issuer);
/** For a fault that an `up` leaves where it was: whose CA it is, only a person knows. */
const UNKNOWN_CA = [
    "If the fault stays, the program knows neither the certificate that the edge presents nor its CA. Only if you know that this CA is yours: add it to originPull.authorities (caCertificatePem), and run pulumi up. Otherwise, with a new leaf, the edge presents the program's again:",
    NEW_LEAF,
].join("\n");

export const TRUSTSTORE: Rule[] = [
    {
        id: "TRUSTSTORE-OVERWRITTEN",
        title: "Somebody wrote another truststore over yours in S3",
        impact: ({ aws }) => (aws?.domain?.truststoreVersion ? "none-yet" : "bypass-open"),
        find: (view) => {
            const { aws, trusted = [], newestTrusted, uploaded } = view;
            // A CA of a certificate that is uploaded is ours, and on its way in: only Cloudflare can tell which those are.
            if (!aws?.domain || newestTrusted === undefined || uploaded === undefined) return undefined;
            const pinned = aws.domain.truststoreVersion;
            const ours = newestTrusted.filter((ca) => uploaded.some((leaf) => view.signer(leaf, [ca])));
            // Without a version the domain took what was newest.
            const foreign = minus(newestTrusted, pinned === undefined ? ours : [...trusted, ...ours]);
            if (foreign.length === 0 && !(pinned !== undefined && newestTrusted.length === 0)) return undefined;
            return [
                `the newest version holds what the ${pinned === undefined ? "edge's certificate is not signed by" : "pinned version does not"}: ${names(foreign)}`,
                pinned === undefined
                    ? "the domain pins no version: whoever holds a certificate of that CA gets in"
                    : "the domain still uses the pinned version; the next change that pins the newest would let them in",
            ];
        },
        refresh:
            "A domain that pins no version takes the newest at its next update, and may have done so already; one that does keeps the copy that it took. `refresh` sees the object's new etag.",
        fix: () =>
            [
                "pulumi preview --refresh --diff   # it must update the truststore object; if it changes only the domain's truststoreVersion, stop",
                "pulumi up --refresh",
                "Then find out who wrote the object (CloudTrail data events, PutObject, if they are on), and take that right away.",
            ].join("\n"),
        confirm: (view) => `${doctorCommand(view)}   # with the credentials of both clouds: without them it says nothing of this`,
    },
    {
        id: "TRUSTSTORE-NOT-PINNED-VERSION",
        title: "The domain pins a version of the truststore that lacks the edge's CA; a newer version has it",
        impact: "visitors-down",
        find: (view) => {
            const one = stranded(view);
            if (!one || !inNewest(view, one.leaf)) return undefined;
            const { domain, truststore } = view.aws!;
            return [
                `pinned: ${domain?.truststoreVersion}, newest: ${truststore?.newestVersion}`,
                `the edge's certificate is signed by ${one.leaf.issuer.replace(/\n/g, ", ")}, which only the newest version holds`,
            ];
        },
        refresh: "S3 alone changes nothing: API Gateway keeps the copy that it took at the last update of the domain.",
        fix: () =>
            `pulumi up --refresh   # pins the version that it writes; while visitors are refused, its last check fails after some minutes\n${UNKNOWN_CA}`,
        confirm: visitorCommand,
        explains: ["TRUSTSTORE-LACKS-ISSUER", "CA-REISSUED-SAME-NAME", "LEAF-WRONG-CA"],
    },
    {
        id: "CA-REISSUED-SAME-NAME",
        title: "The truststore holds a CA of the right name and another key",
        impact: "visitors-down",
        find: (view) => {
            const one = stranded(view);
            return one && sameName(one.leaf, one.trusted)
                ? [
                      `the truststore holds ${one.leaf.issuer.replace(/\n/g, ", ")}, and its key did not sign the certificate that the edge presents`,
                  ]
                : undefined;
        },
        refresh:
            "A truststore that was changed by hand is seen. Another certificate at the edge is not: the provider never reads an association back, and nothing compares the keys.",
        fix: () => ["pulumi up --refresh   # mends a truststore that was changed by hand", FOREIGN_LEAF].join("\n"),
        confirm: visitorCommand,
        explains: ["TRUSTSTORE-LACKS-ISSUER", "LEAF-WRONG-CA"],
    },
    {
        id: "LEAF-WRONG-CA",
        title: "The edge presents a certificate of another CA than the one that API Gateway trusts",
        impact: "visitors-down",
        find: (view) => {
            const one = stranded(view);
            if (!one || sameName(one.leaf, one.trusted) || inNewest(view, one.leaf)) return undefined;
            const ours = one.trusted.some(({ subject }) => issuedHere(view, subject));
            return ours && !issuedHere(view, one.leaf.issuer)
                ? [`presented: signed by ${one.leaf.issuer.replace(/\n/g, ", ")}`, `trusted: ${names(one.trusted)}`]
                : undefined;
        },
        refresh: "The provider never reads an association back, so that another certificate there is no difference to it.",
        fix: () => `${NEW_LEAF}\nAnd find out who uploaded the other certificate.`,
        confirm: visitorCommand,
        explains: ["TRUSTSTORE-LACKS-ISSUER"],
    },
    {
        id: "TRUSTSTORE-LACKS-ISSUER",
        title: "The truststore lacks the CA of the certificate that the edge presents",
        impact: "visitors-down",
        find: (view) => {
            const one = stranded(view);
            return one
                ? [
                      `the edge's certificate is signed by ${one.leaf.issuer.replace(/\n/g, ", ")}`,
                      `the pinned truststore holds: ${names(one.trusted)}`,
                  ]
                : undefined;
        },
        refresh: "If the object in S3 is the one that was deployed, nothing differs: the authority is missing in the program.",
        fix: () => ["pulumi up --refresh   # puts the program's truststore back", UNKNOWN_CA].join("\n"),
        confirm: visitorCommand,
    },
    {
        id: "SHARED-CA-TRUSTED",
        title: "The truststore holds Cloudflare's shared CA: any Cloudflare customer may get in",
        impact: "bypass-open",
        find: (view) =>
            view.trusted?.some(({ fingerprint256 }) => fingerprint256 === CLOUDFLARE_SHARED_CA_FINGERPRINT)
                ? [
                      `the pinned version holds the certificate with the fingerprint ${CLOUDFLARE_SHARED_CA_FINGERPRINT}`,
                      "every Cloudflare customer can present its leaf, if the edge can be made to send your name",
                  ]
                : undefined,
        refresh: "In mode Shared, or during a move away from it, this is what was deployed.",
        fix: () =>
            [
                "pulumi config get originPullMode ; pulumi config get originPullAuthorities   # not found: Hostname",
                "Mode Shared: move to Hostname. Only if originPullAuthorities was not found, for what is presented must be trusted before:",
                "pulumi config set originPullAuthorities 1 && pulumi up",
                "Mode Shared: its zone setting goes, and is protected (tls_client_auth itself stays on):",
                "pulumi stack --show-urns   # take the URN of type cloudflare:index/zoneSetting:ZoneSetting whose name ends in -tls-client-auth",
                "URN='<that URN>'",
                'pulumi state unprotect "$URN" --yes',
                "Mode Shared: in two deployments, with your own list in the place of 1 if it was found:",
                "pulumi config set originPullMode Hostname && pulumi config set originPullAuthorities 1,cloudflare-shared && pulumi config set originPullPresented 1 && pulumi up",
                "pulumi config set originPullAuthorities 1 && pulumi up",
                "Mode Hostname with cloudflare-shared in the list: end the move:",
                "pulumi config set originPullAuthorities <the list without cloudflare-shared> && pulumi up",
                "Neither: somebody changed the truststore. Put it back, and find out who:",
                "pulumi up --refresh",
            ].join("\n"),
        confirm: (view) => `npx --no cloudflare-protected-http-api doctor ${view.evidence.domainName}`,
        explains: ["TRUSTSTORE-OVERWRITTEN"],
    },
    {
        id: "TRUSTSTORE-WARNINGS",
        title: "API Gateway warns of a certificate in the truststore",
        impact: "none-yet",
        find: ({ aws }) => (aws?.domain?.truststoreWarnings.length ? aws.domain.truststoreWarnings : undefined),
        refresh: "The provider does not read the warnings, and API Gateway writes them at a change of the domain only.",
        fix: () =>
            [
                "pulumi up --refresh   # takes away a certificate that somebody put beside the program's",
                "If the warning stays, it is of an authority of the program's. One that is not presented: leave it out of originPullAuthorities (originPull.authorities), and run pulumi up. The presented one is changed in three deployments: docs/authorities.md#change-the-ca-of-a-live-api",
            ].join("\n"),
        confirm: (view) =>
            `aws apigatewayv2 get-domain-name ${regionOf(view)} --domain-name ${view.evidence.domainName} --query MutualTlsAuthentication\n# mended: no TruststoreWarnings`,
    },
];
