/** `npm run bench:loading`: how long a preview of this stack takes by the way the program is loaded. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import Table from "cli-table3";
import { createCloud } from "../lab/createCloud";
import { devConfig, median } from "./devConfig";
import { AS_HERE, PROJECT, ROOT, measure, runProgram, type Measured } from "./programHost";

const RUNS = 3;

interface Way {
    title: string;
    nodeArgs: string[];
    program: string;
    env: Record<string, string>;
}

async function preview(way: Way, folder: string): Promise<Measured> {
    const config = devConfig();
    const zone = { id: config[`${PROJECT}:zoneId`]!, name: "example.com" };
    const cloud = await createCloud({ region: config["aws:region"], zones: [zone] });
    const done = await runProgram({ cloud, config, folder, ...way });
    if (done.status !== 0) throw new Error(`${way.title}: node ended with ${done.status}: ${done.stderr.slice(0, 2000)}`);
    if (done.run.steps.length < 25) throw new Error(`${way.title}: only ${done.run.steps.length} resources were registered`);
    return done;
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
            env: AS_HERE,
        },
        { title: "tsx", nodeArgs: ["--import", "tsx"], program: source, env: {} },
        { title: "compiled beforehand", nodeArgs: [], program: path.join(compiled, "index.js"), env: {} },
    ];
    const table = new Table({ head: ["a preview of the stack, program loaded", "median s", "peak MB"], style: { head: [], border: [] } });
    const add = (title: string, runs: Measured[]): void => {
        table.push([title, median(runs.map((run) => run.seconds)).toFixed(2), median(runs.map((run) => run.megabytes)).toFixed(0)]);
        console.error(`  ${title}`);
    };
    for (const way of ways) {
        const runs: Measured[] = [];
        for (let i = 0; i < RUNS; i++) runs.push(await preview(way, folder));
        add(way.title, runs);
    }
    const imports: Measured[] = [];
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
