/** Calls a provider of the lab as the engine does: check, then create; diff; update; delete. */
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import type { Cloud } from "../../lab/cloud";
import { makeProvider } from "../../lab/providers";
import type { Props } from "../../lab/shared/resourceType";

const struct = (props: Props): Struct => Struct.fromJavaScript(props as Record<string, JavaScriptValue>);
const plain = (held: Struct | undefined): Props => (held?.toJavaScript() ?? {}) as Props;

export interface Resource {
    token: string;
    id: string;
    inputs: Props;
    outputs: Props;
}

export class Calls {
    constructor(readonly cloud: Cloud) {}

    private call<R>(token: string, method: string, request: unknown): Promise<R> {
        const provider = makeProvider(this.cloud, token.split(":")[0] ?? "");
        return new Promise((resolve, reject) => {
            provider.impl[method]?.({ request }, (error, response) => (error ? reject(new Error(error.details)) : resolve(response as R)));
        });
    }

    urn(token: string, name = "thing"): string {
        return `urn:pulumi:dev::project::${token}::${name}`;
    }

    async check(token: string, inputs: Props, olds: Props = {}): Promise<{ inputs: Props; failures: string[] }> {
        const request = new pb.CheckRequest();
        request.setUrn(this.urn(token));
        request.setNews(struct(inputs));
        request.setOlds(struct(olds));
        request.setRandomseed(new Uint8Array([1, 2, 3, 4]));
        const response = await this.call<pb.CheckResponse>(token, "check", request);
        return { inputs: plain(response.getInputs()), failures: response.getFailuresList().map((failure) => failure.getReason()) };
    }

    async create(token: string, inputs: Props, options: { preview?: boolean; timeout?: number } = {}): Promise<Resource> {
        const checked = await this.check(token, inputs);
        if (checked.failures.length) throw new Error(checked.failures.join("; "));
        const request = new pb.CreateRequest();
        request.setUrn(this.urn(token));
        request.setProperties(struct(checked.inputs));
        request.setPreview(options.preview ?? false);
        request.setTimeout(options.timeout ?? 0);
        const response = await this.call<pb.CreateResponse>(token, "create", request);
        return { token, id: response.getId(), inputs: checked.inputs, outputs: plain(response.getProperties()) };
    }

    async diff(resource: Resource, inputs: Props): Promise<{ diffs: string[]; replaces: string[]; paths: string[] }> {
        const request = new pb.DiffRequest();
        request.setUrn(this.urn(resource.token));
        request.setId(resource.id);
        request.setOlds(struct(resource.outputs));
        request.setOldInputs(struct(resource.inputs));
        request.setNews(struct(inputs));
        const response = await this.call<pb.DiffResponse>(resource.token, "diff", request);
        const paths = [...response.getDetaileddiffMap().keys()] as unknown as string[];
        return { diffs: response.getDiffsList(), replaces: response.getReplacesList(), paths };
    }

    async update(resource: Resource, inputs: Props, preview = false): Promise<Resource> {
        const request = new pb.UpdateRequest();
        request.setUrn(this.urn(resource.token));
        request.setId(resource.id);
        request.setOlds(struct(resource.outputs));
        request.setNews(struct(inputs));
        request.setPreview(preview);
        const response = await this.call<pb.UpdateResponse>(resource.token, "update", request);
        return { ...resource, inputs, outputs: plain(response.getProperties()) };
    }

    /** A read by id alone, as an import makes it. */
    async import(token: string, id: string): Promise<Resource> {
        const request = new pb.ReadRequest();
        request.setUrn(this.urn(token));
        request.setId(id);
        const response = await this.call<pb.ReadResponse>(token, "read", request);
        return { token, id: response.getId(), inputs: plain(response.getInputs()), outputs: plain(response.getProperties()) };
    }

    async checkConfig(pkg: string, config: Props): Promise<string[]> {
        const request = new pb.CheckRequest();
        request.setNews(struct(config));
        const response = await this.call<pb.CheckResponse>(pkg, "checkConfig", request);
        return response.getFailuresList().map((failure) => failure.getReason());
    }

    async delete(resource: Resource): Promise<void> {
        const request = new pb.DeleteRequest();
        request.setUrn(this.urn(resource.token));
        request.setId(resource.id);
        request.setProperties(struct(resource.outputs));
        await this.call(resource.token, "delete", request);
    }

    async invoke(token: string, args: Props): Promise<Props> {
        const request = new pb.InvokeRequest();
        request.setTok(token);
        request.setArgs(struct(args));
        return plain((await this.call<pb.InvokeResponse>(token, "invoke", request)).getReturn());
    }
}

/** Runs `action` and returns what it failed with; "" when it did not fail. */
export async function failure(action: Promise<unknown>): Promise<string> {
    return action.then(
        () => "",
        (error: unknown) => (error as Error).message,
    );
}
