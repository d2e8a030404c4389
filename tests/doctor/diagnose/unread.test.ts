/** A cloud that was to be asked and could not be read is never green, in any form of the report. */
import { expect } from "chai";
import { examine, type DoctorOptions } from "../../../doctor";
import { diagnose } from "../../../doctor/diagnose/diagnose";
import { gather } from "../../../doctor/collect/gather";
import type { Evidence } from "../../../doctor/evidence";
import { reportHtml } from "../../../doctor/report/html";
import { reportText } from "../../../doctor/report/text";
import { DeployedLab } from "../../support/deployedLab";

describe("a cloud that was to be asked and could not be read", () => {
    let lab: DeployedLab;
    before(async () => {
        lab = await DeployedLab.deploy();
        lab.awsEnvironment();
    });
    after(() => lab.close());

    const unreadable: Record<string, { env?: Record<string, string>; options?: Partial<DoctorOptions>; says: string }> = {
        "an AWS endpoint that nobody listens at": {
            env: { AWS_ENDPOINT_URL: "http://127.0.0.1:1" },
            says: "API Gateway cannot be reached",
        },
        "an AWS profile that does not exist": {
            options: { aws: undefined, profile: "nobody" },
            says: "the AWS profile nobody has no credentials",
        },
        "a secret of AWS's that a pipeline lacks": {
            env: { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
            options: { aws: undefined },
            says: "no AWS credentials were found",
        },
        "a Cloudflare token that is not valid": { options: { cloudflareToken: "another-token" }, says: "the token is not valid" },
        "a Cloudflare token that a pipeline lacks": { options: { cloudflareToken: "" }, says: "CLOUDFLARE_API_TOKEN is empty" },
        "a zone without a token": { options: { cloudflareToken: undefined }, says: "CLOUDFLARE_API_TOKEN is not set" },
        "a Cloudflare endpoint that nobody listens at": {
            options: { cloudflareBaseUrl: "http://127.0.0.1:1" },
            says: "Cloudflare cannot be reached",
        },
    };
    for (const [title, { env = {}, options = {}, says }] of Object.entries(unreadable))
        it(`is "could not tell" while a second domain is open: ${title}`, async () => {
            lab.restore();
            // What only AWS can tell: without it the deployment looks whole from outside.
            if (says.includes("AWS") || says.includes("API Gateway")) await lab.break("second-mapping-without-mtls");
            const before = Object.keys(env).map((key) => [key, process.env[key]] as const);
            Object.assign(process.env, env);
            try {
                const report = await examine({ ...lab.inside(), ...options });
                expect([report.verdict, report.causes.map(({ id }) => id)]).to.deep.equal(["unknown", []]);
                expect(report.nextProbe).to.contain(says);
                expect(report.checks.filter(({ id }) => id === "read").map(({ verdict }) => verdict)).to.include("unknown");
                expect(reportText(report, false)).to.contain("COULD NOT TELL").and.contain(says).and.not.contain("HEALTHY");
                expect(reportHtml([report]))
                    .to.contain(says)
                    .and.not.match(/healthy/i);
            } finally {
                for (const [key, value] of before) process.env[key] = value;
            }
        });

    it("is told from one that was read, part by part", async () => {
        lab.restore();
        const whole = await gather(lab.inside());
        const verdict = (evidence: Evidence) => diagnose(evidence, new Date(), 1).verdict;
        expect(verdict(whole)).to.equal("healthy");
        const parts = (cloud: "aws" | "cloudflare", names: string[]) =>
            names.map((name) => [`${cloud}.${name}`, { ...whole, [cloud]: { ...whole[cloud], [name]: undefined } } as Evidence] as const);
        for (const [name, evidence] of [
            ...parts("aws", ["domain", "api", "otherDomains", "truststore", "certificate"]),
            ...parts("cloudflare", [
                "zone",
                "ssl",
                "sslRules",
                "globalOriginPull",
                "zoneOriginPull",
                "association",
                "hostnameCertificates",
                "records",
            ]),
        ])
            expect(verdict(evidence), name).to.equal("unknown");
    });

    it("is not the region or account that was asked by mistake", async () => {
        lab.restore();
        const report = await examine({ ...lab.inside(), region: "us-east-1" });
        expect([report.verdict, ...report.causes.map(({ id }) => id)]).to.deep.equal(["unknown", "AWS-ASKED-ELSEWHERE"]);
        expect(report.causes[0]!.fix).to.contain("--region eu-central-1");
    });

    it("is not waited for: a certificate that ACM no longer has", async () => {
        lab.restore();
        const whole = await gather(lab.inside());
        const judged = (evidence: Evidence) => diagnose(evidence, new Date(), 1);
        expect(judged(whole).causes).to.deep.equal([]);
        const { verdict, causes } = judged({ ...whole, aws: { ...whole.aws!, certificate: null } });
        expect([verdict, ...causes.map(({ id }) => id)]).to.deep.equal(["fault", "SERVER-CERTIFICATE-GONE"]);
        expect(causes[0]!.fix).to.contain("Waiting does not help");
    });

    it("is no wrong delegation: vanity name servers and partial zones are healthy", async () => {
        lab.restore();
        const evidence = await gather(lab.inside());
        const zone = evidence.cloudflare!.zone!;
        const judged = (change: Partial<typeof zone>) =>
            diagnose(
                {
                    ...evidence,
                    dns: { ...evidence.dns, nameServers: ["ns1.example.com", "ns2.example.com"] },
                    cloudflare: { ...evidence.cloudflare!, zone: { ...zone, ...change } },
                },
                new Date(),
                1,
            ).causes.map(({ id }) => id);
        expect(judged({})).to.deep.equal(["ZONE-WRONG"]);
        expect(judged({ vanityNameServers: ["ns1.example.com", "ns2.example.com"] })).to.deep.equal([]);
        expect(judged({ type: "partial", nameServers: [] })).to.deep.equal([]);
    });
});
