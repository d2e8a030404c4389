/** A deployment stopped on the real engine, then recovered as docs/recovery.md describes, ends in the same cloud. */
import { fork, type ChildProcess } from "node:child_process";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { needsPulumi } from "../support/needsPulumi";
import { sampleOfEachKind } from "../support/seed";
import { FailCall, type How } from "./failCall";
import { LabHost } from "./labHost";
import type { Interruption, Recovered } from "./recoveryWorker";
import { STEPS, methodOf, type Step } from "./programs";
import { ResettableLab } from "./resettableLab";
import { ORPHANS, leftovers, summary } from "./summary";

/** A process that holds a lab and a stack, and recovers from one interruption after another. */
class Worker {
    readonly #process: ChildProcess;
    readonly #exit: Promise<number | null>;
    #answer: (recovered: Recovered) => void = () => undefined;

    constructor(script: string) {
        this.#process = fork(script, { execArgv: ["--import", "tsx"] });
        this.#process.on("message", (recovered: Recovered) => this.#answer(recovered));
        this.#exit = new Promise((resolve) => this.#process.on("exit", resolve));
    }

    ask(asked: Interruption): Promise<Recovered> {
        const answered = new Promise<Recovered>((resolve) => (this.#answer = resolve));
        this.#process.send(asked);
        const ended = this.#exit.then((code): Recovered => {
            throw new Error(`the process ended with ${code} before it had recovered from ${JSON.stringify(asked)}`);
        });
        return Promise.race([answered, ended]);
    }

    /** Its last act is a search for secrets, which fails it. */
    async close(): Promise<void> {
        if (this.#process.connected) this.#process.disconnect();
        expect(await this.#exit, "exit code of a worker").to.equal(0);
    }
}

/** Every operation of a step, and the cloud at its end if nothing stops it. */
interface Whole {
    operations: string[];
    end: Record<string, unknown>;
}

async function undisturbed(): Promise<Map<string, Whole>> {
    const failCall = new FailCall();
    const stage = await ResettableLab.open((traffic) => Promise.resolve(new LabHost(failCall.providers(traffic))));
    const wholes = new Map<string, Whole>();
    for (const step of STEPS) {
        await stage.before(step);
        failCall.operations = [];
        const done = await stage.run(step);
        expect(done.ok, done.text).to.equal(true);
        wholes.set(step.title, { operations: [...new Set(failCall.operations)], end: summary(stage.traffic.cloud) });
    }
    await stage.close();
    return wholes;
}

/** What a recovery left of resources that are made anew under another name; anything else fails. */
function orphansOf({ asked, end }: Recovered, whole: Whole): string[] {
    const { missing, left } = leftovers(end, whole.end);
    expect(missing, `what is not there after "${asked.how}" at ${asked.target}`).to.deep.equal([]);
    expect(
        left.filter((line) => !ORPHANS.test(line)),
        `what is left over after "${asked.how}" at ${asked.target}`,
    ).to.deep.equal([]);
    return [...new Set(left.map((line) => line.split("/")[0]!))];
}

function report(words: string, title: string, results: Recovered[], whole: Whole): void {
    const orphans = new Map<string, number>();
    for (const kind of results.flatMap((result) => orphansOf(result, whole))) orphans.set(kind, (orphans.get(kind) ?? 0) + 1);
    const sum = (value: (result: Recovered) => number) => results.reduce((total, result) => total + value(result), 0);
    const hands = results.flatMap(({ asked, byHand }) => byHand.map((text) => `${asked.target}: ${text}`));
    console.log(
        `      ${title}: ${results.length} of ${whole.operations.length}: ${words}; ${sum(({ torn }) => Number(torn))} torn checkpoints, ` +
            `${sum(({ probes }) => probes)} bypass probes, none got in; ` +
            `left behind and closed: ${[...orphans].map(([kind, count]) => `${kind} ${count}x`).join(", ") || "nothing"}; ${hands.length} by hand:`,
    );
    for (const text of hands) console.log(`        ${text}`);
}

describe("the recovery that docs/recovery.md describes", () => {
    let wholes: Map<string, Whole>;
    let workers: Worker[] = [];
    before(async function () {
        needsPulumi(this);
        wholes = await undisturbed();
        workers = os.cpus().map(() => new Worker(path.join(__dirname, "recoveryWorker.ts")));
    });
    after(() => Promise.all(workers.map((worker) => worker.close())));

    async function recovered({ title }: Step, how: How): Promise<Recovered[]> {
        const { operations } = wholes.get(title)!;
        const targets = sampleOfEachKind(operations, methodOf, 2, `${title}, ${how}`).sort();
        expect(targets, "operations to stop at").not.to.deep.equal([]);
        // At least one torn checkpoint in each step.
        const torn = (target: string) => how === "killed" && targets.indexOf(target) % 4 === 0;
        const results: Recovered[] = [];
        const waiting = [...targets];
        const take = async (worker: Worker): Promise<void> => {
            for (let target = waiting.shift(); target !== undefined; target = waiting.shift())
                results.push(await worker.ask({ step: title, target, how, torn: torn(target) }));
        };
        // All of them end before the test does: what one still did would belong to the next test.
        const ended = await Promise.allSettled(workers.map(take));
        for (const outcome of ended) if (outcome.status === "rejected") throw outcome.reason;
        expect(results.map(({ asked }) => asked.target).sort(), `answers of ${title}, ${how}`).to.deep.equal(targets);
        for (const { asked, error } of results) if (error !== undefined) throw new Error(`${title}, ${how} at ${asked.target}: ${error}`);
        return results;
    }

    for (const step of STEPS) {
        it(`ends in the same cloud after an operation failed: ${step.title}`, async () => {
            const whole = wholes.get(step.title)!;
            const results = await recovered(step, "failed");
            report("an operation failed", step.title, results, whole);
            for (const { end } of results) expect(end).to.deep.equal(whole.end);
        });

        it(`ends in the same cloud after an answer was lost: ${step.title}`, async () => {
            report("an answer was lost", step.title, await recovered(step, "lost"), wholes.get(step.title)!);
        });

        it(`ends in the same cloud after the CLI was killed: ${step.title}`, async () => {
            report("the CLI was killed", step.title, await recovered(step, "killed"), wholes.get(step.title)!);
        });
    }
});
