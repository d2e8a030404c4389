/** Cloudflare's side of the lab, as curl sees it: a visitor's way through the edge. */
import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { startGateway, type Gateway } from "../../../lab/aws/apigatewayv2/server";
import { startEdge, type Edge } from "../../../lab/cloudflare/edge";
import { addRecord, apiHost, build, type Fixture } from "../../lab/fixture";
import { needsTool } from "../../support/outsideTool";
import { Curl, type CurlResult } from "./curl";

describe("the lab's edge, judged by curl", function () {
    let fixture: Fixture;
    let gateway: Gateway;
    let edge: Edge;
    let curl: Curl;

    before(function () {
        needsTool(this, "curl");
    });
    beforeEach(async function () {
        fixture = await build();
        gateway = await startGateway(fixture.cloud);
        edge = await startEdge(fixture.cloud, gateway);
        curl = new Curl(needsTool(this, "curl"), fixture.cloud.webCa.certificatePem);
    });
    afterEach(async () => {
        curl?.close();
        await edge?.close();
        await gateway?.close();
    });

    const get = async (url: string, ...args: string[]): Promise<CurlResult & { invocations: number }> => {
        const nonce = randomUUID();
        const ports = [`:443:127.0.0.1:${edge.port}`, `:80:127.0.0.1:${edge.httpPort}`].flatMap((to) => ["--connect-to", to]);
        const result = await curl.run(...ports, "--header", `x-lab-nonce: ${nonce}`, ...args, url);
        return { ...result, invocations: fixture.cloud.invocations.get(nonce) ?? 0 };
    };
    const url = `https://${apiHost}/orders`;
    const seenByFunction = ({ body }: CurlResult) => (JSON.parse(body) as { headers: Record<string, string> }).headers;

    for (const version of ["1.2", "1.3"])
        it(`asks visitors for no certificate, and presents its own to the origin (TLS ${version})`, async () => {
            const { exit, status, message, body, headers } = await get(url, `--tlsv${version}`, "--tls-max", version);
            expect({ exit, status, message }).to.deep.equal({ exit: 0, status: 200, message: "" });
            const { authentication } = (
                JSON.parse(body) as { requestContext: { authentication: { clientCert: { clientCertPem: string } } } }
            ).requestContext;
            expect(authentication.clientCert.clientCertPem).to.equal(fixture.own.certificatePem.trim());
            expect(headers).to.have.property("cf-ray").with.length(1);
            expect(headers.server).to.deep.equal(["cloudflare"]);
        });

    it("answers in HTTP/1.1, also to a visitor who offers HTTP/2", async () => {
        const { exit, httpVersion } = await get(url, "--http2");
        expect({ exit, httpVersion }).to.deep.equal({ exit: 0, httpVersion: "1.1" });
    });

    it("keeps a visitor's connection for the next request", async () => {
        // curl counts the connections of each transfer: none for one that uses the connection of the transfer before.
        const { exit, status, connects } = await get(url, url);
        expect({ exit, status, connects }).to.deep.equal({ exit: 0, status: 200, connects: 0 });
    });

    it("leads a visitor from plain HTTP to HTTPS if it is told to", async () => {
        const plain = url.replace("https", "http");
        const { exit, status, invocations } = await get(plain);
        expect({ exit, status, invocations }, "else it asks the origin's port 80").to.deep.equal({ exit: 0, status: 521, invocations: 0 });
        fixture.zone.settings.set("always_use_https", "on");
        const first = await get(plain);
        expect([first.status, first.headers.location, first.invocations]).to.deep.equal([301, [url], 0]);
        const followed = await get(plain, "--location");
        expect([followed.exit, followed.status, followed.redirects, followed.invocations]).to.deep.equal([0, 200, 1, 1]);
    });

    it("passes bodies on whole, both ways", async () => {
        for (const chunked of [[], ["--header", "Transfer-Encoding: chunked"]])
            for (const expecting of [
                ["--header", "Expect:"],
                ["--header", "Expect: 100-continue"],
            ]) {
                const text = "0123456789".repeat(300_000);
                const type = ["--header", "Content-Type: text/plain"];
                const result = await get(url, ...type, ...chunked, ...expecting, "--data-binary", `@${curl.file(text)}`);
                expect([result.exit, result.status], `${chunked} ${expecting}`).to.deep.equal([0, 200]);
                expect((JSON.parse(result.body) as { body: string }).body === text, "the same text").to.equal(true);
            }
    });

    it("passes the visitor's headers on, but none of one connection only, and says itself who the visitor is", async () => {
        const sent = ["Connection: keep-alive", "Keep-Alive: timeout=5", "Cf-Connecting-Ip: 203.0.113.9", "X-Own: yes", "Cf-Ray: forged"];
        const seen = seenByFunction(await get(url, ...sent.flatMap((header) => ["--header", header])));
        expect(seen["x-own"]).to.equal("yes");
        expect(seen["cf-connecting-ip"]).to.equal("127.0.0.1");
        expect(seen["cf-ray"]).to.not.equal("forged");
        expect(seen).to.not.have.any.keys("keep-alive", "connection");
    });

    it("ends the handshake for a name that it has no certificate for", async () => {
        fixture.zone.deepCertificates = false;
        for (const name of ["unknown.example.com", "a.b.example.com"]) {
            if (name.startsWith("a.")) addRecord(fixture.zone, name, fixture.domain.targetDomainName);
            const { exit, status, invocations } = await get(`https://${name}/`);
            expect([exit, status, invocations], name).to.deep.equal([35, 0, 0]);
        }
    });

    it("answers each failure of the origin with Cloudflare's number, and curl takes it for an answer", async () => {
        const { zone, cloud, domain } = fixture;
        const association = zone.associations.get(apiHost)!;
        const failures: [what: string, status: number[], change: () => () => void][] = [
            ["no client certificate", [520, 525], () => ((association.enabled = false), () => (association.enabled = true))],
            ["SSL mode Off", [521], () => (zone.settings.set("ssl", "off"), () => zone.settings.set("ssl", "strict"))],
            [
                "a certificate that is not issued, in strict",
                [526],
                () => {
                    zone.settings.set("ssl", "strict");
                    const certificate = cloud.aws.certificates.get(domain.certificateArn)!;
                    const { status } = certificate;
                    certificate.status = "PENDING_VALIDATION";
                    return () => (certificate.status = status);
                },
            ],
            [
                "a record to nowhere",
                [530],
                () => {
                    const record = zone.records.get(apiHost)!;
                    const { content } = record;
                    record.content = "gone.example.net";
                    return () => (record.content = content);
                },
            ],
        ];
        for (const [what, statuses, change] of failures) {
            const undo = change();
            const { exit, status, invocations } = await get(url);
            expect([exit, invocations], what).to.deep.equal([0, 0]);
            expect(status, what).to.be.oneOf(statuses);
            undo();
            expect((await get(url)).status, `after ${what}`).to.equal(200);
        }
    });

    it("has a challenge page for what is no browser", async () => {
        fixture.zone.challenge = true;
        const { exit, status, headers, invocations } = await get(url);
        expect([exit, status, headers["cf-mitigated"], invocations]).to.deep.equal([0, 403, ["challenge"], 0]);
    });
});
