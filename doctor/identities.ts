/** Who is played: the visitor, the edge's own certificate if its key was given, and everybody who tries to go around. */
import { generateKeyPairSync, randomBytes, webcrypto } from "node:crypto";

/** A client certificate with its key. */
export interface ClientIdentity {
    certificatePem: string;
    privateKeyPem: string;
}

/** Loaded only when it is needed: it takes a quarter of the time in which the command is to start. */
async function loadX509(): Promise<typeof import("@peculiar/x509")> {
    await import("reflect-metadata");
    return import("@peculiar/x509");
}

/** A self-signed certificate that no truststore holds. Made anew, so that no key is ever in the source. */
export async function strangersIdentity(domainName: string): Promise<ClientIdentity> {
    const x509 = await loadX509();
    const crypto = webcrypto as unknown as Crypto;
    x509.cryptoProvider.set(crypto);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const der = privateKey.export({ type: "pkcs8", format: "der" });
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const keys = await crypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]);
    const jwk = await crypto.subtle.exportKey("jwk", keys);
    const publicKey = await crypto.subtle.importKey("jwk", { ...jwk, d: undefined, key_ops: ["verify"] }, algorithm, true, ["verify"]);
    const now = Date.now();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
        serialNumber: randomBytes(8).toString("hex"),
        name: `CN=${domainName}`,
        notBefore: new Date(now - 60_000),
        notAfter: new Date(now + 3_600_000),
        keys: { privateKey: keys, publicKey },
        signingAlgorithm: algorithm,
    });
    return {
        certificatePem: `${certificate.toString("pem")}\n`,
        privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    };
}

/** A distinguished name as text, `CN=…, O=…`. */
export async function nameOf(der: Buffer): Promise<string> {
    const { Name } = await loadX509();
    return new Name(new Uint8Array(der).buffer).toString();
}
