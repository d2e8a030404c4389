/** A consumer's program as one file in an empty folder: what ships as text is part of the code. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import * as esbuild from "esbuild";
import { SHARED_CA_PEM } from "../../components/sharedCa";

const ROOT = path.join(__dirname, "..", "..");

/** Both modes; mode Shared needs the text of Cloudflare's CA, and every mode the verification's. */
const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
import { CloudflareProtectedHttpApi, OriginPullMode } from "./components";
const inputs: Record<string, any> = {};
const main = async () => {
    await pulumi.runtime.setMocks({
        newResource: (args) => ((inputs[args.name] = args.inputs), { id: args.name, state: args.inputs }),
        call: () => ({}),
    });
    for (const mode of [OriginPullMode.Hostname, OriginPullMode.Shared])
        new CloudflareProtectedHttpApi(mode.toLowerCase(), {
            domainName: mode + ".example.com",
            zoneId: "zone1",
            routes: [{ routeKey: "$default", lambdaArn: "arn:aws:lambda:eu-west-1:123456789012:function:orders" }],
            originPull: { mode },
        });
    await pulumi.runtime.disconnect();
    console.log(JSON.stringify({ truststore: inputs["shared-truststore-object"].content, script: inputs["hostname-verification"].stdin }));
};
main();
`;

describe("a program that is bundled into one file", () => {
    it("needs no other file of ours", () => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "bundled-"));
        try {
            const outfile = path.join(folder, "program.cjs");
            esbuild.buildSync({
                stdin: { contents: PROGRAM, resolveDir: ROOT, sourcefile: "program.ts", loader: "ts" },
                bundle: true,
                platform: "node",
                target: "node20.19",
                outfile,
                // The SDKs are bundled by nobody: they are found where the program was built.
                external: ["@pulumi/*"],
                logLevel: "silent",
            });
            const env = { ...process.env, NODE_PATH: path.join(ROOT, "node_modules"), NODE_OPTIONS: "" };
            const printed = execFileSync(process.execPath, [outfile], {
                cwd: folder,
                env,
                encoding: "utf8",
                stdio: ["ignore", "pipe", "pipe"],
            });
            const { truststore, script } = JSON.parse(printed.trim().split("\n").at(-1)!) as { truststore: string; script: string };
            expect(truststore).to.equal(SHARED_CA_PEM);
            expect(script).to.contain("VERIFICATION_DOMAIN");
        } finally {
            fs.rmSync(folder, { recursive: true, force: true });
        }
    });

    it("has the text of certs/ to the letter", () => {
        const file = fs.readFileSync(path.join(ROOT, "certs", "cloudflare-origin-pull-ca.pem"), "utf8").replace(/\r\n/g, "\n");
        expect(SHARED_CA_PEM).to.equal(file.trim() + "\n");
    });

    it("finds no source of the component that reads a file", () => {
        const sources = ["components", "pki", "probes"].flatMap((folder) =>
            fs
                .readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
                .filter((file) => file.endsWith(".ts"))
                .map((file) => path.join(folder, file)),
        );
        expect(sources.length).to.be.greaterThan(20);
        for (const file of sources) {
            const text = fs.readFileSync(path.join(ROOT, file), "utf8");
            expect(text, file).not.to.match(/from "(node:)?fs(\/promises)?"|__dirname|import\.meta/);
        }
    });
});
