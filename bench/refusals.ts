/**
 * `npm run bench:refusals`: what a refusal costs beside a run that passes, from the start of the program's host to its end. Early: before there is
 * a resource. Late: in an Output's callback, and in the change guard's hook.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import Table from "cli-table3";
import { median } from "./devConfig";
import type { Measured } from "./programHost";
import { SCENES, deployed, playScene } from "./refusalScenes";

const RUNS = 3;

async function main(): Promise<void> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "refusals-"));
    const base = await deployed(folder);
    const table = new Table({ head: ["a preview of the stack", "median s", "CPU s", "peak MB"], style: { head: [], border: [] } });
    for (const scene of SCENES) {
        const runs: Measured[] = [];
        for (let i = 0; i < RUNS; i++) runs.push(await playScene(scene, base, folder));
        for (const { status } of runs) if (status !== scene.status) throw new Error(`${scene.title}: ended with ${status}`);
        table.push([
            scene.title,
            median(runs.map((run) => run.seconds)).toFixed(2),
            median(runs.map((run) => run.cpuSeconds)).toFixed(2),
            median(runs.map((run) => run.megabytes)).toFixed(0),
        ]);
        console.error(`  ${scene.title}`);
    }
    fs.rmSync(folder, { recursive: true });
    console.log(table.toString());
    console.log(`${RUNS} runs each, nothing compiled before, node ${process.version}, ${os.cpus().length} CPUs.`);
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
});
