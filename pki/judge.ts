import { createPrivateKey, KeyObject, X509Certificate } from "node:crypto";
import { describePem, readCertificates } from "./pem";

/** One thing wrong with one argument. */
export interface Problem {
    /** The argument's path, for example `originPull.caCertificate`. */
    path: string;
    /** Reads "must …; received …". */
    message: string;
}

/** API Gateway refuses longer chains in a truststore. */
const MAXIMUM_CHAIN = 4;

const STRONG_SIGNATURES = new Set([
    "1.2.840.113549.1.1.11", // sha256WithRSAEncryption
    "1.2.840.113549.1.1.12", // sha384WithRSAEncryption
    "1.2.840.113549.1.1.13", // sha512WithRSAEncryption
    "1.2.840.10045.4.3.2", // ecdsa-with-SHA256
    "1.2.840.10045.4.3.3", // ecdsa-with-SHA384
    "1.2.840.10045.4.3.4", // ecdsa-with-SHA512
]);
const STRONG_HASHES = new Set(["2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"]);
const RSASSA_PSS = "1.2.840.113549.1.1.10";
const WEAK_NAMES: Record<string, string> = {
    "1.2.840.113549.1.1.4": "MD5 with RSA",
    "1.2.840.113549.1.1.5": "SHA-1 with RSA",
    "1.2.840.113549.1.1.14": "SHA-224 with RSA",
    "1.2.840.10045.4.1": "SHA-1 with ECDSA",
    "1.2.840.10045.4.3.1": "SHA-224 with ECDSA",
    [RSASSA_PSS]: "RSASSA-PSS with a weak hash",
};

interface Der {
    tag: number;
    body: Buffer;
}

/** The consecutive DER elements of a buffer: just enough DER to find an algorithm's name. */
function elements(der: Buffer): Der[] {
    const found: Der[] = [];
    for (let at = 0; at + 2 <= der.length;) {
        const tag = der.readUInt8(at);
        const short = der.readUInt8(at + 1);
        const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
        const length = lengthBytes === 0 ? short : der.readUIntBE(at + 2, lengthBytes);
        const start = at + 2 + lengthBytes;
        found.push({ tag, body: der.subarray(start, start + length) });
        at = start + length;
    }
    return found;
}

function objectIdentifier(body: Buffer): string {
    const arcs: number[] = [];
    let arc = 0;
    for (const byte of body) {
        arc = arc * 128 + (byte & 0x7f);
        if (byte < 0x80) {
            arcs.push(arc);
            arc = 0;
        }
    }
    const [head = 0, ...rest] = arcs;
    const root = Math.min(2, Math.floor(head / 40));
    return [root, head - root * 40, ...rest].join(".");
}

/** What is weak about a certificate's signature, or undefined. Node 20 does not expose the signature algorithm. */
function weakSignature(certificate: X509Certificate): string | undefined {
    // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OID, parameters }, signature }
    const outer = elements(certificate.raw)[0]?.body ?? Buffer.alloc(0);
    const [algorithm, parameters] = elements(elements(outer)[1]?.body ?? Buffer.alloc(0));
    const oid = objectIdentifier(algorithm?.body ?? Buffer.alloc(0));
    if (STRONG_SIGNATURES.has(oid)) return undefined;
    if (oid === RSASSA_PSS) {
        // Parameters' [0] is the hash's AlgorithmIdentifier; without it the hash is SHA-1.
        const hash = elements(parameters?.body ?? Buffer.alloc(0)).find((element) => element.tag === 0xa0);
        const identifier = elements(elements(hash?.body ?? Buffer.alloc(0))[0]?.body ?? Buffer.alloc(0))[0];
        if (identifier && STRONG_HASHES.has(objectIdentifier(identifier.body))) return undefined;
    }
    return WEAK_NAMES[oid] ?? `the algorithm ${oid}`;
}

/** What is weak about a key, or undefined. */
function weakKey(key: KeyObject): string | undefined {
    const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
    if (key.asymmetricKeyType === "rsa" || key.asymmetricKeyType === "rsa-pss")
        return modulusLength >= 2048 ? undefined : `RSA of ${modulusLength} bits`;
    if (key.asymmetricKeyType === "ec")
        // OpenSSL's curve names carry their size: prime256v1, secp384r1.
        return Number(/\d{3}/.exec(namedCurve)?.[0] ?? 0) >= 256 ? undefined : `ECDSA on the curve ${namedCurve}`;
    return `a key of type ${key.asymmetricKeyType}`;
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
    try {
        // checkIssued compares names and key identifiers only; verify checks the signature.
        return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
    } catch {
        return false;
    }
}

/** A certificate and all its issuers in the bundle. */
function chainOf(certificate: X509Certificate, bundle: X509Certificate[]): Set<X509Certificate> {
    const chain = new Set([certificate]);
    // A Set's iterator also visits elements that are added while it runs.
    for (const member of chain) bundle.filter((issuer) => issued(issuer, member)).forEach((issuer) => chain.add(issuer));
    return chain;
}

/** The certificate's name in a message: its subject in one line. */
function subject(certificate: X509Certificate): string {
    return `"${(certificate.subject ?? "").split("\n").join(", ")}"`;
}

