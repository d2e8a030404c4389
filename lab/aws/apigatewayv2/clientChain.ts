/**
 * What each certificate of a client's chain must be, by rules of the lab and its own certificate library. OpenSSL judges the same in the
 * handshake, but reports one error only, and the one about the purpose, which is ignored, may hide another.
 */
import { X509Certificate } from "node:crypto";
import { isCa, x509 } from "../../pki/x509";

/** NIST's from 256 bits on (docs/sources.md 1.2). */
const CURVES = ["prime256v1", "secp384r1", "secp521r1"];
const HASHES = ["SHA-256", "SHA-384", "SHA-512"];
/** Extensions that are understood if they are critical (RFC 5280 4.2). */
const UNDERSTOOD = new Set([
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.19",
    "2.5.29.30",
    "2.5.29.32",
    "2.5.29.33",
    "2.5.29.36",
    "2.5.29.37",
    "2.5.29.54",
]);

/** RSA from 2048 bits, ECDSA from 256 (docs/sources.md 1.2). */
function isStrongKey({ publicKey }: X509Certificate): boolean {
    const { modulusLength = 0, namedCurve = "" } = publicKey.asymmetricKeyDetails ?? {};
    if (publicKey.asymmetricKeyType === "ec") return CURVES.includes(namedCurve);
    return ["rsa", "rsa-pss"].includes(publicKey.asymmetricKeyType ?? "") && modulusLength >= 2048;
}

/** SHA-256 or stronger (docs/sources.md 1.2). */
function isStronglySigned(certificate: x509.X509Certificate): boolean {
    const { hash } = certificate.signatureAlgorithm as { hash?: { name?: string } };
    return HASHES.includes(hash?.name ?? "");
}

/** X.509 version 3 is `[0] { INTEGER 2 }` at the start of the signed part; version 1, the default, is not there at all. */
function isVersion3(raw: Buffer): boolean {
    const header = (at: number) => 2 + (raw[at + 1]! < 0x80 ? 0 : raw[at + 1]! & 0x7f);
    const signedPart = header(0);
    const version = signedPart + header(signedPart);
    return raw.subarray(version, version + 5).equals(Buffer.from([0xa0, 3, 2, 1, 2]));
}

/** What is wrong with a chain, the leaf first and the root last, or undefined. The signatures, dates and names are judged elsewhere. */
export function chainFlaw(chain: X509Certificate[]): string | undefined {
    try {
        for (const [at, certificate] of chain.entries()) {
            const parsed = new x509.X509Certificate(certificate.raw);
            const selfSigned = at > 0 && parsed.subject === parsed.issuer;
            if (!isVersion3(certificate.raw)) return "a certificate that is not of X.509 version 3";
            if (!isStrongKey(certificate)) return "a weak key";
            // Nobody relies on a root's own signature.
            if (!selfSigned && !isStronglySigned(parsed)) return "a weak signature";
            if (parsed.extensions.some(({ critical, type }) => critical && !UNDERSTOOD.has(type))) return "an unknown critical extension";
            const types = parsed.extensions.map(({ type }) => type);
            if (new Set(types).size < types.length) return "an extension that is there twice";
            if (at === 0) continue;
            const constraints = parsed.getExtension(x509.BasicConstraintsExtension);
            if (!isCa(certificate)) return "an issuer that is not a CA";
            // RFC 5280 4.2.1.9: self-issued CAs do not count.
            const below = chain.slice(1, at).filter(({ subject, issuer }) => subject !== issuer).length;
            if (constraints?.pathLength !== undefined && below > constraints.pathLength) return "more CAs than a path length allows";
        }
        return undefined;
    } catch {
        return "a certificate that cannot be read";
    }
}
