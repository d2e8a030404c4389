/** Runs a consumer's unit tests in the runners that consumers use, and judges each by what it printed. */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { EXPECTED, unitTests } from "./unitTests";

const { peerDependencies } = JSON.parse(fs.readFileSync(path.join(__dirname, "..", "..", "package.json"), "utf8")) as {
    peerDependencies: Record<string, string>;
};

export type Runner = "mocha" | "jest" | "vitest";

/** Installed in the consumer's folder only. The last of vitest that runs on Node 20. */
export const RUNNERS: Record<Runner, string> = { mocha: "12.0.3", jest: "30.5.2", vitest: "4.1.12" };
/** The two ends of the peer range: the newest is the newest that was tried. */
export const OLDEST_SDK = peerDependencies["@pulumi/pulumi"]!.replace("^", "");
export const NEWEST_SDK = "3.270.0";

/** Of a whole run, loading included: 20 s were seen beside eight busy loops. Without an end of their own, tests would take their limit each. */
const TEST_LIMIT_MS = 60_000;
const RUN_LIMIT_MS = 600_000;

/** Installs an SDK and runners beside what a folder has, without a line in its package.json. */
export function install(folder: string, sdk: string, runners: Runner[], more: string[] = []): void {
    const packages = [`@pulumi/pulumi@${sdk}`, ...runners.map((runner) => `${runner}@${RUNNERS[runner]}`), ...more];
    execFileSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline", ...packages], {
        cwd: folder,
        stdio: ["ignore", "inherit", "inherit"],
    });
}

interface Test {
    title: string;
    errors: string[];
}

/** What the runners' JSON reports have in common. */
interface Report {
    tests?: { fullTitle: string; err: { message?: string } }[];
    testResults?: { assertionResults: { fullName: string; failureMessages: string[] }[] }[];
}

const COMMANDS: Record<Runner, { file: string; format: "commonjs" | "esm"; args: string[] }> = {
    mocha: {
        file: "mocha.test.cjs",
        format: "commonjs",
        args: ["--timeout", String(TEST_LIMIT_MS), "--reporter", "json", "--reporter-option", "output=mocha.json", "mocha.test.cjs"],
    },
    jest: {
        file: "jest.test.cjs",
        format: "commonjs",
        args: ["--testTimeout", String(TEST_LIMIT_MS), "--testMatch", "**/jest.test.cjs", "--json", "--outputFile", "jest.json"],
    },
    vitest: {
        file: "vitest.test.mjs",
        format: "esm",
        args: [
            "run",
            "vitest.test.mjs",
            "--testTimeout",
            String(TEST_LIMIT_MS),
            "--reporter=default",
            "--reporter=json",
            "--outputFile.json=vitest.json",
        ],
    },
};

function testsOf(report: Report): Test[] {
    const mocha = (report.tests ?? []).map(({ fullTitle, err }) => ({ title: fullTitle, errors: err.message ? [err.message] : [] }));
    const others = (report.testResults ?? []).flatMap(({ assertionResults }) =>
        assertionResults.map(({ fullName, failureMessages }) => ({ title: fullName, errors: failureMessages })),
    );
    return [...mocha, ...others];
}

/** Why the tests are not what they must be. */
function problems(runner: Runner, tests: Test[]): string[] {
    const missing = Object.keys(EXPECTED).filter((title) => !tests.some((test) => test.title.startsWith(title)));
    const wrong = tests.flatMap(({ title, errors }) => {
        const known = Object.keys(EXPECTED).find((start) => title.startsWith(start));
        const reason = known === undefined ? undefined : EXPECTED[known];
        if (runner !== "jest" && title.includes("nobody waits for")) return errors.length === 0 ? [] : [`${title}: ${errors.join(" | ")}`];
        const texts = errors.map((error) => error.slice(0, 300));
        if (known === undefined) return [`${title}: no such test is known`];
        if (reason === undefined) return errors.length === 0 ? [] : [`${title} must pass; received ${texts.join(" | ")}`];
        if (errors.length === 0) return [`${title} must fail with "${reason}"; it passed`];
        // Each resource that a mock refuses is an error of its own.
        const own = title.includes("every resource") || title.includes("undefined") ? /failed to register new resource orders/ : undefined;
        const others = errors.filter((error) => !error.includes(reason) && !own?.test(error));
        if (others.length > 0 || !errors[0]!.includes(reason))
            return [`${title} must fail with "${reason}"; received ${texts.join(" | ")}`];
        return errors.length === 1 || own ? [] : [`${title} must fail once; received ${errors.length} errors`];
    });
    return [...missing.map((title) => `${title}: did not run`), ...wrong];
}

/** Runs them in a folder where the package, an SDK and the runner are installed. Throws if a test ends otherwise than it must. */
export function runUnitTests(runner: Runner, folder: string): void {
    const { file, format, args } = COMMANDS[runner];
    fs.writeFileSync(path.join(folder, file), unitTests(format));
    const report = path.join(folder, `${runner}.json`);
    fs.rmSync(report, { force: true });
    const sdk = JSON.parse(fs.readFileSync(path.join(folder, "node_modules/@pulumi/pulumi/package.json"), "utf8")) as { version: string };
    const started = Date.now();
    const { stdout, stderr, status } = spawnSync("npx", ["--no-install", runner, ...args], {
        cwd: folder,
        encoding: "utf8",
        timeout: RUN_LIMIT_MS,
        env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
        maxBuffer: 256 * 1024 * 1024,
    });
    const said = `${stdout}\n${stderr}`;
    const name = `${runner} with @pulumi/pulumi ${sdk.version}`;
    if (!fs.existsSync(report)) throw new Error(`${name} left no report (${status}):\n${said.slice(-3000)}`);
    const tests = testsOf(JSON.parse(fs.readFileSync(report, "utf8")) as Report);
    const found = problems(runner, tests);
    // Vitest blames no test for a rejection that nobody waits for, and fails the run; mocha says nothing of it.
    if (runner === "vitest" && !said.includes(EXPECTED["an output that nobody waits for"]!))
        found.push("the run must say what nobody waited for");
    if (/unknown resource|Unhandled Rejection\W+Error: (?!failed to register)/.test(said)) found.push("an error of another kind");
    if (status === 0) found.push("the run must fail, as tests of it do; received exit code 0");
    if (found.length > 0) throw new Error(`${name}:\n${found.join("\n")}\n${said.slice(-3000)}`);
    console.log(`${name}: ${tests.length} tests end as they must, in ${Math.round((Date.now() - started) / 1000)} s`);
}
