import { createPrivateKey } from "node:crypto";
import { expect } from "chai";
import { judgeKeyPair, normalisePrivateKey } from "../../pki";
import { expectNoEcho, expectOne, madeBefore, make, messages, rsa } from "../support/certificates";

// Not proven here: that API Gateway and Cloudflare accept what these functions accept.

describe("pki", () => {
    const made = madeBefore();

    describe("accepts only the key that fits, and never tells it", () => {
        const key = (keyPem: string, leafPem = made.client.pem) => judgeKeyPair("key", leafPem, keyPem);
        it("accepts the key of the certificate, with LF or CRLF", () => {
            expect(key(made.client.keyPem)).to.deep.equal([]);
            expect(key(made.client.keyPem.replace(/\n/g, "\r\n"))).to.deep.equal([]);
        });
        it("refuses the key of another certificate, of the same type or not", async () => {
            const other = await make({ name: "other", algorithm: rsa(2048) });
            for (const { keyPem } of [made.stranger, other]) {
                expectOne(key(keyPem), /must match its certificate "CN=client"/, "key");
                expectNoEcho(messages(key(keyPem)).join(), keyPem);
            }
        });
        it("refuses an encrypted key", () => {
            const encrypted = createPrivateKey(made.client.keyPem).export({
                type: "pkcs8",
                format: "pem",
                cipher: "aes-256-cbc",
                passphrase: "x",
            }) as string;
            expectOne(key(encrypted), /unencrypted PEM private key; received an encrypted one/, "key");
            expectNoEcho(messages(key(encrypted)).join(), encrypted);
        });
        it("refuses a damaged key, a certificate and a text without PEM", () => {
            const damaged = made.client.keyPem.replace(/\n[^-\n]{20}/, "\n");
            expectOne(key(damaged), /received an unreadable one/, "key");
            expectNoEcho(messages(key(damaged)).join(), damaged);
            expectOne(key(made.client.pem), /must be an unencrypted PEM private key; received a certificate$/, "key");
            expectOne(key("secret"), /6 characters without a PEM block/, "key");
        });
        it("passes on one key and nothing else of its text, indented or not", async () => {
            expect(normalisePrivateKey(made.client.keyPem)).to.equal(made.client.keyPem);
            const indented = `\r\n    ${made.client.keyPem.replace(/\n/g, "\r\n    ")}\r\n`;
            expect(key(indented)).to.deep.equal([]);
            expect(normalisePrivateKey(indented)).to.equal(made.client.keyPem);
            const sec1 = createPrivateKey(made.client.keyPem).export({ type: "sec1", format: "pem" }) as string;
            const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
            expect(key(parameters + sec1)).to.deep.equal([]);
            expect(normalisePrivateKey(parameters + sec1)).to.equal(sec1);
            const long = await make({ name: "long", algorithm: rsa(2048) });
            const pkcs1 = createPrivateKey(long.keyPem).export({ type: "pkcs1", format: "pem" }) as string;
            expect(key(pkcs1, long.pem)).to.deep.equal([]);
            expect(normalisePrivateKey(pkcs1)).to.equal(pkcs1);
        });
        it("refuses anything beside the key: it would be sent to Cloudflare", () => {
            for (const text of [
                made.client.keyPem + made.stranger.keyPem,
                made.stranger.keyPem + made.client.keyPem,
                made.client.keyPem + made.client.keyPem,
            ]) {
                expectOne(key(text), /only that one; received more than one private key/, "key");
                expectNoEcho(messages(key(text)).join(), made.stranger.keyPem);
            }
            const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
            const comment = "Bag Attributes\n    friendlyName: orders\n";
            for (const text of [
                made.client.pem + made.client.keyPem,
                made.client.keyPem + made.client.pem,
                comment + made.client.keyPem,
                made.client.keyPem + "more",
                parameters + made.client.keyPem,
            ])
                expectOne(key(text), /nothing else; received one among other text/, "key");
        });
        it("refuses or drops what hides inside the key's own block", () => {
            const block = (der: Buffer) =>
                `-----BEGIN PRIVATE KEY-----\n${(der.toString("base64").match(/.{1,64}/g) ?? []).join("\n")}\n-----END PRIVATE KEY-----\n`;
            const der = (pem: string) => createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
            expect(normalisePrivateKey(block(der(made.client.keyPem)))).to.equal(made.client.keyPem);
            expectOne(key(block(Buffer.concat([der(made.client.keyPem), der(made.stranger.keyPem)]))), /received an unreadable one/, "key");
            // An attribute of PKCS #8, inside the outer SEQUENCE: parsers take it.
            const plain = der(made.client.keyPem);
            const attribute = Buffer.concat([Buffer.from([0xa0, 0x06, 0x30, 0x04, 0x04, 0x02]), Buffer.from("hi")]);
            const body = Buffer.concat([plain.subarray(3), attribute]);
            const padded = block(Buffer.concat([Buffer.from([0x30, 0x81, body.length]), body]));
            if (key(padded).length === 0) expect(normalisePrivateKey(padded)).to.equal(made.client.keyPem);
            else expectOne(key(padded), /received an unreadable one/, "key");
        });
        it("refuses a key beside something that is not a certificate", () => {
            expectOne(key(made.client.keyPem, made.client.keyPem), /not a PEM certificate/, "key");
            expectNoEcho(messages(key(made.client.keyPem, made.client.keyPem)).join(), made.client.keyPem);
        });
    });
});
