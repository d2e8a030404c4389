/** The verification's verdicts, against servers with one behaviour each. */
import dns from "node:dns";
import { expect } from "chai";
import { failureText, passed, settingsOf, Verification } from "../../../components/verification/check";
import { createWebCa, generateKeys, type WebCa } from "../../../lab/pki/authority";
import { withTime } from "../../support/deadlines";
import {
    API_ID,
    DOMAIN,
    FORBIDDEN,
    LIVE,
    TARGET,
    startFakeOrigin,
    type Behaviour,
    type FakeOrigin,
    type OriginBehaviours,
} from "../../support/fakeOrigin";
import { SECRET, verificationEnvironment } from "../../support/verificationEnvironment";

describe("the verification's script", () => {
    let webCa: WebCa;
    let stage: FakeOrigin | undefined;
    before(async () => {
        webCa = await createWebCa(generateKeys);
    });
    afterEach(async () => {
        await stage?.close();
        stage = undefined;
    });
    const settings = (seconds: number, more: Record<string, string> = {}) => ({
        ...settingsOf(verificationEnvironment(seconds, stage?.connectTo, more)),
        caPem: webCa.certificatePem,
    });
    /** One round of probes, with time enough for a busy machine. */
    const judge = async (changes: Partial<OriginBehaviours>, options: Parameters<typeof startFakeOrigin>[2] = {}) => {
        stage = await startFakeOrigin(webCa, changes, options);
        const rows = await new Verification(settings(60)).round(60_000);
        return { ok: passed(rows), text: passed(rows) ? "live and closed" : failureText(settings(60), rows, 1) };
    };
    /** The different values of the secret header that were sent to a name. */
    const toldTo = (name: string) => [
        ...new Set(stage!.requests.filter((request) => request.name === name).map(({ headers }) => headers.authorization)),
    ];
    const lineOf = (text: string, title: string) => text.split("\n").find((line) => line.includes(title)) ?? `no line has ${title}`;

    describe("passes what is live and closed", () => {
        const closings: [string, Behaviour, object?][] = [
            ["resets after the handshake (TLS 1.3)", "reset", { version: "TLSv1.3" }],
            ["closes after the handshake (TLS 1.2)", "close", { version: "TLSv1.2" }],
            ["resets within the handshake (TLS 1.2)", "mid-handshake"],
            ["answers 403", { status: 403 }],
        ];
        for (const [title, direct, options] of closings)
            it(`when the origin ${title} without a certificate`, async () => {
                expect(await judge({ direct }, options)).to.deep.equal({ ok: true, text: "live and closed" });
            });

        for (const [family, host] of [
            ["IPv4", "127.0.0.1"],
            ["IPv6", "::1"],
        ] as const)
            it(`over ${family}`, async () => {
                expect((await judge({}, { host })).text).to.equal("live and closed");
            });

        it("over the family that answers, of a name with both", async () => {
            const { lookup } = dns;
            const both = [
                { address: "::1", family: 6 },
                { address: "127.0.0.1", family: 4 },
            ];
            const fake = (name: string, ...rest: [object, (error: null, found: typeof both) => void]) =>
                name === "both.test" ? rest[1](null, both) : (lookup as (...all: unknown[]) => void)(name, ...rest);
            Object.assign(dns, { lookup: fake });
            try {
                for (const host of ["127.0.0.1", "::1"]) {
                    expect((await judge({}, { host, told: "both.test" })).text).to.equal("live and closed");
                    await stage!.close();
                }
            } finally {
                Object.assign(dns, { lookup });
            }
        });

        for (const status of [401, 404, 500])
            it(`when API Gateway's answer through the edge is ${status}`, async () => {
                expect((await judge({ edge: { ...LIVE, status } })).text).to.equal("live and closed");
            });

        it("when a name that the gateway does not know is refused by an alert, at an address that the direct probe knows", async () => {
            expect((await judge({ regional: "alert" })).text).to.equal("live and closed");
        });

        it("when the default endpoint is off in API Gateway's own words", async () => {
            const off = { status: 404, headers: { "apigw-requestid": "r" }, body: '{"message":"Not Found"}' };
            expect(await judge({ endpoint: off })).to.deep.equal({ ok: true, text: "live and closed" });
        });

        it("as soon as every probe passes, after retrying", async () => {
            let asked = 0;
            // Two requests a round.
            const edge = () => (++asked < 5 ? { status: 525, headers: { "cf-ray": "1" } } : LIVE);
            stage = await startFakeOrigin(webCa, { edge });
            expect(await new Verification(settings(120)).check()).to.deep.equal({ ok: true, text: "live and closed" });
            expect(asked).to.equal(6);
        });

        it("with the same headers at every probe, the Host of the protected name, and a user agent", async () => {
            await judge({ direct: { status: 403 } });
            expect(stage!.requests.map(({ headers }) => headers.authorization)).to.deep.equal(Array(12).fill(SECRET));
            expect(stage!.requests.filter(({ headers }) => headers.host === DOMAIN)).to.have.length(10);
            expect(stage!.requests[0]!.headers["user-agent"]).to.equal("cloudflare-protected-http-api-verification");
        });
    });

    describe("fails what is open, naming where", () => {
        type Options = NonNullable<Parameters<typeof startFakeOrigin>[2]>;
        const off: Options = { mutualTls: false };
        const none = "without a client certificate";
        const own = (status: number, message: string) => ({ ...FORBIDDEN, status, body: JSON.stringify({ message }) });
        const openings: [string, Partial<OriginBehaviours>, string, string, Options?][] = [
            ["a certificate is asked for, and none is needed", { direct: LIVE, stranger: FORBIDDEN }, none, "HTTP 200"],
            [
                "no route is there, as API Gateway says without a certificate",
                { direct: own(404, "Not Found"), stranger: "reset" },
                none,
                "HTTP 404",
            ],
            ["another server has nothing there", { direct: { status: 404 }, stranger: "reset" }, none, "HTTP 404"],
            ["the API answers 400 by itself", { direct: { ...LIVE, status: 400 }, stranger: "reset" }, none, "HTTP 400"],
            ["the API redirects", { direct: { ...LIVE, status: 302 }, stranger: "reset" }, none, "HTTP 302"],
            [
                "any self-signed certificate gets in",
                { direct: "reset", stranger: LIVE },
                "with a self-signed client certificate",
                "HTTP 200",
            ],
            [
                "mutual TLS is off, and an authorizer refuses whom the edge does not vouch for",
                { direct: FORBIDDEN, stranger: "reset" },
                none,
                "HTTP 403",
                off,
            ],
            [
                "mutual TLS is off in TLS 1.3",
                { direct: { status: 421 }, stranger: "reset" },
                none,
                "HTTP 421",
                { ...off, version: "TLSv1.3" },
            ],
            ["the regional name answers our Host", { regional: LIVE }, "its own name in the handshake", "HTTP 200"],
            ["a handshake without a name answers our Host", { noSni: { status: 401 } }, "no name in the handshake", "HTTP 401"],
            [
                "the default endpoint is on, and the handler refuses by itself",
                { endpoint: { status: 403, headers: { "apigw-requestid": "r" }, body: '{"message":"no client certificate"}' } },
                `the default endpoint ${API_ID}.execute-api`,
                "HTTP 403",
            ],
            ["the default endpoint is on", { endpoint: { status: 500 } }, `the default endpoint ${API_ID}.execute-api`, "HTTP 500"],
        ];
        for (const [title, changes, where, seen, options] of openings)
            it(`when ${title}`, async () => {
                const { ok, text } = await judge(changes, options);
                expect(ok).to.equal(false);
                expect(text).to.contain("Verdict: a bypass is open.");
                expect(lineOf(text, where))
                    .to.match(/^ {2}open: /)
                    .and.contain(`seen: ${seen}`);
                // Without a certificate request a stranger's certificate is not looked at: it sees the same.
                expect(text.match(/^ {2}open: /gm)).to.have.length(options ? 2 : 1);
            });

        it("when mutual TLS is off, and says so", async () => {
            const { text } = await judge({ direct: LIVE }, off);
            for (const where of [none, "with a self-signed client certificate"])
                expect(lineOf(text, where)).to.match(
                    /^ {2}open: .*HTTP 200 .*the server asks for no client certificate: mutual TLS is off$/,
                );
        });
    });

    describe("fails what is not live", () => {
        it("when the edge cannot reach the origin, with what was expected and seen, and the doctor to ask next", async () => {
            const { ok, text } = await judge({ edge: { status: 525, headers: { "cf-ray": "1" } } });
            expect(ok).to.equal(false);
            expect(text).to.contain("Verdict: not live through the edge.");
            expect(lineOf(text, "through the edge:")).to.contain("must be answered by API Gateway (apigw-requestid)");
            expect(lineOf(text, "through the edge:")).to.contain("seen: HTTP 525 (edge)").and.contain("this answer is not API Gateway's");
            expect(text.split("\n").at(-1)).to.equal(
                `  npx --no cloudflare-protected-http-api doctor ${DOMAIN} --target ${TARGET} --api-id ${API_ID}`,
            );
        });

        it("when something else answers 200", async () => {
            expect((await judge({ edge: { status: 200 } })).text).to.contain("not live through the edge");
        });

        it("when the edge's certificate is for another name, or of an untrusted CA", async () => {
            const other = await judge({}, { names: ["other.example.com"] });
            expect(lineOf(other.text, "down: through the edge")).to.contain("ERR_TLS_CERT_ALTNAME_INVALID");
            expect(toldTo(DOMAIN)).to.deep.equal([undefined]);
            await stage!.close();
            const untrusted = await judge({}, { issuer: await createWebCa(generateKeys) });
            expect(lineOf(untrusted.text, "down: through the edge")).to.match(/SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_/);
        });
    });

    describe("is inconclusive, and says why", () => {
        it("when a server answers 403 to everything", async () => {
            const all = FORBIDDEN;
            const { ok, text } = await judge({ edge: all, direct: all, regional: all, noSni: all, endpoint: all });
            expect(ok).to.equal(false);
            expect(text).to.contain("Verdict: inconclusive.").and.contain("a refused client certificate, a missing mapping, an authorizer");
            expect(lineOf(text, "without a client certificate")).to.match(
                /^ {2}inconclusive: .*a visitor through the edge gets HTTP 403 too/,
            );
        });

        it("when an API returns 404 to visitors and the same around the edge", async () => {
            const { text } = await judge({ edge: { ...LIVE, status: 404 }, regional: { status: 404 } });
            expect(lineOf(text, "its own name in the handshake")).to.match(
                /^ {2}inconclusive: .*a visitor through the edge gets HTTP 404 too/,
            );
        });

        it("when Cloudflare challenges this machine", async () => {
            const { text } = await judge({ edge: { status: 403, headers: { "cf-mitigated": "challenge", "cf-ray": "1" } } });
            expect(text).to.contain("Verdict: inconclusive.").and.contain("Cloudflare challenged this machine");
        });

        it("when the answer is from Cloudflare's cache", async () => {
            const { text } = await judge({ edge: { ...LIVE, headers: { "apigw-requestid": "old", "cf-cache-status": "HIT" } } });
            expect(text).to.contain("Verdict: inconclusive.").and.contain("not cached");
        });

        it("when a server hangs, within the time limit", async () => {
            stage = await startFakeOrigin(webCa, { direct: "hang", endpoint: "hang" });
            const silence = "seen: no answer in time (ETIMEDOUT) - neither answered nor closed";
            const seen = await withTime(
                async (timeoutMs) => ({ timeoutMs, ...(await new Verification(settings(timeoutMs / 1000)).check()) }),
                ({ text }) => text.includes(silence),
            );
            expect(lineOf(seen.text, "without a client certificate")).to.contain(silence);
            expect(seen.text)
                .to.contain(`within ${seen.timeoutMs / 1000} s (`)
                .and.contain("Verdict: inconclusive.");
        });

        it("when AWS is unreachable from here", async () => {
            stage = await startFakeOrigin(webCa);
            const edgeOnly = stage.connectTo.replace(/^[^,]*/, "*.execute-api.eu-west-1.amazonaws.com:443:127.0.0.1:1");
            const rows = await new Verification(settings(60, { CLOUDFLARE_PROTECTED_HTTP_API_CONNECT_TO: edgeOnly })).round(60_000);
            const text = failureText(settings(60), rows, 1);
            expect(text).to.contain("Verdict: inconclusive.");
            expect(lineOf(text, "without a client certificate")).to.contain(
                "seen: no connection (ECONNREFUSED) - it came before any server certificate",
            );
        });

        it("when only a proxy leads out, which it does not use, and names", async () => {
            stage = await startFakeOrigin(webCa);
            const nowhere = { CLOUDFLARE_PROTECTED_HTTP_API_CONNECT_TO: ":443:127.0.0.1:1" };
            const textWith = async (more: Record<string, string>) => {
                const given = settings(60, { ...nowhere, ...more });
                return failureText(given, await new Verification(given).round(60_000), 1);
            };
            expect(await textWith({ HTTPS_PROXY: "http://proxy.example:3128" }))
                .to.contain("HTTPS_PROXY is set here, and the verification connects without a proxy")
                .and.not.contain("proxy.example");
            expect(await textWith({})).not.to.contain("HTTPS_PROXY");
        });

        it("when the origin's certificate is not valid for the name, and sends it no header", async () => {
            const { text } = await judge({ direct: { status: 403 } }, { names: ["other.example.com"] });
            expect(lineOf(text, "without a client certificate")).to.match(/^ {2}inconclusive: .*ERR_TLS_CERT_ALTNAME_INVALID/);
            expect(toldTo(DOMAIN)).to.deep.equal([undefined]);
            expect(toldTo(TARGET)).to.deep.equal([SECRET]);
        });

        it("when a wrong certificate comes before a reset within the handshake", async () => {
            const { text } = await judge({ direct: "mid-handshake" }, { names: ["other.example.com"] });
            expect(lineOf(text, "without a client certificate")).to.match(
                /^ {2}inconclusive: .*the server's certificate is not valid for the name \(ERR_TLS_CERT_ALTNAME_INVALID\), so another server may have refused/,
            );
        });
    });
});
