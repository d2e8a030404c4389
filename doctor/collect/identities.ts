/** Client identities of the probes, and names of certificate authorities. */
import { generateKeyPairSync, randomBytes, webcrypto } from "node:crypto";
import type { ClientIdentity } from "../../probes";

/** Loaded on demand: it takes a quarter of the command's start-up time. */
async function loadX509(): Promise<typeof import("@peculiar/x509")> {
    await import("reflect-metadata");
    return import("@peculiar/x509");
}

/** A self-signed certificate that no truststore trusts, generated at run time so that the source holds no key. */
export async function strangersIdentity(domainName: string): Promise<ClientIdentity> {
    const x509 = await loadX509();
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const [privateKey, publicKey] = await Promise.all([
        webcrypto.subtle.importKey("pkcs8", pair.privateKey.export({ type: "pkcs8", format: "der" }), algorithm, true, ["sign"]),
        webcrypto.subtle.importKey("spki", pair.publicKey.export({ type: "spki", format: "der" }), algorithm, true, ["verify"]),
    ]);
    const now = Date.now();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
        serialNumber: randomBytes(8).toString("hex"),
        name: `CN=${domainName}`,
        notBefore: new Date(now - 60_000),
        notAfter: new Date(now + 3_600_000),
        keys: { privateKey, publicKey },
        signingAlgorithm: { ...algorithm, hash: "SHA-256" },
    });
    return {
        certificatePem: `${certificate.toString("pem")}\n`,
        privateKeyPem: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    };
}

const LONGEST_NAME = 1024;

/** A distinguished name as text, `CN=…, O=…`. A hostile server's may take seconds to parse, or be unreadable. */
export async function nameOf(der: Buffer): Promise<string> {
    if (der.length > LONGEST_NAME) return "a name that is too long";
    const { Name } = await loadX509();
    try {
        return new Name(new Uint8Array(der).buffer).toString();
    } catch {
        return "an unreadable name";
    }
}
