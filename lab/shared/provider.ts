/** Resource providers over gRPC that write the lab's cloud instead of a real one. The engine attaches to them by port. */
import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { listenGrpc } from "./loopback";
import { fromStruct } from "./propertyValues";
import { check, checkConfig, create, diff, invoke, read, remove, update, type Package } from "./providerMethods";
import { RuleError } from "./resourceType";

/** A gRPC error, or a plain one. */
export interface ProviderError {
    code?: number;
    details?: string;
    message?: string;
}

/** Method notation makes the parameters bivariant: each implementation names the messages it takes. */
export type ProviderMethod = {
    method(call: { request: unknown }, answer: (error: ProviderError | null, response?: unknown) => void): void;
}["method"];

export interface Provider {
    impl: Record<string, ProviderMethod>;
}

/** A method that answers, or fails as gRPC does it. */
function answering<Q>(respond: (request: Q) => unknown): ProviderMethod {
    return ({ request }, answer) => {
        Promise.resolve()
            .then(() => respond(request as Q))
            .then(
                (response) => answer(null, response),
                (error: unknown) => {
                    const unknownType = error instanceof RuleError && error.rule === "unknown-type";
                    const code = unknownType ? grpc.status.UNIMPLEMENTED : grpc.status.UNKNOWN;
                    answer({ code, details: error instanceof Error ? error.message : String(error) });
                },
            );
    };
}

function pluginInfo({ version }: Package): PluginInfo {
    const info = new PluginInfo();
    info.setVersion(version);
    return info;
}

function schemaOf({ name, version, types }: Package): pb.GetSchemaResponse {
    const resources = Object.fromEntries([...types.keys()].map((token) => [token, { type: "object" }]));
    const response = new pb.GetSchemaResponse();
    response.setSchema(JSON.stringify({ name, version, resources }));
    return response;
}

function diffConfig(): pb.DiffResponse {
    const response = new pb.DiffResponse();
    response.setChanges(pb.DiffResponse.DiffChanges.DIFF_NONE);
    return response;
}

function configure({ cloud }: Package, request: pb.ConfigureRequest): pb.ConfigureResponse {
    const { defaultTags } = fromStruct(request.getArgs());
    // The SDK sends a provider's nested settings as JSON.
    const parsed = (typeof defaultTags === "string" ? JSON.parse(defaultTags) : defaultTags) as
        { tags?: Record<string, string> } | undefined;
    if (parsed?.tags) cloud.aws.defaultTags = parsed.tags;
    const response = new pb.ConfigureResponse();
    response.setSupportspreview(true);
    return response;
}

export function createProvider(pkg: Package): Provider {
    return {
        impl: {
            // Secrets come plain and go plain: the engine itself marks an output secret whose input was.
            handshake: answering(() => new pb.ProviderHandshakeResponse()),
            attach: answering(() => new Empty()),
            cancel: answering(() => new Empty()),
            getPluginInfo: answering(() => pluginInfo(pkg)),
            getSchema: answering(() => schemaOf(pkg)),
            checkConfig: answering((request: pb.CheckRequest) => checkConfig(pkg, request)),
            diffConfig: answering(diffConfig),
            configure: answering((request: pb.ConfigureRequest) => configure(pkg, request)),
            check: answering((request: pb.CheckRequest) => check(pkg, request)),
            diff: answering((request: pb.DiffRequest) => diff(pkg, request)),
            create: answering((request: pb.CreateRequest) => create(pkg, request)),
            read: answering((request: pb.ReadRequest) => read(pkg, request)),
            update: answering((request: pb.UpdateRequest) => update(pkg, request)),
            delete: answering((request: pb.DeleteRequest) => remove(pkg, request)),
            invoke: answering((request: pb.InvokeRequest) => invoke(pkg, request)),
        },
    };
}

export async function serve(provider: Provider): Promise<{ port: number; close(): void }> {
    return listenGrpc([[ResourceProviderService, provider.impl]]);
}
