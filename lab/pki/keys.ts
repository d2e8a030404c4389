/** Keys as PEM, as OpenSSL has them and as WebCrypto wants them. */
import { createHash, createPrivateKey, createPublicKey, webcrypto, type KeyObject } from "node:crypto";
import type { Props } from "../shared/propertyValues";
import { broken } from "../shared/rules";

const { subtle } = webcrypto;

function algorithmOf(key: KeyObject): { name: string; importing: object; signing: { name: string; hash: string } } | undefined {
    if (key.asymmetricKeyType === "rsa") {
        const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
        return { name: "RSA", importing: rsa, signing: rsa };
    }
    const curve = { prime256v1: ["P-256", "SHA-256"], secp384r1: ["P-384", "SHA-384"] }[key.asymmetricKeyDetails?.namedCurve ?? ""];
    if (key.asymmetricKeyType !== "ec" || !curve) return undefined;
    return { name: "ECDSA", importing: { name: "ECDSA", namedCurve: curve[0] }, signing: { name: "ECDSA", hash: curve[1] ?? "SHA-256" } };
}

function known(key: KeyObject, property: string): NonNullable<ReturnType<typeof algorithmOf>> {
    return algorithmOf(key) ?? broken("tls-algorithm", property, "RSA, or ECDSA on P256 or P384");
}

export async function importPublic(spki: Buffer): Promise<webcrypto.CryptoKey> {
    const { importing } = known(createPublicKey({ key: spki, format: "der", type: "spki" }), "certRequestPem");
    return subtle.importKey("spki", spki, importing as webcrypto.EcKeyImportParams, true, ["verify"]);
}

export interface SigningKeys {
    privateKey: webcrypto.CryptoKey;
    publicKey: webcrypto.CryptoKey;
    spki: Buffer;
    signing: { name: string; hash: string };
    algorithm: string;
}

export async function importPrivate(pem: string, property: string): Promise<SigningKeys> {
    let key: KeyObject;
    try {
        key = createPrivateKey(pem);
    } catch {
        return broken("tls-pem", property, "not a PEM private key");
    }
    const { name, importing, signing } = known(key, property);
    const spki = createPublicKey(key).export({ type: "spki", format: "der" });
    const pkcs8 = key.export({ type: "pkcs8", format: "der" });
    const privateKey = await subtle.importKey("pkcs8", pkcs8, importing as webcrypto.EcKeyImportParams, true, ["sign"]);
    return { privateKey, publicKey: await importPublic(spki), spki, signing, algorithm: name };
}

/** The outputs of a private key: PKCS#1 or SEC 1, PKCS#8, and the public half. */
export function keyOutputs(pem: string): Props {
    const key = createPrivateKey(pem);
    const publicKey = createPublicKey(key);
    const fingerprint = createHash("sha256")
        .update(publicKey.export({ type: "spki", format: "der" }))
        .digest("base64");
    return {
        privateKeyPem: key.export({ type: key.asymmetricKeyType === "rsa" ? "pkcs1" : "sec1", format: "pem" } as {
            type: "pkcs1";
            format: "pem";
        }),
        privateKeyPemPkcs8: key.export({ type: "pkcs8", format: "pem" }),
        publicKeyPem: publicKey.export({ type: "spki", format: "pem" }),
        publicKeyFingerprintSha256: `SHA256:${fingerprint.replace(/=+$/, "")}`,
    };
}
