/** What a provider of the lab does about a resource: the same for every type, which itself is data (resourceType.ts). */
import { randomBytes } from "node:crypto";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Cloud } from "../cloud";
import { changesOf, type Change } from "./diff";
import { fromStruct, plain, toStruct, UNKNOWN, type Props } from "./propertyValues";
import { readInputs } from "./readInputs";
import { isReplace, knownOnly, misfits, RuleError, tidy, type ResourceType, type Table } from "./resourceType";

/** One provider's package: what it plays, and on which cloud. */
export interface Package {
    name: string;
    version: string;
    cloud: Cloud;
    /** Whether its diffs name nested paths. A provider on Terraform's plugin framework names top-level properties only (docs/sources.md 12.1). */
    detailedDiff: boolean;
    /** What is wrong with the provider's own configuration; the reason never quotes a value. */
    checkConfig?(config: Props): RuleError | undefined;
    /** By token. */
    types: ReadonlyMap<string, ResourceType>;
    functions: Readonly<Record<string, (cloud: Cloud, args: Props) => Props | Promise<Props>>>;
}

/** How long a wait inside of a create may take, regardless of customTimeouts. */
const DEADLINE_MS = 5000;
const NAME_BYTES = 4;

const tidied = (struct: Struct | undefined): Props => tidy(plain(fromStruct(struct)) as Props);
const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");
const tokenOf = (urn: string): string => urn.split("::")[2]?.split("$").pop() ?? "";

function typeOf({ types }: Package, urn: string): ResourceType {
    const token = tokenOf(urn);
    const type = types.get(token);
    if (!type) throw new RuleError("unknown-type", "type", `the lab does not know the resource type ${token}`);
    return type;
}

function emit({ cloud }: Package, type: ResourceType, action: string, id: string, urn: string): void {
    cloud.events.emit("event", { source: type.token, action, detail: { id, name: nameOf(urn) } });
}

/** The same suffix for the same seed, so that a preview and the update after it agree. */
function suffix(seed: Uint8Array): string {
    return (seed.length >= NAME_BYTES ? Buffer.from(seed) : randomBytes(NAME_BYTES)).toString("hex").slice(0, 7);
}

function failuresOf({ cloud }: Package, type: ResourceType, inputs: Props): RuleError[] {
    const errors = misfits(type.properties, inputs, type.token);
    if (errors.length) return errors;
    try {
        type.check?.(knownOnly(inputs) as Props, cloud);
        return [];
    } catch (error) {
        if (error instanceof RuleError) return [error];
        throw error;
    }
}

/** The same check again, once the values are known. */
function mustFit(pkg: Package, type: ResourceType, inputs: Props): void {
    const [first] = failuresOf(pkg, type, inputs);
    if (first) throw first;
}

/** Names what the program has not named: as before, or else by a new name. */
function autoname({ autoname: rule }: ResourceType, inputs: Props, olds: Props, urn: string, seed: Uint8Array): void {
    if (!rule || (inputs[rule.property] !== undefined && inputs[rule.property] !== null)) return;
    if (rule.unless !== undefined && inputs[rule.unless] !== undefined) return;
    const name = `${nameOf(urn)}-${suffix(seed)}`;
    inputs[rule.property] = olds[rule.property] ?? (rule.lowerCase ? name.toLowerCase() : name);
}

export function check(pkg: Package, request: pb.CheckRequest): pb.CheckResponse {
    const inputs = fromStruct(request.getNews());
    let errors: RuleError[];
    try {
        const type = typeOf(pkg, request.getUrn());
        autoname(type, inputs, fromStruct(request.getOlds()), request.getUrn(), request.getRandomseed_asU8());
        errors = failuresOf(pkg, type, tidy(plain(inputs) as Props));
    } catch (error) {
        if (!(error instanceof RuleError)) throw error;
        errors = [error];
    }
    const response = new pb.CheckResponse();
    response.setFailuresList(errors.map(checkFailure));
    response.setInputs(toStruct(inputs));
    return response;
}

