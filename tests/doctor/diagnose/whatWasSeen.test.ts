/** Nothing is green that was not seen whole, and nothing is said that contradicts what was seen. */
import * as dgram from "node:dgram";
import { once } from "node:events";
import { expect } from "chai";
import * as packet from "dns-packet";
import { examine } from "../../../doctor";
import { gather } from "../../../doctor/collect/gather";
import { diagnose } from "../../../doctor/diagnose/diagnose";
import { Facts } from "../../../doctor/diagnose/facts";
import type { Evidence, ProbeEvidence } from "../../../doctor/evidence";
import { autoDeploy } from "../../../lab/aws/apigatewayv2/apiState";
import { createApi, createFunction } from "../../../lab/aws/createApi";
import { DeployedLab, LAB_DOMAIN } from "../../support/deployedLab";

describe("the doctor says what was seen", () => {
    let lab: DeployedLab;
    let whole: Evidence;
    before(async () => {
        lab = await DeployedLab.deploy();
        lab.awsEnvironment();
        whole = await gather(lab.inside());
    });
    after(() => lab.close());
    beforeEach(() => lab.restore());

    const judged = (evidence: Evidence) => diagnose(evidence, new Date(), 1);
    const aws = (change: Partial<NonNullable<Evidence["aws"]>>): Evidence => ({ ...whole, aws: { ...whole.aws!, ...change } });
    const cloudflare = (change: Partial<NonNullable<Evidence["cloudflare"]>>): Evidence => ({
        ...whole,
        cloudflare: { ...whole.cloudflare!, ...change },
    });
    const probed = (change: (probe: ProbeEvidence) => Partial<ProbeEvidence>): Evidence => ({
        ...whole,
        probes: whole.probes.map((probe) => ({ ...probe, ...change(probe) })),
    });

    /** Faults that a zone can have while its visitors are served, each with the cause that names it. */
    const served: Record<string, [evidence: () => Evidence, impact: string]> = {
        "ZONE-WRONG": [() => cloudflare({ zone: null }), "not-judged"],
        "RECORD-MISSING": [() => cloudflare({ records: [] }), "none-yet"],
        "RECORD-DNS-ONLY": [
            () => cloudflare({ records: whole.cloudflare!.records!.map((record) => ({ ...record, proxied: false })) }),
            "none-yet",
        ],
        "AOP-ASSOCIATION-OFF": [() => cloudflare({ association: { ...whole.cloudflare!.association!, enabled: false } }), "none-yet"],
        "LEAF-EXPIRED": [() => ({ ...whole, now: new Date(Date.now() + 20 * 365 * 24 * 3600_000) }), "none-yet"],
        "SERVER-CERTIFICATE-EXPIRED": [() => aws({ certificate: { ...whole.aws!.certificate!, status: "EXPIRED" } }), "none-yet"],
        "ROUTING-RULES-ONLY": [() => aws({ domain: { ...whole.aws!.domain!, routingMode: "ROUTING_RULE_ONLY" } }), "none-yet"],
        "TRUSTSTORE-LACKS-AUTHORITY": [
            () => aws({ truststore: { ...whole.aws!.truststore, pinnedPem: lab.attacker.caPem, newestPem: lab.attacker.caPem } }),
            "none-yet",
        ],
        "SSL-MODE-PLAIN": [() => cloudflare({ ssl: "flexible" }), "none-yet"],
    };
    for (const [id, [evidence, impact]] of Object.entries(served))
        it(`calls no visitor unserved who is: ${id}`, () => {
            expect(new Facts(evidence()).visitorUp).to.equal(true);
            const { causes, verdict } = judged(evidence());
            const cause = causes.find((cause) => cause.id === id || (id === "TRUSTSTORE-LACKS-AUTHORITY" && cause.id === "LEAF-WRONG-CA"));
            expect(cause?.impact, causes.map((cause) => cause.id).join()).to.equal(impact);
            expect(verdict).to.equal(impact === "not-judged" ? "unknown" : "fault");
        });
    it("does not end with a cause that breaks nothing if requests fail: it says where to look for the rest", () => {
        const soon = { now: new Date(Date.parse(whole.cloudflare!.hostnameCertificates![0]!.expiresOn!) - 24 * 3600_000) };
        const expiring = judged({ ...whole, ...soon });
        expect(expiring.causes.map(({ id }) => id)).to.deep.equal(["LEAF-EXPIRES-SOON"]);
        expect(expiring.nextProbe).to.equal(undefined);
        const failing = probed(({ id }) => (id === "visitor" ? { status: 502, answeredBy: "edge", body: "bad gateway" } : {}));
        const { verdict, causes, nextProbe } = judged({ ...failing, ...soon });
        expect([verdict, ...causes.map(({ id, impact }) => `${id} ${impact}`)]).to.deep.equal(["fault", "LEAF-EXPIRES-SOON none-yet"]);
        expect(nextProbe).to.contain("edge visitor must be").and.contain("HTTP 502");
    });
    it("names only what the cloud that was not asked could have told", () => {
        const notes = (evidence: Evidence) => judged(evidence).notes.join();
        expect(judged({ ...whole, cloudflare: undefined }).verdict).to.equal("healthy");
        expect(notes({ ...whole, cloudflare: undefined })).to.equal(
            "Cloudflare was not asked: the end of the client certificate cannot be seen from outside",
        );
        expect(notes({ ...whole, aws: undefined }))
            .to.contain("AWS was not asked: other custom domains")
            .and.not.contain("client certificate");
        expect(notes({ ...whole, aws: undefined, cloudflare: undefined })).to.contain("AWS and Cloudflare were not asked");
    });
    it("does not claim what no source settles of a certificate that is not active yet", () => {
        const [certificate] = whole.cloudflare!.hostnameCertificates!;
        const pending = cloudflare({ hostnameCertificates: [{ ...certificate!, status: "pending_deployment" }] });
        expect(judged(pending).causes[0]!.evidence.join()).to.contain("may present none");
    });
    it("says of an emptied truststore that it is empty, not that it would let anyone in", () => {
        const emptied = aws({ truststore: { ...whole.aws!.truststore, newestPem: "", newestVersion: "another" } });
        const { evidence } = judged(emptied).causes.find(({ id }) => id === "TRUSTSTORE-OVERWRITTEN")!;
        expect(evidence.join()).to.contain("no CA certificate").and.contain("would refuse every request").and.not.contain("let them in");
    });

    it("is not green while the record leads elsewhere: what was probed is not what visitors reach", () => {
        const record = { type: "CNAME", content: "d-other.execute-api.eu-west-1.amazonaws.com", proxied: true };
        expect(judged(whole).verdict).to.equal("healthy");
        const upper = cloudflare({ records: [{ ...record, content: `${whole.targetDomainName!.toUpperCase()}.` }] });
        expect(judged(upper).verdict).to.equal("healthy");
        const { verdict, nextProbe } = judged(cloudflare({ records: [record] }));
        expect([verdict, nextProbe]).to.deep.equal(["unknown", `Unknown: dns-record (CNAME ${record.content})`]);
    });
    it("is not green while the presented certificate could not be read", () => {
        const { verdict, nextProbe } = judged(cloudflare({ hostnameCertificates: [] }));
        expect(verdict).to.equal("unknown");
        expect(nextProbe).to.contain("not read: the presented certificate");
    });
    it("is green if the hostname's own association is void and only the zone's level is on", () => {
        const { verdict } = judged(cloudflare({ association: null, globalOriginPull: false, zoneOriginPull: true }));
        expect(verdict).to.equal("healthy");
        expect(judged(cloudflare({ association: null, globalOriginPull: false, zoneOriginPull: false })).verdict).to.equal("unknown");
    });

    it("reads every API that the domain is mapped to, and names an open default endpoint of each", async () => {
        const fn = createFunction(lab.cloud, "second", 'exports.handler = async () => ({ statusCode: 200, body: "second" });');
        const second = createApi(lab.cloud, { id: "second0api", fn });
        const mapping = { id: "second", apiId: second.id, stage: "$default", apiMappingKey: "second" };
        lab.cloud.aws.domains.get(LAB_DOMAIN)!.mappings.set("second", mapping);
        expect((await examine(lab.inside())).verdict).to.equal("healthy");
        const openCause = async (evidence: string, impact: string) => {
            const { verdict, causes } = await examine(lab.inside());
            expect([verdict, ...causes.map(({ id }) => id)]).to.deep.equal(["fault", "DEFAULT-ENDPOINT-OPEN"]);
            expect(causes[0]!.evidence.join()).to.contain("false on the API second0api").and.contain(evidence);
            expect(causes[0]!.impact).to.equal(impact);
            expect(causes[0]!.confirm).to.contain("https://second0api.execute-api.");
        };
        second.disableExecuteApiEndpoint = false;
        await openCause("does not answer yet", "none-yet");
        autoDeploy(second);
        await openCause("the default endpoint answered HTTP 200", "bypass-open");
        const { apiId } = await gather({ ...lab.inside(), apiId: undefined, path: "/second/one" });
        expect(apiId).to.equal("second0api");
        const evidence = await gather(lab.inside());
        expect(
            judged({ ...evidence, aws: { ...evidence.aws!, otherApis: undefined } }).checks.find(
                ({ hop, id }) => hop === "aws" && id === "read",
            ),
        )
            .to.include({ verdict: "unknown" })
            .and.property("seen")
            .contains("the API second0api at /second");
    });

    it("tries every address of the edge, of either family: a visitor may take any", async () => {
        const addresses = { A: ["192.0.2.1", "192.0.2.77"], AAAA: ["2001:db8::1"] };
        const dns = dgram.createSocket("udp4").bind(0, "127.0.0.1");
        await once(dns, "listening");
        dns.on("message", (bytes, from) => {
            const asked = packet.decode(bytes);
            const { name, type } = asked.questions![0]!;
            const found = name === LAB_DOMAIN ? (addresses[type as "A"] ?? []) : type === "A" ? ["198.51.100.1"] : [];
            const answers = found.map((data) => ({ type, name, ttl: 1, data }) as packet.Answer);
            dns.send(packet.encode({ type: "response", id: asked.id, questions: asked.questions, answers }), from.port, from.address);
        });
        try {
            const options = lab.inside();
            const given = options.network!.connectTo!;
            const edge = given[0]!.split(":").at(-1)!;
            const report = (second: string, sixth: string[]) =>
                examine({
                    ...options,
                    network: {
                        ...options.network,
                        dnsServers: [`127.0.0.1:${dns.address().port}`],
                        connectTo: [...given, `192.0.2.77:443:127.0.0.1:${second}`, ...sixth],
                    },
                });
            const good = await report(edge, [`[2001:db8::1]:443:127.0.0.1:${edge}`]);
            expect(good.verdict).to.equal("healthy");
            expect(new Set(good.probes.map(({ address }) => address))).to.include.all.keys("192.0.2.1", "192.0.2.77", "2001:db8::1");
            for (const [v4, v6, address] of [
                ["1", edge, "192.0.2.77"],
                [edge, "1", "2001:db8::1"],
            ] as const) {
                const bad = await report(v4, [`[2001:db8::1]:443:127.0.0.1:${v6}`]);
                expect(bad.verdict).to.equal("unknown");
                const row = bad.checks.find(({ id }) => id === "visitor");
                expect(row).to.include({ verdict: "bad" });
                expect(row!.seen).to.contain(`no connection at ${address} (ECONNREFUSED)`);
            }
        } finally {
            dns.close();
        }
    });
});
