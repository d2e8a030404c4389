/** TLS messages and certificates that no honest server sends. */
import { webcrypto } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** Messages of a TLS 1.2 handshake, as a server would send them. */
const sized = (size: 1 | 2 | 3, body: Buffer): Buffer => {
    const length = Buffer.alloc(size);
    length.writeUIntBE(body.length, 0, size);
    return Buffer.concat([length, body]);
};
const message = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([type]), sized(3, body)]);
const records = (bytes: Buffer): Buffer =>
    Buffer.concat(
        Array.from({ length: Math.ceil(bytes.length / 16_000) }, (_, i) =>
            Buffer.concat([Buffer.from([22, 3, 3]), sized(2, bytes.subarray(i * 16_000, (i + 1) * 16_000))]),
        ),
    );
export const serverHandshake = (chain: Buffer[], authorities: Buffer[]): Buffer =>
    records(
        Buffer.concat([
            message(2, Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 7), Buffer.from([0, 0xc0, 0x2b, 0])])),
            message(11, sized(3, Buffer.concat(chain.map((certificate) => sized(3, certificate))))),
            message(
                13,
                Buffer.concat([
                    sized(1, Buffer.from([64])),
                    sized(2, Buffer.from([4, 3])),
                    sized(2, Buffer.concat(authorities.map((authority) => sized(2, authority)))),
                ]),
            ),
        ]),
    );

/** Certificates of one name and one key: each could have issued each. */
export async function alike(names: string[], count: number, subject = "CN=alike") {
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const certificates = await Promise.all(
        Array.from({ length: count }, (_, i) =>
            x509.X509CertificateGenerator.createSelfSigned({
                serialNumber: `0${i + 1}`,
                name: subject,
                notBefore: new Date(Date.now() - 60_000),
                notAfter: new Date(Date.now() + 3_600_000),
                keys,
                signingAlgorithm: algorithm,
                extensions: [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns" as const, value })))],
            }),
        ),
    );
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
    return {
        ders: certificates.map((certificate) => Buffer.from(certificate.rawData)),
        key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
    };
}
export const pem = (der: Buffer): string =>
    `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
