/** Authorities: the lab's public CA, and those that tests and the stand-in for Cloudflare's shared CA need. */
import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { importPrivate } from "./keys";
import { serialNumber, toPem, x509 } from "./x509";

/** Returns a PKCS#8 private key PEM. */
export type KeySource = (algorithm: { type: "RSA"; bits: number } | { type: "ECDSA"; curve: "P256" | "P384" }) => Promise<string>;

/** A certificate with its key. */
export interface Identity {
    certificatePem: string;
    privateKeyPem: string;
}

/** The lab's public certificate authority. */
export interface WebCa {
    certificatePem: string;
    /** Issues a server certificate for DNS names (wildcards allowed). */
    issue(names: string[], validity?: Validity): Promise<Identity>;
}

/** Left out, a certificate is valid from yesterday on. */
export interface Validity {
    notBefore?: Date;
    notAfter?: Date;
}

/** The contents of an {@link Authority}'s leaf. */
export interface LeafOptions extends Validity {
    /** RFC 4514 name, e.g. `CN=api.example.com`. */
    subject: string;
    usage: "client" | "server";
    dnsNames?: string[];
}

export interface Authority extends Identity {
    issue(leaf: LeafOptions): Promise<Identity>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const generate = promisify(generateKeyPair);

export const generateKeys: KeySource = async (algorithm) => {
    const { privateKey } =
        algorithm.type === "RSA"
            ? await generate("rsa", { modulusLength: algorithm.bits })
            : await generate("ec", { namedCurve: algorithm.curve === "P256" ? "P-256" : "P-384" });
    return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
};

/** A self-signed ECDSA P-256 authority whose leaves it signs directly; valid for ten years from yesterday by default. */
export async function createAuthority(subject: string, keys: KeySource, validity: Validity = {}): Promise<Authority> {
    const privateKeyPem = await keys({ type: "ECDSA", curve: "P256" });
    const ca = await importPrivate(privateKeyPem, "privateKeyPem");
    const root = await x509.X509CertificateGenerator.createSelfSigned({
        serialNumber: serialNumber(),
        name: subject,
        notBefore: validity.notBefore ?? new Date(Date.now() - DAY_MS),
        notAfter: validity.notAfter ?? new Date(Date.now() + 3650 * DAY_MS),
        keys: { privateKey: ca.privateKey, publicKey: ca.publicKey },
        signingAlgorithm: ca.signing,
        extensions: [
            new x509.BasicConstraintsExtension(true, undefined, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
            await x509.SubjectKeyIdentifierExtension.create(ca.publicKey),
        ],
    });
    return {
        certificatePem: toPem(root),
        privateKeyPem,
        async issue(leaf) {
            const leafKeyPem = await keys({ type: "ECDSA", curve: "P256" });
            const key = await importPrivate(leafKeyPem, "privateKeyPem");
            const names = (leaf.dnsNames ?? []).map((value) => ({ type: "dns" as const, value }));
            const certificate = await x509.X509CertificateGenerator.create({
                serialNumber: serialNumber(),
                subject: leaf.subject,
                issuer: root.subject,
                notBefore: leaf.notBefore ?? new Date(Date.now() - DAY_MS),
                notAfter: leaf.notAfter ?? new Date(Date.now() + 365 * DAY_MS),
                publicKey: key.publicKey,
                signingKey: ca.privateKey,
                signingAlgorithm: ca.signing,
                extensions: [
                    new x509.BasicConstraintsExtension(false, undefined, true),
                    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
                    new x509.ExtendedKeyUsageExtension([
                        leaf.usage === "client" ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth,
                    ]),
                    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
                    await x509.SubjectKeyIdentifierExtension.create(key.publicKey),
                    await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
                ],
            });
            return { certificatePem: toPem(certificate), privateKeyPem: leafKeyPem };
        },
    };
}

export async function createWebCa(keys: KeySource): Promise<WebCa> {
    const authority = await createAuthority("CN=Lab public CA,O=Lab", keys);
    return {
        certificatePem: authority.certificatePem,
        issue(names, validity) {
            // Like ACM, the first name is the common name; a name over 64 characters does not fit in there and is only a SAN.
            const first = names.find((name) => name.length <= 64) ?? "lab";
            return authority.issue({ subject: `CN=${first}`, usage: "server", dnsNames: names, ...validity });
        },
    };
}
