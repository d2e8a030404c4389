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
  --fresh   forget the rounds of an earlier run of this commit; one that failed stays failed without it
The output of a round that fails is kept in .cache. Exit code 1 if one has failed.`;

/** Only of a clean tree: of a changed one nothing says which change was tested. */
function readProgress(commit: string, fresh: boolean): Progress {
    const none: Progress = { commit, rounds: [] };
    if (fresh || commit.endsWith("-dirty") || !fs.existsSync(PROGRESS)) return none;
    try {
        const found = JSON.parse(fs.readFileSync(PROGRESS, "utf8")) as Progress;
        return found.commit === commit && Array.isArray(found.rounds) ? found : none;
    } catch {
        console.error(`${path.relative(ROOT, PROGRESS)} cannot be read: starting over`);
        return none;
    }
}

function writeProgress(progress: Progress): void {
    const unfinished = `${PROGRESS}.${process.pid}`;
    fs.writeFileSync(unfinished, JSON.stringify(progress));
    fs.renameSync(unfinished, PROGRESS);
}

let suiteProcess: ChildProcess | undefined;

function run(suite: string, log: string): Promise<boolean> {
    const output = fs.openSync(log, "w");
    return new Promise((resolve, reject) => {
        // A group of its own, so that what it starts ends with it. CI=true: a skipped test is a failed one.
        suiteProcess = spawn("npm", ["run", "--silent", suite], {
            cwd: ROOT,
            stdio: ["ignore", output, output],
            detached: true,
            env: { ...process.env, CI: "true" },
        });
        suiteProcess.on("error", reject);
        suiteProcess.on("exit", (code) => {
            suiteProcess = undefined;
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
    // Each ends with this process, however that ends.
    const busy = "const parent = process.ppid; while (process.ppid === parent);";
    // A session of its own each: Linux shares the processors between sessions first, and all loops together would count as one.
    const loops = Array.from({ length: BUSY_LOOPS }, () => spawn(process.execPath, ["-e", busy], { stdio: "ignore", detached: true }));
    const stop = (): void => {
        for (const loop of loops) loop.kill("SIGKILL");
        if (suiteProcess?.pid !== undefined) process.kill(-suiteProcess.pid, "SIGKILL");
    };
    process.on("exit", stop);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));
    for (const [index, { suite, round }] of wanted.entries()) {
        const known = progress.rounds.find((each) => each.suite === suite && each.round === round);
        const log = path.join(CACHE, `under-load-${suite.replace(":", "-")}-${round}.log`);
        const started = Date.now();
        const ok = known?.ok ?? (await run(suite, log));
        const seconds = known?.seconds ?? Math.round((Date.now() - started) / 1000);
        if (!known) progress.rounds.push({ suite, round, ok, seconds });
        writeProgress(progress);
        if (ok) fs.rmSync(log, { force: true });
        const result = ok ? `passed in ${seconds} s` : `FAILED after ${seconds} s: ${path.relative(ROOT, log)}`;
        console.log(`${index + 1} of ${wanted.length}  npm run ${suite}, round ${round}: ${result}${known ? ", in an earlier run" : ""}`);
        if (!ok) process.exitCode = 1;
    }
    process.exit();
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exit(2);
});
