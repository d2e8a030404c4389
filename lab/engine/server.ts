/** The gRPC server that the Pulumi SDK talks to. */
import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { listenGrpc } from "../shared/loopback";
import { errorText } from "./errorText";

export type Handlers = Record<string, (request: never) => unknown>;

type Callback = (error: { code: number; details: string } | null, response?: unknown) => void;

const callable = (handler: Handlers[string]) => (call: { request: unknown }, answer: Callback) => {
    void (async () => handler(call.request as never))().then(
        (response) => answer(null, response),
        (error) => answer({ code: (error as { code?: number }).code ?? grpc.status.UNKNOWN, details: errorText(error) }),
    );
};

const unimplemented = (name: string) => () => {
    throw Object.assign(new Error(`the lab's engine does not implement ${name}`), { code: grpc.status.UNIMPLEMENTED });
};

const implementation = (service: object, handlers: Handlers) =>
    Object.fromEntries(Object.keys(service).map((name) => [name, callable(handlers[name] ?? unimplemented(name))]));

/** Both services on one loopback port. A method without a handler returns an error that names it. */
export function startServer(monitor: Handlers, engine: Handlers): Promise<{ address: string; close: () => void }> {
    return listenGrpc([
        [ResourceMonitorService, implementation(ResourceMonitorService, monitor)],
        [EngineService, implementation(EngineService, engine)],
    ]);
}
