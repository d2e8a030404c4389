/**
 * What engine.ts needs around it: property values on the wire (secrets, unknowns, references), the loopback gRPC server that the
 * Pulumi SDK talks to, the calls into a provider, and the callbacks of resource hooks.
 */
import * as grpc from "@grpc/grpc-js";
import { CallbacksClient } from "@pulumi/pulumi/proto/callback_grpc_pb";
import { CallbackInvokeRequest, type CallbackInvokeResponse } from "@pulumi/pulumi/proto/callback_pb";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { ResourceHookRequest, ResourceHookResponse, type RegisterResourceHookRequest } from "@pulumi/pulumi/proto/resource_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

export type Props = Record<string, unknown>;

/** What the engine puts, in a preview, where a value is known only after the update. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SIG = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e";

const isObject = (v: unknown): v is Props => typeof v === "object" && v !== null && !Array.isArray(v);
const isOutputSecret = (v: Props): boolean => v[SIG] === OUTPUT && v.secret === true;

/** True for a value that is itself marked secret. */
export const isSecretValue = (v: unknown): boolean => isObject(v) && (v[SIG] === SECRET || isOutputSecret(v));

/** True when a secret is anywhere in the value. */
export const hasSecret = (v: unknown): boolean =>
    isSecretValue(v) || (Array.isArray(v) ? v.some(hasSecret) : isObject(v) && Object.values(v).some(hasSecret));

/** The value as a provider sees it: no secret marks, references as ids; assets and archives stay as they are. */
export function plain(v: unknown): unknown {
    if (Array.isArray(v)) return v.map(plain);
    if (!isObject(v)) return v;
    if (v[SIG] === SECRET || v[SIG] === OUTPUT) return plain("value" in v ? v.value : UNKNOWN);
    if (v[SIG] === REFERENCE) return "id" in v ? v.id || UNKNOWN : v.urn;
    return plainProps(v);
}

export const plainProps = (o: Props = {}): Props =>
    Object.fromEntries(Object.entries(o).flatMap(([k, v]) => (v === undefined ? [] : [[k, plain(v)]])));

const secret = (v: unknown): Props => ({ [SIG]: SECRET, value: plain(v) });

/** Marks in `value` what is secret in `like`; a list with any secret is secret as a whole. */
export function markLike(value: unknown, like: unknown): unknown {
    if (!hasSecret(like)) return value;
    if (isSecretValue(like) || !isObject(value) || !isObject(like)) return secret(value);
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, markLike(v, like[k])]));
}

/** The outputs of a resource: secret where the input of the same name was, and where the program asked for it. */
export const markOutputs = (outputs: Props, inputs: Props, additional: string[]): Props =>
    Object.fromEntries(Object.entries(outputs).map(([k, v]) => [k, additional.includes(k) ? secret(v) : markLike(v, inputs[k])]));

/** Equality of property values, whatever the order of the keys. */
export function sameValue(a: unknown, b: unknown): boolean {
    const sorted = (_: string, v: unknown) =>
        isObject(v) ? Object.fromEntries(Object.entries(v).sort(([x], [y]) => (x < y ? -1 : 1))) : v;
    return JSON.stringify(a, sorted) === JSON.stringify(b, sorted);
}

export const isProvider = (type: string): boolean => type.startsWith("pulumi:providers:");

export const struct = (o: Props = {}): Struct => Struct.fromJavaScript(o as Record<string, JavaScriptValue>);
export const props = (s: Struct | undefined): Props => (s ? s.toJavaScript() : {});

/** A message for people: the lines before the stack trace, without the wrapping that gRPC adds. */
export function textOf(e: unknown): string {
    const raw = e instanceof Error ? ((e as Partial<grpc.ServiceError>).details ?? e.message) : String(e);
    const lines = raw.split("\n");
    const end = lines.findIndex((l) => /^\s+at /.test(l));
    return lines
        .slice(0, end < 0 ? undefined : end)
        .join("\n")
        .replace(/^(Error: )+/, "")
        .trim();
}

export type Handler<Q, R> = (request: Q) => Promise<R> | R;
// Method notation makes the parameters bivariant: each implementation names the messages it takes.
export type ProviderMethod = { method(call: { request: unknown }, cb: (e: unknown, r?: unknown) => void): void }["method"];

