/**
 * A small Pulumi engine in this process: the SDK talks to it over loopback gRPC, and it calls provider implementations directly.
 * Previews, updates, refreshes, replacements, deletes, secrets, invokes, before hooks. What it does not do it refuses by name. Known
 * differences from the real engine: a delete-before-replace does not take the dependents down first, resources that are only read
 * are not kept in the state, and custom timeouts are accepted and not enforced (every run has one deadline).
 */
import { runtime } from "@pulumi/pulumi";
import { refresh } from "./refresh";
import { Deployment, type Pending, type ProviderLike, type ResourceState, type RunOptions, type RunResult } from "./deployment";

export { UNKNOWN, isSecretValue, plain } from "./server";
export type { ProviderLike, ResourceState, RunOptions, RunResult, Step } from "./deployment";

// The SDK keeps one monitor per process: runs take turns.
let turn: Promise<unknown> = Promise.resolve();

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

export class Engine {
    /** What the engine knows of every resource, by URN. */
    state = new Map<string, ResourceState>();
    #pending: Pending[] = [];

    constructor(readonly providers: Record<string, ProviderLike>) {}

    /** Runs the program: a preview leaves the state as it was, an update brings the providers to what the program says. */
    run(program: () => unknown, options: RunOptions = {}): Promise<RunResult> {
        return this.#queue(options, async (d) => {
            if (options.refresh) await refresh(d);
            try {
                await runtime.runInPulumiStack(async () => program());
                await runtime.disconnect(true);
            } catch (e) {
                await runtime.disconnect(false);
                throw e;
            }
        });
    }

    /** Deletes everything in the state, dependents first. */
    destroy(options: RunOptions = {}): Promise<RunResult> {
        return this.#queue(options, (d) => d.sweep());
    }

    #queue(options: RunOptions, work: (d: Deployment) => Promise<void>): Promise<RunResult> {
        const mine = turn.then(() => this.#deploy(options, work));
        turn = mine.catch(() => undefined);
        return mine;
    }

    async #deploy(options: RunOptions, work: (d: Deployment) => Promise<void>): Promise<RunResult> {
        const { preview = false, project = "lab", stack = "dev", config = {}, secretConfigKeys = [], deadlineMs = 120_000 } = options;
        // A preview works on a copy, so that what it plans is seen by its later steps and then forgotten.
        const state = preview ? new Map([...this.state].map(([k, v]) => [k, { ...v }])) : this.state;
        const pending = preview ? [...this.#pending] : this.#pending;
        const d = new Deployment(this.providers, state, pending, { ...options, preview, project, stack });
        const server = await d.serve();
        const key = (k: string) => (k.includes(":") ? k : `${project}:${k}`);
        const listeners = process.listeners("unhandledRejection");
        const collect = (e: unknown) => void (d.closed || d.rejections.push(e));
        process.removeAllListeners("unhandledRejection");
        process.on("unhandledRejection", collect);
        const failures: unknown[] = [];
        // The SDK takes a stack trace at every promise: looked up in source maps, they would be half of the run.
        const mapped = process.sourceMapsEnabled;
        process.setSourceMapsEnabled(false);
        let timer: NodeJS.Timeout | undefined;
        let late = false;
        let ended = false;
        try {
            runtime.resetOptions(project, stack, 16, server.address, server.address, preview, "lab");
            tolerateLateMessages();
            runtime.setAllConfig(Object.fromEntries(Object.entries(config).map(([k, v]) => [key(k), v])), secretConfigKeys.map(key));
            const deadline = new Promise<void>((resolve) => (timer = setTimeout(() => resolve(void (late = true)), deadlineMs)));
            const finished = work(d).then(
                () => (ended = true),
                (e) => (failures.push(e), (ended = true)),
            );
            await Promise.race([finished, d.stuck(), deadline]);
            if (late) {
                const open = [...d.running].map((s) => `${s.op} ${s.type} '${s.name}'`).join(", ");
                failures.push(
                    new Error(
                        `the run exceeded its deadline of ${deadlineMs} ms; ${open ? `unfinished: ${open}` : "no step was in progress"}`,
                    ),
                );
            }
            await new Promise((r) => setImmediate(() => setImmediate(r)));
            return d.result(failures);
        } finally {
            clearTimeout(timer);
            d.closed = true;
            runtime.disconnectSync();
            runtime.setAllConfig({}, []); // or what runs next in this process would find it
            server.close();
            d.hooks.close();
            if (!ended) await new Promise((r) => setTimeout(r, 50)); // the calls that were cut off reject now
            process.off("unhandledRejection", collect);
            process.setSourceMapsEnabled(mapped);
            for (const l of listeners) process.on("unhandledRejection", l);
        }
    }
}
