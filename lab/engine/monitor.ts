/** What the Pulumi SDK asks of the engine during a run, and what the engine does about it. */
import { status } from "@grpc/grpc-js";
import * as eng from "@pulumi/pulumi/proto/engine_pb";
import * as res from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { fromStruct, toStruct } from "../shared/propertyValues";
import { errorText } from "./errorText";
import { invoke, read } from "./reads";
import { register } from "./registration";
import type { Run } from "./run";
import { startServer, type Handlers } from "./server";
import { sweepOnce } from "./sweep";

const FEATURES = [
    "secrets",
    "resourceReferences",
    "outputValues",
    "aliasSpecs",
    "deletedWith",
    "parameterization",
    "resourceHooks",
    "replacementTrigger",
];

/**
 * Serves the run to a program until it is closed.
 *
 * @param failed The code of what fails. The real engine says UNAVAILABLE, on which the host ends the program, and the SDK alone hangs.
 */
export function serveRun(run: Run, failed = status.UNKNOWN): Promise<{ address: string; close: () => void }> {
    return startServer(monitorOf(run, failed), engineOf(run));
}

function monitorOf(run: Run, failed: status): Handlers {
    const noting =
        <Q, R>(handler: (request: Q) => Promise<R>) =>
        async (request: Q) => {
            try {
                return await run.busy(() => handler(request));
            } catch (error) {
                if (!run.closed) run.errors.push(errorText(error));
                // Never the provider's own code.
                throw Object.assign(new Error(errorText(error), { cause: error }), { code: failed });
            }
        };
    return {
        supportsFeature: (request: res.SupportsFeatureRequest) => {
            const response = new res.SupportsFeatureResponse();
            response.setHassupport(FEATURES.includes(request.getId()) && !run.options.without?.includes(request.getId()));
            return response;
        },
        registerResource: noting(async (request: res.RegisterResourceRequest) => {
            const { urn, id, outputs } = await register(run, request);
            const response = new res.RegisterResourceResponse();
            response.setUrn(urn);
            response.setId(id);
            response.setObject(toStruct(outputs));
            return response;
        }),
        registerResourceOutputs: noting(async (request: res.RegisterResourceOutputsRequest) => {
            const resource = run.state.get(request.getUrn());
            if (!resource) throw new Error(`outputs for a resource that is not registered: ${request.getUrn()}`);
            resource.outputs = fromStruct(request.getOutputs());
            return new Empty();
        }),
        registerResourceHook: noting(async (request: res.RegisterResourceHookRequest) => {
            run.hooks.register(request);
            return new Empty();
        }),
        readResource: noting((request: res.ReadResourceRequest) => read(run, request)),
        // The program may catch a failed invoke, as with the real engine: it counts when the program does not.
        invoke: (request: res.ResourceInvokeRequest) => run.busy(() => invoke(run, request)),
        registerPackage: () => {
            const response = new res.RegisterPackageResponse();
            response.setRef("lab");
            return response;
        },
        signalAndWaitForShutdown: noting(async () => {
            await sweepOnce(run);
            return new Empty();
        }),
    };
}

function engineOf(run: Run): Handlers {
    return {
        log: (request: eng.LogRequest) => {
            if (request.getSeverity() >= eng.LogSeverity.WARNING) run.diagnostics.push(request.getMessage().trim());
            if (request.getSeverity() >= eng.LogSeverity.ERROR) run.logged.push(errorText(request.getMessage()));
            return new Empty();
        },
        getRootResource: () => new eng.GetRootResourceResponse(),
        setRootResource: () => new eng.SetRootResourceResponse(),
    };
}
