/** Certificates made by a real library: the lab's public CA, and the authorities that tests and the edge's stand-in need. */
import "reflect-metadata";
import { createPrivateKey, createPublicKey, generateKeyPair, randomBytes, webcrypto } from "node:crypto";
import { promisify } from "node:util";
import * as x509 from "@peculiar/x509";

type LabCrypto = Parameters<typeof x509.cryptoProvider.set>[0];
x509.cryptoProvider.set(webcrypto as unknown as LabCrypto);

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

/** What a leaf of an {@link Authority} says. */
export interface LeafOptions extends Validity {
    /** RFC 4514 name, e.g. `CN=api.example.com`. */
    subject: string;
    usage: "client" | "server";
    dnsNames?: string[];
}

export interface Authority extends Identity {
    issue(leaf: LeafOptions): Promise<Identity>;
}

const day = 24 * 60 * 60 * 1000;
const generate = promisify(generateKeyPair);

export const generateKeys: KeySource = async (algorithm) => {
    const { privateKey } =
        algorithm.type === "RSA"
            ? await generate("rsa", { modulusLength: algorithm.bits })
            : await generate("ec", { namedCurve: algorithm.curve === "P256" ? "P-256" : "P-384" });
    return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
};

interface LabKey {
    privateKey: webcrypto.CryptoKey;
    publicKey: webcrypto.CryptoKey;
    signing: { name: string; hash: string };
}

/** The same key for WebCrypto, which the certificate library signs with. */
async function importKey(pem: string): Promise<LabKey> {
    const key = createPrivateKey(pem);
    const ec = key.asymmetricKeyType === "ec";
    const curve = key.asymmetricKeyDetails?.namedCurve === "secp384r1" ? "P-384" : "P-256";
    const algorithm = ec ? { name: "ECDSA", namedCurve: curve } : { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    const [privateKey, publicKey] = await Promise.all([
        webcrypto.subtle.importKey("pkcs8", key.export({ type: "pkcs8", format: "der" }), algorithm, true, ["sign"]),
        webcrypto.subtle.importKey("spki", createPublicKey(key).export({ type: "spki", format: "der" }), algorithm, true, ["verify"]),
    ]);
    return { privateKey, publicKey, signing: { name: algorithm.name, hash: "SHA-256" } };
}

/** A positive, random serial number of 16 bytes. */
function serialNumber(): string {
    const bytes = randomBytes(16);
    bytes[0] = (bytes[0]! & 0x3f) | 0x40;
    return bytes.toString("hex");
}

function pemOf(certificate: x509.X509Certificate): string {
    return `${certificate.toString("pem").trim()}\n`;
}

/** A self-signed ECDSA P-256 authority whose leaves it signs directly; ten years from yesterday, unless told otherwise. */
export async function createAuthority(subject: string, keys: KeySource, validity: Validity = {}): Promise<Authority> {
    const privateKeyPem = await keys({ type: "ECDSA", curve: "P256" });
    const ca = await importKey(privateKeyPem);
    const root = await x509.X509CertificateGenerator.createSelfSigned({
        serialNumber: serialNumber(),
        name: subject,
        notBefore: validity.notBefore ?? new Date(Date.now() - day),
        notAfter: validity.notAfter ?? new Date(Date.now() + 3650 * day),
        keys: { privateKey: ca.privateKey, publicKey: ca.publicKey },
        signingAlgorithm: ca.signing,
        extensions: [
            new x509.BasicConstraintsExtension(true, undefined, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
            await x509.SubjectKeyIdentifierExtension.create(ca.publicKey),
        ],
    });
    return {
        certificatePem: pemOf(root),
        privateKeyPem,
        async issue(leaf) {
            const leafKeyPem = await keys({ type: "ECDSA", curve: "P256" });
            const key = await importKey(leafKeyPem);
            const names = (leaf.dnsNames ?? []).map((value) => ({ type: "dns" as const, value }));
            const certificate = await x509.X509CertificateGenerator.create({
                serialNumber: serialNumber(),
                subject: leaf.subject,
                issuer: root.subject,
                notBefore: leaf.notBefore ?? new Date(Date.now() - day),
                notAfter: leaf.notAfter ?? new Date(Date.now() + 365 * day),
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
            return { certificatePem: pemOf(certificate), privateKeyPem: leafKeyPem };
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
