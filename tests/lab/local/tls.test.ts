import { expect } from "chai";
import { X509Certificate } from "node:crypto";
import { Calls } from "../../support/calls";
import { makeCloud } from "../../support/cloud";
import { NAME, makePki } from "../resources";

describe("the lab's tls resource types", () => {
    let calls: Calls;
    beforeEach(() => {
        calls = new Calls(makeCloud());
    });

    it("signs a leaf that its CA verifies", async () => {
        const { ca, leaf } = await makePki(calls);
        const [root, end] = [new X509Certificate(ca), new X509Certificate(leaf)];
        expect([root.ca, end.ca, end.checkIssued(root), end.verify(root.publicKey)]).to.deep.equal([true, false, true, true]);
        expect(end.subjectAltName).to.equal(`DNS:${NAME}`);
        expect(end.keyUsage).to.deep.equal(["1.3.6.1.5.5.7.3.2"]);
    });
    it("needs a curve, and the CA's own key", async () => {
        const { failures } = await calls.check("tls:index/privateKey:PrivateKey", { algorithm: "ECDSA" });
        expect(failures.join()).to.contain("[tls-ecdsa-curve]");
    });
    it("is replaced within its early renewal hours", async () => {
        const key = await calls.create("tls:index/privateKey:PrivateKey", { algorithm: "RSA" });
        const inputs = {
            privateKeyPem: key.outputs.privateKeyPem,
            validityPeriodHours: 10,
            allowedUses: ["cert_signing"],
            earlyRenewalHours: 1,
        };
        const made = await calls.create("tls:index/selfSignedCert:SelfSignedCert", inputs);
        expect((await calls.diff(made, inputs)).replaces).to.deep.equal([]);
        expect((await calls.diff(made, { ...inputs, earlyRenewalHours: 11 })).replaces).to.deep.equal(["readyForRenewal"]);
    });
});
