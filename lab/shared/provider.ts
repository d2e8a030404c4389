/** Resource providers over gRPC that write the lab's cloud instead of a real one. The engine attaches to them by port. */
import * as grpc from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { randomBytes } from "node:crypto";
import type { Cloud } from "../cloud";
import { changesOf, type Change } from "./diff";
import { functions, resourceTypes } from "../providers";
import { readInputs } from "./readInputs";
import { isReplace, knownOnly, misfits, plain, RuleError, tidy, UNKNOWN, type Props, type ResourceType } from "./resourceType";

type Method = (call: { request: unknown }, cb: (err: { code: number; details: string } | null, response?: unknown) => void) => void;

export interface Provider {
    impl: Record<string, Method>;
}

const VERSIONS: Record<string, string> = { aws: "7.48.0", cloudflare: "6.22.1", tls: "5.6.1", command: "1.2.1" };
/** How long a wait inside of a create may take, whatever its customTimeouts say. */
const DEADLINE_MS = 5000;
const NAME_BYTES = 4;

const raw = (struct: Struct | undefined): Props => (struct ? (struct.toJavaScript() as Props) : {});
const inputsOf = (struct: Struct | undefined): Props => tidy(plain(raw(struct)) as Props);
/** JSON drops what is undefined, which a Struct cannot hold. */
const struct = (props: Props): Struct => Struct.fromJavaScript(JSON.parse(JSON.stringify(props)) as Record<string, JavaScriptValue>);
const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");
const tokenOf = (urn: string): string => urn.split("::")[2]?.split("$").pop() ?? "";

function typeOf(urn: string, pkg: string): ResourceType {
    const token = tokenOf(urn);
    const type = token.startsWith(`${pkg}:`) ? resourceTypes.get(token) : undefined;
    if (!type) throw new RuleError("unknown-type", "type", `the lab does not know the resource type ${token}`);
    return type;
}

function guard<Q>(answer: (request: Q) => unknown): Method {
    return (call, cb) => {
        Promise.resolve()
            .then(() => answer(call.request as Q))
            .then(
                (response) => cb(null, response),
                (error: unknown) => {
                    const code =
                        error instanceof RuleError && error.rule === "unknown-type" ? grpc.status.UNIMPLEMENTED : grpc.status.UNKNOWN;
                    cb({ code, details: error instanceof Error ? error.message : String(error) });
                },
            );
    };
}

/** The same suffix for the same seed, so that a preview and the update after it agree. */
function suffix(seed: Uint8Array): string {
    return (seed.length >= NAME_BYTES ? Buffer.from(seed) : randomBytes(NAME_BYTES)).toString("hex").slice(0, 7);
}

