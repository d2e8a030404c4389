/** The resource hooks that one run registered, and the callbacks into the program that run them. */
import * as grpc from "@grpc/grpc-js";
import { CallbacksClient } from "@pulumi/pulumi/proto/callback_grpc_pb";
import { CallbackInvokeRequest, type CallbackInvokeResponse } from "@pulumi/pulumi/proto/callback_pb";
import { ResourceHookRequest, ResourceHookResponse, type RegisterResourceHookRequest } from "@pulumi/pulumi/proto/resource_pb";
import { toStruct, type Props } from "../shared/propertyValues";

/** What a hook receives about the resource. */
export interface HookContext {
    urn: string;
    type: string;
    name: string;
    id?: string;
    newInputs: Props;
    oldInputs?: Props;
    oldOutputs?: Props;
}

export class Hooks {
    readonly #hooks = new Map<string, { token: string; onDryRun: boolean; client: CallbacksClient }>();

    register(request: RegisterResourceHookRequest): void {
        const name = request.getName();
        if (this.#hooks.has(name)) throw new Error(`resource hook already registered for name "${name}"`);
        const client = new CallbacksClient(request.getCallback()?.getTarget() ?? "", grpc.credentials.createInsecure());
        this.#hooks.set(name, { token: request.getCallback()?.getToken() ?? "", onDryRun: request.getOnDryRun(), client });
    }

    /** Runs the hooks in order; the first that fails fails the step. */
    async before(names: string[], preview: boolean, context: HookContext): Promise<void> {
        for (const name of names) {
            const hook = this.#hooks.get(name);
            if (!hook) throw new Error(`resource hook "${name}" was not registered`);
            if (preview && !hook.onDryRun) continue;
            const request = new ResourceHookRequest();
            request.setUrn(context.urn);
            request.setId(context.id ?? "");
            request.setName(context.name);
            request.setType(context.type);
            request.setNewInputs(toStruct(context.newInputs));
            if (context.oldInputs) request.setOldInputs(toStruct(context.oldInputs));
            if (context.oldOutputs) request.setOldOutputs(toStruct(context.oldOutputs));
            const call = new CallbackInvokeRequest();
            call.setToken(hook.token);
            call.setRequest(request.serializeBinary());
            const response = await new Promise<CallbackInvokeResponse>((done, fail) =>
                hook.client.invoke(call, (error, answer) => (error ? fail(error) : done(answer))),
            );
            const error = ResourceHookResponse.deserializeBinary(response.getResponse_asU8()).getError();
            if (error) throw new Error(`before hook "${name}" failed: ${error}`);
        }
    }

    close(): void {
        for (const { client } of this.#hooks.values()) client.close();
    }
}
