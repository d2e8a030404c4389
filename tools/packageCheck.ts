/** Packs the library as npm would, and uses it as a consumer does: compiled, tested with mocks, linted as a package. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { NEWEST_SDK, OLDEST_SDK, install, runUnitTests } from "./consumers/runners";

const ROOT = path.join(__dirname, "..");
const consumer = fs.mkdtempSync(path.join(os.tmpdir(), "consumer-"));
const run = (command: string, args: string[], cwd: string) => execFileSync(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
const versions = (JSON.parse(fs.readFileSync(path.join(ROOT, "package.json"), "utf8")) as { devDependencies: Record<string, string> })
    .devDependencies;
const own = [
    "@pulumi/pulumi",
    "@pulumi/aws",
    "@pulumi/cloudflare",
    "typescript",
    "mocha",
    "chai",
    "tsx",
    "@types/node",
    "@types/mocha",
    "@types/chai",
];

const TEST = `
import { expect } from "chai";
import { examine, type Report } from "cloudflare-protected-http-api/doctor";
import * as pulumi from "@pulumi/pulumi";
for (const preview of [false, true])
    it("can be tested with mocks, preview " + preview, async () => {
        const rejections: unknown[] = [];
        process.on("unhandledRejection", (reason) => rejections.push(reason));
        await pulumi.runtime.setMocks({ newResource: (args) => ({ id: args.name, state: args.inputs }), call: () => ({}) }, "p", "s", preview);
        const { CloudflareProtectedHttpApi } = await import("cloudflare-protected-http-api");
        const api = new CloudflareProtectedHttpApi("orders", {
            domainName: "api.example.com",
            zoneId: "zone",
            routes: [{ routeKey: "$default", lambdaArn: "arn:aws:lambda:eu-west-1:123456789012:function:orders" }],
        });
        await pulumi.runtime.disconnect();
        await new Promise((resolve) => setImmediate(resolve));
        expect(rejections).to.deep.equal([]);
        expect(api.url).to.not.equal(undefined);
    });

it("brings the doctor as a function", async () => {
    const report: Report = await examine({ domainName: "nothing.invalid", aws: false, timeoutMs: 2000 });
    expect(report.verdict).to.not.equal("healthy");
});
`;

/** Links of the package's pages to files that are not packed. */
function deadLinks(root: string): string[] {
    const pages = fs
        .readdirSync(root, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".md") && !name.startsWith("node_modules"));
    return pages.flatMap((page) =>
        [...fs.readFileSync(path.join(root, page), "utf8").matchAll(/\]\(([^)\s#]+)/g)]
            .map(([, link]) => link!)
            .filter((link) => !/^[a-z]+:/.test(link) && !fs.existsSync(path.join(root, path.dirname(page), link)))
            .map((link) => `${page}: ${link}`),
    );
}

try {
    const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", consumer], { cwd: ROOT, encoding: "utf8" });
    const tarball = (Object.values(JSON.parse(packed.slice(packed.search(/^[[{]/m))) as object)[0] as { filename: string }).filename;
    run("npx", ["publint", "--strict"], ROOT);
    run("npx", ["attw", path.join(consumer, tarball)], ROOT);
    const dependencies = Object.fromEntries([
        ...own.map((name) => [name, versions[name]]),
        ["cloudflare-protected-http-api", `file:${tarball}`],
    ]);
    fs.writeFileSync(path.join(consumer, "package.json"), JSON.stringify({ name: "consumer", private: true, dependencies }));
    fs.writeFileSync(path.join(consumer, "consumer.test.ts"), TEST);
    run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"], consumer);
    // A stack trace of the package names lines that can be looked up, though the sources themselves are not packed.
    const installed = path.join(consumer, "node_modules", "cloudflare-protected-http-api", "bin");
    for (const file of fs.readdirSync(installed, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js.map"))) {
        const { sourcesContent } = JSON.parse(fs.readFileSync(path.join(installed, file), "utf8")) as { sourcesContent?: string[] };
        if (!sourcesContent?.[0]) throw new Error(`${file} must hold its source; received none`);
    }
    const dead = deadLinks(path.dirname(installed));
    if (dead.length > 0) throw new Error(`links of packed pages must lead to packed files; received ${dead.join(", ")}`);
    for (const [module, resolution] of [
        ["commonjs", "node10"],
        ["nodenext", "nodenext"],
    ])
        run(
            "npx",
            [
                "tsc",
                "--noEmit",
                "--strict",
                "--skipLibCheck",
                "--target",
                "es2022",
                "--types",
                "node,mocha",
                "--module",
                module!,
                "--moduleResolution",
                resolution!,
                "consumer.test.ts",
            ],
            consumer,
        );
    run("npx", ["mocha", "--node-option", "import=tsx", "--timeout", "60000", "consumer.test.ts"], consumer);
    run("npx", ["--no-install", "cloudflare-protected-http-api", "doctor", "--help"], consumer);
    // Two corners of `npm run test:matrix`.
    install(consumer, OLDEST_SDK, ["jest"]);
    runUnitTests("jest", consumer);
    install(consumer, NEWEST_SDK, ["vitest"]);
    runUnitTests("vitest", consumer);
    console.log("the packed tarball works in a project of its own");
} finally {
    fs.rmSync(consumer, { recursive: true, force: true });
}
