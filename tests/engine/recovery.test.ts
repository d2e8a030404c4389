/** A deployment that was stopped on the real engine: what docs/recovery.md says is done, and it ends in the same cloud. */
import { execFile } from "node:child_process";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { createCloud } from "../../lab/createCloud";
import { addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { needsPulumi } from "../support/needsPulumi";
import { SmallHost } from "./hosts";
import type { Interruption, Recovered } from "./interrupted";
import { STEPS, sampled, type Step } from "./programs";
import { ORPHANS, leftovers, summary } from "./summary";
import { Watch } from "./watch";

const execute = promisify(execFile);

async function interrupted(asked: Interruption): Promise<Recovered[]> {
    const script = path.join(__dirname, "interrupted.ts");
    const options = { maxBuffer: 2 ** 26, timeout: 120_000 + asked.targets.length * 60_000 };
    const { stdout } = await execute(process.execPath, ["--import", "tsx", script, JSON.stringify(asked)], options).catch(
        (error: Error & { stderr: string }) => {
            throw new Error(`${asked.step}, ${asked.how} at ${asked.targets.join(", ")}: ${error.stderr}`);
        },
    );
    return stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Recovered);
}

/** As many at a time as there are processors. */
async function inTurns<T, R>(all: T[], work: (one: T) => Promise<R>): Promise<R[]> {
    const results: R[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
        while (next < all.length) {
            const index = next++;
            results[index] = await work(all[index]!);
        }
    };
    await Promise.all(os.cpus().map(worker));
    return results;
}

/** Every operation of the step, and the cloud at its end when nothing stops it. */
async function undisturbed(step: Step): Promise<{ operations: string[]; end: Record<string, unknown> }> {
    const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }], activationDelayMs: 0 });
    addHandler(cloud);
    const watch = await Watch.start(cloud);
    let operations: string[] = [];
    const host = new SmallHost(watch.watched((operation) => Promise.resolve(void operations.push(operation))));
    try {
        for (const before of step.before) expect((await host.up(before)).ok).to.equal(true);
        operations = [];
        const done = step.program ? await host.up(step.program) : await host.destroy();
        expect(done.ok, done.text).to.equal(true);
        return { operations: [...new Set(operations)], end: summary(cloud) };
    } finally {
        await watch.close();
    }
}

describe("the recovery that docs/recovery.md describes", function () {
    this.timeout(1_200_000);

    for (const step of STEPS) {
        let whole: Awaited<ReturnType<typeof undisturbed>>;
        before(async function () {
            needsPulumi(this);
            whole = await undisturbed(step);
        });

        const told = (how: string, results: Recovered[]): void => {
            const orphans = new Map<string, number>();
            for (const { target, end } of results) {
                const { missing, left } = leftovers(end, whole.end);
                expect(missing, `what is not there after "${how}" at ${target}`).to.deep.equal([]);
                expect(
                    left.filter((one) => !ORPHANS.test(one)),
                    `what is left over after "${how}" at ${target}`,
                ).to.deep.equal([]);
                for (const kind of new Set(left.map((one) => one.split("/")[0]!))) orphans.set(kind, (orphans.get(kind) ?? 0) + 1);
            }
            const sum = (one: (r: Recovered) => number) => results.reduce((total, r) => total + one(r), 0);
            const hands = results.flatMap(({ target, byHand }) => byHand.map((text) => `${target}: ${text}`));
            console.log(
                `      ${step.title}: ${results.length} times ${how}; ${sum((r) => Number(r.torn))} torn checkpoints, ${sum((r) => r.probes)} bypass probes, none got in; ` +
                    `left behind and closed: ${[...orphans].map(([kind, count]) => `${kind} ${count}x`).join(", ") || "nothing"}; ${hands.length} by hand:`,
            );
            for (const text of hands) console.log(`        ${text}`);
        };

        for (const [how, words] of [
            ["failed", "an operation failed"],
            ["lost", "an answer was lost"],
        ] as const)
            it(`ends in the same cloud after ${words}: ${step.title}`, async () => {
                const targets = sampled(whole.operations);
                const batches = os.cpus().map((_, batch) => targets.filter((_, index) => index % os.cpus().length === batch));
                const asked = batches.filter(({ length }) => length > 0);
                const results = await inTurns(asked, (some) => interrupted({ step: step.title, targets: some, how, torn: false }));
                told(words, results.flat());
                if (how === "failed") for (const { end } of results.flat()) expect(end).to.deep.equal(whole.end);
            });

        it(`ends in the same cloud after the CLI was killed: ${step.title}`, async () => {
            const results = await inTurns(sampled(whole.operations), (target) =>
                interrupted({ step: step.title, targets: [target], how: "killed", torn: whole.operations.indexOf(target) % 4 === 3 }),
            );
            told("the CLI was killed", results.flat());
        });
    }
});
