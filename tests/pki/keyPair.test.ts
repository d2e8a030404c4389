import { createPrivateKey } from "node:crypto";
import { expect } from "chai";
import { judgeKeyPair } from "../../pki";
import { expectNoEcho, expectOne, make, messages, rsa, type Made } from "../support/certificates";

// Not proven here: that API Gateway and Cloudflare accept what these functions accept.

describe("pki", () => {
    let root: Made;
    let client: Made;
    let stranger: Made;
    before(async () => {
        root = await make({ name: "root" });
        client = await make({ name: "client", issuer: root, ca: false });
        stranger = await make({ name: "root" });
    });

    describe("accepts only the key that fits, and never tells it", () => {
        const key = (keyPem: string, leafPem = client.pem) => judgeKeyPair("key", leafPem, keyPem);
        it("accepts the key of the certificate, with LF or CRLF", () => {
            expect(key(client.keyPem)).to.deep.equal([]);
            expect(key(client.keyPem.replace(/\n/g, "\r\n"))).to.deep.equal([]);
        });
        it("refuses the key of another certificate, of the same type or not", async () => {
            const other = await make({ name: "other", algorithm: rsa(2048) });
            for (const made of [stranger, other]) {
                expectOne(key(made.keyPem), /must match its certificate "CN=client"/, "key");
                expectNoEcho(messages(key(made.keyPem)).join(), made.keyPem);
            }
        });
        it("refuses an encrypted key", () => {
            const encrypted = createPrivateKey(client.keyPem).export({
                type: "pkcs8",
                format: "pem",
                cipher: "aes-256-cbc",
                passphrase: "x",
            }) as string;
            expectOne(key(encrypted), /unencrypted PEM private key; received an encrypted one/, "key");
            expectNoEcho(messages(key(encrypted)).join(), encrypted);
        });
        it("refuses a damaged key, a certificate and a text without PEM", () => {
            const damaged = client.keyPem.replace(/\n[^-\n]{20}/, "\n");
            expectOne(key(damaged), /received an unreadable one/, "key");
            expectNoEcho(messages(key(damaged)).join(), damaged);
            expectOne(key(client.pem), /must be an unencrypted PEM private key; received a certificate$/, "key");
            expectOne(key("secret"), /6 characters without a PEM block/, "key");
        });
        it("refuses a key beside something that is not a certificate", () => {
            expectOne(key(client.keyPem, client.keyPem), /not a PEM certificate/, "key");
            expectNoEcho(messages(key(client.keyPem, client.keyPem)).join(), client.keyPem);
        });
    });
});
