import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import {
    CLOUDFLARE_SHARED_CA_EXPIRES,
    CLOUDFLARE_SHARED_CA_FINGERPRINT,
    expires,
    fingerprint256,
    judgeTruststoreCa,
    keyFingerprints,
    normaliseCertificates,
    normalisePem,
    splitCertificates,
} from "../../pki";
import { ca, expectNoEcho, expectOne, leaf, madeBefore, make, messages, thrown } from "../support/certificates";

// Not proven here: that API Gateway and Cloudflare accept what these functions accept.

describe("pki", () => {
    const made = madeBefore();

    describe("reads certificates and nothing else", () => {
        it("normalises CRLF, indentation and the end of the text", () => {
            const messy = `\r\n  ${made.root.pem.replace(/\n/g, "\r\n  ")}\r\n\r\n`;
            expect(normalisePem(messy)).to.equal(made.root.pem);
            expect(normalisePem(made.root.pem)).to.equal(made.root.pem);
            expect(splitCertificates(messy)).to.deep.equal([made.root.pem]);
            expect(ca(messy)).to.deep.equal([]);
        });
        it("splits a bundle into its certificates, in order", () => {
            expect(splitCertificates(`${made.root.pem}\r\n\n${made.client.pem.trim()}`)).to.deep.equal([made.root.pem, made.client.pem]);
        });
        it("refuses what is not a certificate", () => {
            const cutOff = made.root.pem.slice(0, -30);
            const noX509 = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
            for (const garbage of ["", "hello", cutOff, `${made.root.pem}hello`, `${made.root.pem}${cutOff}`]) {
                expect(thrown(() => splitCertificates(garbage))).to.match(/^must be PEM certificates; received ./);
                expectOne(ca(garbage), /must be PEM certificates/);
                expectOne(leaf(garbage, made.root.pem), /must be PEM certificates/, "leaf");
            }
            expectOne(ca(noX509), /must be PEM certificates.*number 1/);
            expect(thrown(() => fingerprint256(noX509))).to.match(/must be PEM certificates/);
            expect(thrown(() => splitCertificates("hello"))).not.to.contain("hello");
        });
        it("refuses what hides inside a certificate's block, and passes on certificates alone", () => {
            const der = Buffer.concat([new X509Certificate(made.root.pem).raw, Buffer.from("a key could be here")]);
            const base64 = (der.toString("base64").match(/.{1,64}/g) ?? []).join("\n");
            const padded = `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
            expectOne(ca(padded), /number 1\) (that is not an X.509 certificate|with something after its certificate)/);
            expectOne(
                leaf(padded, made.root.pem),
                /number 1\) (that is not an X.509 certificate|with something after its certificate)/,
                "leaf",
            );
            expect(normaliseCertificates(`  ${made.root.pem}\r\n\n\n${made.client.pem}`)).to.equal(made.root.pem + made.client.pem);
            expectOne(ca(made.root.pem + made.client.keyPem), /received a private key beside certificates/);
        });
        it("refuses a private key without echoing it", () => {
            const disguised = made.client.keyPem.replace(/PRIVATE KEY/g, "CERTIFICATE");
            for (const text of [made.client.keyPem, made.root.pem + made.client.keyPem, made.client.keyPem + made.root.pem, disguised]) {
                const said = [...messages(ca(text)), ...messages(leaf(text, made.root.pem)), thrown(() => fingerprint256(text))];
                expect(said).to.have.length(3);
                for (const message of said) {
                    expect(message).to.match(/^must be PEM certificates; received /);
                    expectNoEcho(message, made.client.keyPem);
                }
            }
            expect(thrown(() => splitCertificates(made.client.keyPem))).to.equal("must be PEM certificates; received a private key");
        });
        it("tells fingerprint, key fingerprint and the earliest end of validity", async () => {
            const certificate = new X509Certificate(made.client.pem);
            const spki = certificate.publicKey.export({ type: "spki", format: "der" });
            expect(fingerprint256(made.client.pem)).to.equal(certificate.fingerprint256);
            expect(keyFingerprints(made.client.pem)).to.deep.equal([createHash("sha256").update(spki).digest("hex")]);
            expect(keyFingerprints(made.root.pem + made.stranger.pem)).to.deep.equal([
                ...keyFingerprints(made.root.pem),
                ...keyFingerprints(made.stranger.pem),
            ]);
            const short = await make({ name: "short", issuer: made.root, notAfter: "2026-07-01T00:00:00Z" });
            expect(expires(made.root.pem).toISOString()).to.equal("2027-01-01T00:00:00.000Z");
            expect(expires(made.root.pem + short.pem).toISOString()).to.equal("2026-07-01T00:00:00.000Z");
        });
    });

    describe("knows the CA that Cloudflare shares", () => {
        const pem = readFileSync(join(__dirname, "../../certs/cloudflare-origin-pull-ca.pem"), "utf8");
        it("accepts the packaged copy and recognises its fingerprint and end", () => {
            expect(ca(pem)).to.deep.equal([]);
            expect(fingerprint256(pem)).to.equal(CLOUDFLARE_SHARED_CA_FINGERPRINT);
            expect(expires(pem).toISOString().slice(0, 10)).to.equal(CLOUDFLARE_SHARED_CA_EXPIRES);
        });
        it("refuses it once it has expired", () => {
            expectOne(judgeTruststoreCa("ca", pem, new Date("2029-11-02T00:00:00Z")), /must not have expired/);
        });
        it("does not take another CA for it", () => {
            expect(fingerprint256(made.root.pem)).not.to.equal(CLOUDFLARE_SHARED_CA_FINGERPRINT);
        });
    });
});
