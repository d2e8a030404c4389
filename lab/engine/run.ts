/** One run of the engine: its options, what it has seen and done, and what went wrong. */
import type { Provider } from "../shared/provider";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { toStruct } from "../shared/propertyValues";
import { errorText } from "./errorText";
import { Hooks } from "./hooks";
import type { Pending, ResourceState, RunOptions, RunResult, Step } from "./types";

const STACK = "pulumi:pulumi:Stack";
/** How long nothing may move, after a failure, until the run counts as stuck. */
const QUIET_MS = 200;

/** Calls one method of a provider as if over the wire. */
function callProvider<R>({ impl }: Provider, method: string, request: unknown): Promise<R> {
    return new Promise((resolve, reject) => {
        const called = impl[method];
        if (!called) return reject(new Error(`the provider does not implement ${method}`));
        called.call(impl, { request }, (error, response) => {
            if (!error) return resolve(response as R);
            const { details, message, code } = error;
            reject(Object.assign(new Error(details || message || String(error)), { code }));
        });
    });
}

export class Run {
    /** URNs that the program has registered. */
    readonly seen = new Set<string>();
    readonly steps: Step[] = [];
    readonly running = new Set<Step>();
    readonly errors: string[] = [];
    readonly logged: string[] = [];
    readonly diagnostics: string[] = [];
    readonly rejections: unknown[] = [];
    readonly hooks = new Hooks();
    closed = false;
    /** The sweep at the end, once it has begun. */
    sweep: Promise<void> | undefined;
    readonly #configured: Record<string, Promise<void> | undefined> = {};
    #active = 0;
    #last = Date.now();

    constructor(
        readonly providers: Record<string, Provider>,
        readonly state: Map<string, ResourceState>,
        readonly pending: Pending[],
        readonly options: RunOptions & { preview: boolean; project: string; stack: string },
    ) {}

    /** Counts as activity until it has ended. */
    async busy<T>(work: () => Promise<T>): Promise<T> {
        this.#active++;
        return work().finally(() => {
            this.#active--;
            this.#last = Date.now();
        });
    }

    /**
     * Resolves when something has failed and nothing moves any more: outputs of a resource that could not be registered never
     * settle, so the program would wait for ever (the real host ends the process at the first unhandled rejection).
     */
    async stuck(): Promise<void> {
        while (!this.closed) {
            await new Promise((resolve) => setTimeout(resolve, 50));
            const quiet = this.#active === 0 && Date.now() - this.#last > QUIET_MS;
            if (quiet && this.rejections.length) return;
        }
    }

    /** Calls the provider of a type or function. */
    async call<R>(token: string, method: string, request: unknown): Promise<R> {
        const name = token.split(":")[0] ?? "";
        const provider = this.providers[name];
        if (!provider) throw new Error(`the lab has no provider for ${token}`);
        await (this.#configured[name] ??= this.#configure(name, provider));
        const response = await callProvider<R>(provider, method, request);
        if (this.closed) throw new Error("the run is over");
        return response;
    }

    /** Has the provider check the stack's configuration for it, once, before anything else is asked of it. */
    async #configure(name: string, provider: Provider): Promise<void> {
        if (!provider.impl.checkConfig) return;
        const own = Object.entries(this.options.config ?? {}).filter(([key]) => key.startsWith(`${name}:`));
        const question = new pb.CheckRequest();
        question.setNews(toStruct(Object.fromEntries(own.map(([key, value]) => [key.slice(name.length + 1), value]))));
        const response = await callProvider<pb.CheckResponse>(provider, "checkConfig", question);
        const [failure] = response.getFailuresList();
        if (failure) throw new Error(`pulumi:providers:${name} 'default' has a problem: ${failure.getReason()}`);
    }

    async step<T>(op: Step["op"], urn: string, { type, name }: { type: string; name: string }, work: () => Promise<T>): Promise<T> {
        const started: Step = { op, urn, type, name, done: false };
        this.running.add(started);
        this.options.onStep?.(started);
        const result = await work().finally(() => this.running.delete(started));
        const done = { ...started, done: true };
        this.steps.push(done);
        this.options.onStep?.(done);
        return result;
    }

    urn(type: string, name: string, parent: string): string {
        const parentType = parent.split("::")[2] ?? "";
        const prefix = parentType && parentType !== STACK ? `${parentType}$` : "";
        return `urn:pulumi:${this.options.stack}::${this.options.project}::${prefix}${type}::${name}`;
    }

    /** The URN of a resource that the program names for the first time. */
    claim(type: string, name: string, parent: string): string {
        const urn = this.urn(type, name, parent);
        if (this.seen.has(urn)) throw new Error(`duplicate resource URN '${urn}'; try giving it a unique name`);
        this.seen.add(urn);
        return urn;
    }

    result(failures: unknown[]): RunResult {
        const errors = [...new Set(this.errors)];
        // The SDK repeats an error in every output that depended on it.
        for (const text of [...this.logged, ...[...failures, ...this.rejections].map(errorText)])
            if (!errors.some((error) => text.includes(error))) errors.push(text);
        const stack = [...this.state.values()].find(({ type }) => type === STACK);
        return {
            ok: errors.length === 0,
            steps: [...this.steps],
            outputs: { ...stack?.outputs },
            errors,
            diagnostics: [...new Set(this.diagnostics)],
        };
    }
}