/** What holds for every certificate: valid now, strong signature, strong key. */
function judgeCertificate(certificate: X509Certificate, now: Date): string[] {
    const who = subject(certificate);
    const messages: string[] = [];
    const from = new Date(certificate.validFrom);
    const to = new Date(certificate.validTo);
    if (!(from <= now)) messages.push(`must already be valid; received ${who}, valid from ${certificate.validFrom}`);
    if (!(now <= to)) messages.push(`must not have expired; received ${who}, valid until ${certificate.validTo}`);
    let signature: string | undefined;
    try {
        signature = weakSignature(certificate);
    } catch {
        signature = "an unreadable algorithm";
    }
    if (signature) messages.push(`must be signed with RSA or ECDSA and SHA-256 or stronger; received ${who}, signed with ${signature}`);
    let key: string | undefined;
    try {
        key = weakKey(certificate.publicKey);
    } catch {
        key = "an unreadable key";
    }
    if (key) messages.push(`must have an RSA key of at least 2048 bits or an ECDSA key of at least 256 bits; received ${who}, with ${key}`);
    return messages;
}

/** The certificates of a text, or the message that says why it has none. */
function read(pem: string): { certificates: X509Certificate[]; refusal?: string } {
    try {
        return { certificates: readCertificates(pem) };
    } catch (error) {
        return { certificates: [], refusal: (error as Error).message };
    }
}

/** Judges one CA with its chain up to a self-signed root, in any order: what API Gateway accepts as a truststore. */
export function judgeTruststoreCa(path: string, pem: string, now: Date): Problem[] {
    const { certificates, refusal } = read(pem);
    if (refusal) return [{ path, message: refusal }];

    const messages = certificates.flatMap((certificate) => [
        ...(certificate.ca
            ? []
            : [`must be a CA (basicConstraints CA:TRUE, allowed to sign); received ${subject(certificate)}, which is not`]),
        ...judgeCertificate(certificate, now),
    ]);
    if (certificates.length > MAXIMUM_CHAIN)
        messages.push(`must be at most ${MAXIMUM_CHAIN} CA certificates; received ${certificates.length}`);
    if (new Set(certificates.map((certificate) => certificate.fingerprint256)).size < certificates.length)
        messages.push("must contain each certificate once; received a duplicate");

    const orphans = certificates.filter((certificate) => !certificates.some((issuer) => issued(issuer, certificate)));
    for (const orphan of orphans)
        messages.push(
            `must include every issuer up to a self-signed root; received ${subject(orphan)} without its issuer "${orphan.issuer.split("\n").join(", ")}"`,
        );
    if (orphans.length === 0 && !certificates.some((certificate) => issued(certificate, certificate)))
        messages.push("must end at a self-signed root; received CAs that only sign each other");

    // A second CA beside the chain would admit callers that were never meant to be trusted.
    if (messages.length === 0 && !certificates.some((one) => chainOf(one, certificates).size === certificates.length))
        messages.push(`must be one CA and its chain; received unrelated CAs among ${certificates.map(subject).join(" and ")}`);
    return messages.map((message) => ({ path, message }));
}

/** Judges a client certificate: exactly one, not a CA, signed directly by a CA of the truststore. */
export function judgeLeaf(path: string, leafPem: string, caPem: string, now: Date): Problem[] {
    const { certificates, refusal } = read(leafPem);
    if (refusal) return [{ path, message: refusal }];
    const [leaf] = certificates;
    if (!leaf || certificates.length > 1) return [{ path, message: `must be exactly one certificate; received ${certificates.length}` }];

    const messages: string[] = [];
    if (leaf.ca) messages.push(`must be a client certificate, not a CA; received the CA ${subject(leaf)}`);
    messages.push(...judgeCertificate(leaf, now));
    const cas = read(caPem);
    if (cas.refusal) messages.push("must be signed by its CA; received a CA that is not PEM certificates");
    else if (!cas.certificates.some((ca) => ca.ca && issued(ca, leaf)))
        messages.push(`must be signed directly by ${cas.certificates.map(subject).join(" or ")}; received ${subject(leaf)}, which is not`);
    return messages.map((message) => ({ path, message }));
}

/** Judges a private key against its certificate. No message contains any part of the key. */
export function judgeKeyPair(path: string, leafPem: string, keyPem: string): Problem[] {
    const refuse = (message: string): Problem[] => [{ path, message }];
    if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(keyPem))
        return refuse("must be an unencrypted PEM private key; received an encrypted one");
    let key: KeyObject;
    try {
        key = createPrivateKey(keyPem);
    } catch {
        // The cause is dropped on purpose: a parser's error may quote its input.
        const what = /BEGIN CERTIFICATE-----/.test(keyPem) ? "a certificate" : describePem(keyPem);
        return refuse(`must be an unencrypted PEM private key; received ${what === "a private key" ? "an unreadable one" : what}`);
    }
    const { certificates, refusal } = read(leafPem);
    const [leaf] = certificates;
    if (refusal || !leaf) return refuse("must match its certificate; received a key with a text that is not a PEM certificate");
    let fits = false;
    try {
        fits = leaf.checkPrivateKey(key);
    } catch {
        // The key is of a different type than the certificate's: no match.
    }
    return fits ? [] : refuse(`must match its certificate ${subject(leaf)}; received the key of a different certificate`);
}
