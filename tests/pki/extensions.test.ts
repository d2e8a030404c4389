import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { expect } from "chai";
import { doubts, judgeTruststoreCa } from "../../pki";
import { ca, expectOne, leaf, make, P256, type Made } from "../support/certificates";
import { curveCas } from "../support/curveCas";

// Not proven here: what API Gateway does with these. No source says it, so what could fail there is refused or warned about here.

const { KeyUsageFlags: usage } = x509;
const basic = (authority: boolean, pathLength?: number) => new x509.BasicConstraintsExtension(authority, pathLength, true);
const keyUsage = (flags: x509.KeyUsageFlags) => new x509.KeyUsagesExtension(flags, true);
const purposes = (...list: string[]) => new x509.ExtendedKeyUsageExtension(list);
const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
/** SEQUENCE { [0] or [1] { SEQUENCE { dNSName } } }, or another kind of name by its tag. */
const nameConstraints = (choice: "permitted" | "excluded", domain: string, tag = 0x82) => {
    const name = Buffer.concat([Buffer.from([tag, domain.length]), Buffer.from(domain)]);
    const wrap = (tag: number, body: Buffer) => Buffer.concat([Buffer.from([tag, body.length]), body]);
    return new x509.Extension("2.5.29.30", true, wrap(0x30, wrap(choice === "permitted" ? 0xa0 : 0xa1, wrap(0x30, name))));
};
const alternative = (type: "dns" | "email", value: string) => new x509.SubjectAlternativeNameExtension([{ type, value }]);
const dns = (name: string) => alternative("dns", name);
const today = (pem: string) => judgeTruststoreCa("ca", pem, new Date());
const unknown = (critical: boolean) => new x509.Extension("1.2.3.4.5", critical, Buffer.from([0x05, 0x00]));

