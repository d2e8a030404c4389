/** Pulumi's own program host (`@pulumi/pulumi/cmd/run`), started as the CLI starts it; the engine that it talks to is the lab's. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { status } from "@grpc/grpc-js";
import type { Cloud } from "../lab/cloud";
import { serveRun } from "../lab/engine/monitor";
import { Run as EngineRun } from "../lab/engine/run";
import type { ResourceState } from "../lab/engine/types";
import { providers } from "../lab/providers";

export const ROOT = path.join(__dirname, "..");
export const PROJECT = "cloudflare-protected-http-api";

/** What a process took, and what it said. */
export interface Measured {
    status: number | null;
    seconds: number;
    /** CPU time, which a busy machine lengthens less. */
    cpuSeconds: number;
    /** Peak memory. */
    megabytes: number;
    stderr: string;
}

/** Runs node, and measures wall time and peak memory. */
export function measure(args: string[], env: Record<string, string>, folder: string): Promise<Measured> {
    const memory = path.join(folder, "memory");
    const hook = path.join(folder, "memory.cjs");
    const code = `process.on("exit", () => require("fs").writeFileSync(${JSON.stringify(memory)}, JSON.stringify(process.resourceUsage())));`;
    fs.writeFileSync(hook, code);
    const started = process.hrtime.bigint();
    const child = spawn(process.execPath, ["--require", hook, ...args], {
        cwd: ROOT,
        // Without the loader that runs this script.
        env: { ...process.env, NODE_OPTIONS: "", ...env },
        stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    return new Promise((resolve) =>
        child.on("close", (status) => {
            const seconds = Number(process.hrtime.bigint() - started) / 1e9;
            const used = JSON.parse(fs.readFileSync(memory, "utf8")) as NodeJS.ResourceUsage;
            const cpuSeconds = (used.userCPUTime + used.systemCPUTime) / 1e6;
            resolve({ status, seconds, cpuSeconds, megabytes: used.maxRSS / 1024, stderr });
        }),
    );
}

export interface ProgramRun {
    cloud: Cloud;
    /** The state that the run starts from. Defaults to none. */
    state?: Map<string, ResourceState>;
    /** Defaults to true. */
    preview?: boolean;
    config: Record<string, string>;
    /** Defaults to this repository's stack. */
    program?: string;
    /** Of node, before the host. */
    nodeArgs?: string[];
    env?: Record<string, string>;
    /** For temporary files. */
    folder: string;
    /** Where the host keeps what it compiled. Defaults to an empty folder. */
    cache?: string;
}

/** How `Pulumi.yaml` has the program loaded. */
export const AS_HERE = { PULUMI_NODEJS_TYPESCRIPT: "true", PULUMI_NODEJS_TSCONFIG_PATH: path.join(ROOT, "tsconfig.run.json") };

/** One run of a program in the host; `run` is what the engine heard of it. */
export async function runProgram(options: ProgramRun): Promise<Measured & { run: EngineRun }> {
    const { cloud, config, folder, preview = true, program = path.join(ROOT, "index.ts") } = options;
    const run = new EngineRun(providers(cloud), options.state ?? new Map(), [], { preview, project: PROJECT, stack: "dev" });
    const server = await serveRun(run, status.UNAVAILABLE);
    const flags = {
        monitor: server.address,
        engine: server.address,
        project: PROJECT,
        stack: "dev",
        pwd: ROOT,
        parallel: "16",
        organization: "lab",
        "dry-run": String(preview),
    };
    const host = path.join(ROOT, "node_modules", "@pulumi", "pulumi", "cmd", "run");
    const args = [...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]), program];
    // A fresh clone, as in CI: the host keeps what it compiled, and skips the check of it.
    const cache = options.cache ?? fs.mkdtempSync(path.join(folder, "cache-"));
    const env = {
        TS_NODE_CACHE_DIRECTORY: cache,
        PULUMI_CONFIG: JSON.stringify(config),
        PULUMI_CONFIG_SECRET_KEYS: "[]",
        ...(options.env ?? AS_HERE),
    };
    try {
        return { ...(await measure([...(options.nodeArgs ?? []), host, ...args], env, folder)), run };
    } finally {
        server.close();
    }
}
