/** `pulumi up --refresh`: what the providers report now replaces what the state remembers. */
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { fromStruct, markLike, markOutputs, plainProps, toStruct, type Props } from "../shared/propertyValues";
import type { Run } from "./run";
import { isProvider, type ResourceState } from "./types";

/** Fails with the first provider that fails; a resource that is gone is dropped from the state, even if protected. */
export async function refresh(run: Run): Promise<void> {
    const known = [...run.state].filter(([, { custom, type }]) => custom && !isProvider(type));
    await Promise.all(known.map(([urn, resource]) => run.step("refresh", urn, resource, () => ask(run, urn, resource))));
}

async function ask(run: Run, urn: string, resource: ResourceState): Promise<void> {
    const request = new pb.ReadRequest();
    request.setId(resource.id);
    request.setUrn(urn);
    request.setType(resource.type);
    request.setName(resource.name);
    request.setProperties(toStruct(plainProps(resource.outputs)));
    request.setInputs(toStruct(plainProps(resource.inputs)));
    const response = await run.call<pb.ReadResponse>(resource.type, "read", request);
    if (!response.getId()) return void run.state.delete(urn);
    // Secret properties stay secret.
    const inputs = response.hasInputs() ? (markLike(fromStruct(response.getInputs()), resource.inputs) as Props) : resource.inputs;
    const outputs = markOutputs(markLike(fromStruct(response.getProperties()), resource.outputs) as Props, inputs, []);
    run.state.set(urn, { ...resource, id: response.getId(), inputs, outputs });
}
