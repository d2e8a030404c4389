/** The verification's script as the text that node runs. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { isBuiltin } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { buildSync } from "esbuild";
import { settingsOf } from "../../../components/verification/check";
import { VERIFICATION_SCRIPT } from "../../../components/verification/script";
import { createWebCa, generateKeys, type WebCa } from "../../../lab/pki/authority";
import { redirected } from "../../../probes";
import { SCRIPT_FILE, scriptModule } from "../../../tools/verificationScript";
import { withTime } from "../../support/deadlines";
import { DOMAIN, LIVE, startFakeOrigin, type FakeOrigin } from "../../support/fakeOrigin";
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

    describe("run by node from its standard input", () => {
        const run = async (
            seconds: number,
            extra: Record<string, string> = {},
        ): Promise<{ code: number | null; stdout: string; stderr: string }> => {
            const folder = fs.mkdtempSync(path.join(os.tmpdir(), "verification-test-"));
            const caFile = path.join(folder, "ca.pem");
            fs.writeFileSync(caFile, webCa.certificatePem);
            const env = {
                ...process.env,
                NODE_OPTIONS: "",
                NODE_EXTRA_CA_CERTS: caFile,
                ...verificationEnvironment(seconds, stage?.connectTo, extra),
            };
            const child = spawn(process.execPath, ["-", `check https://${DOMAIN}`], { cwd: folder, env });
            let [stdout, stderr] = ["", ""];
            child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
            child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
            child.stdin.end(VERIFICATION_SCRIPT);
            const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
            fs.rmSync(folder, { recursive: true });
            return { code, stdout, stderr };
        };

        it("prints the same at every success, and nothing else", async () => {
            stage = await startFakeOrigin(webCa);
            expect(await run(300)).to.deep.equal({ code: 0, stdout: "live and closed\n", stderr: "" });
        });

        it("fails with the text on standard error, without a header's value", async () => {
            stage = await startFakeOrigin(webCa, { direct: LIVE });
            const { code, stdout, stderr } = await withTime(
                (timeoutMs) => run(timeoutMs / 1000),
                (ended) => ended.stderr.includes("a bypass is open"),
            );
            expect([code, stdout]).to.deep.equal([1, ""]);
            expect(stderr).to.contain("Verdict: a bypass is open.").and.not.contain(SECRET);
        });

        it("reports unreadable settings without printing them", async () => {
            stage = await startFakeOrigin(webCa);
            const { code, stderr } = await run(60, { VERIFICATION_HEADERS: `{${SECRET}` });
            expect(code).to.equal(1);
            expect(stderr).to.equal("VERIFICATION_HEADERS must be JSON\n");
            expect((await run(60, { VERIFICATION_TARGET: "" })).stderr).to.contain("VERIFICATION_TARGET is not set");
        });
    });

    it("resolves names by curl's --connect-to", () => {
        const locate = (entries: string, host: string, port: number) =>
            redirected(settingsOf(verificationEnvironment(1, entries)).connectTo, host, port);
        const entries = "a.example:443:[::1]:1,*.example:443:127.0.0.1:2,:8443:127.0.0.1:3,b.test::c.test:";
        expect(locate(entries, "a.example", 443)).to.deep.equal({ host: "::1", port: 1 });
        expect(locate(entries, "x.y.example", 443)).to.deep.equal({ host: "127.0.0.1", port: 2 });
        expect(locate(entries, "any.test", 8443)).to.deep.equal({ host: "127.0.0.1", port: 3 });
        expect(locate(entries, "b.test", 443)).to.deep.equal({ host: "c.test", port: 443 });
        expect(locate(entries, "example", 443)).to.deep.equal({ host: "example", port: 443 });
        expect(() => locate("nonsense", "a", 443)).to.throw("CONNECT_TO must be");
    });

    describe("as one text", () => {
        it("is what `npm run build:verification` writes", () => {
            expect(fs.readFileSync(SCRIPT_FILE, "utf8").replace(/\r\n/g, "\n"), "run npm run build:verification").to.equal(scriptModule());
        });

        it("needs node's own modules only, and holds no path of a machine and no carriage return", () => {
            const required = [...VERIFICATION_SCRIPT.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name!);
            expect(required).to.include("node:tls");
            expect(required.filter((name) => !isBuiltin(name) || !name.startsWith("node:"))).to.deep.equal([]);
            expect(VERIFICATION_SCRIPT).not.to.match(/\r|\bimport\(|__dirname|__filename|import\.meta/);
            for (const place of [path.dirname(path.dirname(SCRIPT_FILE)), os.homedir(), os.tmpdir(), "components/", "probes/"])
                expect(VERIFICATION_SCRIPT).not.to.contain(place);
        });

        it("is found by a program that is bundled into one file", () => {
            const { outputFiles } = buildSync({
                entryPoints: [path.join(path.dirname(SCRIPT_FILE), "verification.ts")],
                ...{ bundle: true, write: false, platform: "node", packages: "external" },
            });
            const text = outputFiles![0]!.text;
            expect(text).to.contain("could not be verified as live and closed within");
            expect(text).not.to.match(/readFileSync|__dirname/);
        });

        it("stays small: it is a part of the state", () => {
            expect(VERIFICATION_SCRIPT.length).to.be.lessThan(20_000);
        });
    });
});
