/**
 * `npm run test:underLoad`: the suites beside eight busy loops, `npm test` ten times and the others twice. A test that depends on how busy
 * the machine is fails here. An interrupted run resumes; `--fresh` starts over.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";

const ROOT = path.join(__dirname, "..");
const CACHE = path.join(ROOT, ".cache");
const PROGRESS = path.join(CACHE, "under-load.json");
const BUSY_LOOPS = 8;
const ROUNDS: [suite: string, times: number][] = [
    ["test", 10],
    ["test:lab", 2],
    ["test:engine", 2],
];

interface Round {
    suite: string;
    round: number;
    ok: boolean;
    seconds: number;
}

/** What has been run of this commit. */
interface Progress {
    commit: string;
    rounds: Round[];
}

const HELP = `npm run test:underLoad -- [--fresh] [SUITE ...]
Runs ${ROUNDS.map(([suite, times]) => `\`npm run ${suite}\` ${times} times`).join(", ")} beside ${BUSY_LOOPS} busy loops.
  SUITE     only these suites
  --fresh   forget the rounds of an earlier run of this commit
The output of a round that fails is kept in .cache. Exit code 1 if one has failed.`;

function readProgress(commit: string, fresh: boolean): Progress {
    if (fresh || !fs.existsSync(PROGRESS)) return { commit, rounds: [] };
    const found = JSON.parse(fs.readFileSync(PROGRESS, "utf8")) as Progress;
    return found.commit === commit ? found : { commit, rounds: [] };
}

function run(suite: string, log: string): Promise<boolean> {
    const output = fs.openSync(log, "w");
    return new Promise((resolve, reject) => {
        const child = spawn("npm", ["run", "--silent", suite], { cwd: ROOT, stdio: ["ignore", output, output] });
        child.on("error", reject);
        child.on("exit", (code) => {
            fs.closeSync(output);
            resolve(code === 0);
        });
    });
}

async function main(): Promise<void> {
    const { values, positionals } = parseArgs({
        options: { fresh: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
        allowPositionals: true,
    });
    const unknown = positionals.filter((name) => !ROUNDS.some(([suite]) => suite === name));
    if (values.help) return console.log(HELP);
    if (unknown.length > 0) throw new Error(`no suite ${unknown.join(", ")}; there are ${ROUNDS.map(([suite]) => suite).join(", ")}`);
    const commit = spawnSync("git", ["describe", "--always", "--dirty", "--abbrev=12"], { cwd: ROOT, encoding: "utf8" }).stdout.trim();
    fs.mkdirSync(CACHE, { recursive: true });
    const progress = readProgress(commit, values.fresh);
    const wanted = ROUNDS.filter(([suite]) => positionals.length === 0 || positionals.includes(suite)).flatMap(([suite, times]) =>
        Array.from({ length: times }, (_, index) => ({ suite, round: index + 1 })),
    );
    const loops: ChildProcess[] = Array.from({ length: BUSY_LOOPS }, () =>
        spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }),
    );
    const stop = (): void => loops.forEach((loop) => loop.kill("SIGKILL"));
    process.on("exit", stop);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));
    for (const [index, { suite, round }] of wanted.entries()) {
        const known = progress.rounds.find((each) => each.suite === suite && each.round === round && each.ok);
        const started = Date.now();
        const log = path.join(CACHE, `under-load-${suite.replace(":", "-")}-${round}.log`);
        const ok = known ? true : await run(suite, log);
        const seconds = known?.seconds ?? Math.round((Date.now() - started) / 1000);
        if (!known) progress.rounds.push({ suite, round, ok, seconds });
        fs.writeFileSync(PROGRESS, JSON.stringify(progress));
        if (ok) fs.rmSync(log, { force: true });
        const told = ok ? `passed in ${seconds} s${known ? ", before" : ""}` : `FAILED after ${seconds} s: ${path.relative(ROOT, log)}`;
        console.log(`${index + 1} of ${wanted.length}  npm run ${suite}, round ${round}: ${told}`);
        if (!ok) process.exitCode = 1;
    }
    stop();
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exit(2);
});
