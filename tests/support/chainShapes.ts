/** Client chains of every shape, by @peculiar/x509, for the judges that are compared. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { ClientChain } from "../../tools/limbo/judges";
import { make, P256, rsa, type Made } from "./certificates";

const { KeyUsageFlags: flags, ExtendedKeyUsage: uses } = x509;

export interface ChainShape {
    key: "P-256" | "P-384" | "RSA-2048" | "RSA-1024";
    intermediates: number;
    pathLength: number | undefined;
    basicConstraints: "none" | "leaf" | "CA";
    keyUsage: "none" | "digitalSignature" | "keyEncipherment" | "keyCertSign";
    extendedKeyUsage: "none" | "client" | "server" | "both";
    validity: "now" | "expired" | "future";
    nameConstraints: "none" | "permits" | "permits another" | "excludes";
    criticalExtension: boolean;
}

export const plainShape: ChainShape = {
    key: "P-256",
    intermediates: 0,
    pathLength: undefined,
    basicConstraints: "leaf",
    keyUsage: "digitalSignature",
    extendedKeyUsage: "client",
    validity: "now",
    nameConstraints: "none",
    criticalExtension: false,
};

const ALGORITHMS = {
    "P-256": P256,
    "P-384": { ...P256, namedCurve: "P-384", hash: "SHA-384" },
    "RSA-2048": rsa(2048),
    "RSA-1024": rsa(1024),
};
const keys = new Map<string, Promise<webcrypto.CryptoKeyPair>>();
/** Keys are made once: an RSA key takes long. */
const keysOf = (use: string, key: ChainShape["key"]): Promise<webcrypto.CryptoKeyPair> => {
    const id = `${use} ${key}`;
    const made =
        keys.get(id) ??
        (webcrypto.subtle.generateKey(ALGORITHMS[key] as webcrypto.EcKeyGenParams, true, [
            "sign",
            "verify",
        ]) as Promise<webcrypto.CryptoKeyPair>);
    keys.set(id, made);
    return made;
};

const wrap = (tag: number, body: Buffer) => Buffer.concat([Buffer.from([tag, body.length]), body]);

function constraintsOf(shape: ChainShape): x509.Extension[] {
    if (shape.nameConstraints === "none") return [];
    const base = Buffer.from(shape.nameConstraints === "permits another" ? "example.org" : "example.com");
    const choice = shape.nameConstraints === "excludes" ? 0xa1 : 0xa0;
    return [new x509.Extension("2.5.29.30", true, wrap(0x30, wrap(choice, wrap(0x30, wrap(0x82, base)))))];
}

function leafExtensions(shape: ChainShape): x509.Extension[] {
    const extensions: x509.Extension[] = [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "api.example.com" }])];
    if (shape.basicConstraints !== "none")
        extensions.push(new x509.BasicConstraintsExtension(shape.basicConstraints === "CA", undefined, true));
    if (shape.keyUsage !== "none") extensions.push(new x509.KeyUsagesExtension(flags[shape.keyUsage], true));
    const list = { none: [], client: [uses.clientAuth], server: [uses.serverAuth], both: [uses.clientAuth, uses.serverAuth] };
    if (shape.extendedKeyUsage !== "none") extensions.push(new x509.ExtendedKeyUsageExtension(list[shape.extendedKeyUsage]));
    if (shape.criticalExtension) extensions.push(new x509.Extension("1.2.3.4.5", true, Buffer.from([5, 0])));
    return extensions;
}

const YEARS_MS = 365 * 24 * 3600_000;
const inYears = (years: number) => new Date(Date.now() + years * YEARS_MS).toISOString();

export async function chainOf(shape: ChainShape): Promise<ClientChain> {
    const always = { notBefore: inYears(-3), notAfter: inYears(3) };
    const ca = (name: string, issuer: Made | undefined, extensions: x509.Extension[], pathLength?: number) =>
        keysOf(name, "P-256").then((pair) =>
            make({
                name,
                issuer,
                keys: pair,
                ...always,
                extensions: [
                    new x509.BasicConstraintsExtension(true, pathLength, true),
                    new x509.KeyUsagesExtension(flags.keyCertSign, true),
                    ...extensions,
                ],
            }),
        );
    const root = await ca("root", undefined, constraintsOf(shape), shape.pathLength);
    const intermediates: Made[] = [];
    for (let at = 0; at < shape.intermediates; at++) intermediates.push(await ca(`level ${at}`, intermediates[at - 1] ?? root, []));
    const validity = {
        now: always,
        expired: { notBefore: inYears(-2), notAfter: inYears(-1) },
        future: { notBefore: inYears(1), notAfter: inYears(2) },
    }[shape.validity];
    const leaf = await make({
        name: "client",
        issuer: intermediates.at(-1) ?? root,
        ca: false,
        keys: await keysOf("client", shape.key),
        algorithm: ALGORITHMS[shape.key],
        extensions: leafExtensions(shape),
        ...validity,
    });
    return {
        roots: [root.pem],
        intermediates: intermediates.map(({ pem }) => pem),
        leaf: leaf.pem,
        key: leaf.keyPem,
        time: new Date(),
        purpose: "sslclient",
    };
}
