/**
 * `npm run test:matrix`: a consumer's unit tests in every runner, and an inline program on the real engine, with the oldest and the newest
 * SDK that the peers allow. Not in CI, which runs two corners of it (`npm run test:package`).
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { NEWEST_SDK, OLDEST_SDK, RUNNERS, install, runUnitTests, type Runner } from "./runners";

const ROOT = path.join(__dirname, "..", "..");
const SPECS = ["tests/components/failFast.test.ts", "tests/engine/lateRefusal.test.ts"];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "matrix-"));
const run = (command: string, args: string[], cwd: string) => execFileSync(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });

/** This project as it is committed or changed, with a node_modules of its own. */
function copyProject(): string {
    const copy = path.join(folder, "project");
    const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" });
    for (const file of files.split("\n").filter((name) => name !== "" && fs.existsSync(path.join(ROOT, name))))
        fs.cpSync(path.join(ROOT, file), path.join(copy, file));
    fs.cpSync(path.join(ROOT, "node_modules"), path.join(copy, "node_modules"), { recursive: true, verbatimSymlinks: true });
    return copy;
}

try {
    const copy = copyProject();
    run("npm", ["run", "--silent", "build"], copy);
    const consumer = path.join(folder, "consumer");
    fs.mkdirSync(consumer);
    const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", consumer], {
        cwd: copy,
        encoding: "utf8",
    });
    const tarball = (Object.values(JSON.parse(packed.slice(packed.search(/^[[{]/m))) as object)[0] as { filename: string }).filename;
    const { devDependencies } = JSON.parse(fs.readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
        devDependencies: Record<string, string>;
    };
    const runners = Object.keys(RUNNERS) as Runner[];
    const peers = ["@pulumi/aws", "@pulumi/cloudflare"].map((name) => `${name}@${devDependencies[name]}`);
    fs.writeFileSync(path.join(consumer, "package.json"), JSON.stringify({ name: "consumer", private: true }));
    for (const sdk of [OLDEST_SDK, NEWEST_SDK]) {
        // Together, or npm would take out what is not in package.json.
        install(consumer, sdk, runners, [...peers, path.join(consumer, tarball)]);
        for (const runner of runners) runUnitTests(runner, consumer);
        install(copy, sdk, []);
        run("npx", ["mocha", "--no-config", "--node-option", "import=tsx", "--timeout", "600000", ...SPECS], copy);
    }
    console.log("every runner, and an inline program, ends with the reason");
} finally {
    fs.rmSync(folder, { recursive: true, force: true });
}