describe("pki reads a certificate's extensions itself", () => {
    let root: Made;
    before(async () => {
        root = await make({ name: "root" });
    });
    const client = (extensions: x509.Extension[], issuer = root) => make({ name: "client", issuer, ca: false, extensions });

    it("refuses a leaf with CA:TRUE, with and without keyCertSign, and one that may sign", async () => {
        expect(leaf((await client([basic(false), keyUsage(usage.digitalSignature)])).pem, root.pem)).to.deep.equal([]);
        expectOne(
            leaf((await client([basic(true), keyUsage(usage.digitalSignature)])).pem, root.pem),
            /received the CA "CN=client"/,
            "leaf",
        );
        expectOne(leaf((await client([basic(true)])).pem, root.pem), /received the CA "CN=client"/, "leaf");
        const signs = await client([basic(false), keyUsage(usage.digitalSignature | usage.keyCertSign)]);
        expectOne(leaf(signs.pem, root.pem), /whose keyUsage has keyCertSign/, "leaf");
    });
    it("refuses a CA that may not sign", async () => {
        const extensions = [basic(true), keyUsage(usage.digitalSignature)];
        expect(ca((await make({ name: "root", extensions: [basic(true), keyUsage(usage.keyCertSign)] })).pem)).to.deep.equal([]);
        expect(ca((await make({ name: "root", extensions })).pem)[0]?.message).to.match(/must be a CA .*which is not/);
    });
    it("refuses more CAs than a path length allows, and takes as many", async () => {
        for (const [length, refused] of [
            [0, true],
            [1, false],
        ] as const) {
            const top = await make({ name: "top", extensions: [basic(true, length)] });
            const middle = await make({ name: "middle", issuer: top });
            const below = await client([basic(false)], middle);
            if (refused) {
                expectOne(ca(top.pem + middle.pem), /path length; received "CN=top", which allows 0 CAs below it and has 1/);
                expectOne(leaf(below.pem, top.pem + middle.pem), /path length; received "CN=top"/, "leaf");
            } else {
                expect(ca(top.pem + middle.pem)).to.deep.equal([]);
                expect(leaf(below.pem, top.pem + middle.pem)).to.deep.equal([]);
            }
            expect(leaf((await client([basic(false)], top)).pem, top.pem)).to.deep.equal([]);
        }
    });
    it("refuses a leaf that a CA's name constraints exclude, and takes one that they permit", async () => {
        const permits = await make({ name: "permits", extensions: [basic(true), nameConstraints("permitted", "example.com")] });
        const excludes = await make({ name: "excludes", extensions: [basic(true), nameConstraints("excluded", "example.com")] });
        const named = async (name: string, issuer: Made) => leaf((await client([basic(false), dns(name)], issuer)).pem, issuer.pem);
        expect(await named("api.example.com", permits)).to.deep.equal([]);
        expectOne(await named("api.example.org", permits), /a DNS name that is not permitted, below "CN=permits"/, "leaf");
        expectOne(await named("badexample.com", permits), /a DNS name that is not permitted/, "leaf");
        expect(await named("api.example.org", excludes)).to.deep.equal([]);
        expectOne(await named("api.example.com", excludes), /an excluded DNS name, below "CN=excludes"/, "leaf");
        expectOne(await named("*.com", excludes), /an excluded DNS name/, "leaf");
    });
    it("says of a CA in the leaf's place only that it is a CA: no path length counts it (RFC 5280 4.2.1.9)", async () => {
        const top = await make({ name: "top", extensions: [basic(true, 0)] });
        expectOne(leaf((await client([basic(true)], top)).pem, top.pem), /received the CA "CN=client"/, "leaf");
    });
    it("refuses a malformed name below a name constraint, which would seem to keep to it", async () => {
        const permits = await make({ name: "permits", extensions: [basic(true), nameConstraints("permitted", "example.com")] });
        const permitsEmail = await make({ name: "permits", extensions: [basic(true), nameConstraints("permitted", "example.com", 0x81)] });
        const refusal = async (type: "dns" | "email", value: string, issuer: Made) =>
            leaf((await client([basic(false), alternative(type, value)], issuer)).pem, issuer.pem);
        expect(await refusal("dns", "a.example.com", permits)).to.deep.equal([]);
        expect(await refusal("email", "a@example.com", permitsEmail)).to.deep.equal([]);
        for (const name of [".example.com", "a..example.com", "*..example.com"])
            expectOne(await refusal("dns", name, permits), /with a malformed DNS name, below "CN=permits"/, "leaf");
        expectOne(await refusal("email", "a@b@example.com", permitsEmail), /names that cannot be read, below "CN=permits"/, "leaf");
        expectOne(await refusal("email", "a@example.org", permitsEmail), /with an email name that is not permitted/, "leaf");
    });
    it("refuses an extendedKeyUsage without a purpose", async () => {
        expect(leaf((await client([basic(false), purposes(clientAuth)])).pem, root.pem)).to.deep.equal([]);
        expectOne(leaf((await client([basic(false), purposes()])).pem, root.pem), /with a field that cannot be read/, "leaf");
    });
    it("refuses unknown critical extensions and takes those that are not", async () => {
        expect(leaf((await client([basic(false), unknown(false)])).pem, root.pem)).to.deep.equal([]);
        expectOne(leaf((await client([basic(false), unknown(true)])).pem, root.pem), /no critical extension.*1\.2\.3\.4\.5/, "leaf");
        expect(ca((await make({ name: "root", extensions: [basic(true), unknown(false)] })).pem)).to.deep.equal([]);
        expectOne(ca((await make({ name: "root", extensions: [basic(true), unknown(true)] })).pem), /no critical extension/);
    });
    it("refuses an extension that is there twice, and name constraints in a leaf", async () => {
        const twice = leaf((await client([basic(false), dns("a.example"), dns("b.example")])).pem, root.pem);
        expect(twice[0]?.message).to.match(/must have each extension once; received "CN=client", with 2\.5\.29\.17 repeated/);
        expectOne(
            leaf((await client([basic(false), nameConstraints("permitted", "example.com")])).pem, root.pem),
            /only a CA may have/,
            "leaf",
        );
    });
    it("takes the NIST curves from P-256 and refuses the others of the same size", async () => {
        for (const namedCurve of ["P-256", "P-384", "P-521"])
            expect(ca((await make({ name: "root", algorithm: { ...P256, namedCurve } })).pem)).to.deep.equal([]);
        for (const curve of ["secp256k1", "brainpoolP256r1"] as const)
            expectOne(today(curveCas[curve]), new RegExp(`ECDSA on the curve ${curve}`));
        expectOne(today(curveCas.explicit), /curve that is not named/);
        expect(today(curveCas.prime256v1)).to.deep.equal([]);
    });

    describe("and warns of what no source settles", () => {
        it("names a leaf that is not for clients, and is silent about one that is", async () => {
            const of = async (...extensions: x509.Extension[]) => doubts(root.pem, (await client([basic(false), ...extensions])).pem);
            expect(await of()).to.deep.equal([]);
            expect(await of(purposes(clientAuth, serverAuth))).to.deep.equal([]);
            expect((await of(purposes(serverAuth))).join()).to.match(
                /"CN=client" is not for clients: its extendedKeyUsage is serverAuth alone/,
            );
            expect((await of(keyUsage(usage.keyEncipherment))).join()).to.match(/"CN=client" may not sign.*digitalSignature/);
        });
        it("says what a cross-signed bundle is, and whom it lets in", async () => {
            const other = await make({ name: "other" });
            const cross = await make({ name: "root", issuer: other, keys: root.keys });
            expect(ca(root.pem + cross.pem + other.pem)).to.deep.equal([]);
            expect(doubts(root.pem + cross.pem + other.pem).join()).to.match(
                /"CN=root" is there twice, signed by "CN=root" and by "CN=other": a cross-signed bundle.*any client certificate of "CN=other"/,
            );
            expectOne(ca(root.pem + cross.pem), /"CN=root" without its issuer "CN=other"\. .*cross-signature by another CA/);
            const renewal = await make({ name: "root", keys: root.keys, notAfter: "2028-01-01T00:00:00Z" });
            expect(doubts(root.pem + renewal.pem)).to.deep.equal([]);
        });
    });
});
