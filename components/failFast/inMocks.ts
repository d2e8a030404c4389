/**
 * What a late failure does in a unit test, where no engine would end the run: every output of the component fails with the reason. Nothing
 * else does, or a test runner would print the reason a hundred times: children are registered without the values that failed.
 */
import { setImmediate } from "node:timers";
import * as pulumi from "@pulumi/pulumi";
import type { Guard } from "./guard";
import { mapLate, partsOf, pinned, quiet, registered, resourcesOf, settled } from "./lateValues";

/** Stands for that of a resource which the mocks refused: what its children take from it must be a URN. */
const NO_URN = "urn:pulumi:stack::project::none::none";

export function inMocks(): Guard {
    let first: Error | undefined;
    let tell: (error: Error) => void = () => undefined;
    const failed = new Promise<Error>((resolve) => (tell = resolve));
    /** Whether a test that waits for an output hears of the failure. */
    let heard = false;
    const fail = (error: unknown): void => {
        // A runner prints it with all that it refers to: it takes vitest minutes, and gigabytes.
        if (pulumi.ResourceError.isInstance(error)) delete (error as Partial<pulumi.ResourceError>).resource;
        if (first !== undefined) return;
        const reason = (first = pinned(error));
        tell(reason);
        setImmediate(() => {
            // No test may pass because it never looked, or looked before.
            if (!heard) void Promise.reject(reason);
        });
    };
    /** The value, or nothing if anything failed. */
    const spared = (late: unknown): pulumi.Output<unknown> => {
        const output = quiet(pulumi.output(late));
        const ended = settled(output).then(() => (first === undefined ? output : undefined), fail);
        return pulumi.output(Promise.race([ended, failed.then(() => undefined)]));
    };
    const sparedOf = new WeakMap<object, pulumi.Output<unknown>>();
    /** The value, or the reason why there is none. */
    const told = (late: pulumi.Output<unknown>): pulumi.Output<unknown> => {
        const value = spared(late);
        const ended = settled(value).then(() => {
            if (first !== undefined) throw first;
            return value;
        });
        const output = quiet(pulumi.output(ended));
        const parts = partsOf(output);
        const promise = parts.promise.bind(output);
        parts.promise = (...args) =>
            promise(...args).catch((error: unknown) => {
                heard = true;
                throw error;
            });
        sparedOf.set(output, value);
        return output;
    };
    const dependencies = async (dependsOn: unknown, parent: pulumi.Resource | undefined): Promise<pulumi.Resource[]> => {
        const resources = await resourcesOf(dependsOn);
        await registered([parent, ...resources]);
        return first === undefined ? resources : [];
    };
    const none = (error?: unknown): pulumi.Resource[] => {
        fail(error);
        return [];
    };
    return {
        component: () => undefined,
        child: (resource, props, own) => {
            // Not before its constructor has made its outputs.
            queueMicrotask(() => {
                for (const value of Object.values(resource)) if (pulumi.Output.isInstance(value)) quiet(value);
                settled(resource.urn).catch(fail);
            });
            const dependsOn = Promise.race([dependencies(own.dependsOn, own.parent).catch(none), failed.then(none)]);
            return { props: mapLate(props, spared) as pulumi.Inputs, opts: { ...own, dependsOn: pulumi.output(dependsOn) } };
        },
        settle: (component, outermost) => {
            const fields = component as unknown as Record<string, unknown>;
            const { urn } = component;
            quiet(urn);
            for (const [field, value] of Object.entries(fields))
                if (pulumi.Output.isInstance(value) && field !== "urn") fields[field] = outermost ? told(value) : spared(value);
            const known = settled(urn).then(
                () => urn,
                (error) => {
                    fail(error);
                    return NO_URN;
                },
            );
            fields.urn = pulumi.output(known);
            // Mocks know no outputs of a component that they refused, and the next test's mocks know none of this one's.
            const { registerOutputs } = component as unknown as { registerOutputs(outputs?: unknown): void };
            fields.registerOutputs = (outputs?: unknown): void => {
                const values = mapLate(outputs, (late) => sparedOf.get(late as object) ?? spared(late));
                settled(urn).then(() => first === undefined && registerOutputs.call(component, values), fail);
            };
        },
        late: <T>(values: T) => mapLate(values, spared) as T,
    };
}
