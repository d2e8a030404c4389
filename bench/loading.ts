/**
 * `npm run bench:loading`: how long a preview of this stack takes by the way the program is loaded. The program host is Pulumi's own
 * (`@pulumi/pulumi/cmd/run`), started as the CLI starts it; the engine that it talks to is the lab's.
 */
import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import Table from "cli-table3";
import { parse } from "yaml";
import { createCloud } from "../lab/createCloud";
import { serveRun } from "../lab/engine/monitor";
import { Run as EngineRun } from "../lab/engine/run";
import { providers } from "../lab/providers";

const ROOT = path.join(__dirname, "..");
const PROJECT = "cloudflare-protected-http-api";
const RUNS = 3;

interface Way {
    title: string;
    nodeArgs: string[];
    program: string;
    env: Record<string, string>;
}
interface Run {
    seconds: number;
    megabytes: number;
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Runs node, measures wall time and peak memory; rejects when it fails. */
function measure(args: string[], env: Record<string, string>, folder: string): Promise<Run> {
    const memory = path.join(folder, "memory");
    const hook = path.join(folder, "memory.cjs");
    const code = `process.on("exit", () => require("fs").writeFileSync(${JSON.stringify(memory)}, String(process.resourceUsage().maxRSS)));`;
    fs.writeFileSync(hook, code);
    const started = process.hrtime.bigint();
    const child = spawn(process.execPath, ["--require", hook, ...args], {
        cwd: ROOT,
        // Without the loader that runs this script.
        env: { ...process.env, NODE_OPTIONS: "", ...env },
        stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    return new Promise((resolve, reject) =>
        child.on("exit", (status) => {
            const seconds = Number(process.hrtime.bigint() - started) / 1e9;
            if (status !== 0) reject(new Error(`node ended with ${status}: ${errors.slice(0, 2000)}`));
            else resolve({ seconds, megabytes: Number(fs.readFileSync(memory, "utf8")) / 1024 });
        }),
    );
}

async function preview(way: Way, folder: string): Promise<Run> {
    const { config } = parse(fs.readFileSync(path.join(ROOT, "Pulumi.dev.yaml"), "utf8")) as { config: Record<string, string> };
    const zone = { id: config[`${PROJECT}:zoneId`]!, name: "example.com" };
    const cloud = await createCloud({ region: config["aws:region"], zones: [zone] });
    const run = new EngineRun(providers(cloud), new Map(), [], { preview: true, project: PROJECT, stack: "dev" });
    const server = await serveRun(run);
    const host = path.join(ROOT, "node_modules", "@pulumi", "pulumi", "cmd", "run");
    const flags = {
        monitor: server.address,
        engine: server.address,
        project: PROJECT,
        stack: "dev",
        pwd: ROOT,
        parallel: "16",
        organization: "lab",
    };
    const args = [...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]), "--dry-run", "true", way.program];
    try {
        // A fresh clone, as in CI: the host keeps what it compiled, and skips the check of it.
        const cache = fs.mkdtempSync(path.join(folder, "cache-"));
        const env = { TS_NODE_CACHE_DIRECTORY: cache, PULUMI_CONFIG: JSON.stringify(config), PULUMI_CONFIG_SECRET_KEYS: "[]", ...way.env };
        const measured = await measure([...way.nodeArgs, host, ...args], env, folder);
        if (run.steps.length < 25) throw new Error(`${way.title}: only ${run.steps.length} resources were registered`);
        return measured;
    } finally {
        server.close();
    }
}

async function main(): Promise<void> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "loading-"));
    // Beside the packages, so that the compiled program finds them.
    const compiled = path.join(ROOT, "node_modules", ".cache", "loading");
    fs.rmSync(compiled, { recursive: true, force: true });
    const tsc = path.join(ROOT, "node_modules", "typescript", "bin", "tsc");
    execFileSync(process.execPath, [tsc, "-p", "tsconfig.run.json", "--noEmit", "false", "--outDir", compiled], { cwd: ROOT });
    for (const needed of ["certs", "lambda"]) fs.cpSync(path.join(ROOT, needed), path.join(compiled, needed), { recursive: true });
    const source = path.join(ROOT, "index.ts");
    const ways: Way[] = [
        {
            title: "type-checked by the host (Pulumi's default)",
            nodeArgs: [],
            program: source,
            env: { PULUMI_NODEJS_TYPESCRIPT: "true", PULUMI_NODEJS_TSCONFIG_PATH: path.join(ROOT, "tsconfig.json") },
        },
        {
            title: "noCheck (tsconfig.run.json, what this project does)",
            nodeArgs: [],
            program: source,
            env: { PULUMI_NODEJS_TYPESCRIPT: "true", PULUMI_NODEJS_TSCONFIG_PATH: path.join(ROOT, "tsconfig.run.json") },
        },
        { title: "tsx", nodeArgs: ["--import", "tsx"], program: source, env: {} },
        { title: "compiled beforehand", nodeArgs: [], program: path.join(compiled, "index.js"), env: {} },
    ];
    const table = new Table({ head: ["a preview of the stack, program loaded", "median s", "peak MB"], style: { head: [], border: [] } });
    const add = (title: string, runs: Run[]): void => {
        table.push([title, median(runs.map((run) => run.seconds)).toFixed(2), median(runs.map((run) => run.megabytes)).toFixed(0)]);
        console.error(`  ${title}`);
    };
    for (const way of ways) {
        const runs: Run[] = [];
        for (let i = 0; i < RUNS; i++) runs.push(await preview(way, folder));
        add(way.title, runs);
    }
    const imports: Run[] = [];
    const load = `require(${JSON.stringify(path.join(compiled, "components"))})`;
    for (let i = 0; i < RUNS; i++) imports.push(await measure(["-e", load], {}, folder));
    add("the component's import alone, compiled", imports);
    fs.rmSync(folder, { recursive: true });
    console.log(table.toString());
    console.log(`${RUNS} runs each, nothing compiled before, node ${process.version}, ${os.cpus().length} CPUs.`);
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
});
