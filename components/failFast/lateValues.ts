/** Values that are only known late, and their failures. */
import * as pulumi from "@pulumi/pulumi";

/** The SDK's own parts of an Output, which are not in its types. */
interface Parts {
    promise(...args: unknown[]): Promise<unknown>;
    isKnown: Promise<boolean>;
    isSecret: Promise<boolean>;
}

export const partsOf = (output: pulumi.Output<unknown>): Parts => output as unknown as Parts;

/** Settles after the Output's value and resources, or fails with it. */
export const settled = (output: pulumi.Output<unknown>): Promise<unknown> => partsOf(output).isKnown;

/** The same Output, whose failure is told elsewhere: without it, each part that nobody waits for is an unhandled rejection. */
export function quiet(output: pulumi.Output<unknown>): pulumi.Output<unknown> {
    const { isKnown, isSecret } = partsOf(output);
    for (const part of [isKnown, isSecret]) part.catch(() => undefined);
    return output;
}

/** The error with a message that stays: the SDK puts a prefix before it at each resource that it passes. */
export function pinned(error: unknown): Error {
    const pin = error instanceof Error ? error : new Error(String(error));
    const message =
        pin.message || "a look-up failed, and the SDK gives no reason; in a unit test, a call that the mocks refuse looks like this";
    Object.defineProperty(pin, "message", { get: () => message, set: () => undefined, configurable: true });
    return pin;
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** The same value with every Output and Promise in it replaced. */
export function mapLate(value: unknown, replace: (late: unknown) => unknown): unknown {
    if (pulumi.Output.isInstance(value) || value instanceof Promise) return replace(value);
    if (Array.isArray(value)) return value.map((element) => mapLate(element, replace));
    // Resources and assets have classes of their own.
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, mapLate(element, replace)]));
}

/** What an option `dependsOn` names. */
export async function resourcesOf(dependsOn: unknown): Promise<pulumi.Resource[]> {
    const named = await partsOf(quiet(pulumi.output(dependsOn))).promise();
    return [named].flat(2).filter((resource) => pulumi.Resource.isInstance(resource));
}

/** Waits until whatever a child waits for beside its inputs is registered. */
export const registered = (resources: (pulumi.Resource | undefined)[]): Promise<unknown> =>
    Promise.all(resources.map((resource) => resource && settled(resource.urn)));
