/** One run of engine.ts: registers, checks, compares, creates, updates, deletes, and remembers what went wrong. */
import { createHash, randomBytes } from "node:crypto";
import * as eng from "@pulumi/pulumi/proto/engine_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import * as res from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import {
    Hooks,
    UNKNOWN,
    callProvider,
    isProvider,
    listen,
    markLike,
    markOutputs,
    plainProps,
    props,
    sameValue,
    struct,
    textOf,
} from "./server";
import type { Props, ProviderMethod } from "./server";
import { remove, sweep } from "./sweep";

export interface ProviderLike {
    impl: Record<string, ProviderMethod>;
}

export interface RunOptions {
    preview?: boolean;
    /** Asks the providers first what they hold now, as `--refresh` does. */
    refresh?: boolean;
    /** URNs of resources to replace whether or not they changed, as `--replace` does. */
    replace?: string[];
    project?: string;
    stack?: string;
    /** Keys without a namespace belong to the project. */
    config?: Record<string, string>;
    secretConfigKeys?: string[];
    deadlineMs?: number;
    /** Features of the engine to do without, as one that is too old. */
    without?: string[];
    onStep?: (s: Step) => void;
}

export interface Step {
    op: "create" | "update" | "replace" | "same" | "delete" | "read" | "refresh";
    urn: string;
    type: string;
    name: string;
    /** False when the step starts. */
    done: boolean;
}

export interface RunResult {
    ok: boolean;
    /** The finished ones, in the order in which they finished. */
    steps: Step[];
    /** The stack's outputs; secrets keep their mark (see isSecretValue and plain), unknowns are UNKNOWN. */
    outputs: Record<string, unknown>;
    errors: string[];
    diagnostics: string[];
}

export interface ResourceState {
    type: string;
    name: string;
    custom: boolean;
    parent: string;
    protect: boolean;
    inputs: Props;
    outputs: Props;
    id: string;
    dependencies: string[];
}

export type Pending = [urn: string, old: ResourceState];
const STACK = "pulumi:pulumi:Stack";
const FEATURES = ["secrets", "resourceReferences", "outputValues", "aliasSpecs", "deletedWith", "parameterization", "resourceHooks"];
const hash = (s: string) => createHash("sha256").update(s).digest();

/** One run: what it has seen, done and been told. */
export class Deployment {
    readonly seen = new Set<string>();
    readonly steps: Step[] = [];
    readonly running = new Set<Step>();
    readonly errors: string[] = [];
    readonly logged: string[] = [];
    readonly diagnostics: string[] = [];
    readonly rejections: unknown[] = [];
    readonly hooks = new Hooks();
    closed = false;
    #active = 0;
    #last = Date.now();
    #sweep: Promise<void> | undefined;

    constructor(
        readonly providers: Record<string, ProviderLike>,
        readonly state: Map<string, ResourceState>,
        readonly pending: Pending[],
        readonly options: RunOptions & { preview: boolean; project: string; stack: string },
    ) {}

