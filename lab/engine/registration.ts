/** How a run registers a resource: check it, compare it with the state, then create, update or replace it. */
import { createHash, randomBytes } from "node:crypto";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { fromStruct, markLike, markOutputs, plain, plainProps, sameValue, toStruct, UNKNOWN, type Props } from "../shared/propertyValues";
import { forces } from "./replaceOnChanges";
import type { Run } from "./run";
import { remove } from "./sweep";
import { isProvider, type ResourceState } from "./types";

export interface Registered {
    urn: string;
    id: string;
    outputs: Props;
}

/** A resource that is being registered. */
interface Registration {
    request: RegisterResourceRequest;
    urn: string;
    /** Kept in the state, whether or not the step succeeds. */
    base: Omit<ResourceState, "inputs" | "outputs" | "id">;
    /** From the program. */
    news: Props;
    old: ResourceState | undefined;
}

interface Verdict {
    op: "create" | "same" | "update" | "replace";
    deleteFirst: boolean;
}

export async function register(run: Run, request: RegisterResourceRequest): Promise<Registered> {
    const [type, name, parent] = [request.getType(), request.getName(), request.getParent()];
    const urn = run.claim(type, name, parent);
    refuse(run, request);
    const reference = request.getProvider();
    const provider = reference ? [reference.slice(0, reference.lastIndexOf("::"))] : [];
    const dependencies = [...new Set([...request.getDependenciesList(), ...provider])];
    const protect = request.getProtect() === true;
    const trigger = plain(request.getReplacementTrigger()?.toJavaScript() ?? undefined);
    const base = { type, name, custom: request.getCustom(), parent, protect, trigger, dependencies };
    const registration = { request, urn, base, news: fromStruct(request.getObject()), old: run.state.get(urn) };
    if (!base.custom || isProvider(type)) return registerWithoutProvider(run, registration);
    ignoreChanges(registration);
    return registerCustom(run, registration);
}

