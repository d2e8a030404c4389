/** `pulumi up --refresh`: what the providers hold now takes the place of what the state remembers of it. */
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import type { Deployment, ResourceState } from "./deployment";
import { isProvider, markLike, markOutputs, plainProps, props, struct, type Props } from "./server";

/** Fails with the first provider that cannot say; what is gone is forgotten, whether or not it is protected. */
export async function refresh(d: Deployment): Promise<void> {
    const known = [...d.state].filter(([, s]) => s.custom && !isProvider(s.type));
    await Promise.all(known.map(([urn, s]) => d.step("refresh", urn, s, () => ask(d, urn, s))));
}

async function ask(d: Deployment, urn: string, s: ResourceState): Promise<void> {
    const q = new pb.ReadRequest();
    q.setId(s.id);
    q.setUrn(urn);
    q.setType(s.type);
    q.setName(s.name);
    q.setProperties(struct(plainProps(s.outputs)));
    q.setInputs(struct(plainProps(s.inputs)));
    const found = await d.call<pb.ReadResponse>(s.type, "read", q);
    if (!found.getId()) return void d.state.delete(urn);
    // What was secret stays so, by the name of the property.
    const inputs = found.hasInputs() ? (markLike(props(found.getInputs()), s.inputs) as Props) : s.inputs;
    const outputs = markOutputs(markLike(props(found.getProperties()), s.outputs) as Props, inputs, []);
    d.state.set(urn, { ...s, id: found.getId(), inputs, outputs });
}
