import { expect } from "chai";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import * as attackers from "../../../../lab/traffic/attackerCertificates";
import type { Variants } from "../../../../lab/cloud";
import { defaultEndpoint } from "../../../../lab/dns";
import { startGateway } from "../../../../lab/aws/apigatewayv2/server";
import type { Gateway } from "../../../../lab/aws/apigatewayv2/server";
import { judgeClient, readTruststore } from "../../../../lab/aws/apigatewayv2/clientAuth";
import { createAuthority, generateKeys } from "../../../../lab/pki/authority";
import { addDomain, apiHost, build, call, otherHost } from "../../fixture";
import type { Call, Fixture, Outcome } from "../../fixture";

describe("the lab's gateway", () => {
    let fixture: Fixture;
    let gateway: Gateway;
    const ask = (options: Omit<Call, "port">): Promise<Outcome> => call(fixture.cloud, { port: gateway.port, sni: apiHost, ...options });
    const refused = (outcome: Outcome, statuses: number[]) => {
        expect(statuses).to.include(outcome.status);
        expect(outcome.invocations).to.equal(0);
    };
    const variant = (change: Partial<Variants>) => Object.assign(fixture.cloud.variants, change);

    beforeEach(async () => {
        fixture = await build();
        gateway = await startGateway(fixture.cloud);
    });
    afterEach(async () => {
        await gateway.close();
    });

    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
        it(`answers our own leaf, and only that (${version})`, async () => {
            const { own, authority, cloud } = fixture;
            const good = await ask({ client: own, version });
            expect(good.status).to.equal(200);
            expect(good.invocations).to.equal(1);
            expect(good.headers).to.have.property("apigw-requestid");
            const context = JSON.parse(good.body).requestContext;
            expect(context.domainName).to.equal(apiHost);
            expect(context.authentication.clientCert.issuerDN).to.equal("O=Example,CN=Own CA");
            expect(context.authentication.clientCert.clientCertPem).to.equal(own.certificatePem.trim());

            refused(await ask({ version }), [0]);
            refused(await ask({ client: await attackers.stranger(), version }), [403]);
            refused(await ask({ client: await attackers.forged(authority.certificatePem), version }), [403]);
            refused(await ask({ client: await attackers.expired(authority), version }), [403]);
            refused(await ask({ client: cloud.cloudflare.shared, version }), [403]);
            variant({ untrustedCertificate: "closed" });
            refused(await ask({ client: await attackers.forged(authority.certificatePem), version }), [0]);
            refused(await ask({ client: await attackers.expired(authority), version }), [0]);
            expect((await ask({ client: own, version })).invocations).to.equal(1);
        });
    }

    it("knows each attacker's certificate for what it is", async () => {
        const reasons: unknown[] = [];
        fixture.cloud.events.on("event", ({ action, detail }) => action === "refuse-client" && reasons.push(detail.reason));
        const { authority } = fixture;
        refused(await ask({}), [0]);
        refused(await ask({ client: await attackers.stranger() }), [403]);
        refused(await ask({ client: await attackers.forged(authority.certificatePem) }), [403]);
        refused(await ask({ client: await attackers.expired(authority) }), [403]);
        expect(reasons).to.deep.equal([
            "no client certificate",
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "CERT_SIGNATURE_FAILURE",
            "CERT_HAS_EXPIRED",
        ]);
    });

    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
        it(`resumes a session of our leaf only as long as its truststore is in place (${version})`, async () => {
            const own = await ask({ version, client: fixture.own });
            const resumed = await ask({ version, session: own.session });
            expect(resumed.resumed).to.equal(true);
            expect(JSON.parse(resumed.body).requestContext.authentication.clientCert.issuerDN).to.equal("O=Example,CN=Own CA");
            fixture.domain.mutualTls!.pem = fixture.cloud.cloudflare.shared.caPem;
            refused(await ask({ version, session: own.session }), [0]);
        });
    }

    it("takes no socket for authorized that shows no certificate, as on a resumption without one", () => {
        const truststore = readTruststore(fixture.cloud, fixture.domain.mutualTls!);
        const socket = { authorized: true, getPeerCertificate: () => ({}) } as unknown as TLSSocket;
        expect(judgeClient(socket, truststore)).to.deep.equal({ kind: "none" });
    });

    it("wants the leaf signed directly by a CA of the truststore, whichever chain the client sends", async () => {
        const { authority } = fixture;
        const middle = await attackers.intermediate(authority);
        expect((await ask({ client: middle.leaf })).status).to.equal(403);
        fixture.domain.mutualTls!.pem = `${authority.certificatePem}${middle.caPem}`;
        expect((await ask({ client: middle.leaf })).status).to.equal(200);
        fixture.domain.mutualTls!.pem = middle.caPem;
        expect((await ask({ client: middle.leaf })).status).to.equal(403);
    });

    it("proxies to a URL of the loopback, and to no other", async () => {
        const origin = createServer((req, res) => res.end(`${req.method} ${req.url}`));
        await new Promise<void>((done) => origin.listen(0, "127.0.0.1", done));
        const integration = fixture.api.integrations.get("integration")!;
        const { port } = origin.address() as AddressInfo;
        Object.assign(integration, {
            integrationType: "HTTP_PROXY",
            integrationMethod: "ANY",
            integrationUri: `http://127.0.0.1:${port}/x`,
        });
        expect(await ask({ client: fixture.own, path: "/?a=1" })).to.include({ status: 200, body: "GET /x?a=1" });
        integration.integrationUri = "https://example.com/";
        expect((await ask({ client: fixture.own })).status).to.equal(500);
        await new Promise((done) => origin.close(done));
    });

    it("accepts a leaf for servers, as key usage is not validated, but not a stranger's", async () => {
        const leaf = await fixture.authority.issue({ subject: "CN=web", usage: "server", dnsNames: ["web"] });
        expect((await ask({ client: leaf })).status).to.equal(200);
        const other = await createAuthority("CN=Own CA,O=Example", generateKeys);
        refused(await ask({ client: await other.issue({ subject: "CN=web", usage: "server", dnsNames: ["web"] }) }), [403]);
    });

    it("asks for no certificate without or with another server name, and serves nothing there", async () => {
        for (const hostMismatch of ["refused", "answered"] as const) {
            variant({ hostMismatch });
            refused(await ask({ sni: undefined, host: apiHost, client: fixture.own }), [403]);
            refused(await ask({ sni: fixture.domain.targetDomainName, host: apiHost }), [403]);
            refused(await ask({ sni: fixture.domain.targetDomainName }), [403]);
            refused(await ask({ sni: "unknown.example.com" }), [403]);
        }
    });

    it("refuses or answers our Host over another domain's server name, as the variant says", async () => {
        expect((await ask({ sni: otherHost })).status).to.equal(200);
        refused(await ask({ sni: otherHost, host: apiHost }), [403]);
        variant({ hostMismatch: "answered" });
        const answered = await ask({ sni: otherHost, host: apiHost });
        expect(answered.invocations).to.equal(1);
        expect(JSON.parse(answered.body).requestContext.authentication).to.equal(null);
        refused(await ask({ sni: apiHost, host: otherHost, client: fixture.own }), [403]);
    });

    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
        it(`gives a session of another domain no way in (${version})`, async () => {
            const first = await ask({ sni: otherHost, version });
            expect(first.session).to.be.instanceOf(Buffer);
            expect((await ask({ sni: otherHost, version, session: first.session })).resumed).to.equal(true);
            const crossed = await ask({ version, session: first.session });
            expect(crossed.resumed).to.equal(false);
            refused(crossed, [0]);
        });
    }

    it("takes a new truststore, and trusts the stand-in where Cloudflare's shared CA is listed", async () => {
        fixture.domain.mutualTls!.pem = readFileSync("certs/cloudflare-origin-pull-ca.pem", "utf8");
        expect((await ask({ client: fixture.cloud.cloudflare.shared })).status).to.equal(200);
        refused(await ask({ client: fixture.own }), [403]);
        fixture.domain.mutualTls = undefined;
        expect((await ask({})).status).to.equal(200);
    });

    it("answers 404 at a disabled default endpoint, and serves an open one without any certificate", async () => {
        const sni = defaultEndpoint(fixture.cloud, fixture.api.id);
        const closed = await ask({ sni });
        refused(closed, [404]);
        expect(closed.body).to.equal('{"message":"Not Found"}');
        fixture.api.stages.get("$default")!.deployed!.disableExecuteApiEndpoint = false;
        const open = await ask({ sni, version: "TLSv1.2" });
        expect(open.invocations).to.equal(1);
        expect((await ask({ sni, version: "TLSv1.2", session: open.session })).invocations).to.equal(1);
    });

    it("serves what a wildcard domain covers and no other domain has, one label deep", async () => {
        expect((await ask({ sni: "any.wild.test" })).status).to.equal(403);
        const wildcard = await addDomain(fixture.cloud, "*.wild.test", fixture.api.id, undefined);
        await addDomain(fixture.cloud, "own.wild.test", fixture.api.id, fixture.authority.certificatePem);
        for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
            const open = await ask({ sni: "any.wild.test", version });
            expect([open.status, open.invocations]).to.deep.equal([200, 1]);
            expect(JSON.parse(open.body).requestContext.domainName).to.equal("any.wild.test");
            refused(await ask({ sni: "own.wild.test", version }), [0]);
            refused(await ask({ sni: "wild.test", version }), [403]);
            refused(await ask({ sni: "two.labels.wild.test", version }), [403]);
            refused(await ask({ sni: "any.wild.test", host: "other.wild.test", version }), [403]);
            refused(await ask({ sni: "own.wild.test", version, session: open.session }), [0]);
        }
        wildcard.mutualTls = fixture.domain.mutualTls;
        refused(await ask({ sni: "any.wild.test" }), [0]);
        expect((await ask({ sni: "any.wild.test", client: fixture.own })).invocations).to.equal(1);
    });

    it("answers 429 when the stage lets no request through, and counts no request otherwise", async () => {
        const stage = fixture.api.stages.get("$default")!;
        for (const [rate, burst, status] of [
            [1, 1, 200],
            [0, 1, 429],
            [1, 0, 429],
            [undefined, undefined, 200],
        ] as const) {
            Object.assign(stage, { throttlingRateLimit: rate, throttlingBurstLimit: burst });
            const answer = await ask({ client: fixture.own });
            expect([answer.status, answer.invocations], `${rate}, ${burst}`).to.deep.equal([status, status === 200 ? 1 : 0]);
            if (status === 429) expect(answer.body).to.equal('{"message":"Too Many Requests"}');
        }
    });

    it("asks for a client certificate as before where ACM has not issued the server's", async () => {
        fixture.cloud.aws.certificates.get(fixture.domain.certificateArn)!.status = "PENDING_VALIDATION";
        refused(await ask({}), [0]);
        expect((await ask({ client: fixture.own })).status).to.equal(200);
    });

    it("answers 500 when the permission is another API's", async () => {
        const permission = fixture.fn.permissions.get("api")!;
        permission.sourceArn = permission.sourceArn!.replace("abc123", "other");
        refused(await ask({ client: fixture.own }), [500]);
    });

    it("routes, authorizes, answers preflights and writes the access log", async () => {
        const client = fixture.own;
        const item = JSON.parse((await ask({ client, path: "/items/a%20b?x=1&x=2" })).body);
        expect(item).to.deep.include({ routeKey: "GET /items/{id}", pathParameters: { id: "a b" }, queryStringParameters: { x: "1,2" } });
        refused(await ask({ client, path: "/jwt" }), [401]);
        refused(await ask({ client, path: "/iam" }), [403]);
        fixture.api.cors = { allowOrigins: ["https://app.test"], allowMethods: ["GET"] };
        const headers = { origin: "https://app.test", "access-control-request-method": "GET" };
        const preflight = await ask({ client, method: "OPTIONS", headers });
        refused(preflight, [204]);
        expect(preflight.headers["access-control-allow-methods"]).to.equal("GET");
        const lines = fixture.cloud.aws.logGroups.get("abc123")!.lines.map((line) => JSON.parse(line));
        expect(lines[0]).to.deep.equal({ status: "200", domain: apiHost, issuer: "O=Example,CN=Own CA" });
    });

    it("fails an integration whose handler throws or takes too long", async () => {
        fixture.fn.files = { "index.js": "exports.handler = async () => { throw new Error('no'); };" };
        expect((await ask({ client: fixture.own })).status).to.equal(500);
        fixture.fn.files = { "index.js": "exports.handler = () => { for (;;); };" };
        fixture.fn.timeoutSeconds = 0.3;
        const slow = await ask({ client: fixture.own });
        expect(slow.status).to.equal(500);
        expect(slow.invocations).to.equal(1);
    });

    it("closes port 80 unless a fault opens it", async () => {
        refused(await ask({ port: gateway.httpPort, plain: true, host: apiHost } as Call), [0]);
        fixture.cloud.gatewayPort80Open = true;
        expect((await ask({ port: gateway.httpPort, plain: true, host: apiHost } as Call)).invocations).to.equal(1);
    });

    it("closes a connection that is not TLS", async () => {
        const closed = await new Promise<boolean>((done) => {
            const socket = connect(gateway.port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
            socket.on("data", () => done(false));
            socket.on("error", () => undefined);
            socket.on("close", () => done(true));
        });
        expect(closed).to.equal(true);
    });
});