/** Fails by name on what the lab's engine does not do. */
function refuse(run: Run, request: RegisterResourceRequest): void {
    const type = request.getType();
    const name = request.getName();
    const hooks = request.getHooks();
    // An alias (generated classes declare their former names) matters only when the state holds what it names.
    const alias = request.getAliasesList().some((declared) => {
        const spec = declared.getSpec();
        const parent = spec?.getNoparent() ? "" : spec?.getParenturn() || request.getParent();
        const urn = spec ? run.urn(spec.getType() || type, spec.getName() || name, parent) : declared.getUrn();
        return run.state.has(urn) && urn !== run.urn(type, name, request.getParent());
    });
    const otherHooks = [
        hooks?.getAfterCreateList(),
        hooks?.getAfterUpdateList(),
        hooks?.getBeforeDeleteList(),
        hooks?.getAfterDeleteList(),
    ];
    const unsupported: Record<string, boolean> = {
        import: request.getImportid() !== "",
        aliases: alias || request.getAliasurnsList().some((urn) => run.state.has(urn)),
        remote: request.getRemote(),
        retainOnDelete: request.getRetainondelete() === true,
        deletedWith: request.getDeletedwith() !== "",
        replaceWith: request.getReplaceWithList().length > 0,
        transforms: request.getTransformsList().length > 0,
        "ignoreChanges (a nested path)": request.getIgnorechangesList().some((path) => path !== "*" && /[.[*]/.test(path)),
        "hooks (other than beforeCreate and beforeUpdate)": otherHooks.some((list) => list !== undefined && list.length > 0),
    };
    const names = Object.keys(unsupported).filter((key) => unsupported[key]);
    if (names.length) throw new Error(`${type} '${name}': the lab's engine does not implement ${names.join(", ")}`);
}

/** Components and providers exist in the state only. */
async function registerWithoutProvider(run: Run, { request, urn, base, news, old }: Registration): Promise<Registered> {
    const op = !old ? "create" : sameValue(old.inputs, news) ? "same" : "update";
    if (!old) await beforeCreate(run, request, urn, news);
    if (old && op === "update") await beforeUpdate(run, request, urn, news, old);
    const id = base.custom ? createHash("sha256").update(urn).digest("hex").slice(0, 12) : "";
    const outputs = old && op === "same" ? old.outputs : {};
    await run.step(op, urn, base, async () => run.state.set(urn, { ...base, inputs: news, outputs, id }));
    return { urn, id, outputs: base.custom ? news : {} };
}

/** Restores the old values of the properties in `ignoreChanges`. */
function ignoreChanges({ request, news, old }: Registration): void {
    if (!old) return;
    const ignored = request.getIgnorechangesList();
    for (const key of ignored.includes("*") ? new Set([...Object.keys(old.inputs), ...Object.keys(news)]) : ignored) {
        if (key in old.inputs) news[key] = old.inputs[key];
        else delete news[key];
    }
}

async function registerCustom(run: Run, { request, urn, base, news, old }: Registration): Promise<Registered> {
    let inputs = await check(run, request, urn, news, old);
    const { op, deleteFirst }: Verdict = !old
        ? { op: "create", deleteFirst: false }
        : isTriggered(base.trigger, old.trigger)
          ? // The provider is not asked, as in the real engine.
            { op: "replace", deleteFirst: request.getDeletebeforereplace() }
          : await diff(run, request, urn, inputs, old);
    if (old && op === "replace") {
        if (old.protect) throw new Error(`unable to replace resource ${urn} as it is currently marked for protection`);
        // A new generated name.
        inputs = await check(run, request, urn, news, undefined);
    }
    return run.step(op, urn, base, async () => {
        if (old && op === "replace" && deleteFirst) {
            await remove(run, urn, old);
            run.state.delete(urn);
        }
        const { id, outputs: raw } =
            old && op === "same"
                ? old
                : old && op === "update"
                  ? await update(run, request, urn, inputs, old)
                  : await create(run, request, urn, inputs);
        if (old && op === "replace" && !deleteFirst) run.pending.push([urn, old]);
        const outputs = markOutputs(raw, inputs, request.getAdditionalsecretoutputsList());
        run.state.set(urn, { ...base, inputs, outputs, id });
        return { urn, id, outputs };
    });
}

/** One that was not there before, or is no more, triggers nothing; one that is not known yet does. */
function isTriggered(now: unknown, before: unknown): boolean {
    const isMissing = (trigger: unknown) => trigger === undefined || trigger === null;
    if (now === UNKNOWN || before === UNKNOWN) return true;
    return !isMissing(now) && !isMissing(before) && !sameValue({ trigger: now }, { trigger: before });
}

async function check(run: Run, request: RegisterResourceRequest, urn: string, news: Props, old: ResourceState | undefined): Promise<Props> {
    const [type, name] = [request.getType(), request.getName()];
    const question = new pb.CheckRequest();
    question.setUrn(urn);
    question.setType(type);
    question.setName(name);
    if (old) question.setOlds(toStruct(plainProps(old.inputs)));
    question.setNews(toStruct(plainProps(news)));
    question.setRandomseed(randomBytes(32));
    const response = await run.call<pb.CheckResponse>(type, "check", question);
    const failures = failureTexts(response.getFailuresList());
    if (failures.length) throw new Error(failures.map((failure) => `${type} '${name}' has a problem: ${failure}`).join("\n"));
    return markLike(fromStruct(response.getInputs()), news) as Props;
}

export const failureTexts = (failures: pb.CheckFailure[]): string[] =>
    failures.map((failure) => (failure.getProperty() ? `${failure.getProperty()}: ` : "") + failure.getReason());

async function diff(run: Run, request: RegisterResourceRequest, urn: string, inputs: Props, old: ResourceState): Promise<Verdict> {
    const question = new pb.DiffRequest();
    question.setId(old.id);
    question.setUrn(urn);
    question.setType(request.getType());
    question.setName(request.getName());
    question.setOlds(toStruct(plainProps(old.outputs)));
    question.setOldInputs(toStruct(plainProps(old.inputs)));
    question.setNews(toStruct(plainProps(inputs)));
    question.setIgnorechangesList(request.getIgnorechangesList());
    const response = await run.call<pb.DiffResponse>(request.getType(), "diff", question);
    const details = [...response.getDetaileddiffMap().keys()] as unknown as string[];
    const forced = forces(request.getReplaceonchangesList(), [...response.getDiffsList(), ...details]);
    const { DIFF_SOME, DIFF_NONE } = pb.DiffResponse.DiffChanges;
    const changes = response.getChanges();
    const changed = changes === DIFF_SOME || (changes !== DIFF_NONE && !sameValue(plainProps(inputs), plainProps(old.inputs)));
    const deleteFirst = request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : response.getDeletebeforereplace();
    const requested = run.options.replace?.includes(urn);
    return { op: response.getReplacesList().length || forced || requested ? "replace" : changed ? "update" : "same", deleteFirst };
}

function beforeCreate(run: Run, request: RegisterResourceRequest, urn: string, inputs: Props): Promise<void> {
    const hooks = request.getHooks()?.getBeforeCreateList() ?? [];
    return run.hooks.before(hooks, run.options.preview, { urn, type: request.getType(), name: request.getName(), newInputs: inputs });
}

async function create(run: Run, request: RegisterResourceRequest, urn: string, inputs: Props): Promise<{ id: string; outputs: Props }> {
    const [type, name] = [request.getType(), request.getName()];
    await beforeCreate(run, request, urn, inputs);
    const question = new pb.CreateRequest();
    question.setUrn(urn);
    question.setType(type);
    question.setName(name);
    question.setProperties(toStruct(plainProps(inputs)));
    question.setPreview(run.options.preview);
    const response = await run.call<pb.CreateResponse>(type, "create", question);
    return { id: response.getId(), outputs: fromStruct(response.getProperties()) };
}

function beforeUpdate(run: Run, request: RegisterResourceRequest, urn: string, inputs: Props, old: ResourceState): Promise<void> {
    return run.hooks.before(request.getHooks()?.getBeforeUpdateList() ?? [], run.options.preview, {
        urn,
        type: request.getType(),
        name: request.getName(),
        id: old.id,
        newInputs: inputs,
        oldInputs: old.inputs,
        oldOutputs: old.outputs,
    });
}

async function update(
    run: Run,
    request: RegisterResourceRequest,
    urn: string,
    inputs: Props,
    old: ResourceState,
): Promise<{ id: string; outputs: Props }> {
    await beforeUpdate(run, request, urn, inputs, old);
    const question = new pb.UpdateRequest();
    question.setId(old.id);
    question.setUrn(urn);
    question.setType(request.getType());
    question.setName(request.getName());
    question.setOlds(toStruct(plainProps(old.outputs)));
    question.setOldInputs(toStruct(plainProps(old.inputs)));
    question.setNews(toStruct(plainProps(inputs)));
    question.setIgnorechangesList(request.getIgnorechangesList());
    question.setPreview(run.options.preview);
    const response = await run.call<pb.UpdateResponse>(request.getType(), "update", question);
    return { id: old.id, outputs: fromStruct(response.getProperties()) };
}
