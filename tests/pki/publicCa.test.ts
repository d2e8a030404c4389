/** A truststore that a public CA stands behind is open to anyone who buys its certificate. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { argsProblems } from "../../components/validation/validation";
import { PUBLIC_ROOTS, PUBLIC_ROOTS_DATE, publicCas, readCertificates } from "../../pki";
import { ORIGIN_CA_FILE, rootLines } from "../../tools/publicRoots";
import { make } from "../support/certificates";
import { ARGS, refusal, SHARED_CA } from "../support/component";

const AMAZON = rootCertificates.find((pem) => new X509Certificate(pem).subject.includes("CN=Amazon Root CA 1"))! + "\n";
const ORIGIN_CA = readFileSync(ORIGIN_CA_FILE, "utf8");
const roots = (pem: string, list = PUBLIC_ROOTS): string[] =>
    publicCas(readCertificates(pem), list).map(({ root, kind }) => `${kind} ${root}`);
const authority = (caCertificatePem: pulumi.Input<string>) => ({
    originPull: { authorities: [{ name: "1" }, { name: "other", caCertificatePem }], presented: "1" },
});
const judge = (pem: string): string =>
    argsProblems("orders", { ...ARGS, ...authority(pem) }, new Date("2026-11-01"))
        .map(({ path, message }) => `${path} ${message}`)
        .join("\n");

describe("the list of public CAs", () => {
    it("has a date, and a key and a name on each line", () => {
        expect(PUBLIC_ROOTS_DATE).to.match(/^20\d\d-\d\d-\d\d$/);
        const lines = PUBLIC_ROOTS.trim().split("\n");
        expect(lines.length).to.be.greaterThan(100);
        for (const line of lines) expect(line).to.match(/^[0-9a-f]{64} \w+=/);
    });

    it("has the roots that Node trusts, which others collected, and Cloudflare's Origin CA", () => {
        const known = rootCertificates.filter((pem) => roots(`${pem}\n`).length === 1);
        // Node's release is older than the list: a few of its roots have gone.
        expect(known.length / rootCertificates.length).to.be.greaterThan(0.75);
        expect(rootLines(ORIGIN_CA).every((line) => PUBLIC_ROOTS.includes(line))).to.equal(true);
    });
});

describe("a CA for all the world", () => {
    it("is known by its key", () => {
        expect(roots(AMAZON)).to.deep.equal(["public C=US, O=Amazon, CN=Amazon Root CA 1"]);
        expect(roots(ORIGIN_CA).map((root) => root.split(" ")[0])).to.deep.equal(["origin-ca", "origin-ca"]);
    });

    it("is known by the key under another name, and by the name of an issuer that is not there", async () => {
        const root = await make({ name: "public root" });
        const intermediate = await make({ name: "intermediate", issuer: root });
        const list = rootLines(root.pem).join("\n");
        expect(roots(root.pem, list)).to.have.lengthOf(1);
        expect(roots(intermediate.pem, list)).to.deep.equal([`public ${new X509Certificate(root.pem).subject}`]);
        expect(roots(root.pem, list.replace(/ .*/, " CN=an older name"))).to.deep.equal(["public CN=an older name"]);
    });

    it("is not one of your own, even with the name of a public one, nor Cloudflare's shared CA", async () => {
        const namesake = await make({ name: "public root" });
        const list = rootLines((await make({ name: "public root" })).pem).join("\n");
        expect(roots(namesake.pem, list)).to.deep.equal([]);
        expect(roots(namesake.pem)).to.deep.equal([]);
        expect(roots(SHARED_CA)).to.deep.equal([]);
    });

    it("is refused as an authority in preview, with the reason; one of your own is not", async () => {
        expect(judge(AMAZON)).to.equal(
            'originPull.authorities[1].caCertificatePem must be a CA of your own; received "C=US, O=Amazon, CN=Amazon Root CA 1", ' +
                "a public CA: the API would let in anyone who buys a client certificate that it signs",
        );
        const [rsa] = ORIGIN_CA.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n/g)!.slice(1);
        expect(judge(rsa!)).to.contain("Cloudflare's Origin CA, which signs certificates for the servers of all Cloudflare customers");
        expect(judge((await make({ name: "mine" })).pem)).to.equal("");
        expect(judge(SHARED_CA)).to.equal("");
    });

    it("is refused when it is known late", async () => {
        expect(await refusal(authority(pulumi.output(AMAZON)))).to.contain("must be a CA of your own");
    });
});
