/** Certificates and keys for the tests of pki/, made with @peculiar/x509. */
import "reflect-metadata";
import { createPrivateKey, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { expect } from "chai";
import { judgeLeaf, judgeTruststoreCa, type Problem } from "../../pki";

export const NOW = new Date("2026-06-01T00:00:00Z");
export const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
export const rsa = (modulusLength: number, hash = "SHA-256", name = "RSASSA-PKCS1-v1_5") => ({
    name,
    modulusLength,
    hash,
    publicExponent: new Uint8Array([1, 0, 1]),
    saltLength: 32,
});

export interface Made {
    name: string;
    pem: string;
    keyPem: string;
    keys: webcrypto.CryptoKeyPair;
    algorithm: object;
}
export interface Wanted {
    name: string;
    issuer?: Made;
    ca?: boolean;
    algorithm?: object;
    keys?: webcrypto.CryptoKeyPair;
    hash?: string;
    notBefore?: string;
    notAfter?: string;
    /** Instead of basicConstraints alone. */
    extensions?: x509.Extension[];
}

export async function make({
    name,
    issuer,
    ca = true,
    algorithm = P256,
    keys: given,
    hash,
    notBefore,
    notAfter,
    extensions,
}: Wanted): Promise<Made> {
    const keys =
        given ??
        ((await webcrypto.subtle.generateKey(algorithm as webcrypto.EcKeyGenParams, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair);
    const signer = issuer ?? { name, keys, algorithm };
    const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${name}`,
        issuer: `CN=${signer.name}`,
        notBefore: new Date(notBefore ?? "2026-01-01T00:00:00Z"),
        notAfter: new Date(notAfter ?? "2027-01-01T00:00:00Z"),
        publicKey: keys.publicKey,
        signingKey: signer.keys.privateKey,
        signingAlgorithm: { ...signer.algorithm, ...(hash ? { hash } : {}) } as x509.X509CertificateCreateParams["signingAlgorithm"],
        extensions: extensions ?? [new x509.BasicConstraintsExtension(ca, undefined, true)],
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
    const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
    return {
        name,
        keys,
        algorithm,
        pem: `${certificate.toString("pem").trim()}\n`,
        keyPem: key.export({ type: "pkcs8", format: "pem" }) as string,
    };
}

/** Root first; each issues the next. */
export async function chain(length: number): Promise<Made[]> {
    const made: Made[] = [];
    for (let i = 0; i < length; i++) made.push(await make({ name: `level ${i}`, issuer: made[i - 1] }));
    return made;
}

export const pems = (made: Made[]) => made.map((certificate) => certificate.pem).join("");
export const messages = (problems: Problem[]) => problems.map((problem) => problem.message);
export const thrown = (act: () => unknown): string => {
    try {
        act();
    } catch (error) {
        return (error as Error).message;
    }
    throw new Error("expected an error, but nothing was thrown");
};

export function expectOne(problems: Problem[], message: RegExp, path = "ca") {
    expect(messages(problems), "one problem").to.have.length(1);
    expect(problems[0]?.path).to.equal(path);
    expect(problems[0]?.message)
        .to.match(/^must .*; received ./)
        .and.to.match(message);
}

/** No line of a key, in whole or in part, may be found in a text. */
export function expectNoEcho(text: string, keyPem: string) {
    const body = keyPem.split("\n").filter((line) => line && !line.startsWith("-----"));
    for (const line of body) expect(text).not.to.contain(line.slice(0, 8));
}

export const ca = (pem: string) => judgeTruststoreCa("ca", pem, NOW);
export const leaf = (pem: string, caPem: string) => judgeLeaf("leaf", pem, caPem, NOW);

/** Before the tests: a CA, a client certificate that it signed, and a stranger that has the CA's name and another key. */
export function madeBefore(): Record<"root" | "client" | "stranger", Made> {
    const made = {} as ReturnType<typeof madeBefore>;
    before(async () => {
        made.root = await make({ name: "root" });
        made.client = await make({ name: "client", issuer: made.root, ca: false });
        made.stranger = await make({ name: "root" });
    });
    return made;
}
