/** API Gateway's side of the lab, as curl sees it. Proves that the lab speaks TLS and HTTP as their specifications say, not that AWS does. */
import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { startGateway, type Gateway } from "../../../lab/aws/apigatewayv2/server";
import { defaultEndpoint } from "../../../lab/dns";
import type { Identity } from "../../../lab/pki/authority";
import * as attackers from "../../../lab/traffic/attackerCertificates";
import { apiHost, build, otherHost, type Fixture } from "../../lab/fixture";
import { needsTool } from "../../support/outsideTool";
import { Curl, type CurlResult } from "./curl";

/** How curl ends when the server closes: in the handshake (35), or after the client believes that it is done (52, 56; docs/sources.md 1.15). */
const CLOSED = [35, 52, 56];
const CLOSED_MESSAGES = /SSL_ERROR_SYSCALL|SSL_connect|Empty reply from server|unexpected eof|Connection reset/i;

describe("the lab's API Gateway, judged by curl", function () {
    let fixture: Fixture;
    let gateway: Gateway;
    let curl: Curl;
    let trusted: string[];
    let strangers: Identity[];

    before(async function () {
        const executable = needsTool(this, "curl");
        fixture = await build();
        gateway = await startGateway(fixture.cloud);
        curl = new Curl(executable, fixture.cloud.webCa.certificatePem);
        trusted = curl.client(fixture.own);
        strangers = [
            await attackers.stranger(),
            await attackers.forged(fixture.authority.certificatePem),
            await attackers.expired(fixture.authority),
        ];
    });
    after(async () => {
        curl?.close();
        await gateway?.close();
    });

    /** One request, and how often the function ran for it. */
    const ask = async (host: string, ...args: string[]): Promise<CurlResult & { invocations: number }> => {
        const nonce = randomUUID();
        const connectTo = ["--connect-to", `${host}:443:127.0.0.1:${gateway.port}`];
        const result = await curl.run(...connectTo, "--header", `x-lab-nonce: ${nonce}`, ...args, `https://${host}/orders`);
        return { ...result, invocations: fixture.cloud.invocations.get(nonce) ?? 0 };
    };
    const expectClosed = ({ exit, status, message, invocations }: CurlResult & { invocations: number }) => {
        expect(exit).to.be.oneOf(CLOSED);
        expect(message).to.match(CLOSED_MESSAGES);
        expect({ status, invocations }).to.deep.equal({ status: 0, invocations: 0 });
    };
    const event = ({ body }: CurlResult) =>
        JSON.parse(body) as { headers: Record<string, string>; body?: string; rawQueryString: string; cookies?: string[] };

    for (const version of ["1.2", "1.3"])
        describe(`in TLS ${version}`, () => {
            const tls = [`--tlsv${version}`, "--tls-max", version];

            it("answers a trusted client certificate", async () => {
                const { exit, status, message, invocations } = await ask(apiHost, ...tls, ...trusted);
                expect({ exit, status, message, invocations }).to.deep.equal({ exit: 0, status: 200, message: "", invocations: 1 });
            });

            it("closes the connection without a client certificate, and sends no status", async () => {
                expectClosed(await ask(apiHost, ...tls));
            });

            it("answers 403 or closes on a certificate that the truststore does not lead to, as the variant says", async () => {
                for (const identity of strangers) {
                    const { exit, status, body, invocations } = await ask(apiHost, ...tls, ...curl.client(identity));
                    expect({ exit, status, body, invocations }).to.deep.equal({
                        exit: 0,
                        status: 403,
                        body: '{"message":"Forbidden"}',
                        invocations: 0,
                    });
                }
                fixture.cloud.variants.untrustedCertificate = "closed";
                try {
                    for (const identity of strangers) expectClosed(await ask(apiHost, ...tls, ...curl.client(identity)));
                } finally {
                    fixture.cloud.variants.untrustedCertificate = "forbidden";
                }
            });

            it("serves a certificate that is valid for the name, and only for it", async () => {
                expect((await ask(otherHost, ...tls)).exit).to.equal(0);
                // The default endpoint's certificate is served to a name that is unknown.
                const unknown = await ask("unknown.example.com", ...tls);
                expect(unknown.exit, unknown.message).to.equal(60);
                expect(unknown.message).to.match(/no alternative certificate subject name matches|subject name/i);
            });
        });

    it("refuses TLS 1.1", async () => {
        // Security level 0: else this curl would not even try.
        const { exit, status } = await ask(apiHost, "--tlsv1.1", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", ...trusted);
        expect(exit).to.be.oneOf(CLOSED);
        expect(status).to.equal(0);
    });

    it("refuses a Host of the protected name on another domain's connection", async () => {
        const { exit, status, invocations } = await ask(otherHost, "--header", `Host: ${apiHost}`);
        expect({ exit, status, invocations }).to.deep.equal({ exit: 0, status: 403, invocations: 0 });
    });

    it("answers 404 at a default endpoint that is off, without asking for a certificate", async () => {
        const { api } = fixture;
        for (const stage of api.stages.values()) stage.deployed!.disableExecuteApiEndpoint = true;
        const endpoint = defaultEndpoint(fixture.cloud, api.id);
        const { exit, status, body } = await ask(endpoint);
        expect({ exit, status, body }).to.deep.equal({ exit: 0, status: 404, body: '{"message":"Not Found"}' });
    });

    it("closes port 80", async () => {
        const { exit, status } = await curl.run("--connect-to", `${apiHost}:80:127.0.0.1:${gateway.httpPort}`, `http://${apiHost}/`);
        expect(exit, "7: refused; 52: empty reply; 56: reset").to.be.oneOf([7, 52, 56]);
        expect(status).to.equal(0);
    });

    it("speaks HTTP/1.1 to a client that offers HTTP/2, as its answer in ALPN says", async () => {
        const { exit, httpVersion } = await ask(apiHost, "--http2", ...trusted);
        expect({ exit, httpVersion }).to.deep.equal({ exit: 0, httpVersion: "1.1" });
    });

    it("answers several requests in a row, each whole", async () => {
        const url = `https://${apiHost}/orders`;
        const { exit, status } = await ask(apiHost, ...trusted, url, url);
        expect({ exit, status }).to.deep.equal({ exit: 0, status: 200 });
    });

    it("answers HEAD with the headers of GET and no body", async () => {
        const { exit, status, body, headers } = await ask(apiHost, "--head", ...trusted);
        expect({ exit, status }).to.deep.equal({ exit: 0, status: 200 });
        expect(Number(headers["content-length"]![0])).to.be.greaterThan(0);
        // `--head` prints the headers where the body would be.
        expect(body).to.not.contain("requestContext");
    });

    it("names each answer by API Gateway's header, its own refusals too", async () => {
        for (const args of [trusted, curl.client(strangers[0]!)])
            expect((await ask(apiHost, ...args)).headers["apigw-requestid"]).to.have.length(1);
    });

    describe("what is sent", () => {
        it("reaches the function whole: a body of one byte, of 5 MB, sent at once or in chunks, after a 100-continue", async () => {
            for (const size of [1, 5_000_000])
                for (const chunked of [[], ["--header", "Transfer-Encoding: chunked"]])
                    for (const expecting of [
                        ["--header", "Expect:"],
                        ["--header", "Expect: 100-continue"],
                    ]) {
                        const file = curl.file("x".repeat(size));
                        const type = ["--header", "Content-Type: text/plain"];
                        const result = await ask(apiHost, ...trusted, ...type, ...chunked, ...expecting, "--data-binary", `@${file}`);
                        expect({ exit: result.exit, status: result.status }, `${size} ${chunked} ${expecting}`).to.deep.equal({
                            exit: 0,
                            status: 200,
                        });
                        expect(event(result).body).to.have.length(size);
                    }
        });

        it("is refused with 413 above 10 MB", async () => {
            const file = curl.file("x".repeat(10 * 1024 * 1024 + 1));
            const { exit, status, body, invocations } = await ask(apiHost, ...trusted, "--data-binary", `@${file}`);
            expect({ exit, status, body, invocations }).to.deep.equal({
                exit: 0,
                status: 413,
                body: '{"message":"Request Entity Too Large"}',
                invocations: 0,
            });
        });

        it("keeps the query and the cookies as they are, and joins headers of one name", async () => {
            const args = ["--header", "X-Twice: a", "--header", "X-Twice: b", "--cookie", "a=1; b=2", "--get", "--data", "q=%20&q=2"];
            const { headers, rawQueryString, cookies } = event(await ask(apiHost, ...trusted, ...args));
            expect(headers["x-twice"]).to.match(/^a, ?b$/);
            expect({ rawQueryString, cookies }).to.deep.equal({ rawQueryString: "q=%20&q=2", cookies: ["a=1", "b=2"] });
        });

        it("is no request without a Host, or with two", async () => {
            const none = await ask(apiHost, ...trusted, "--header", "Host:");
            expect(none.status).to.equal(400);
            const two = await ask(apiHost, ...trusted, "--header", `Host: ${apiHost}`, "--header", `Host : ${otherHost}`);
            expect(two.status).to.be.oneOf([400, 403]);
            expect([none.invocations, two.invocations]).to.deep.equal([0, 0]);
        });
    });
});