    async #busy<T>(work: () => Promise<T>): Promise<T> {
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
            await new Promise((r) => setTimeout(r, 50));
            const quiet = this.#active === 0 && Date.now() - this.#last > 200;
            if (quiet && this.rejections.length) return;
        }
    }

    async call<R>(token: string, method: string, request: unknown): Promise<R> {
        const provider = this.providers[token.split(":")[0] ?? ""];
        if (!provider) throw new Error(`the lab has no provider for ${token}`);
        const r = await callProvider<R>(provider.impl, method, request);
        if (this.closed) throw new Error("the run is over");
        return r;
    }

    async step<T>(op: Step["op"], urn: string, s: { type: string; name: string }, work: () => Promise<T>): Promise<T> {
        const started: Step = { op, urn, type: s.type, name: s.name, done: false };
        this.running.add(started);
        this.options.onStep?.(started);
        const r = await work().finally(() => this.running.delete(started));
        const done = { ...started, done: true };
        this.steps.push(done);
        this.options.onStep?.(done);
        return r;
    }

    urn(type: string, name: string, parent: string): string {
        const parentType = parent.split("::")[2] ?? "";
        const prefix = parentType && parentType !== STACK ? `${parentType}$` : "";
        return `urn:pulumi:${this.options.stack}::${this.options.project}::${prefix}${type}::${name}`;
    }

    #claim(type: string, name: string, parent: string): string {
        const urn = this.urn(type, name, parent);
        if (this.seen.has(urn)) throw new Error(`duplicate resource URN '${urn}'; try giving it a unique name`);
        this.seen.add(urn);
        return urn;
    }

    #refuse(q: res.RegisterResourceRequest): void {
        const hooks = q.getHooks();
        // An alias (generated classes declare their former names) matters only when the state holds what it names.
        const alias = q.getAliasesList().some((a) => {
            const s = a.getSpec();
            const parent = s?.getNoparent() ? "" : s?.getParenturn() || q.getParent();
            const urn = s ? this.urn(s.getType() || q.getType(), s.getName() || q.getName(), parent) : a.getUrn();
            return this.state.has(urn) && urn !== this.urn(q.getType(), q.getName(), q.getParent());
        });
        const unsupported: Record<string, boolean> = {
            import: q.getImportid() !== "",
            aliases: alias || q.getAliasurnsList().some((urn) => this.state.has(urn)),
            remote: q.getRemote(),
            retainOnDelete: q.getRetainondelete() === true,
            deletedWith: q.getDeletedwith() !== "",
            replaceWith: q.getReplaceWithList().length > 0,
            replacementTrigger: q.getReplacementTrigger() !== undefined,
            transforms: q.getTransformsList().length > 0,
            "ignoreChanges (a nested path)": q.getIgnorechangesList().some((p) => p !== "*" && /[.[*]/.test(p)),
            "hooks (other than beforeCreate and beforeUpdate)":
                !!hooks &&
                [hooks.getAfterCreateList(), hooks.getAfterUpdateList(), hooks.getBeforeDeleteList(), hooks.getAfterDeleteList()].some(
                    (l) => l.length,
                ),
        };
        const names = Object.keys(unsupported).filter((k) => unsupported[k]);
        if (names.length) throw new Error(`${q.getType()} '${q.getName()}': the lab's engine does not implement ${names.join(", ")}`);
    }

    async #check(q: res.RegisterResourceRequest, urn: string, news: Props, old: ResourceState | undefined): Promise<Props> {
        const ck = new pb.CheckRequest();
        ck.setUrn(urn);
        ck.setType(q.getType());
        ck.setName(q.getName());
        if (old) ck.setOlds(struct(plainProps(old.inputs)));
        ck.setNews(struct(plainProps(news)));
        ck.setRandomseed(randomBytes(32));
        const r = await this.call<pb.CheckResponse>(q.getType(), "check", ck);
        const failures = r.getFailuresList().map((f) => (f.getProperty() ? `${f.getProperty()}: ` : "") + f.getReason());
        if (failures.length) throw new Error(failures.map((f) => `${q.getType()} '${q.getName()}' has a problem: ${f}`).join("\n"));
        return markLike(props(r.getInputs()), news) as Props;
    }

    async #diff(
        q: res.RegisterResourceRequest,
        urn: string,
        inputs: Props,
        old: ResourceState,
    ): Promise<{ op: "same" | "update" | "replace"; first: boolean }> {
        const d = new pb.DiffRequest();
        d.setId(old.id);
        d.setUrn(urn);
        d.setType(q.getType());
        d.setName(q.getName());
        d.setOlds(struct(plainProps(old.outputs)));
        d.setOldInputs(struct(plainProps(old.inputs)));
        d.setNews(struct(plainProps(inputs)));
        d.setIgnorechangesList(q.getIgnorechangesList());
        const r = await this.call<pb.DiffResponse>(q.getType(), "diff", d);
        const forced = r
            .getDiffsList()
            .some((k) => q.getReplaceonchangesList().some((p) => p === "*" || p === k || k.startsWith(`${p}.`) || k.startsWith(`${p}[`)));
        const { DIFF_SOME, DIFF_NONE } = pb.DiffResponse.DiffChanges;
        const changes = r.getChanges();
        const changed = changes === DIFF_SOME || (changes !== DIFF_NONE && !sameValue(plainProps(inputs), plainProps(old.inputs)));
        const first = q.getDeletebeforereplacedefined() ? q.getDeletebeforereplace() : r.getDeletebeforereplace();
        const told = this.options.replace?.includes(urn);
        return { op: r.getReplacesList().length || forced || told ? "replace" : changed ? "update" : "same", first };
    }

    async #create(q: res.RegisterResourceRequest, urn: string, inputs: Props): Promise<{ id: string; outputs: Props }> {
        await this.hooks.before(q.getHooks()?.getBeforeCreateList() ?? [], this.options.preview, {
            urn,
            type: q.getType(),
            name: q.getName(),
            newInputs: inputs,
        });
        const c = new pb.CreateRequest();
        c.setUrn(urn);
        c.setType(q.getType());
        c.setName(q.getName());
        c.setProperties(struct(plainProps(inputs)));
        c.setPreview(this.options.preview);
        const r = await this.call<pb.CreateResponse>(q.getType(), "create", c);
        return { id: r.getId(), outputs: props(r.getProperties()) };
    }

    #beforeUpdate(q: res.RegisterResourceRequest, urn: string, inputs: Props, old: ResourceState): Promise<void> {
        const names = q.getHooks()?.getBeforeUpdateList() ?? [];
        const context = {
            urn,
            type: q.getType(),
            name: q.getName(),
            id: old.id,
            newInputs: inputs,
            oldInputs: old.inputs,
            oldOutputs: old.outputs,
        };
        return this.hooks.before(names, this.options.preview, context);
    }

    async #update(q: res.RegisterResourceRequest, urn: string, inputs: Props, old: ResourceState): Promise<{ id: string; outputs: Props }> {
        await this.#beforeUpdate(q, urn, inputs, old);
        const u = new pb.UpdateRequest();
        u.setId(old.id);
        u.setUrn(urn);
        u.setType(q.getType());
        u.setName(q.getName());
        u.setOlds(struct(plainProps(old.outputs)));
        u.setOldInputs(struct(plainProps(old.inputs)));
        u.setNews(struct(plainProps(inputs)));
        u.setIgnorechangesList(q.getIgnorechangesList());
        u.setPreview(this.options.preview);
        const r = await this.call<pb.UpdateResponse>(q.getType(), "update", u);
        return { id: old.id, outputs: props(r.getProperties()) };
    }

    async register(q: res.RegisterResourceRequest): Promise<{ urn: string; id: string; outputs: Props }> {
        const [type, name, parent] = [q.getType(), q.getName(), q.getParent()];
        const urn = this.#claim(type, name, parent);
        this.#refuse(q);
        const old = this.state.get(urn);
        const provider = q.getProvider() ? [q.getProvider().slice(0, q.getProvider().lastIndexOf("::"))] : [];
        const dependencies = [...new Set([...q.getDependenciesList(), ...provider])];
        const base = { type, name, custom: q.getCustom(), parent, protect: q.getProtect() === true, dependencies };
        const news = props(q.getObject());
        if (!q.getCustom() || isProvider(type)) {
            const op = !old ? "create" : sameValue(old.inputs, news) ? "same" : "update";
            if (old && op === "update") await this.#beforeUpdate(q, urn, news, old);
            const id = q.getCustom() ? hash(urn).toString("hex").slice(0, 12) : "";
            await this.step(op, urn, base, async () =>
                this.state.set(urn, { ...base, inputs: news, outputs: op === "same" ? old!.outputs : {}, id }),
            );
            return { urn, id, outputs: q.getCustom() ? news : {} };
        }
        const ignored = q.getIgnorechangesList();
        for (const k of !old ? [] : ignored.includes("*") ? new Set([...Object.keys(old.inputs), ...Object.keys(news)]) : ignored) {
            if (old && k in old.inputs) news[k] = old.inputs[k];
            else delete news[k];
        }
        let inputs = await this.#check(q, urn, news, old);
        const { op, first } = old ? await this.#diff(q, urn, inputs, old) : { op: "create" as const, first: false };
        if (old && op === "replace") {
            if (old.protect) throw new Error(`unable to replace resource ${urn} as it is currently marked for protection`);
            inputs = await this.#check(q, urn, news, undefined); // a new name for what is named automatically
        }
        return this.step(op, urn, base, async () => {
            if (old && op === "replace" && first) {
                await remove(this, urn, old);
                this.state.delete(urn);
            }
            const made =
                old && op === "same"
                    ? old
                    : old && op === "update"
                      ? await this.#update(q, urn, inputs, old)
                      : await this.#create(q, urn, inputs);
            if (old && op === "replace" && !first) this.pending.push([urn, old]);
            const outputs = markOutputs(made.outputs, inputs, q.getAdditionalsecretoutputsList());
            this.state.set(urn, { ...base, inputs, outputs, id: made.id });
            return { urn, id: made.id, outputs };
        });
    }

    async read(q: res.ReadResourceRequest): Promise<res.ReadResourceResponse> {
        const [type, name, id] = [q.getType(), q.getName(), q.getId()];
        const urn = this.#claim(type, name, q.getParent());
        return this.step("read", urn, { type, name }, async () => {
            const answer = new res.ReadResourceResponse();
            answer.setUrn(urn);
            const given = props(q.getProperties());
            if (id === UNKNOWN) return (answer.setProperties(struct(given)), answer);
            const r = new pb.ReadRequest();
            r.setId(id);
            r.setUrn(urn);
            r.setType(type);
            r.setName(name);
            r.setProperties(struct(plainProps(given)));
            const found = await this.call<pb.ReadResponse>(type, "read", r);
            if (!found.getId()) throw new Error(`${type} '${name}': nothing has the id '${id}'`);
            answer.setProperties(struct(markOutputs(props(found.getProperties()), given, q.getAdditionalsecretoutputsList())));
            return answer;
        });
    }

    async invoke(q: res.ResourceInvokeRequest): Promise<pb.InvokeResponse> {
        const iv = new pb.InvokeRequest();
        iv.setTok(q.getTok());
        iv.setArgs(struct(plainProps(props(q.getArgs()))));
        const r = await this.call<pb.InvokeResponse>(q.getTok(), "invoke", iv);
        const failures = r.getFailuresList().map((f) => (f.getProperty() ? `${f.getProperty()}: ` : "") + f.getReason());
        if (failures.length) throw new Error(`invocation of ${q.getTok()} failed: ${failures.join("; ")}`);
        return r;
    }

    /** Once in a run, whoever asks for it. */
    sweep(): Promise<void> {
        return (this.#sweep ??= sweep(this));
    }

    async serve(): Promise<{ address: string; close: () => void }> {
        const noting =
            <Q, R>(f: (q: Q) => Promise<R>) =>
            async (q: Q) => {
                try {
                    return await this.#busy(() => f(q));
                } catch (e) {
                    if (!this.closed) this.errors.push(textOf(e));
                    // Never the provider's own code: at UNAVAILABLE the SDK believes the engine gone, and waits for ever.
                    throw new Error(textOf(e), { cause: e });
                }
            };
        const monitor = {
            supportsFeature: (q: res.SupportsFeatureRequest) => {
                const r = new res.SupportsFeatureResponse();
                r.setHassupport(FEATURES.includes(q.getId()) && !this.options.without?.includes(q.getId()));
                return r;
            },
            registerResource: noting(async (q: res.RegisterResourceRequest) => {
                const made = await this.register(q);
                const r = new res.RegisterResourceResponse();
                r.setUrn(made.urn);
                r.setId(made.id);
                r.setObject(struct(made.outputs));
                return r;
            }),
            registerResourceOutputs: noting(async (q: res.RegisterResourceOutputsRequest) => {
                const s = this.state.get(q.getUrn());
                if (!s) throw new Error(`outputs for a resource that is not registered: ${q.getUrn()}`);
                s.outputs = props(q.getOutputs());
                return new Empty();
            }),
            registerResourceHook: noting(async (q: res.RegisterResourceHookRequest) => (this.hooks.register(q), new Empty())),
            readResource: noting((q: res.ReadResourceRequest) => this.read(q)),
            // The program may catch a failed invoke, as with the real engine: it counts when the program does not.
            invoke: (q: res.ResourceInvokeRequest) => this.#busy(() => this.invoke(q)),
            registerPackage: () => {
                const r = new res.RegisterPackageResponse();
                r.setRef("lab");
                return r;
            },
            signalAndWaitForShutdown: noting(async () => (await this.sweep(), new Empty())),
        };
        const engine = {
            log: (q: eng.LogRequest) => {
                if (q.getSeverity() >= eng.LogSeverity.WARNING) this.diagnostics.push(q.getMessage().trim());
                if (q.getSeverity() >= eng.LogSeverity.ERROR) this.logged.push(textOf(q.getMessage()));
                return new Empty();
            },
            getRootResource: () => new eng.GetRootResourceResponse(),
            setRootResource: () => new eng.SetRootResourceResponse(),
        };
        return listen(monitor, engine);
    }

    result(failures: unknown[]): RunResult {
        const errors = [...new Set(this.errors)];
        // The SDK repeats an error in every output that depended on it.
        for (const text of [...this.logged, ...[...failures, ...this.rejections].map(textOf)])
            if (!errors.some((e) => text.includes(e))) errors.push(text);
        const stack = [...this.state.values()].find((s) => s.type === STACK);
        const outputs = { ...stack?.outputs };
        return { ok: errors.length === 0, steps: [...this.steps], outputs, errors, diagnostics: [...new Set(this.diagnostics)] };
    }
}
