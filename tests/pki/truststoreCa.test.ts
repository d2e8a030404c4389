import { expect } from "chai";
import { judgeTruststoreCa } from "../../pki";
import { P256, ca, chain, expectOne, leaf, madeBefore, make, messages, pems, rsa } from "../support/certificates";

// Not proven here: that API Gateway and Cloudflare accept what these functions accept.

describe("pki", () => {
    const made = madeBefore();

    describe("accepts as truststore only one CA with its chain", () => {
        it("accepts a self-signed CA and refuses a leaf", async () => {
            const selfSigned = await make({ name: "self", ca: false });
            expect(ca(made.root.pem)).to.deep.equal([]);
            expectOne(ca(selfSigned.pem), /must be a CA .*"CN=self"/);
            expectOne(ca(made.root.pem + made.client.pem), /must be a CA .*"CN=client"/);
        });
        it("accepts a chain of four in any order and refuses five", async () => {
            const five = await chain(5);
            expect(ca(pems(five.slice(0, 4)))).to.deep.equal([]);
            expect(ca(pems(five.slice(0, 4).reverse()))).to.deep.equal([]);
            expectOne(ca(pems(five)), /at most 4 CA certificates; received 5/);
        });
        it("refuses a chain that does not reach its root", async () => {
            const three = await chain(3);
            expect(ca(pems(three))).to.deep.equal([]);
            expectOne(ca(pems(three.slice(1))), /"CN=level 1" without its issuer "CN=level 0"/);
        });
        it("is not taken in by a root of the right name with another key", async () => {
            const middle = await make({ name: "middle", issuer: made.root });
            expect(ca(middle.pem + made.root.pem)).to.deep.equal([]);
            expectOne(ca(middle.pem + made.stranger.pem), /"CN=middle" without its issuer/);
        });
        it("refuses a second CA beside the chain, and a repeated one", () => {
            expectOne(ca(made.root.pem + made.stranger.pem), /one CA and its chain; received unrelated CAs/);
            expectOne(ca(made.root.pem + made.root.pem), /each certificate once/);
        });
        it("accepts a root beside its renewal, and refuses a stranger hidden behind the two", async () => {
            const renewal = await make({ name: "root", issuer: made.root, keys: made.root.keys, notAfter: "2028-01-01T00:00:00Z" });
            const other = await make({ name: "other" });
            expect(ca(made.root.pem + renewal.pem)).to.deep.equal([]);
            expectOne(ca(made.root.pem + renewal.pem + other.pem), /one CA and its chain/);
        });
        it("accepts the first and the last moment of validity and refuses those beyond", () => {
            const at = (iso: string) => judgeTruststoreCa("ca", made.root.pem, new Date(iso));
            expect(at("2026-01-01T00:00:00Z")).to.deep.equal([]);
            expect(at("2027-01-01T00:00:00Z")).to.deep.equal([]);
            expectOne(at("2025-12-31T23:59:59Z"), /must already be valid/);
            expectOne(at("2027-01-01T00:00:01Z"), /must not have expired/);
        });
        it("reports every problem at once", async () => {
            const bad = await make({ name: "bad", ca: false, notAfter: "2026-02-01T00:00:00Z", algorithm: rsa(1024, "SHA-1") });
            expect(messages(ca(bad.pem)).map((message) => message.split(";")[0])).to.deep.equal([
                "must be a CA (basicConstraints CA:TRUE, allowed to sign)",
                "must not have expired",
                "must be signed with RSA or ECDSA and SHA-256 or stronger",
                "must have an RSA key of at least 2048 bits or an ECDSA key on P-256, P-384 or P-521",
            ]);
        });
    });

    describe("accepts strong algorithms only", () => {
        for (const [label, algorithm] of Object.entries({
            "RSA-2048 with SHA-256": rsa(2048),
            "RSA-2048 with SHA-384": rsa(2048, "SHA-384"),
            "RSA-2048 with SHA-512": rsa(2048, "SHA-512"),
            "RSASSA-PSS with SHA-256": rsa(2048, "SHA-256", "RSA-PSS"),
            "P-256 with SHA-256": P256,
            "P-384 with SHA-384": { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
        }))
            it(`accepts ${label}`, async () => {
                expect(ca((await make({ name: "strong", algorithm })).pem)).to.deep.equal([]);
            });
        it("refuses SHA-1, with RSA, RSASSA-PSS and ECDSA", async () => {
            expectOne(ca((await make({ name: "weak", algorithm: rsa(2048, "SHA-1") })).pem), /SHA-1 with RSA/);
            expectOne(ca((await make({ name: "weak", algorithm: rsa(2048, "SHA-1", "RSA-PSS") })).pem), /RSASSA-PSS with a weak hash/);
            expectOne(ca((await make({ name: "weak", hash: "SHA-1" })).pem), /SHA-1 with ECDSA/);
        });
        it("refuses RSA of 1024 bits", async () => {
            expectOne(ca((await make({ name: "weak", algorithm: rsa(1024) })).pem), /RSA of 1024 bits/);
        });
        it("refuses Ed25519 for its key and its signature", async () => {
            const weak = await make({ name: "weak", algorithm: { name: "Ed25519" } });
            expect(messages(ca(weak.pem)).join()).to.match(/1\.3\.101\.112.*type ed25519/);
        });
        it("judges a leaf by the same rule", async () => {
            const sha1 = await make({ name: "client", issuer: made.root, ca: false, hash: "SHA-1" });
            const short = await make({ name: "client", issuer: made.root, ca: false, algorithm: rsa(1024) });
            const long = await make({ name: "client", issuer: made.root, ca: false, algorithm: rsa(2048) });
            expectOne(leaf(sha1.pem, made.root.pem), /SHA-1 with ECDSA/, "leaf");
            expectOne(leaf(short.pem, made.root.pem), /RSA of 1024 bits/, "leaf");
            expect(leaf(long.pem, made.root.pem)).to.deep.equal([]);
        });
    });
});