function checkFailure({ property, message }: RuleError): pb.CheckFailure {
    const failure = new pb.CheckFailure();
    failure.setProperty(property);
    failure.setReason(message);
    return failure;
}

export function checkConfig(pkg: Package, request: pb.CheckRequest): pb.CheckResponse {
    const response = new pb.CheckResponse();
    const failure = pkg.checkConfig?.(tidied(request.getNews()));
    if (failure) response.setFailuresList([checkFailure(failure)]);
    response.setInputs(request.getNews());
    return response;
}

/** The properties that the type takes as inputs. */
const inputsAmong = (type: ResourceType, props: Props): Props =>
    Object.fromEntries(Object.entries(props).filter(([key]) => Object.hasOwn(type.properties, key)));

export function diff(pkg: Package, request: pb.DiffRequest): pb.DiffResponse {
    const type = typeOf(pkg, request.getUrn());
    const state = tidied(request.getOlds());
    const olds = inputsAmong(type, request.getOldInputs() ? tidied(request.getOldInputs()) : state);
    const news = tidied(request.getNews());
    const ignored = new Set(request.getIgnorechangesList());
    const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
        (key) =>
            !ignored.has(key) &&
            !ignored.has("*") &&
            JSON.stringify(olds[key]) !== JSON.stringify(news[key]) &&
            !type.same?.(key, olds[key], news[key]),
    );
    const renewed = type.renew?.(news, state) ?? [];
    const replaces = [...changed.filter((key) => isReplace(type.properties[key])), ...renewed];
    // Without detail the outputs that an update makes unknown are changes like any other (docs/sources.md 12.8).
    const recomputed = changed.length && !replaces.length && !pkg.detailedDiff ? (type.recomputed?.(news, state) ?? []) : [];
    const response = new pb.DiffResponse();
    const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
    response.setChanges(changed.length + renewed.length ? DIFF_SOME : DIFF_NONE);
    response.setDiffsList([...changed, ...renewed, ...recomputed]);
    response.setReplacesList(replaces);
    response.setHasdetaileddiff(pkg.detailedDiff);
    if (!pkg.detailedDiff) return response;
    const details = response.getDetaileddiffMap();
    for (const key of changed) {
        for (const [path, change] of changesOf(key, olds[key], news[key]))
            details.set(path, propertyDiff(change, replaces.includes(key), true));
    }
    for (const key of renewed) details.set(key, propertyDiff("UPDATE", true, false));
    return response;
}

function propertyDiff(change: Change, replace: boolean, input: boolean): pb.PropertyDiff {
    const detail = new pb.PropertyDiff();
    detail.setKind(pb.PropertyDiff.Kind[replace ? (`${change}_REPLACE` as const) : change]);
    detail.setInputdiff(input);
    return detail;
}

const unknown = (properties: readonly string[]): Props => Object.fromEntries(properties.map((key) => [key, UNKNOWN]));

export async function create(pkg: Package, request: pb.CreateRequest): Promise<pb.CreateResponse> {
    const type = typeOf(pkg, request.getUrn());
    const inputs = tidied(request.getProperties());
    const response = new pb.CreateResponse();
    mustFit(pkg, type, inputs);
    if (request.getPreview()) {
        response.setProperties(toStruct({ ...unknown(type.computed), ...inputs, ...type.preview?.(inputs) }));
        return response;
    }
    const asked = request.getTimeout() * 1000;
    const timeoutMs = asked > 0 ? Math.min(asked, DEADLINE_MS) : DEADLINE_MS;
    const { id, outputs } = await type.create(pkg.cloud, inputs, { timeoutMs });
    const state = { ...inputs, ...outputs };
    pkg.cloud.providerState.set(`${type.token} ${id}`, state);
    emit(pkg, type, "create", id, request.getUrn());
    response.setId(id);
    response.setProperties(toStruct(state));
    return response;
}

