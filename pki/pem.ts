import { createHash, X509Certificate } from "node:crypto";

/** SHA-256 fingerprint of the CA behind the origin-pull certificate that all Cloudflare customers share. */
export const CLOUDFLARE_SHARED_CA_FINGERPRINT =
    "9A:1A:C2:B4:BE:15:F9:F2:7E:EE:20:A7:34:CB:A4:E9:89:8F:61:00:1B:3B:D7:C8:4B:69:B5:6A:3E:25:A2:B9";
/** The last day of that CA's validity. */
export const CLOUDFLARE_SHARED_CA_EXPIRES = "2029-11-01";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]+\n)+-----END CERTIFICATE-----\n/g;

/** What kind of text this is, without quoting it: it may be a private key. */
export function describePem(text: string): string {
    if (text.trim() === "") return "an empty text";
    if (/PRIVATE KEY-----/.test(text))
        return /-----BEGIN CERTIFICATE-----/.test(text) ? "a private key beside certificates" : "a private key";
    if (/-----BEGIN CERTIFICATE-----/.test(text)) return "a certificate that is truncated, damaged or mixed with other text";
    if (/-----BEGIN /.test(text)) return "another kind of PEM block";
    return `${text.length} characters without a PEM block`;
}

/** LF line ends, no whitespace around lines (indented templates) or text, one newline at the end. */
export function normalisePem(pem: string): string {
    const lines = pem.split(/\r\n|\r|\n/).map((line) => line.trim());
    return `${lines.join("\n").trim()}\n`;
}

/** The certificate blocks of a text that contains nothing else, each with one newline at its end. */
export function splitCertificates(pem: string): string[] {
    const text = normalisePem(pem);
    const blocks = text.match(CERTIFICATE) ?? [];
    // Anything else is refused rather than dropped: it could be a key about to be published.
    if (blocks.length === 0 || text.replace(CERTIFICATE, "").trim() !== "")
        throw new Error(`must be PEM certificates; received ${describePem(text)}`);
    return blocks;
}

/** The parsed certificates of a text, in its order. */
export function readCertificates(pem: string): X509Certificate[] {
    return splitCertificates(pem).map((block, index) => {
        let certificate: X509Certificate;
        try {
            certificate = new X509Certificate(block);
        } catch {
            throw new Error(`must be PEM certificates; received a block (number ${index + 1}) that is not an X.509 certificate`);
        }
        // OpenSSL skips what follows a certificate inside its block; it would be passed on, and could be a key.
        if (block.replace(/-----.*|\n/g, "") !== certificate.raw.toString("base64"))
            throw new Error(`must be PEM certificates; received a block (number ${index + 1}) with something after its certificate`);
        return certificate;
    });
}

/** The certificates of a text that is accepted, and nothing else of it. */
export function normaliseCertificates(pem: string): string {
    return splitCertificates(pem).join("");
}

function first(pem: string): X509Certificate {
    // readCertificates never returns an empty list.
    return readCertificates(pem)[0] as X509Certificate;
}

/** SHA-256 fingerprint of the first certificate, as `AA:BB:…`. */
export function fingerprint256(pem: string): string {
    return first(pem).fingerprint256;
}

/** The earliest end of validity among the certificates. */
export function expires(pem: string): Date {
    return new Date(Math.min(...readCertificates(pem).map((certificate) => Date.parse(certificate.validTo))));
}

/** SHA-256 of each certificate's public key (SubjectPublicKeyInfo), in hex: equal for two certificates of one key. */
export function keyFingerprints(pem: string): string[] {
    return readCertificates(pem).map(({ publicKey }) =>
        createHash("sha256")
            .update(publicKey.export({ type: "spki", format: "der" }))
            .digest("hex"),
    );
}