/** Calls one method of a provider as if over the wire. */
export function callProvider<R>(impl: Record<string, ProviderMethod>, method: string, request: unknown): Promise<R> {
    return new Promise((resolve, reject) => {
        const f = impl[method];
        if (!f) return reject(new Error(`the provider does not implement ${method}`));
        f.call(impl, { request }, (e, r) => {
            if (!e) return resolve(r as R);
            const { details, message, code } = e as { details?: string; message?: string; code?: number };
            reject(Object.assign(new Error(details || message || String(e)), { code }));
        });
    });
}

/** Both services on one loopback port. Whatever is not in `monitor` answers with an error that names it. */
export async function listen(
    monitor: Record<string, Handler<never, unknown>>,
    engine: Record<string, Handler<never, unknown>>,
): Promise<{ address: string; close: () => void }> {
    const wrap = (f: Handler<never, unknown>) => (call: { request: unknown }, cb: (e: unknown, r?: unknown) => void) => {
        void (async () => f(call.request as never))().then(
            (r) => cb(null, r),
            (e) => cb({ code: (e as { code?: number }).code ?? grpc.status.UNKNOWN, details: textOf(e) }),
        );
    };
    const all = (service: object, handlers: Record<string, Handler<never, unknown>>) =>
        Object.fromEntries(
            Object.keys(service).map((name) => [
                name,
                wrap(
                    handlers[name] ??
                        (() => {
                            throw Object.assign(new Error(`the lab's engine does not implement ${name}`), {
                                code: grpc.status.UNIMPLEMENTED,
                            });
                        }),
                ),
            ]),
        ) as grpc.UntypedServiceImplementation;
    const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
    server.addService(ResourceMonitorService as unknown as grpc.ServiceDefinition, all(ResourceMonitorService, monitor));
    server.addService(EngineService as unknown as grpc.ServiceDefinition, all(EngineService, engine));
    const port = await new Promise<number>((ok, no) =>
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (e, p) => (e ? no(e) : ok(p))),
    );
    return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

export interface HookCall {
    urn: string;
    type: string;
    name: string;
    id?: string;
    newInputs: Props;
    oldInputs?: Props;
    oldOutputs?: Props;
}

/** The hooks that one run registered. */
export class Hooks {
    readonly #hooks = new Map<string, { token: string; dry: boolean; client: CallbacksClient }>();

    register(q: RegisterResourceHookRequest): void {
        if (this.#hooks.has(q.getName())) throw new Error(`resource hook already registered for name "${q.getName()}"`);
        const target = q.getCallback()?.getTarget() ?? "";
        const client = new CallbacksClient(target, grpc.credentials.createInsecure());
        this.#hooks.set(q.getName(), { token: q.getCallback()?.getToken() ?? "", dry: q.getOnDryRun(), client });
    }

    /** Runs the hooks in order; the first that fails fails the step. */
    async before(names: string[], preview: boolean, c: HookCall): Promise<void> {
        for (const name of names) {
            const hook = this.#hooks.get(name);
            if (!hook) throw new Error(`resource hook "${name}" was not registered`);
            if (preview && !hook.dry) continue;
            const q = new ResourceHookRequest();
            q.setUrn(c.urn);
            q.setId(c.id ?? "");
            q.setName(c.name);
            q.setType(c.type);
            q.setNewInputs(struct(c.newInputs));
            if (c.oldInputs) q.setOldInputs(struct(c.oldInputs));
            if (c.oldOutputs) q.setOldOutputs(struct(c.oldOutputs));
            const invoke = new CallbackInvokeRequest();
            invoke.setToken(hook.token);
            invoke.setRequest(q.serializeBinary());
            const r = await new Promise<CallbackInvokeResponse>((ok, no) => hook.client.invoke(invoke, (e, v) => (e ? no(e) : ok(v))));
            const error = ResourceHookResponse.deserializeBinary(r.getResponse_asU8()).getError();
            if (error) throw new Error(`before hook "${name}" failed: ${error}`);
        }
    }

    close(): void {
        for (const h of this.#hooks.values()) h.client.close();
    }
}