function checkFailures(type: ResourceType, inputs: Props, cloud: Cloud): RuleError[] {
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

function check(q: pb.CheckRequest, cloud: Cloud, pkg: string): pb.CheckResponse {
    const response = new pb.CheckResponse();
    const sent = raw(q.getNews());
    let errors: RuleError[];
    try {
        const type = typeOf(q.getUrn(), pkg);
        const property = type.autoname?.property;
        if (property && (sent[property] === undefined || sent[property] === null)) {
            const name = `${nameOf(q.getUrn())}-${suffix(q.getRandomseed_asU8())}`;
            sent[property] = raw(q.getOlds())[property] ?? (type.autoname?.lowerCase ? name.toLowerCase() : name);
        }
        errors = checkFailures(type, tidy(plain(sent) as Props), cloud);
    } catch (error) {
        if (!(error instanceof RuleError)) throw error;
        errors = [error];
    }
    response.setFailuresList(
        errors.map((error) => {
            const failure = new pb.CheckFailure();
            failure.setProperty(error.property);
            failure.setReason(error.message);
            return failure;
        }),
    );
    response.setInputs(struct(sent));
    return response;
}

function diff(q: pb.DiffRequest, pkg: string): pb.DiffResponse {
    const type = typeOf(q.getUrn(), pkg);
    const state = inputsOf(q.getOlds());
    const known = (props: Props): Props => Object.fromEntries(Object.entries(props).filter(([key]) => Object.hasOwn(type.properties, key)));
    const olds = known(q.getOldInputs() ? inputsOf(q.getOldInputs()) : state);
    const news = inputsOf(q.getNews());
    const ignored = new Set(q.getIgnorechangesList());
    const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
        (key) =>
            !ignored.has(key) &&
            !ignored.has("*") &&
            JSON.stringify(olds[key]) !== JSON.stringify(news[key]) &&
            !type.same?.(key, olds[key], news[key]),
    );
    const renewed = type.renew?.(news, state) ?? [];
    const replaces = [...changed.filter((key) => isReplace(type.properties[key])), ...renewed];
    const response = new pb.DiffResponse();
    const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
    response.setChanges(changed.length + renewed.length ? DIFF_SOME : DIFF_NONE);
    response.setDiffsList([...changed, ...renewed]);
    response.setReplacesList(replaces);
    response.setHasdetaileddiff(true);
    const details = response.getDetaileddiffMap();
    const kinds = pb.PropertyDiff.Kind;
    const note = (path: string, change: Change, replace: boolean, input: boolean): void => {
        const detail = new pb.PropertyDiff();
        detail.setKind(kinds[replace ? (`${change}_REPLACE` as const) : change]);
        detail.setInputdiff(input);
        details.set(path, detail);
    };
    for (const key of changed) {
        for (const [path, change] of changesOf(key, olds[key], news[key])) note(path, change, replaces.includes(key), true);
    }
    for (const key of renewed) note(key, "UPDATE", true, false);
    return response;
}

