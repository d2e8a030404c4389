/** The doctor's command in its own process, against the lab. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { RULES } from "../../doctor/diagnose/causes";
import type { Report } from "../../doctor";
import { FAULTS } from "../../lab/faults";
import { LAB_DOMAIN, DeployedLab, TOKEN } from "../support/deployedLab";

const ROOT = path.join(__dirname, "..", "..");

interface Ended {
    code: number | null;
    stdout: string;
    stderr: string;
}

describe("the doctor's command", function () {
    let lab: DeployedLab;
    let folder: string;

    before(async () => {
        lab = await DeployedLab.deploy();
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "doctor-test-"));
        fs.writeFileSync(path.join(folder, "ca.pem"), lab.cloud.webCa.certificatePem);
    });
    after(async () => {
        fs.rmSync(folder, { recursive: true, force: true });
        await lab.close();
    });
    beforeEach(() => lab.restore());

    /** The flags that lead into the lab. */
    const intoLab = (): string[] => {
        const { targetDomainName, apiId, network } = lab.outside();
        return [
            ...["--target", targetDomainName!, "--api-id", apiId!, "--timeout", "120s", "--cacert", path.join(folder, "ca.pem")],
            ...network!.dnsServers!.flatMap((server) => ["--dns-server", server]),
            ...network!.connectTo!.flatMap((redirection) => ["--connect-to", redirection]),
        ];
    };
    const clouds = (): Record<string, string> => ({
        AWS_ENDPOINT_URL: lab.controlPlane.awsEndpoint,
        AWS_ACCESS_KEY_ID: "AKIALAB",
        AWS_SECRET_ACCESS_KEY: "secret-key-of-the-test",
        AWS_REGION: "eu-central-1",
        CLOUDFLARE_API_TOKEN: TOKEN,
    });
    const run = (args: string[], env: Record<string, string> = {}, during: (child: ReturnType<typeof spawn>) => void = () => undefined) =>
        new Promise<Ended>((resolve, reject) => {
            const child = spawn(process.execPath, ["--import", "tsx", path.join(ROOT, "doctor", "main.ts"), "doctor", ...args], {
                cwd: ROOT,
                env: { PATH: process.env.PATH, HOME: folder, ...env },
            });
            const ended: Ended = { code: null, stdout: "", stderr: "" };
            child.stdout.on("data", (chunk: Buffer) => (ended.stdout += chunk.toString()));
            child.stderr.on("data", (chunk: Buffer) => (ended.stderr += chunk.toString()));
            child.on("error", reject);
            child.on("close", (code) => resolve({ ...ended, code }));
            during(child);
        });
    const inside = (): string[] => [...intoLab(), "--cloudflare-base-url", lab.controlPlane.cloudflareBaseUrl];

    it("prints healthy with exit code 0, in plain lines", async () => {
        const { code, stdout, stderr } = await run([LAB_DOMAIN, ...inside()], clouds());
        expect(stderr).to.equal("");
        expect(stdout).to.contain(`${LAB_DOMAIN}: HEALTHY`).and.not.contain("\x1b[");
        expect(code).to.equal(0);
    });

    it("loads the clouds' SDKs before it connects to anything", async () => {
        const order = path.join(folder, "order.json");
        const recorder = path.join(folder, "recorder.cjs");
        fs.writeFileSync(
            recorder,
            `const { Socket } = require("node:net");
            const Module = require("node:module");
            const order = [];
            const load = Module._load, connect = Socket.prototype.connect;
            Module._load = function (request, ...more) {
                if (/^@aws-sdk.client-|^cloudflare.(tree|resources)/.test(request)) order.push(request);
                return load.call(this, request, ...more);
            };
            Socket.prototype.connect = function (...at) {
                // Not the pipe to tsx's own process.
                if (![at].flat(2).some((options) => options?.path)) order.push("connect");
                return connect.apply(this, at);
            };
            process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(order)}, JSON.stringify(order)));`,
        );
        const { code } = await run([LAB_DOMAIN, ...inside()], { ...clouds(), NODE_OPTIONS: `--require ${recorder}` });
        expect(code).to.equal(0);
        const seen = JSON.parse(fs.readFileSync(order, "utf8")) as string[];
        const first = seen.indexOf("connect");
        for (const sdk of ["@aws-sdk/client-apigatewayv2", "@aws-sdk/client-acm", "@aws-sdk/client-s3", "cloudflare/tree-shakable"])
            expect(seen.slice(0, first), "loaded before the first connection").to.include(sdk);
        expect(
            seen.slice(first).filter((entry) => entry !== "connect"),
            "loaded after it",
        ).to.deep.equal([]);
    });

    it("prints cause, impact, fix and confirmation with exit code 1, and no secret", async () => {
        await lab.break("association-off");
        const { code, stdout, stderr } = await run([LAB_DOMAIN, ...inside()], clouds());
        expect(code).to.equal(1);
        for (const label of [
            "CAUSE",
            "IMPACT",
            "FIX",
            "CONFIRM",
            "[AOP-ASSOCIATION-OFF]",
            "npx --no cloudflare-protected-http-api explain AOP-ASSOCIATION-OFF",
        ])
            expect(stdout).to.contain(label);
        for (const secret of [TOKEN, "secret-key-of-the-test"]) expect(stdout + stderr).not.to.contain(secret);
    });

    it("exits with 2 when inconclusive, and names the missing options", async () => {
        await lab.break("association-off");
        const { code, stdout } = await run([LAB_DOMAIN, ...intoLab(), "--no-aws"]);
        expect(code).to.equal(2);
        expect(stdout).to.contain("COULD NOT TELL").and.contain("CLOUDFLARE_API_TOKEN");
    });

    it("prints one JSON object and nothing else", async () => {
        await lab.break("default-endpoint-open");
        const { code, stdout, stderr } = await run([LAB_DOMAIN, "--json", ...inside()], clouds());
        const report = JSON.parse(stdout) as Report;
        expect([code, stderr, report.schemaVersion, report.verdict, report.causes[0]?.id]).to.deep.equal([
            1,
            "",
            1,
            "fault",
            "DEFAULT-ENDPOINT-OPEN",
        ]);
    });

    it("writes a page", async () => {
        const page = path.join(folder, "report.html");
        const { code, stdout, stderr } = await run([LAB_DOMAIN, "--html", page, ...intoLab(), "--no-aws"]);
        expect(code, stdout + stderr).to.equal(0);
        expect(fs.readFileSync(page, "utf8")).to.contain(LAB_DOMAIN).and.contain("<!doctype html>");
    });

    it("checks several names at once, with one summary; the worst decides the exit code", async () => {
        const file = path.join(folder, "all.json");
        fs.writeFileSync(file, JSON.stringify([{ domainName: LAB_DOMAIN }, "no-such.dev.example.com"]));
        const { code, stdout } = await run(["--all", file, ...intoLab(), "--no-aws"]);
        expect(stdout).to.contain(`${LAB_DOMAIN}: HEALTHY`);
        expect(stdout, stdout).to.match(/FAULT.*no-such\.dev\.example\.com.*RECORD-MISSING/);
        expect(code).to.equal(1);
    });

    it("waits until it is healthy", async () => {
        await lab.break("dns-only-record");
        const { code, stderr } = await run([LAB_DOMAIN, "--wait", "40s", ...intoLab(), "--no-aws"], {}, (child) => {
            // Fixed after the first round has found it.
            child.stderr!.once("data", () => lab.restore());
        });
        expect(stderr).to.contain("RECORD-DNS-ONLY");
        expect(code).to.equal(0);
    });

    it("prints the last result when the wait is interrupted", async () => {
        await lab.break("dns-only-record");
        const { code, stdout, stderr } = await run([LAB_DOMAIN, "--wait", "1h", ...intoLab(), "--no-aws"], {}, (child) => {
            child.stderr!.once("data", () => child.kill("SIGINT"));
        });
        expect(stderr).to.contain("RECORD-DNS-ONLY");
        expect(stdout).to.contain(`${LAB_DOMAIN}: FAULT`).and.contain("CAUSE");
        expect(code).to.equal(1);
    });

    it("prints nothing when the first round is interrupted", async () => {
        const silent = net.createServer().listen(0, "127.0.0.1");
        await once(silent, "listening");
        try {
            const there = `${LAB_DOMAIN}:443:127.0.0.1:${(silent.address() as net.AddressInfo).port}`;
            const { code, stdout } = await run(
                [LAB_DOMAIN, "--wait", "1h", "--connect-to", there, ...intoLab(), "--no-aws"],
                {},
                (child) => {
                    silent.once("connection", () => child.kill("SIGINT"));
                },
            );
            expect([code, stdout]).to.deep.equal([130, ""]);
        } finally {
            silent.close();
        }
    });

    const BAD: [string, string[], string][] = [
        ["no name", [], "a name such as api.example.com, or --all FILE, is required"],
        ["a name that is none", ["not a name"], "must be a full domain name"],
        ["an unknown option", [LAB_DOMAIN, "--nonsense"], "unknown option"],
        ["a time that is none", [LAB_DOMAIN, "--timeout", "soon"], "must be a duration such as 15s or 5m"],
        ["a file that is not there", ["--all", "/no/such/file"], "--all must be a readable file"],
        [
            "a certificate without its key",
            [LAB_DOMAIN, "--cert", "package.json"],
            "--cert and --key (or their variables) must be set together",
        ],
        ["a certificate that is none", [LAB_DOMAIN, "--cert", "package.json", "--key", "package.json"], "--cert must be"],
        ["a header whose variable is not set", [LAB_DOMAIN, "--header-env", "x-a=NOT_SET_AT_ALL"], "NOT_SET_AT_ALL must be set"],
        ["a connect-to that is none", [LAB_DOMAIN, "--connect-to", "nonsense"], "connect-to must be host:port"],
        ["a DNS server that is none", [LAB_DOMAIN, "--dns-server", "nonsense"], "--dns-server must be"],
    ];
    for (const [title, args, said] of BAD)
        it(`refuses ${title} with a sentence and exit code 2`, async () => {
            const { code, stderr, stdout } = await run(args);
            expect(stderr).to.contain(said).and.not.contain("    at ");
            expect([code, stdout]).to.deep.equal([2, ""]);
        });

    it("has a fault of the lab for every cause", () => {
        // No fault of a deployment: the doctor asked the wrong region, or ACM has lost a certificate in use. tests/doctor/diagnose plays both.
        const played = ["AWS-ASKED-ELSEWHERE", "SERVER-CERTIFICATE-GONE"];
        const causes = [...Object.values(FAULTS).map(({ cause }) => cause), ...played];
        expect([...new Set(causes)].sort()).to.deep.equal(RULES.map(({ id }) => id).sort());
    });
});
