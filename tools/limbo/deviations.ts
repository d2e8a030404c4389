/** Every verdict on a case of x509-limbo that is not the case's own, with the reason. */
export type Judge = "pki" | "gateway" | "openssl";

const reasons = {
    revocation: "Revocation is not among what API Gateway checks (docs/sources.md 1.5); no case's CRL is passed to openssl.",
    onechain:
        "pki takes one CA and its chain: a second root, or a member outside the chain, would let in more than was meant (docs/sources.md 1.1).",
    four: "API Gateway takes at most four CAs in a chain (docs/sources.md 1.3); pki's text is one chain, so it refuses a larger one.",
    choice: "OpenSSL, the lab's handshake too, follows one path and tries no other: RFC 5280 6 leaves open how paths are found.",
    anchor: "The case trusts a CA that is not self-signed. openssl does so with -partial_chain only; API Gateway wants the chain up to the root in the truststore (docs/sources.md 1.1).",
    wildcard:
        "OpenSSL, the lab's handshake too, compares a wildcard name with an excluded subtree as text, and RFC 5280 4.2.1.10 does not say what it stands for; pki takes it for every name below its domain.",
    noca: "A leaf that is a CA is valid by RFC 5280 and refused by Cloudflare, `missing leaf certificate` (docs/sources.md 3.3).",
    caPurpose: "openssl asks of a CA used as a leaf that its keyUsage fits the purpose; the leaf's has keyCertSign only.",
    depth: "The limit is an argument of the case; API Gateway's is four CAs (docs/sources.md 1.3).",
    expired: "pki wants every CA of the text to be current: API Gateway warns of one that is not (docs/sources.md 1.7).",
    all: "The truststore has all certificates of the case, so a short way to its root exists; API Gateway takes no intermediate from the client (docs/sources.md 1.1).",
    keyid: "Key identifiers are for finding an issuer (RFC 5280 4.2.1.1, 4.2.1.2); API Gateway chains by names and keys (docs/sources.md 1.5).",
    eku: "Whether API Gateway looks at extended key usage is unconfirmed (docs/sources.md 1.5), so the lab takes any, an empty list too; pki refuses the empty one.",
    forServer: "The case wants a server's certificate and has a client's (RFC 5280 4.2.1.12): here it is a client's that is judged.",
    ncNoncritical: "RFC 5280 4.2.1.10 asks CAs to mark name constraints as critical; 6.1.4 (g) applies them either way.",
    ncPeriod: "A leading period in a DNS constraint is outside RFC 5280 4.2.1.10, and common; pki and OpenSSL take it as subdomains only.",
    ncLeaf: "RFC 5280 4.2.1.10 has name constraints in CAs only; OpenSSL ignores them in a leaf and AWS does not say (docs/sources.md 1.5): pki refuses.",
    name: "OpenSSL, the lab's handshake too, takes the malformed name for one below the domain; names are not among what API Gateway checks (docs/sources.md 1.5). pki refuses.",
    profile: "RFC 5280 tells CAs how to issue; no step of its validation (6.1) asks for it.",
    serialZero: 'RFC 5280 4.1.2.2 forbids CAs to issue it, and wants users to handle it "gracefully".',
    serialLong:
        "RFC 5280 4.1.2.2 forbids CAs more than 20 octets; no step of its validation (6.1) reads a serial number but to look up a CRL.",
    exact: "openssl takes a certificate as expired in the last second of its validity (it is given whole seconds); RFC 5280 4.1.2.5 includes it, and pki does.",
    fraction:
        "Five milliseconds after the last second: pki counts them, the case does not, and says itself that RFC 5280 4.1.2.5 has both readings.",
    critical:
        "pki judges every certificate of the text, used by this leaf or not: API Gateway trusts the leaves of each (docs/sources.md 1.1).",
    bcOpenssl:
        "openssl verify takes keyCertSign in keyUsage for a CA without basicConstraints, unless -x509_strict is set; RFC 5280 4.2.1.9 wants the latter, and so do pki and the lab.",
    ku: "RFC 5280 4.2.1.9 ties keyCertSign to CAs; OpenSSL and the lab do not ask, AWS does not say (docs/sources.md 1.5): pki refuses.",
    webpki: "A rule of the public web's CAs (CA/B Baseline Requirements 7.1.2); a private CA need not follow it.",
    ncEmpty:
        "RFC 5280 4.2.1.10 forbids constraints without a subtree; OpenSSL, the lab's handshake too, takes them as none. pki refuses them.",
    aia: "authorityInfoAccess is for fetching issuers and status, and nothing here fetches any; it is not critical, so it may be skipped (RFC 5280 4.2).",
    strength:
        "openssl verify asks for no strength unless -auth_level is set; API Gateway takes RSA from 2048 bits and ECDSA from 256 (docs/sources.md 1.2).",
    rsa8: "The length is above 2048 bits and no multiple of 8, which CA/B Baseline Requirements 6.1.5 wants; AWS documents the minimum only (docs/sources.md 1.2).",
    v1: "openssl takes version 1; AWS does not say (docs/sources.md 1.5), so pki and the lab refuse it.",
    caLeafOpenssl: "openssl verify takes a CA as a leaf; pki and the lab's Cloudflare do not (docs/sources.md 3.3).",
    caLeafGateway:
        "Unconfirmed at AWS (docs/sources.md 1.5): the lab takes it as OpenSSL does; the lab's Cloudflare does not (docs/sources.md 3.3).",
};

