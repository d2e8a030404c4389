/**
 * Ends a run in which a value of a component fails late: an argument that is refused once it is known, a look-up that fails, a mock that
 * throws. Before 3.252 the SDK never settles the outputs of a resource whose inputs failed, so whatever depends on it waits for ever: an
 * inline program never ends, and a unit test times out. Since then such a program ends as if it were complete, and the engine deletes
 * what it did not come to register (docs/sources.md 14.8).
 */
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "./refusal";

export interface FailFast {
    /** The component's own options: its children inherit what watches over their inputs. */
    options(opts: pulumi.ComponentResourceOptions | undefined): pulumi.ComponentResourceOptions;
    /** Makes every output of a component settle whatever happens. Before `registerOutputs`. */
    settle(component: pulumi.ComponentResource): void;
    /** The same for values that are handed on in another way. */
    late<T>(values: T): T;
}

/** The watch of each component: one inside another shares its parent's. */
const watches = new WeakMap<pulumi.Resource, FailFast>();

/** The SDK's own mark, which is not in its types: it settles after value and resources. */
const settled = (output: pulumi.Output<unknown>): Promise<unknown> => (output as unknown as { isKnown: Promise<boolean> }).isKnown;

/** Only a real engine has hooks. */
function hasHooks(): boolean {
    const monitor = pulumi.runtime.getMonitor() as { registerResourceHook?: unknown } | undefined;
    return typeof monitor?.registerResourceHook === "function";
}

/** The error with a message that stays: the SDK puts a prefix before it at each resource that it passes. */
export function pinned(error: unknown): Error {
    const pin = error instanceof Error ? error : new Error(String(error));
    const message =
        pin.message || "a look-up failed, and the SDK gives no reason; in a unit test, a call that the mocks refuse looks like this";
    Object.defineProperty(pin, "message", { get: () => message, set: () => undefined, configurable: true });
    return pin;
}

/** A child that no engine can create: its failure ends the deployment, and nothing is deleted. */
class Stop extends pulumi.ComponentResource {
    constructor(name: string, reason: string, parent: pulumi.Resource) {
        const hook = new pulumi.ResourceHook(
            `cloudflare-protected-http-api:stop:${name}`,
            () => {
                throw refusal(reason);
            },
            { onDryRun: true },
        );
        super("cloudflare-protected-http-api:index:Stop", name, {}, { parent, hooks: { beforeCreate: [hook], beforeUpdate: [hook] } });
        this.registerOutputs({});
    }
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** The same value with every Output and Promise in it replaced. */
function mapLate(value: unknown, replace: (late: unknown) => unknown): unknown {
    if (pulumi.Output.isInstance(value) || value instanceof Promise) return replace(value);
    if (Array.isArray(value)) return value.map((element) => mapLate(element, replace));
    // Resources and assets have classes of their own.
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, mapLate(element, replace)]));
}

/** Makes the watch of a component named `name`; call it before `super`. */
export function failFast(name: string, opts: pulumi.ComponentResourceOptions | undefined): FailFast {
    const outer = opts?.parent && watches.get(opts.parent);
    if (outer) return { options: (own) => own ?? {}, settle: (inner) => outer.settle(inner), late: (values) => outer.late(values) };

    const mocked = !hasHooks();
    let component: pulumi.Resource | undefined;
    let first: Error | undefined;
    let reject: (error: unknown) => void = () => undefined;
    const failed = new Promise<never>((_, rejectFailed) => (reject = rejectFailed));
    failed.catch(() => undefined);

    let stopped: Promise<unknown> | undefined;
    const fail = async (error: unknown): Promise<never> => {
        if (first === undefined) {
            first = pinned(error);
            // Registered before the failure goes on: the program cannot end, and so nothing be deleted, until the engine has answered.
            if (!mocked && component) stopped = settled(new Stop(`${name}-stop`, first.message, component).urn).catch(() => undefined);
            reject(first);
        }
        // What goes on after the engine has ended the run would only fail to reach it, at length.
        await stopped;
        throw first;
    };
    const watched = (late: unknown): pulumi.Output<unknown> => {
        const output = pulumi.output(late);
        const ended = settled(output).then(() => (first === undefined ? output : fail(first)), fail);
        // An engine ends a deployment whose step failed; mocks have nobody who would.
        return pulumi.output(mocked ? Promise.race([ended, failed]) : ended);
    };
    /** Resolves to nothing once whatever a child waits for beside its inputs is registered. */
    const registered = (dependsOn: unknown, parent: pulumi.Resource | undefined): pulumi.Output<pulumi.Resource[]> => {
        const wait = async (): Promise<pulumi.Resource[]> => {
            const dependencies = await (pulumi.output(dependsOn) as unknown as { promise(): Promise<unknown> }).promise();
            const resources = [parent, dependencies].flat(2).filter((resource) => pulumi.Resource.isInstance(resource));
            await Promise.all(resources.map(({ urn }) => settled(urn)));
            return first === undefined ? [] : fail(first);
        };
        const ended = wait().catch(fail);
        return pulumi.output(mocked ? Promise.race([ended, failed]) : ended) as unknown as pulumi.Output<pulumi.Resource[]>;
    };
    const watch: FailFast = {
        options: (own) => ({ ...own, transformations: [...(own?.transformations ?? []), transformation] }),
        settle: (resource) => {
            if (!mocked) return;
            const fields = resource as unknown as Record<string, unknown>;
            // The URN too: `registerOutputs` waits for it.
            for (const [field, value] of Object.entries(fields)) if (pulumi.Output.isInstance(value)) fields[field] = watched(value);
        },
        late: <T>(values: T) => (mocked ? (mapLate(values, watched) as T) : values),
    };
    const transformation: pulumi.ResourceTransformation = ({ resource, props, opts: own }) => {
        if (!component) {
            // The component itself comes first.
            component = resource;
            watches.set(resource, watch);
            return undefined;
        }
        if (resource instanceof Stop) return undefined;
        if (resource instanceof pulumi.ComponentResource) watches.set(resource, watch);
        const dependsOn = [registered(own.dependsOn, own.parent), own.dependsOn ?? []].flat();
        return {
            props: mapLate(props, watched) as pulumi.Inputs,
            opts: { ...own, dependsOn: dependsOn as pulumi.ComponentResourceOptions["dependsOn"] },
        };
    };
    return watch;
}
