import "reflect-metadata";
import { createPrivateKey, webcrypto, X509Certificate, type KeyObject } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { expect } from "chai";
import { judgeKeyPair, normalisePrivateKey } from "../../pki";
import { weakKey } from "../../pki/algorithms";
import { readFields, type Fields } from "../../pki/fields";
import { nameViolation } from "../../pki/nameConstraints";
import { ca, make, messages, P256, rsa } from "../support/certificates";

const block = (label: string, der: Buffer) =>
    `-----BEGIN ${label}-----\n${(der.toString("base64").match(/.{1,64}/g) ?? []).join("\n")}\n-----END ${label}-----\n`;

describe("pki judges what only a hand makes", () => {
    it("refuses a CA without a subject, whose issuer then has no name either", async () => {
        const keys = (await webcrypto.subtle.generateKey(P256, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
        const nameless = await x509.X509CertificateGenerator.create({
            subject: "",
            issuer: "",
            notBefore: new Date("2026-01-01T00:00:00Z"),
            notAfter: new Date("2027-01-01T00:00:00Z"),
            publicKey: keys.publicKey,
            signingKey: keys.privateKey,
            signingAlgorithm: P256,
            extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
        });
        const said = messages(ca(`${nameless.toString("pem").trim()}\n`)).join("\n");
        expect(said).to.contain("must have a subject, by which API Gateway finds a leaf's issuer; received a CA without one");
        expect(said).to.contain("must name its issuer");
    });

    it("refuses a certificate that names another algorithm outside its signed part", async () => {
        const { raw } = new X509Certificate((await make({ name: "root" })).pem);
        const oid = Buffer.from("06082a8648ce3d040302", "hex");
        const patched = Buffer.from(raw);
        patched[raw.lastIndexOf(oid) + oid.length - 1] = 0x03;
        expect(messages(ca(block("CERTIFICATE", patched))).join("\n")).to.contain("two different algorithms, one outside the signed part");
    });

    it("refuses an RSA key with the exponent 1, which signs nothing", () => {
        const key = (publicExponent: bigint) =>
            ({ asymmetricKeyType: "rsa", asymmetricKeyDetails: { modulusLength: 2048, publicExponent } }) as unknown as KeyObject;
        const fields = { explicitCurve: false } as Fields;
        expect(weakKey(key(1n), fields)).to.equal("RSA with the exponent 1");
        expect(weakKey(key(3n), fields)).to.equal(undefined);
    });

    it("refuses name constraints without a subtree, and more comparisons than are reasonable", async () => {
        const fields = readFields(new X509Certificate((await make({ name: "client" })).pem));
        const wrap = (tag: number, body: Buffer): Buffer => {
            const length = Buffer.alloc(4);
            length.writeUInt32BE(body.length);
            return Buffer.concat([Buffer.from([tag, 0x84]), length, body]);
        };
        const constraints = (count: number) =>
            wrap(0x30, wrap(0xa1, Buffer.concat(Array.from({ length: count }, () => wrap(0x30, wrap(0x82, Buffer.from("example.org")))))));
        expect(nameViolation(wrap(0x30, Buffer.alloc(0)), fields)).to.equal("constraints without a subtree");
        const names = { ...fields, alternativeNames: Array.from({ length: 1100 }, () => ({ tag: 0x82, body: Buffer.from("a.example") })) };
        expect(nameViolation(constraints(1), names)).to.equal(undefined);
        expect(nameViolation(constraints(1000), names)).to.equal("too many names to compare");
    });

    it("drops an attribute of a PKCS #8 key: it is passed on without what parsers skip", async () => {
        const client = await make({ name: "client", algorithm: rsa(2048) });
        const plain = createPrivateKey(client.keyPem).export({ type: "pkcs8", format: "der" });
        // [0] { SEQUENCE { OID 1.2.3.4, SET { OCTET STRING "hi" } } } behind the key, in the outer SEQUENCE (30 82 length).
        const attribute = Buffer.from("a00d300b06032a0304310404026869", "hex");
        const body = Buffer.concat([plain.subarray(4), attribute]);
        const head = Buffer.from([0x30, 0x82, body.length >> 8, body.length & 0xff]);
        const padded = block("PRIVATE KEY", Buffer.concat([head, body]));
        expect(judgeKeyPair("key", client.pem, padded)).to.deep.equal([]);
        expect(normalisePrivateKey(padded)).to.equal(client.keyPem);
    });
});
