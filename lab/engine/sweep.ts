/** How one run of engine.ts deletes: a single resource, and at the end all that is left over. */
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import type { Deployment, Pending, ResourceState } from "./deployment";
import { isProvider, plainProps, struct } from "./server";

export async function remove(d: Deployment, urn: string, s: ResourceState): Promise<void> {
    await d.step("delete", urn, s, async () => {
        if (d.options.preview || !s.custom || isProvider(s.type)) return;
        const q = new pb.DeleteRequest();
        q.setId(s.id);
        q.setUrn(urn);
        q.setType(s.type);
        q.setName(s.name);
        q.setProperties(struct(plainProps(s.outputs)));
        q.setOldInputs(struct(plainProps(s.inputs)));
        await d.call(s.type, "delete", q);
    });
}

/** Deletes what the program no longer names and the old halves of replacements, dependents first; not after any error. */
export async function sweep(d: Deployment): Promise<void> {
    await new Promise((r) => setImmediate(r)); // a rejection of this turn is reported in the next
    if (d.errors.length || d.logged.length || d.rejections.length) return;
    const gone = [...d.state].filter(([urn]) => !d.seen.has(urn));
    const guarded = gone.filter(([, s]) => s.protect).map(([urn]) => `resource ${urn} cannot be deleted because it is protected`);
    if (guarded.length) throw new Error(guarded.join("\n"));
    const left: { entry: Pending; forget: () => void }[] = [
        ...gone.map((entry) => ({ entry, forget: () => void d.state.delete(entry[0]) })),
        ...d.pending.map((entry) => ({ entry, forget: () => void d.pending.splice(d.pending.indexOf(entry), 1) })),
    ];
    while (left.length) {
        const blocked = ({ entry: [urn] }: { entry: Pending }) =>
            left.some(({ entry: [u, s] }) => u !== urn && (s.parent === urn || s.dependencies.includes(urn)));
        const free = left.map((l) => !blocked(l)).lastIndexOf(true);
        const [next] = left.splice(free < 0 ? left.length - 1 : free, 1);
        if (!next) break;
        await remove(d, ...next.entry);
        next.forget();
    }
}
