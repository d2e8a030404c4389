/** The stranger's certificate, judged by Node and by openssl. */
import { execFileSync } from "node:child_process";
import { X509Certificate, createPrivateKey } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import * as der from "../../probes/der";
import { strangersIdentity } from "../../probes";

describe("the certificate of a stranger", () => {
    let folder: string;
    before(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "stranger-"))));
    after(() => fs.rmSync(folder, { recursive: true }));
    const save = (name: string, text: string): string => {
        fs.writeFileSync(path.join(folder, name), text);
        return path.join(folder, name);
    };
    const openssl = (...args: string[]): string => execFileSync("openssl", args, { encoding: "utf8" });

    it("is one that Node reads: self-signed, P-256, of its own key, for the next hour", () => {
        const { certificatePem, privateKeyPem } = strangersIdentity("api.example.com");
        const certificate = new X509Certificate(certificatePem);
        expect(certificate.subject).to.equal("CN=api.example.com");
        expect(certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey)).to.equal(true);
        expect(certificate.checkPrivateKey(createPrivateKey(privateKeyPem))).to.equal(true);
        expect(certificate.publicKey.asymmetricKeyDetails).to.deep.equal({ namedCurve: "prime256v1" });
        expect([certificate.ca, certificate.keyUsage]).to.deep.equal([false, ["1.3.6.1.5.5.7.3.2"]]);
        const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
        expect(from).to.be.lessThan(Date.now());
        expect(to - from).to.equal(2 * 3_600_000);
    });

    it("is one that openssl takes for a client's, strictly, if it is told to trust it", () => {
        const { certificatePem, privateKeyPem } = strangersIdentity("api.example.com");
        const certificate = save("stranger.pem", certificatePem);
        expect(
            openssl("verify", "-x509_strict", "-purpose", "sslclient", "-partial_chain", "-trusted", certificate, certificate),
        ).to.contain("OK");
        expect(() => openssl("verify", "-purpose", "sslserver", "-partial_chain", "-trusted", certificate, certificate)).to.throw();
        expect(openssl("x509", "-in", certificate, "-noout", "-text"))
            .to.contain("Version: 3 (0x2)")
            .and.contain("ecdsa-with-SHA256")
            .and.contain("CA:FALSE")
            .and.contain("TLS Web Client Authentication");
        // The same bytes, read and written by openssl.
        expect(openssl("x509", "-in", certificate)).to.equal(certificatePem);
        const key = save("key.pem", privateKeyPem);
        expect(openssl("pkey", "-in", key, "-pubout")).to.equal(openssl("x509", "-in", certificate, "-noout", "-pubkey"));
    });

    it("has another key and serial number each time, and is saved nowhere", () => {
        const [first, other] = [strangersIdentity("a.test"), strangersIdentity("a.test")];
        expect(first.privateKeyPem).not.to.equal(other.privateKeyPem);
        expect(new X509Certificate(first.certificatePem).serialNumber).not.to.equal(new X509Certificate(other.certificatePem).serialNumber);
    });

    it("holds a long name, and a year beyond 2049, as X.509 wants them", () => {
        const long = `${"a".repeat(60)}.example.com`;
        const certificate = new X509Certificate(strangersIdentity(long, Date.parse("2050-06-01T00:00:00Z")).certificatePem);
        expect(certificate.subject).to.equal(`CN=${long.slice(0, 64)}`);
        expect(certificate.validTo).to.equal("Jun  1 01:00:00 2050 GMT");
        expect(
            openssl("x509", "-noout", "-enddate", "-in", save("late.pem", strangersIdentity("a", Date.parse("2050-06-01")).certificatePem)),
        ).to.contain("2050 GMT");
    });

    it("is DER of every length and sign", () => {
        expect(der.integer(Buffer.from("008000", "hex")).toString("hex")).to.equal("0203008000");
        expect(der.integer(Buffer.from("0001", "hex")).toString("hex")).to.equal("020101");
        expect(der.integer(Buffer.alloc(3)).toString("hex")).to.equal("020100");
        expect(der.octets(Buffer.alloc(127)).subarray(0, 2).toString("hex")).to.equal("047f");
        expect(der.octets(Buffer.alloc(128)).subarray(0, 3).toString("hex")).to.equal("048180");
        expect(der.octets(Buffer.alloc(256)).subarray(0, 4).toString("hex")).to.equal("04820100");
        expect(der.identifier("1.2.840.10045.4.3.2").toString("hex")).to.equal("06082a8648ce3d040302");
    });
});
