import { expect } from "chai";
import { promises as dns } from "node:dns";
import * as dgram from "node:dgram";
import * as packet from "dns-packet";
import { createZone } from "../../../lab/createCloud";
import { defaultEndpoint, resolve, startDns } from "../../../lab/dns";
import { startEdge } from "../../../lab/cloudflare/edge";
import type { Edge } from "../../../lab/cloudflare/edge";
import { startGateway } from "../../../lab/aws/apigatewayv2/server";
import type { Gateway } from "../../../lab/aws/apigatewayv2/server";
import { addRecord, apiHost, build, call } from "../fixture";
import type { Call, Fixture, Outcome } from "../fixture";

describe("the lab's edge", () => {
    let fixture: Fixture;
    let gateway: Gateway;
    let edge: Edge;
    const ask = (options: Partial<Call> = {}): Promise<Outcome> => call(fixture.cloud, { port: edge.port, sni: apiHost, ...options });
    const refused = (outcome: Outcome, status: number) => {
        expect(outcome.status).to.equal(status);
        expect(outcome.invocations).to.equal(0);
    };

    beforeEach(async () => {
        fixture = await build();
        gateway = await startGateway(fixture.cloud);
        edge = await startEdge(fixture.cloud, gateway);
    });
    afterEach(async () => {
        await edge.close();
        await gateway.close();
    });

    it("presents our certificate in full and strict", async () => {
        for (const mode of ["full", "strict"]) {
            fixture.zone.settings.set("ssl", mode);
            const good = await ask();
            expect(good.status).to.equal(200);
            expect(good.invocations).to.equal(1);
            expect(good.headers).to.include({ server: "cloudflare" });
            expect(good.headers).to.have.property("cf-ray");
            const { clientCert } = JSON.parse(good.body).requestContext.authentication;
            expect(clientCert.clientCertPem).to.equal(fixture.own.certificatePem.trim());
        }
    });

    it("appends the visitor's address to X-Forwarded-For, and lets a visitor claim none in CF-Connecting-IP", async () => {
        const seen = async (headers: Record<string, string>) => {
            const { status, body } = await ask({ headers });
            expect(status).to.equal(200);
            return (JSON.parse(body) as { headers: Record<string, string> }).headers;
        };
        const visitor = "127.0.0.1";
        expect(await seen({})).to.include({ "x-forwarded-for": visitor, "cf-connecting-ip": visitor });
        const claimed = { "x-forwarded-for": "203.0.113.1, 198.51.100.101", "cf-connecting-ip": "203.0.113.1", "x-real-ip": "203.0.113.1" };
        const passed = await seen(claimed);
        expect(passed).to.include({ "x-forwarded-for": `203.0.113.1, 198.51.100.101,${visitor}`, "cf-connecting-ip": visitor });
        expect(passed).to.not.have.property("x-real-ip");
    });

    it("turns off and flexible into 521, as nothing listens on port 80 there", async () => {
        for (const mode of ["off", "flexible"]) {
            fixture.zone.settings.set("ssl", mode);
            refused(await ask(), 521);
        }
        fixture.cloud.gatewayPort80Open = true;
        expect((await ask()).invocations).to.equal(1);
    });

    it("presents nothing when the association is off, not yet active, or absent", async () => {
        const association = fixture.zone.associations.get(apiHost)!;
        const certificate = fixture.zone.hostnameCertificates.get("c1")!;
        fixture.zone.settings.set("tls_client_auth", "on");
        association.enabled = false;
        refused(await ask(), 520);
        association.enabled = true;
        certificate.activeAt = Date.now() + 3_600_000;
        refused(await ask(), 520);
        certificate.activeAt = 0;
        expect((await ask()).status).to.equal(200);
        fixture.zone.associations.clear();
        refused(await ask(), 403);
        fixture.zone.settings.set("tls_client_auth", "off");
        refused(await ask(), 520);
        fixture.zone.zoneOriginPull = { enabled: true, ...fixture.own };
        expect((await ask()).status).to.equal(200);
    });

    it("lets another customer in only where the shared CA is trusted", async () => {
        const attacker = fixture.cloud.cloudflare.zones.get("zone2")!;
        addRecord(attacker, "www.attacker.test", fixture.domain.targetDomainName);
        attacker.settings.set("tls_client_auth", "on");
        const shared = { sni: "www.attacker.test" };
        refused(await ask(shared), 403);
        attacker.hostHeaderOverride = apiHost;
        refused(await ask(shared), 403);
        fixture.cloud.variants.untrustedCertificate = "closed";
        refused(await ask(shared), 520);
        fixture.domain.mutualTls!.pem = fixture.cloud.cloudflare.shared.caPem;
        expect((await ask(shared)).invocations).to.equal(1);
        attacker.hostHeaderOverride = undefined;
        refused(await ask(shared), 403);
    });

    it("answers 525 when the handshake fails and 526 to an invalid server certificate, in strict only", async () => {
        const certificate = fixture.cloud.aws.certificates.get(fixture.domain.certificateArn)!;
        Object.assign(certificate, await fixture.cloud.webCa.issue([apiHost], { notAfter: new Date(Date.now() - 1000) }));
        refused(await ask(), 526);
        fixture.zone.settings.set("ssl", "full");
        expect((await ask()).status).to.equal(200);
        fixture.zone.settings.set("ssl", "strict");
        Object.assign(certificate, await fixture.cloud.webCa.issue(["elsewhere.example.com"]));
        refused(await ask(), 526);
        const { privateKeyPem } = certificate;
        // A key of another certificate: there is no handshake to be had.
        Object.assign(certificate, await fixture.cloud.webCa.issue([apiHost]), { privateKeyPem });
        refused(await ask(), 525);
    });

    it("answers 526 as long as ACM has not issued the origin's certificate, and takes an expired one for what it is", async () => {
        const certificate = fixture.cloud.aws.certificates.get(fixture.domain.certificateArn)!;
        expect((await ask()).status).to.equal(200);
        certificate.status = "PENDING_VALIDATION";
        refused(await ask(), 526);
        certificate.status = "ISSUED";
        expect((await ask()).status).to.equal(200);
        certificate.status = "EXPIRED";
        fixture.zone.settings.set("ssl", "full");
        expect((await ask()).status).to.equal(200);
        certificate.certificatePem = undefined;
        fixture.zone.settings.set("ssl", "strict");
        refused(await ask(), 526);
    });

    it("lets a configuration rule decide the SSL mode of its hostname, and of no other", async () => {
        const rule = (hostname: string, value: NonNullable<typeof fixture.zone.sslRule>["value"]) =>
            (fixture.zone.sslRule = { hostname, value, description: "a rule" });
        rule(apiHost, "flexible");
        refused(await ask(), 521);
        rule("other.example.com", "flexible");
        expect((await ask()).status).to.equal(200);
        fixture.zone.settings.set("ssl", "flexible");
        refused(await ask(), 521);
        rule(apiHost, "strict");
        expect((await ask()).status).to.equal(200);
        rule(`*.${fixture.zone.name}`, "flexible");
        refused(await ask(), 521);
        rule(`*.x${fixture.zone.name}`, "strict");
        refused(await ask(), 521);
        rule(`*.${fixture.zone.name}`, "strict");
        expect((await ask()).status).to.equal(200);
    });

    it("answers with a challenge page before it asks the origin", async () => {
        expect((await ask()).headers).not.to.have.property("cf-mitigated");
        fixture.zone.challenge = true;
        const challenged = await ask();
        refused(challenged, 403);
        expect(challenged.headers).to.include({ "cf-mitigated": "challenge", "content-type": "text/html; charset=UTF-8" });
        expect(challenged.headers["cf-ray"]).to.match(/^[0-9a-f]{16}-LAB$/);
        expect(challenged.headers).not.to.have.property("apigw-requestid");
        expect(challenged.body).to.contain("Just a moment");
    });

    it("has no certificate for a name deeper than one label below its zone, unless the zone bought one", async () => {
        const deep = `v1.${apiHost}`;
        addRecord(fixture.zone, deep, fixture.domain.targetDomainName);
        expect((await ask({ sni: deep })).status).not.to.equal(0);
        fixture.zone.deepCertificates = false;
        refused(await ask({ sni: deep }), 0);
        expect((await ask()).status).to.equal(200);
    });

    it("finds nothing of a custom domain at a default endpoint", async () => {
        expect((await ask()).status).to.equal(200);
        fixture.zone.records.get(apiHost)!.content = defaultEndpoint(fixture.cloud, fixture.api.id);
        const lost = await ask();
        refused(lost, 403);
        expect(lost.headers).to.have.property("apigw-requestid");
    });

    it("answers 530 when the CNAME leads nowhere, and nothing to an unknown name", async () => {
        addRecord(fixture.zone, apiHost, "d-gone.execute-api.eu-central-1.amazonaws.com");
        const dangling = await ask();
        refused(dangling, 530);
        expect(dangling.body).to.equal("error code: 1016");
        refused(await ask({ sni: "unknown.example.com" }), 0);
        refused(await ask({ host: "unknown.example.com" }), 403);
    });

    it("redirects plain HTTP when told to, and else finds port 80 of the origin closed", async () => {
        const plain = { port: edge.httpPort, plain: true, host: apiHost, path: "/a?b" };
        refused(await ask(plain), 521);
        fixture.zone.settings.set("always_use_https", "on");
        const redirect = await ask(plain);
        refused(redirect, 301);
        expect(redirect.headers.location).to.equal(`https://${apiHost}/a?b`);
    });

    it("resolves proxied names to the edge and DNS-only ones to the gateway, over UDP too", async () => {
        const { cloud, zone, domain } = fixture;
        addRecord(zone, "dns-only.example.com", domain.targetDomainName, false);
        cloud.cloudflare.zones.set("zone3", createZone("zone3", "example.net"));
        expect(resolve(cloud, apiHost)?.kind).to.equal("edge");
        expect(resolve(cloud, "dns-only.example.com.")).to.deep.equal({ kind: "gateway", name: domain.targetDomainName });
        expect(resolve(cloud, "none.example.com")).to.equal(undefined);
        const dns = await startDns(cloud);
        const socket = dgram.createSocket("udp4");
        const lookup = (name: string) =>
            new Promise<unknown[]>((done) => {
                socket.once("message", (message) => {
                    done((packet.decode(message).answers ?? []).map((answer) => ("data" in answer ? String(answer.data) : "")));
                });
                socket.send(packet.encode({ type: "query", id: 1, questions: [{ type: "A", name }] }), dns.port, "127.0.0.1");
            });
        try {
            expect(await lookup(apiHost)).to.deep.equal(["192.0.2.1"]);
            expect(await lookup("dns-only.example.com")).to.deep.equal([domain.targetDomainName, "198.51.100.1"]);
            expect(await lookup("none.example.com")).to.deep.equal([]);
        } finally {
            socket.close();
            await dns.close();
        }
    });

    describe("its DNS", () => {
        let server: { port: number; close(): Promise<void> };
        let resolver: dns.Resolver;
        const code = (asked: Promise<unknown>) => asked.then(() => "", (error: NodeJS.ErrnoException) => error.code); // prettier-ignore

        beforeEach(async () => {
            server = await startDns(fixture.cloud);
            resolver = new dns.Resolver({ timeout: 30_000, tries: 2 });
            resolver.setServers([`127.0.0.1:${server.port}`]);
        });
        afterEach(() => server.close());

        it("tells a name without such a record from a name that there is not", async () => {
            addRecord(fixture.zone, "_v.deep.example.com", "_w.acm-validations.aws", false);
            expect(await resolver.resolve4(apiHost)).to.deep.equal(["192.0.2.1"]);
            expect(await code(resolver.resolve6(apiHost))).to.equal("ENODATA");
            expect(await code(resolver.resolveCname(apiHost))).to.equal("ENODATA");
            expect(await code(resolver.resolve4("deep.example.com"))).to.equal("ENODATA");
            expect(await code(resolver.resolve4("none.example.com"))).to.equal("ENOTFOUND");
            expect(await resolver.resolveCname("_v.deep.example.com")).to.deep.equal(["_w.acm-validations.aws"]);
            fixture.zone.records.get("_v.deep.example.com")!.proxied = true;
            expect(await code(resolver.resolveCname("_v.deep.example.com"))).to.equal("ENODATA");
        });

        it("follows a DNS-only alias, also to where nothing is", async () => {
            addRecord(fixture.zone, "dns-only.example.com", fixture.domain.targetDomainName, false);
            expect(await resolver.resolveCname("dns-only.example.com")).to.deep.equal([fixture.domain.targetDomainName]);
            expect(await resolver.resolve4("dns-only.example.com")).to.deep.equal(["198.51.100.1"]);
            // An alias without an address behind it is an answer to c-ares.
            expect(await resolver.resolve6("dns-only.example.com")).to.deep.equal([]);
            fixture.cloud.aws.domains.delete(apiHost);
            expect(await code(resolver.resolve4("dns-only.example.com"))).to.equal("ENOTFOUND");
            expect(await resolver.resolveCname("dns-only.example.com")).to.deep.equal([fixture.domain.targetDomainName]);
        });

        it("answers for CAA and name servers", async () => {
            expect(await code(resolver.resolveCaa("example.com"))).to.equal("ENODATA");
            addRecord(fixture.zone, "example.com", '0 issue "letsencrypt.org"', false, "CAA");
            expect(await resolver.resolveCaa("example.com")).to.deep.equal([{ critical: 0, issue: "letsencrypt.org" }]);
            expect(await code(resolver.resolveCaa(apiHost))).to.equal("ENODATA");
            expect(await resolver.resolveNs("example.com")).to.have.members(["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"]);
            expect(await code(resolver.resolveNs(apiHost))).to.equal("ENODATA");
        });

        it("sees nothing of a zone where it is delegated elsewhere, and no more does the edge", async () => {
            const { zone } = fixture;
            addRecord(zone, "www.example.com", fixture.domain.targetDomainName);
            zone.delegatedElsewhere.set(apiHost, ["ns1.other.example"]);
            expect(await resolver.resolveNs(apiHost)).to.deep.equal(["ns1.other.example"]);
            expect(await code(resolver.resolve4(apiHost))).to.equal("ENODATA");
            expect(await code(resolver.resolve4(`below.${apiHost}`))).to.equal("ENOTFOUND");
            expect(await resolver.resolve4("www.example.com")).to.deep.equal(["192.0.2.1"]);
            refused(await ask(), 0);
            zone.delegatedElsewhere = new Map([["example.com", ["ns1.registrar.example"]]]);
            expect(await resolver.resolveNs("example.com")).to.deep.equal(["ns1.registrar.example"]);
            expect(await code(resolver.resolve4("www.example.com"))).to.equal("ENOTFOUND");
            zone.delegatedElsewhere.clear();
            expect((await ask()).status).to.equal(200);
        });
    });
});
