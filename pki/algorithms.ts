import type { KeyObject } from "node:crypto";
import { elements, objectIdentifier } from "./der";
import type { Fields } from "./fields";

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

/** The NIST curves of at least 256 bits, by OpenSSL's names. TLS 1.3 has no client signature on secp256k1. */
const CURVES = new Set(["prime256v1", "secp384r1", "secp521r1"]);

/** What is weak about a certificate's signature, or undefined. Node 20 does not expose the signature algorithm. */
export function weakSignature({ algorithm: [algorithm, parameters], sameAlgorithm }: Fields): string | undefined {
    if (!sameAlgorithm) return "two different algorithms, one outside the signed part";
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
export function weakKey(key: KeyObject, { explicitCurve }: Fields): string | undefined {
    const { modulusLength = 0, publicExponent = 0n, namedCurve } = key.asymmetricKeyDetails ?? {};
    if (key.asymmetricKeyType === "rsa" || key.asymmetricKeyType === "rsa-pss") {
        if (modulusLength < 2048) return `RSA of ${modulusLength} bits`;
        return publicExponent < 3n ? `RSA with the exponent ${publicExponent}` : undefined;
    }
    if (key.asymmetricKeyType === "ec") {
        if (explicitCurve || namedCurve === undefined) return "ECDSA on a curve that is not named";
        return CURVES.has(namedCurve) ? undefined : `ECDSA on the curve ${namedCurve}`;
    }
    return `a key of type ${key.asymmetricKeyType}`;
}
