/**
 * A small Pulumi engine in this process: the SDK talks to it over loopback gRPC, and it calls provider implementations directly.
 * Previews, updates, refreshes, replacements, deletes, secrets, invokes, before hooks. What it does not do it refuses by name. Known
 * differences from the real engine: a delete-before-replace does not take the dependents down first, resources that are only read
 * are not kept in the state, and custom timeouts are accepted and not enforced (every run has one deadline).
 */
import { runtime } from "@pulumi/pulumi";
import type { Provider } from "../shared/provider";
import { serveRun } from "./monitor";
import { refresh } from "./refresh";
import { Run } from "./run";
import { sweepOnce } from "./sweep";
import type { Pending, ResourceState, RunOptions, RunResult } from "./types";

export { UNKNOWN, isSecretValue, plain } from "../shared/propertyValues";
export type { ResourceState, RunOptions, RunResult, Step } from "./types";

const DEADLINE_MS = 120_000;
/** Concurrent registrations, as the SDK's host sets it. */
const PARALLEL = 16;

// The SDK keeps one monitor per process: runs take turns.
let turn: Promise<unknown> = Promise.resolve();

export class Engine {
    /** Every resource, by URN. */
    state = new Map<string, ResourceState>();
    #pending: Pending[] = [];

    constructor(readonly providers: Record<string, Provider>) {}

    /** Runs the program: a preview leaves the state as it was, an update applies it. */
    run(program: () => unknown, options: RunOptions = {}): Promise<RunResult> {
        return this.#queue(options, async (run) => {
            if (options.refresh) await refresh(run);
            try {
                await runtime.runInPulumiStack(async () => program());
                await runtime.disconnect(true);
            } catch (error) {
                await runtime.disconnect(false);
                throw error;
            }
        });
    }

    /** Deletes everything in the state, dependents first. */
    destroy(options: RunOptions = {}): Promise<RunResult> {
        return this.#queue(options, async (run) => {
            if (options.refresh) await refresh(run);
            await sweepOnce(run);
        });
    }

    #queue(options: RunOptions, work: (run: Run) => Promise<void>): Promise<RunResult> {
        const mine = turn.then(() => this.#perform(options, work));
        turn = mine.catch(() => undefined);
        return mine;
    }

    async #perform(options: RunOptions, work: (run: Run) => Promise<void>): Promise<RunResult> {
        const run = this.#createRun(options);
        const server = await serveRun(run);
        const restoreProcess = takeProcess(run);
        let outcome: Outcome | undefined;
        try {
            connectSdk(run, server.address);
            outcome = await waitFor(run, work);
            await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
            return run.result(outcome.failures);
        } finally {
            run.closed = true;
            runtime.disconnectSync();
            // Otherwise the next run in this process would use it.
            runtime.setAllConfig({}, []);
            server.close();
            run.hooks.close();
            // Pending calls reject now.
            if (!outcome?.ended) await new Promise((resolve) => setTimeout(resolve, 50));
            restoreProcess();
        }
    }

    #createRun(options: RunOptions): Run {
        const { preview = false, project = "lab", stack = "dev" } = options;
        // A preview works on a copy: later steps see its plan, and the state stays as it was.
        const state = preview ? new Map([...this.state].map(([urn, resource]) => [urn, { ...resource }])) : this.state;
        const pending = preview ? [...this.#pending] : this.#pending;
        return new Run(this.providers, state, pending, { ...options, preview, project, stack });
    }
}

/** Collects unhandled rejections for this run in place of the present listeners; returns how to undo it. */
function takeProcess(run: Run): () => void {
    const listeners = process.listeners("unhandledRejection");
    const collect = (reason: unknown) => {
        if (!run.closed) run.rejections.push(reason);
    };
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", collect);
    // The SDK takes a stack trace at every promise: mapping them through source maps would be half of the run's time.
    const mapped = process.sourceMapsEnabled;
    process.setSourceMapsEnabled(false);
    return () => {
        process.off("unhandledRejection", collect);
        process.setSourceMapsEnabled(mapped);
        for (const listener of listeners) process.on("unhandledRejection", listener);
    };
}

function connectSdk({ options }: Run, address: string): void {
    const { project, stack, preview, config = {}, secretConfigKeys = [] } = options;
    const qualified = (key: string) => (key.includes(":") ? key : `${project}:${key}`);
    runtime.resetOptions(project, stack, PARALLEL, address, address, preview, "lab");
    tolerateLateMessages();
    const entries = Object.entries(config).map(([key, value]) => [qualified(key), value]);
    runtime.setAllConfig(Object.fromEntries(entries), secretConfigKeys.map(qualified));
}

/**
 * The SDK sends messages one after another, each when the one before it was sent: one that throws, because its run was cut off and the
 * channel is closed, would silence every later run of this process.
 */
function tolerateLateMessages(): void {
    const client = runtime.getEngine();
    if (!client) return;
    const log = client.log.bind(client) as (request: unknown, done: (error?: unknown) => void) => unknown;
    Object.assign(client, {
        log: (request: unknown, done: (error?: unknown) => void) => {
            try {
                return log(request, done);
            } catch (error) {
                return done(error);
            }
        },
    });
}

interface Outcome {
    failures: unknown[];
    /** False when the work was cut off. */
    ended: boolean;
}

/** Resolves when the work has ended, is stuck, or is past its deadline. */
async function waitFor(run: Run, work: (run: Run) => Promise<void>): Promise<Outcome> {
    const { deadlineMs = DEADLINE_MS } = run.options;
    // Filled in while others look at it: work that was cut off may still end before the run is torn down.
    const outcome: Outcome = { failures: [], ended: false };
    const finished = work(run)
        .catch((error: unknown) => void outcome.failures.push(error))
        .then(() => void (outcome.ended = true));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
            const open = [...run.running].map(({ op, type, name }) => `${op} ${type} '${name}'`).join(", ");
            const what = open ? `unfinished: ${open}` : "no step was in progress";
            outcome.failures.push(new Error(`the run exceeded its deadline of ${deadlineMs} ms; ${what}`));
            resolve();
        }, deadlineMs);
    });
    await Promise.race([finished, run.stuck(), late]);
    clearTimeout(timer);
    return outcome;
}
