/** A tiny provider for the engine's tests: package "demo", one resource type, one function, a log of what it was asked to do. */
import * as pulumi from "@pulumi/pulumi";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { UNKNOWN } from "../../lab/engine/engine";
import type { Provider, ProviderError } from "../../lab/shared/provider";

type Props = Record<string, unknown>;
const struct = (o: Props) => Struct.fromJavaScript(o as Record<string, JavaScriptValue>);
const props = (s: Struct | undefined): Props => s?.toJavaScript() ?? {};
const answer = <Q, R>(f: (q: Q) => R) => ({
    method(call: { request: Q }, cb: (e: ProviderError | null, r?: unknown) => void): void {
        try {
            cb(null, f(call.request));
        } catch (e) {
            cb({ code: 2, details: (e as Error).message });
        }
    },
});

export interface ThingArgs {
    /** Changing it replaces the thing. */
    kind?: pulumi.Input<string>;
    size?: pulumi.Input<number>;
    text?: pulumi.Input<string>;
    /** "check" is refused by Check, "create" by Create; "hang" never answers. */
    fail?: pulumi.Input<string>;
    file?: pulumi.Input<pulumi.asset.Asset>;
}

export class Thing extends pulumi.CustomResource {
    declare readonly arn: pulumi.Output<string>;
    declare readonly kind: pulumi.Output<string | undefined>;
    declare readonly text: pulumi.Output<string | undefined>;
    constructor(name: string, args: ThingArgs = {}, opts?: pulumi.CustomResourceOptions) {
        super("demo:index:Thing", name, { ...args, arn: undefined }, opts);
    }
}

export function fakeProvider(): Provider & { things: Map<string, Props>; log: string[] } {
    const things = new Map<string, Props>();
    const log: string[] = [];
    let next = 0;
    const nameOf = (urn: string) => urn.split("::")[3] ?? "";
    const create = answer((q: pb.CreateRequest) => {
        const inputs = props(q.getProperties());
        const r = new pb.CreateResponse();
        if (q.getPreview()) return (r.setProperties(struct({ ...inputs, arn: UNKNOWN })), r);
        log.push(`create ${nameOf(q.getUrn())}`);
        if (inputs.fail === "create") throw new Error("the cloud said no");
        const id = `${nameOf(q.getUrn())}-${++next}`;
        things.set(id, inputs);
        r.setId(id);
        r.setProperties(struct({ ...inputs, arn: `arn:${id}` }));
        return r;
    });
    const methods = {
        check: answer((q: pb.CheckRequest) => {
            const r = new pb.CheckResponse();
            const news = props(q.getNews());
            r.setInputs(struct(news));
            if (news.fail === "check") {
                const f = new pb.CheckFailure();
                f.setProperty("fail");
                f.setReason("not like this");
                r.setFailuresList([f]);
            }
            return r;
        }),
        diff: answer((q: pb.DiffRequest) => {
            const [olds, news] = [props(q.getOldInputs()), props(q.getNews())];
            const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
                (k) => JSON.stringify(olds[k]) !== JSON.stringify(news[k]),
            );
            const r = new pb.DiffResponse();
            r.setChanges(changed.length ? pb.DiffResponse.DiffChanges.DIFF_SOME : pb.DiffResponse.DiffChanges.DIFF_NONE);
            r.setDiffsList(changed);
            r.setReplacesList(changed.filter((k) => k === "kind"));
            return r;
        }),
        update: answer((q: pb.UpdateRequest) => {
            if (!q.getPreview()) {
                log.push(`update ${nameOf(q.getUrn())}`);
                things.set(q.getId(), props(q.getNews()));
            }
            const r = new pb.UpdateResponse();
            r.setProperties(struct({ ...props(q.getNews()), arn: `arn:${q.getId()}` }));
            return r;
        }),
        delete: answer((q: pb.DeleteRequest) => {
            log.push(`delete ${nameOf(q.getUrn())}`);
            if (!things.delete(q.getId())) throw new Error(`no such thing: ${q.getId()}`);
            return new Empty();
        }),
        invoke: answer((q: pb.InvokeRequest) => {
            const r = new pb.InvokeResponse();
            const f = new pb.CheckFailure();
            f.setReason("no answer today");
            if (q.getTok() === "demo:index:ask") r.setReturn(struct({ answer: 42 }));
            else r.setFailuresList([f]);
            return r;
        }),
    };
    const impl: Provider["impl"] = {
        create(call, cb) {
            const request = call.request as pb.CreateRequest;
            if (props(request.getProperties()).fail !== "hang") create.method({ request }, cb);
        },
    };
    for (const [name, m] of Object.entries(methods)) impl[name] = m.method as Provider["impl"][string];
    return { impl, things, log };
}
