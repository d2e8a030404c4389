/** The certificate of a stranger: made at run time, so that no key is shipped or saved. */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import * as der from "./der";
import type { ClientIdentity } from "./probe";

const HOUR = 3_600_000;
/** The longest common name of X.520. */
const LONGEST_NAME = 64;
const ECDSA_WITH_SHA256 = der.sequence(der.identifier("1.2.840.10045.4.3.2"));

const pem = (label: string, bytes: Buffer): string =>
    `-----BEGIN ${label}-----\n${bytes.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;

/** A self-signed certificate for TLS clients that no truststore trusts. `now` is for tests. */
export function strangersIdentity(name: string, now = Date.now()): ClientIdentity {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const commonName = der.sequence(der.set(der.sequence(der.identifier("2.5.4.3"), der.utf8(name.slice(0, LONGEST_NAME)))));
    const certificate = der.sequence(
        der.tagged(0, der.integer(Buffer.from([2]))),
        der.integer(randomBytes(16)),
        ECDSA_WITH_SHA256,
        commonName,
        der.sequence(der.time(new Date(now - HOUR)), der.time(new Date(now + HOUR))),
        commonName,
        publicKey.export({ type: "spki", format: "der" }),
        der.tagged(
            3,
            der.sequence(
                // Basic constraints: not a CA.
                der.sequence(der.identifier("2.5.29.19"), der.yes, der.octets(der.sequence())),
                // Extended key usage: client authentication.
                der.sequence(der.identifier("2.5.29.37"), der.octets(der.sequence(der.identifier("1.3.6.1.5.5.7.3.2")))),
            ),
        ),
    );
    return {
        certificatePem: pem("CERTIFICATE", der.sequence(certificate, ECDSA_WITH_SHA256, der.bits(sign("sha256", certificate, privateKey)))),
        privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    };
}
