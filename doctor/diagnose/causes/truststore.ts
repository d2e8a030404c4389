/** What API Gateway trusts, compared with what the edge presents and what S3 contains. */
import type { X509Certificate } from "node:crypto";
import { CLOUDFLARE_SHARED_CA_FINGERPRINT, PUBLIC_ROOTS, PUBLIC_ROOTS_DATE, publicCas } from "../../../pki";
import type { Facts } from "../facts";
import { FOREIGN_LEAF, NEW_LEAF, doctorCommand, regionOf, visitorCommand, type Rule } from "./rule";

const names = (list: X509Certificate[]): string => list.map(({ subject }) => subject.replace(/\n/g, ", ")).join("; ") || "none";
const minus = (list: X509Certificate[], other: X509Certificate[]): X509Certificate[] =>
    list.filter((certificate) => !other.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256));

/** Whether the subject is one that this component gives to issued authorities. */
const issuedHere = (facts: Facts, subject: string): boolean => {
    const name = subject.split("\n").find((part) => part.startsWith("CN="));
    return (
        name !== undefined &&
        name.slice(3).includes("pull CA ") &&
        `${facts.evidence.domainName} `.endsWith(name.slice(3).split("pull CA ")[0]!)
    );
};

/** The presented leaf and the trusted CAs, if none of them signed it. */
function stranded(facts: Facts): { leaf: X509Certificate; trusted: X509Certificate[] } | undefined {
    const { leaf, trusted } = facts;
    if (!leaf || !trusted || trusted.length === 0 || facts.signer(leaf, trusted)) return undefined;
    return { leaf, trusted };
}

const inNewest = (facts: Facts, leaf: X509Certificate): boolean =>
    facts.newestTrusted !== undefined && facts.signer(leaf, facts.newestTrusted) !== undefined;
const sameName = (leaf: X509Certificate, trusted: X509Certificate[]): boolean => trusted.some(({ subject }) => subject === leaf.issuer);
/** For a fault that `up` does not fix: only a person knows whose CA it is. */
const UNKNOWN_CA = [
    "If the fault remains, the program knows neither the presented certificate nor its CA. If you are sure that this CA is yours, add it to originPull.authorities (caCertificatePem), and run pulumi up. Otherwise issue a new leaf to present the program's own again:",
    NEW_LEAF,
].join("\n");