export async function update(pkg: Package, request: pb.UpdateRequest): Promise<pb.UpdateResponse> {
    const type = typeOf(pkg, request.getUrn());
    const state = tidied(request.getOlds());
    const inputs = tidied(request.getNews());
    const response = new pb.UpdateResponse();
    mustFit(pkg, type, inputs);
    // Keep outputs, drop removed inputs.
    const kept = Object.fromEntries(
        Object.entries(state).filter(([key]) => !Object.hasOwn(type.properties, key) || type.computed.includes(key)),
    );
    if (request.getPreview()) {
        const recomputed = unknown(type.recomputed?.(inputs, state) ?? []);
        response.setProperties(toStruct({ ...kept, ...recomputed, ...inputs, ...type.preview?.(inputs, state) }));
        return response;
    }
    if (!type.update) throw new RuleError("immutable", Object.keys(inputs)[0] ?? "id", `${type.token} cannot be updated in place`);
    const id = request.getId();
    const outputs = { ...kept, ...inputs, ...(await type.update(pkg.cloud, id, inputs, state)) };
    pkg.cloud.providerState.set(`${type.token} ${id}`, outputs);
    emit(pkg, type, "update", id, request.getUrn());
    response.setProperties(toStruct(outputs));
    return response;
}

/** What a read by id alone finds. */
function imported(pkg: Package, type: ResourceType, id: string): Props | undefined {
    const state = pkg.cloud.providerState.get(`${type.token} ${id}`);
    return state && Object.fromEntries(Object.entries(state).filter(([key]) => !type.notImported?.includes(key)));
}

/** Only what the table declares, all the way down: computed fields of an object are no inputs. */
function declared(table: Table, props: Props): Props {
    const fieldsOf = (key: string): Table | undefined => (typeof table[key] === "string" ? undefined : table[key]?.[1]);
    const inner = (fields: Table | undefined, value: unknown): unknown =>
        fields === undefined || typeof value !== "object" || value === null
            ? value
            : Array.isArray(value)
              ? value.map((part: unknown) => inner(fields, part))
              : declared(fields, value as Props);
    const entries = Object.entries(props).filter(([key]) => Object.hasOwn(table, key));
    return Object.fromEntries(entries.map(([key, value]) => [key, inner(fieldsOf(key), value)]));
}

export async function read(pkg: Package, request: pb.ReadRequest): Promise<pb.ReadResponse> {
    const type = typeOf(pkg, request.getUrn());
    const response = new pb.ReadResponse();
    const sent = tidied(request.getProperties());
    const importing = Object.keys(sent).length === 0;
    const id = importing && type.importPart !== undefined ? (request.getId().split("/")[type.importPart] ?? "") : request.getId();
    const state = importing ? imported(pkg, type, id) : sent;
    const now = state && (type.read ? await type.read(pkg.cloud, id, state) : {});
    if (!state || !now) return response;
    const inputs = request.getInputs()
        ? tidied(request.getInputs())
        : Object.fromEntries(Object.entries(declared(type.properties, state)).filter(([key]) => !type.computed.includes(key)));
    response.setId(id);
    response.setProperties(toStruct({ ...state, ...now }));
    response.setInputs(toStruct(readInputs(type.properties, inputs, state, now, type.computed)));
    return response;
}

export async function remove(pkg: Package, request: pb.DeleteRequest): Promise<Empty> {
    const type = typeOf(pkg, request.getUrn());
    const id = request.getId();
    await type.delete(pkg.cloud, id, tidied(request.getProperties()));
    pkg.cloud.providerState.delete(`${type.token} ${id}`);
    emit(pkg, type, "delete", id, request.getUrn());
    return new Empty();
}

export async function invoke(pkg: Package, request: pb.InvokeRequest): Promise<pb.InvokeResponse> {
    const answer = pkg.functions[request.getTok()];
    if (!answer) throw new RuleError("unknown-type", "tok", `the lab does not know the function ${request.getTok()}`);
    const response = new pb.InvokeResponse();
    response.setReturn(toStruct(await answer(pkg.cloud, tidied(request.getArgs()))));
    return response;
}
