/** The certificate library, set up once, and what every certificate of it needs. */
import "reflect-metadata";
import { randomBytes, webcrypto, type X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";

type LabCrypto = Parameters<typeof x509.cryptoProvider.set>[0];
x509.cryptoProvider.set(webcrypto as unknown as LabCrypto);

export { x509 };

/** A positive, random serial number of 16 bytes. */
export function serialNumber(): string {
    const bytes = randomBytes(16);
    bytes[0] = (bytes[0]! & 0x3f) | 0x40;
    return bytes.toString("hex");
}

export function toPem(value: x509.X509Certificate | x509.Pkcs10CertificateRequest): string {
    return `${value.toString("pem").trim()}\n`;
}

/** Whether basicConstraints says CA:TRUE. Node's `ca` is false for one whose keyUsage lacks keyCertSign (docs/sources.md 13.15). */
export function isCa(certificate: X509Certificate): boolean {
    return new x509.X509Certificate(certificate.raw).getExtension(x509.BasicConstraintsExtension)?.ca ?? false;
}