export const TRUSTSTORE: Rule[] = [
    {
        id: "TRUSTSTORE-OVERWRITTEN",
        title: "Your truststore in S3 was overwritten",
        place: "gateway",
        impact: ({ aws }) => (aws?.domain?.truststoreVersion ? "none-yet" : "bypass-open"),
        find: (facts) => {
            const { aws, trusted = [], newestTrusted, uploaded } = facts;
            // The CA of an uploaded certificate is ours, and about to be trusted: only Cloudflare knows those.
            if (!aws?.domain || newestTrusted === undefined || uploaded === undefined) return undefined;
            const pinned = aws.domain.truststoreVersion;
            const ours = newestTrusted.filter((ca) => uploaded.some((leaf) => facts.signer(leaf, [ca])));
            // Without a version the domain took the newest.
            const foreign = minus(newestTrusted, pinned === undefined ? ours : [...trusted, ...ours]);
            if (foreign.length === 0 && (pinned === undefined || newestTrusted.length > 0)) return undefined;
            if (pinned !== undefined && newestTrusted.length === 0)
                return [
                    "the newest version contains no CA certificate that can be read",
                    "the domain still uses the pinned version; pinning the newest would refuse every request",
                ];
            return [
                `the newest version contains CAs that ${pinned === undefined ? "did not sign the edge's certificate" : "the pinned version does not"}: ${names(foreign)}`,
                pinned === undefined
                    ? "the domain pins no version: it takes the newest at its next update, if it has not yet, and then anyone with a certificate of that CA gets in"
                    : "the domain still uses the pinned version; pinning the newest would let them in",
            ];
        },
        refresh:
            "A domain that pins no version takes the newest at its next update, and may have done so; one that pins a version keeps its copy. `refresh` detects the object's new etag.",
        fix: () =>
            [
                "pulumi preview --refresh --diff   # it must update the truststore object; if it changes only the domain's truststoreVersion, stop",
                "pulumi up --refresh",
                "Then find out who wrote the object (CloudTrail data events, PutObject, if enabled), and revoke that permission.",
            ].join("\n"),
        confirm: (facts) => `${doctorCommand(facts)}   # with credentials for both clouds, or it cannot judge this`,
    },
    {
        id: "TRUSTSTORE-NOT-PINNED-VERSION",
        title: "The domain pins a version of the truststore that lacks the edge's CA; a newer version has it",
        place: "gateway",
        impact: "visitors-down",
        find: (facts) => {
            const mismatch = stranded(facts);
            if (!mismatch || !inNewest(facts, mismatch.leaf)) return undefined;
            const { domain, truststore } = facts.aws!;
            return [
                `pinned: ${domain?.truststoreVersion}, newest: ${truststore?.newestVersion}`,
                `the edge's certificate is signed by ${mismatch.leaf.issuer.replace(/\n/g, ", ")}, which only the newest version contains`,
            ];
        },
        refresh: "Changing S3 alone has no effect: API Gateway keeps the copy it took at the domain's last update.",
        fix: () =>
            `pulumi up --refresh   # pins the version that it writes; its verification may fail once, while requests are still refused\n${UNKNOWN_CA}`,
        confirm: visitorCommand,
        explains: ["TRUSTSTORE-LACKS-AUTHORITY", "CA-REISSUED-SAME-NAME", "LEAF-WRONG-CA"],
    },
    {
        id: "CA-REISSUED-SAME-NAME",
        title: "The truststore has a CA with the right name but a different key",
        place: "gateway",
        impact: "visitors-down",
        find: (facts) => {
            const mismatch = stranded(facts);
            return mismatch && sameName(mismatch.leaf, mismatch.trusted)
                ? [
                      `the truststore contains ${mismatch.leaf.issuer.replace(/\n/g, ", ")}, but its key did not sign the presented certificate`,
                  ]
                : undefined;
        },
        refresh:
            "`refresh` detects a truststore that was changed by hand, but not a different certificate at the edge: the provider never reads an association back, and nothing compares the keys.",
        fix: () => ["pulumi up --refresh   # restores a truststore that was changed by hand", FOREIGN_LEAF].join("\n"),
        confirm: visitorCommand,
        explains: ["TRUSTSTORE-LACKS-AUTHORITY", "LEAF-WRONG-CA"],
    },
    {
        id: "LEAF-WRONG-CA",
        title: "The edge presents a certificate from a CA that API Gateway does not trust",
        place: "edge",
        impact: "visitors-down",
        find: (facts) => {
            const mismatch = stranded(facts);
            if (!mismatch || sameName(mismatch.leaf, mismatch.trusted) || inNewest(facts, mismatch.leaf)) return undefined;
            const ours = mismatch.trusted.some(({ subject }) => issuedHere(facts, subject));
            return ours && !issuedHere(facts, mismatch.leaf.issuer)
                ? [`presented: signed by ${mismatch.leaf.issuer.replace(/\n/g, ", ")}`, `trusted: ${names(mismatch.trusted)}`]
                : undefined;
        },
        refresh: "The provider never reads an association back, so a different certificate there is not a difference.",
        fix: () => `${NEW_LEAF}\nThen find out who uploaded the other certificate.`,
        confirm: visitorCommand,
        explains: ["TRUSTSTORE-LACKS-AUTHORITY"],
    },
    {
        id: "TRUSTSTORE-LACKS-AUTHORITY",
        title: "The truststore lacks the CA of the presented certificate",
        place: "gateway",
        impact: "visitors-down",
        find: (facts) => {
            const mismatch = stranded(facts);
            return mismatch
                ? [
                      `the edge's certificate is signed by ${mismatch.leaf.issuer.replace(/\n/g, ", ")}`,
                      `the pinned truststore contains: ${names(mismatch.trusted)}`,
                  ]
                : undefined;
        },
        refresh: "If the object in S3 is the deployed one, nothing differs: the authority is missing in the program.",
        fix: () => ["pulumi up --refresh   # restores the program's truststore", UNKNOWN_CA].join("\n"),
        confirm: visitorCommand,
    },
    {
        id: "SHARED-CA-TRUSTED",
        title: "The truststore trusts Cloudflare's shared CA: any Cloudflare customer may get in",
        place: "gateway",
        impact: "bypass-open",
        find: (facts) =>
            facts.trusted?.some(({ fingerprint256 }) => fingerprint256 === CLOUDFLARE_SHARED_CA_FINGERPRINT)
                ? [
                      `the pinned version contains the certificate with the fingerprint ${CLOUDFLARE_SHARED_CA_FINGERPRINT}`,
                      "any Cloudflare customer can present its leaf, if they can make the edge send your hostname",
                  ]
                : undefined,
        refresh: "In mode Shared, or while moving away from it, this is what was deployed.",
        fix: () =>
            [
                "pulumi config get originPullMode ; pulumi config get originPullAuthorities   # not found means Hostname",
                "Mode Shared: move to Hostname. If originPullAuthorities was not found, trust the new authority first:",
                "pulumi config set originPullAuthorities 1 && pulumi up",
                "Mode Shared: its zone setting will be deleted, so unprotect it (tls_client_auth itself stays on):",
                "pulumi stack --show-urns   # take the URN of type cloudflare:index/zoneSetting:ZoneSetting whose name ends in -tls-client-auth",
                "URN='<that URN>'",
                'pulumi state unprotect "$URN" --yes',
                "Mode Shared: run two deployments, with your own list instead of 1 if it was found:",
                "pulumi config set originPullMode Hostname && pulumi config set originPullAuthorities 1,cloudflare-shared && pulumi config set originPullPresented 1 && pulumi up",
                "pulumi config set originPullAuthorities 1 && pulumi up",
                "Mode Hostname with cloudflare-shared in the list: finish the move:",
                "pulumi config set originPullAuthorities <the list without cloudflare-shared> && pulumi up",
                "Neither: the truststore was changed by hand. Restore it, and find out who did it:",
                "pulumi up --refresh",
            ].join("\n"),
        confirm: (facts) => `npx --no cloudflare-protected-http-api doctor ${facts.evidence.domainName}`,
        explains: ["TRUSTSTORE-OVERWRITTEN"],
    },
    {
        id: "PUBLIC-CA-TRUSTED",
        title: "The truststore trusts a public CA: anyone who buys a client certificate may get in",
        place: "gateway",
        impact: "bypass-open",
        find: (facts) => {
            const found = publicCas(facts.trusted ?? [], PUBLIC_ROOTS);
            if (found.length === 0) return undefined;
            const what = ({ subject, root }: (typeof found)[number]): string =>
                subject === root ? subject : `${subject}, signed by ${root}`;
            return [
                ...found.map(
                    (ca) =>
                        `the pinned version contains ${what(ca)}: ${ca.kind === "public" ? "a public CA" : "Cloudflare's Origin CA, which signs for all its customers"}`,
                ),
                `known from the list of public CAs of ${PUBLIC_ROOTS_DATE}`,
            ];
        },
        refresh: "The component refuses such a CA, so the truststore was changed by hand or by another program.",
        fix: () => ["pulumi up --refresh   # restores the program's truststore", "Then find out who wrote the object, and why."].join("\n"),
        confirm: (facts) => `npx --no cloudflare-protected-http-api doctor ${facts.evidence.domainName}`,
        explains: ["TRUSTSTORE-OVERWRITTEN"],
    },
    {
        id: "TRUSTSTORE-WARNINGS",
        title: "API Gateway warns about a certificate in the truststore",
        place: "gateway",
        impact: "none-yet",
        find: ({ aws }) => (aws?.domain?.truststoreWarnings.length ? aws.domain.truststoreWarnings : undefined),
        refresh: "The provider does not read the warnings, and API Gateway updates them only when the domain changes.",
        fix: () =>
            [
                "pulumi up --refresh   # removes a certificate that was added to the program's",
                "If the warning remains, it is about one of the program's authorities. If that one is not presented, remove it from originPullAuthorities (originPull.authorities), and run pulumi up. Replacing the presented one takes three deployments: docs/authorities.md",
            ].join("\n"),
        confirm: (facts) =>
            `aws apigatewayv2 get-domain-name ${regionOf(facts)} --domain-name ${facts.evidence.domainName} --query MutualTlsAuthentication\n# fixed: no TruststoreWarnings`,
    },
];
