/** How a run deletes: a single resource, and at the end everything that is left over. */
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { plainProps, toStruct } from "../shared/propertyValues";
import type { Run } from "./run";
import { isProvider, type Pending, type ResourceState } from "./types";

export async function remove(run: Run, urn: string, resource: ResourceState): Promise<void> {
    const { type, name } = resource;
    await run.step("delete", urn, resource, async () => {
        if (run.options.preview || !resource.custom || isProvider(type)) return;
        const request = new pb.DeleteRequest();
        request.setId(resource.id);
        request.setUrn(urn);
        request.setType(type);
        request.setName(name);
        request.setProperties(toStruct(plainProps(resource.outputs)));
        request.setOldInputs(toStruct(plainProps(resource.inputs)));
        await run.call(type, "delete", request);
    });
}

/** Runs at most once per run. */
export const sweepOnce = (run: Run): Promise<void> => (run.sweep ??= sweep(run));

/** Deletes what the program no longer names and the old halves of replacements, dependents first; not after any error. */
async function sweep(run: Run): Promise<void> {
    // A rejection of this turn is reported in the next.
    await new Promise((resolve) => setImmediate(resolve));
    if (run.errors.length || run.logged.length || run.rejections.length) return;
    const gone = [...run.state].filter(([urn]) => !run.seen.has(urn));
    const guarded = gone.filter(([, { protect }]) => protect).map(([urn]) => `resource ${urn} cannot be deleted because it is protected`);
    if (guarded.length) throw new Error(guarded.join("\n"));
    const left: { entry: Pending; forget: () => void }[] = [
        ...gone.map((entry) => ({ entry, forget: () => void run.state.delete(entry[0]) })),
        ...run.pending.map((entry) => ({ entry, forget: () => void run.pending.splice(run.pending.indexOf(entry), 1) })),
    ];
    while (left.length) {
        const blocked = ({ entry: [urn] }: { entry: Pending }) =>
            left.some(({ entry: [other, { parent, dependencies }] }) => other !== urn && (parent === urn || dependencies.includes(urn)));
        const free = left.map((candidate) => !blocked(candidate)).lastIndexOf(true);
        const [next] = left.splice(free < 0 ? left.length - 1 : free, 1);
        if (!next) break;
        await remove(run, ...next.entry);
        next.forget();
    }
}