type Reason = keyof typeof reasons;

const table: Record<string, Partial<Record<Judge, Reason>>> = {
    "crl::revoked-certificate-with-crl": { pki: "revocation", openssl: "revocation" },
    "crl::crlnumber-missing": { pki: "revocation", openssl: "revocation" },
    "crl::certificate-serial-on-crl-different-issuer": { pki: "onechain" },
    "crl::crlnumber-critical": { pki: "revocation", openssl: "revocation" },
    "crl::issuer-missing-crlsign": { pki: "revocation", openssl: "revocation" },
    "cve::cve-2024-0567": { pki: "four", openssl: "anchor", gateway: "anchor" },
    "cve::cve-2025-61727": { openssl: "wildcard", gateway: "wildcard" },
    "pathlen::validation-ignores-pathlen-in-leaf": { pki: "noca", openssl: "caPurpose" },
    "pathlen::max-chain-depth-0-exhausted": { pki: "depth", openssl: "depth", gateway: "depth" },
    "pathlen::max-chain-depth-1-exhausted": { pki: "depth", openssl: "depth", gateway: "depth" },
    "pathological::multiple-chains-expired-intermediate": { pki: "expired" },
    "pathological::pathological-chain-same-subject-same-key": { gateway: "all" },
    "rfc5280::aki::leaf-missing-aki": { pki: "keyid", openssl: "keyid", gateway: "keyid" },
    "rfc5280::aki::intermediate-missing-aki": { pki: "keyid", openssl: "keyid", gateway: "keyid" },
    "rfc5280::eku::ee-wrong-eku": { pki: "forServer", gateway: "forServer" },
    "rfc5280::eku::ee-eku-empty": { gateway: "eku" },
    "rfc5280::nc::permitted-dns-match-noncritical": { pki: "ncNoncritical", openssl: "ncNoncritical", gateway: "ncNoncritical" },
    "rfc5280::nc::invalid-dnsname-leading-period": { pki: "ncPeriod", openssl: "ncPeriod", gateway: "ncPeriod" },
    "rfc5280::nc::not-allowed-in-ee-noncritical": { openssl: "ncLeaf", gateway: "ncLeaf" },
    "rfc5280::nc::not-allowed-in-ee-critical": { openssl: "ncLeaf", gateway: "ncLeaf" },
    "rfc5280::nc::nc-permits-invalid-dns-san": { openssl: "name", gateway: "name" },
    "rfc5280::nc::nc-permits-invalid-email-san": { openssl: "name", gateway: "name" },
    "rfc5280::nc::nc-forbids-alternate-chain-ica": { pki: "onechain", openssl: "choice" },
    "rfc5280::nc::nc-forbids-same-chain-ica": { pki: "four", openssl: "choice", gateway: "choice" },
    "rfc5280::nc::nc-forbids-dnsname-wildcard-san": { openssl: "wildcard", gateway: "wildcard" },
    "rfc5280::pc::ica-noncritical-pc": { pki: "profile", openssl: "profile", gateway: "profile" },
    "rfc5280::san::noncritical-with-empty-subject": { pki: "profile", openssl: "profile", gateway: "profile" },
    "rfc5280::serial::too-long": { pki: "serialLong", openssl: "serialLong", gateway: "serialLong" },
    "rfc5280::serial::zero": { pki: "serialZero", openssl: "serialZero", gateway: "serialZero" },
    "rfc5280::ski::root-missing-ski": { pki: "keyid", openssl: "keyid", gateway: "keyid" },
    "rfc5280::ski::intermediate-missing-ski": { pki: "keyid", openssl: "keyid", gateway: "keyid" },
    "rfc5280::validity::notafter-exact": { openssl: "exact" },
    "rfc5280::validity::notafter-fractional": { pki: "fraction", openssl: "exact" },
    "rfc5280::unknown-critical-extension-unrelated-root": { pki: "critical" },
    "rfc5280::unknown-critical-extension-unrelated-intermediate": { pki: "critical" },
    "rfc5280::chain-untrusted-root": { gateway: "all" },
    "rfc5280::root-missing-basic-constraints": { openssl: "bcOpenssl" },
    "rfc5280::root-non-critical-basic-constraints": { pki: "profile", openssl: "profile", gateway: "profile" },
    "rfc5280::leaf-ku-keycertsign": { openssl: "ku", gateway: "ku" },
    "rfc5280::ca-as-leaf": { pki: "noca", openssl: "caPurpose" },
    "rfc5280::root-and-intermediate-swapped": { openssl: "anchor" },
    "webpki::aki::root-with-aki-missing-keyidentifier": { pki: "webpki", openssl: "webpki", gateway: "webpki" },
    "webpki::eku::ee-anyeku": { pki: "webpki", openssl: "webpki", gateway: "webpki" },
    "webpki::eku::ee-critical-eku": { pki: "webpki", openssl: "webpki", gateway: "webpki" },
    "webpki::eku::ee-without-eku": { pki: "webpki", openssl: "webpki", gateway: "webpki" },
    "webpki::eku::root-has-eku": { pki: "webpki", openssl: "webpki", gateway: "webpki" },
    "webpki::nc::intermediate-permitted-excluded-subtrees-both-null": { openssl: "ncEmpty", gateway: "ncEmpty" },
    "webpki::nc::intermediate-permitted-excluded-subtrees-both-empty-sequences": { openssl: "ncEmpty", gateway: "ncEmpty" },
    "webpki::san::san-critical-with-nonempty-subject": { pki: "webpki", openssl: "webpki", gateway: "webpki" },
    "webpki::malformed-aia": { pki: "aia", openssl: "aia" },
    "webpki::forbidden-p192-root": { openssl: "strength" },
    "webpki::forbidden-p192-leaf": { openssl: "strength" },
    "webpki::forbidden-dsa-root": { openssl: "strength" },
    "webpki::forbidden-dsa-leaf": { openssl: "strength" },
    "webpki::forbidden-weak-rsa-key-in-root": { openssl: "strength" },
    "webpki::forbidden-weak-rsa-in-leaf": { openssl: "strength" },
    "webpki::forbidden-rsa-not-divisible-by-8-in-root": { pki: "rsa8", openssl: "rsa8", gateway: "rsa8" },
    "webpki::forbidden-rsa-key-not-divisible-by-8-in-leaf": { pki: "rsa8", openssl: "rsa8", gateway: "rsa8" },
    "webpki::v1-cert": { openssl: "v1" },
    "webpki::ee-basicconstraints-ca": { openssl: "caLeafOpenssl", gateway: "caLeafGateway" },
    "webpki::ca-as-leaf": { gateway: "caLeafGateway" },
};

/** The reason why a judge differs on a case, or undefined. */
export function reasonOf(id: string, judge: Judge): string | undefined {
    const reason = table[id]?.[judge];
    return reason && reasons[reason];
}

/** The deviations of the table, as pairs of case and judge. */
export const expected: [id: string, judge: Judge][] = Object.entries(table).flatMap(([id, judges]) =>
    Object.keys(judges).map((judge): [string, Judge] => [id, judge as Judge]),
);
