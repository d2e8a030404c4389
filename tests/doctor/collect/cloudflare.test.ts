/** The doctor's reading of Cloudflare. */
import type * as http from "node:http";
import { expect } from "chai";
import { HOST, TOKEN, withServer, collectors } from "../../support/collectors";
import { withTime } from "../../support/deadlines";

describe("the doctor's reading of Cloudflare, with the real SDK on the lab's control plane,", function () {
    const lab = collectors();
    const { cloudflare } = lab;

    it("tell of a deployment all that Cloudflare knows of it, with the zone found by the name", async () => {
        const [record] = lab.cloud.aws.certificates.get(lab.domain.certificateArn)!.validationRecords;
        const [held] = [...lab.zone.hostnameCertificates.values()];
        const evidence = await cloudflare({ validationNames: Promise.resolve([record!.name]) });
        expect(evidence).to.deep.equal({
            denied: [],
            problems: [],
            zone: { id: "zone1", name: "example.com", status: "active", nameServers: lab.zone.nameServers, type: "full" },
            ssl: "strict",
            sslRules: [],
            originTrustStore: [],
            originTlsModes: [],
            globalOriginPull: false,
            zoneOriginPull: false,
            association: { certId: held!.id, enabled: true, certStatus: "active" },
            hostnameCertificates: [
                { id: held!.id, status: "active", certificatePem: held!.certificatePem, issuer: held!.issuer, expiresOn: held!.expiresOn },
            ],
            records: [{ type: "CNAME", content: lab.domain.targetDomainName, proxied: true }],
            validationRecords: [
                {
                    name: record!.name.replace(/\.$/, ""),
                    type: "CNAME",
                    content: evidence.validationRecords?.[0]?.content,
                    proxied: false,
                },
            ],
        });
        expect(record!.value).to.contain(evidence.validationRecords?.[0]?.content);
        expect(await cloudflare({ zoneId: "zone1" })).to.deep.include({ zone: evidence.zone, association: evidence.association });
    });

    it("show what has changed: SSL mode and its rule, all three levels, a certificate that is not active, DNS-only and missing records", async () => {
        lab.zone.settings.set("ssl", "full").set("tls_client_auth", "on");
        lab.zone.sslRule = { hostname: HOST, value: "flexible", description: "legacy" };
        lab.zone.zoneOriginPull.enabled = true;
        for (const association of lab.zone.associations.values()) association.enabled = false;
        for (const held of lab.zone.hostnameCertificates.values()) held.activeAt = Date.now() + 3_600_000;
        for (const record of lab.zone.records.values()) record.proxied = false;
        const evidence = await cloudflare({ validationNames: ["_gone.example.com."] });
        expect(evidence).to.deep.include({
            ssl: "full",
            sslRules: [{ value: "flexible", description: "legacy", expression: `(http.host eq "${HOST}")`, certain: true }],
            globalOriginPull: true,
            zoneOriginPull: true,
            records: [{ type: "CNAME", content: lab.domain.targetDomainName, proxied: false }],
            validationRecords: [],
        });
        expect(evidence.association).to.deep.include({ enabled: false, certStatus: "pending_deployment" });
        expect(evidence.hostnameCertificates?.[0]?.status).to.equal("pending_deployment");
        // A rule for another host is not ours.
        lab.zone.sslRule.hostname = `v2-${HOST}`;
        lab.zone.associations.clear();
        const other = await cloudflare();
        expect(other.sslRules).to.deep.equal([]);
        expect(other.association).to.equal(null);
    });

    const hidden: Record<string, string[]> = {
        "Zone Read": ["zone"],
        "Zone Settings Read": ["ssl", "globalOriginPull", "originTlsModes"],
        "SSL and Certificates Read": ["zoneOriginPull", "association", "hostnameCertificates", "originTrustStore"],
        "DNS Read": ["records", "validationRecords"],
        "Config Rules Read": ["sslRules"],
    };
    for (const [permission, missing] of Object.entries(hidden)) {
        it(`name ${permission} when it is missing, and tell the rest`, async () => {
            lab.zone.sslRule = { hostname: HOST, value: "full", description: "" };
            const options = { zoneId: "zone1", validationNames: ["_x.example.com"] };
            const full = await cloudflare(options);
            lab.cloud.denied.add(permission);
            const evidence = await cloudflare(options);
            expect(evidence.denied).to.deep.equal([permission]);
            expect(evidence.problems).to.deep.equal([]);
            expect(Object.keys(full).filter((key) => !(key in evidence))).to.have.members(missing);
        });
    }

    it("end at once, with the permission's name, when no zone may be looked for", async () => {
        lab.cloud.denied.add("Zone Read");
        expect(await cloudflare()).to.deep.equal({ denied: ["Zone Read"], problems: [] });
    });

    it("keep what they know when names that AWS was to tell never come", async () => {
        const evidence = await withTime(
            (timeoutMs) => cloudflare({ validationNames: new Promise(() => undefined), timeoutMs }),
            ({ ssl }) => ssl !== undefined,
        );
        expect(evidence).to.not.have.property("validationRecords");
        expect(evidence).to.deep.include({ ssl: "strict", denied: [], problems: [] });
    });

    it("say what Cloudflare's other answers mean", async () => {
        for (const [status, sentence] of [
            [429, "Cloudflare throttles this token's calls: try again later"],
            [502, "Cloudflare answered HTTP 502"],
            [401, "the token is not valid"],
        ] as const) {
            const listener: http.RequestListener = (_req, res) =>
                void res
                    .writeHead(status, { "retry-after-ms": "1", "content-type": "application/json" })
                    .end(JSON.stringify({ said: TOKEN }));
            const evidence = await withServer(listener, (url) => cloudflare({ baseUrl: url }));
            expect(evidence).to.deep.equal({ denied: [], problems: [sentence] });
        }
    });

    it("take no part of a list for the whole, and no answer without a result for an absence", async () => {
        const record = { id: "r", name: HOST, type: "CNAME", content: "d-a.example", proxied: true, ttl: 1 };
        const page = (size: number) => ({ success: true, result: Array.from({ length: size }, () => record), result_info: {} });
        const read = async (second: (res: http.ServerResponse) => void, rules: object = { rules: [] }) => {
            const listener: http.RequestListener = (req, res) => {
                const url = new URL(req.url!, "http://cloudflare");
                res.setHeader("content-type", "application/json");
                const asked = url.searchParams.get("page");
                if (url.pathname.endsWith("/dns_records")) {
                    if (asked !== null && asked !== "1") return second(res);
                    return void res.end(JSON.stringify(page(100)));
                }
                if (url.pathname.includes("/rulesets/")) return void res.end(JSON.stringify({ success: true, result: rules }));
                if (/certificates$|trust_store$/.test(url.pathname)) return void res.end(JSON.stringify(page(0)));
                res.end(JSON.stringify({ success: true, result: { id: "zone1", name: "example.com", value: "strict", enabled: true } }));
            };
            return withServer(listener, (url) => cloudflare({ baseUrl: url, zoneId: "zone1" }));
        };
        const whole = await read((res) => void res.end(JSON.stringify(page(1))));
        expect([whole.records?.length, whole.sslRules, whole.problems]).to.deep.equal([101, [], []]);
        const part = await read((res) => void res.writeHead(429, { "retry-after": "0" }).end("{}"));
        expect(part).to.not.have.property("records");
        expect(part.problems).to.deep.equal(["Cloudflare throttles this token's calls: try again later"]);
        const empty = await read((res) => void res.end(JSON.stringify(page(1))), null as unknown as object);
        expect(empty).to.not.have.property("sslRules");
        expect(empty.problems).to.deep.equal(["Cloudflare answered without a result"]);
    });
});