export function makeProvider(cloud: Cloud, pkg: string): Provider {
    const version = VERSIONS[pkg] ?? "0.0.0";
    /** What read answers with when the engine sends an id only. */
    const store = new Map<string, Props>();
    const emit = (type: ResourceType, action: string, id: string, urn: string): void => {
        cloud.events.emit("event", { source: type.token, action, detail: { id, name: nameOf(urn) } });
    };
    const late = (type: ResourceType, inputs: Props): void => {
        const [first] = checkFailures(type, inputs, cloud);
        if (first) throw first;
    };

    async function create(q: pb.CreateRequest): Promise<pb.CreateResponse> {
        const type = typeOf(q.getUrn(), pkg);
        const inputs = inputsOf(q.getProperties());
        const response = new pb.CreateResponse();
        late(type, inputs);
        if (q.getPreview()) {
            response.setProperties(
                struct({ ...Object.fromEntries(type.computed.map((key) => [key, UNKNOWN])), ...inputs, ...type.preview?.(inputs) }),
            );
            return response;
        }
        const asked = q.getTimeout() * 1000;
        const { id, outputs } = await type.create(cloud, inputs, { timeoutMs: asked > 0 ? Math.min(asked, DEADLINE_MS) : DEADLINE_MS });
        const state = { ...inputs, ...outputs };
        store.set(`${type.token} ${id}`, state);
        emit(type, "create", id, q.getUrn());
        response.setId(id);
        response.setProperties(struct(state));
        return response;
    }

    async function update(q: pb.UpdateRequest): Promise<pb.UpdateResponse> {
        const type = typeOf(q.getUrn(), pkg);
        const state = inputsOf(q.getOlds());
        const inputs = inputsOf(q.getNews());
        const response = new pb.UpdateResponse();
        late(type, inputs);
        // Outputs live on; an input that is gone does not.
        const kept = Object.fromEntries(
            Object.entries(state).filter(([key]) => !Object.hasOwn(type.properties, key) || type.computed.includes(key)),
        );
        if (q.getPreview()) {
            const unknown = Object.fromEntries((type.recomputed?.(inputs, state) ?? []).map((key) => [key, UNKNOWN]));
            const nested = type.preview
                ? { domainNameConfiguration: { ...(state.domainNameConfiguration as Props), ...(inputs.domainNameConfiguration as Props) } }
                : {};
            response.setProperties(struct({ ...kept, ...unknown, ...inputs, ...nested }));
            return response;
        }
        if (!type.update) throw new RuleError("immutable", Object.keys(inputs)[0] ?? "id", `${type.token} cannot be updated in place`);
        const outputs = { ...kept, ...inputs, ...(await type.update(cloud, q.getId(), inputs, state)) };
        store.set(`${type.token} ${q.getId()}`, outputs);
        emit(type, "update", q.getId(), q.getUrn());
        response.setProperties(struct(outputs));
        return response;
    }

    function read(q: pb.ReadRequest): pb.ReadResponse {
        const type = typeOf(q.getUrn(), pkg);
        const response = new pb.ReadResponse();
        const sent = inputsOf(q.getProperties());
        const importing = Object.keys(sent).length === 0;
        const id = importing && type.importPart !== undefined ? (q.getId().split("/")[type.importPart] ?? "") : q.getId();
        const state = importing ? store.get(`${type.token} ${id}`) : sent;
        const now = state && (type.read ? type.read(cloud, id, state) : {});
        if (!state || !now) return response;
        const inputs = q.getInputs()
            ? inputsOf(q.getInputs())
            : Object.fromEntries(
                  Object.entries(state).filter(([key]) => Object.hasOwn(type.properties, key) && !type.computed.includes(key)),
              );
        response.setId(id);
        response.setProperties(struct({ ...state, ...now }));
        response.setInputs(struct(readInputs(type.properties, inputs, state, now, type.computed)));
        return response;
    }

    function remove(q: pb.DeleteRequest): Empty {
        const type = typeOf(q.getUrn(), pkg);
        type.delete(cloud, q.getId(), inputsOf(q.getProperties()));
        store.delete(`${type.token} ${q.getId()}`);
        emit(type, "delete", q.getId(), q.getUrn());
        return new Empty();
    }

    return {
        impl: {
            // Secrets come plain and go plain: the engine itself marks an output secret whose input was.
            handshake: guard(() => new pb.ProviderHandshakeResponse()),
            attach: guard(() => new Empty()),
            cancel: guard(() => new Empty()),
            getPluginInfo: guard(() => {
                const info = new PluginInfo();
                info.setVersion(version);
                return info;
            }),
            getSchema: guard(() => {
                const tokens = [...resourceTypes.keys()].filter((token) => token.startsWith(`${pkg}:`));
                const resources = Object.fromEntries(tokens.map((token) => [token, { type: "object" }]));
                const response = new pb.GetSchemaResponse();
                response.setSchema(JSON.stringify({ name: pkg, version, resources }));
                return response;
            }),
            checkConfig: guard((q: pb.CheckRequest) => {
                const response = new pb.CheckResponse();
                response.setInputs(q.getNews());
                return response;
            }),
            diffConfig: guard(() => {
                const response = new pb.DiffResponse();
                response.setChanges(pb.DiffResponse.DiffChanges.DIFF_NONE);
                return response;
            }),
            configure: guard(() => {
                const response = new pb.ConfigureResponse();
                response.setSupportspreview(true);
                return response;
            }),
            check: guard((q: pb.CheckRequest) => check(q, cloud, pkg)),
            diff: guard((q: pb.DiffRequest) => diff(q, pkg)),
            create: guard(create),
            read: guard(read),
            update: guard(update),
            delete: guard(remove),
            invoke: guard((q: pb.InvokeRequest) => {
                const answer = q.getTok().startsWith(`${pkg}:`) ? functions[q.getTok()] : undefined;
                if (!answer) throw new RuleError("unknown-type", "tok", `the lab does not know the function ${q.getTok()}`);
                const response = new pb.InvokeResponse();
                response.setReturn(struct(answer(cloud, inputsOf(q.getArgs()))));
                return response;
            }),
        },
    };
}

export function providers(cloud: Cloud): Record<string, Provider> {
    return Object.fromEntries(Object.keys(VERSIONS).map((pkg) => [pkg, makeProvider(cloud, pkg)]));
}

export async function serve(provider: Provider): Promise<{ port: number; close(): void }> {
    const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
    server.addService(
        rpc.ResourceProviderService as unknown as grpc.ServiceDefinition,
        provider.impl as unknown as grpc.UntypedServiceImplementation,
    );
    const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
            error ? reject(error) : resolve(bound),
        );
    });
    return { port, close: () => server.forceShutdown() };
}
