/**
 * Ends a run in which a value of a component fails late: an argument that is refused once it is known, a look-up that fails, a mock that
 * throws. Before 3.252 the SDK never settles the outputs of a resource whose inputs failed, so whatever depends on it waits for ever: an
 * inline program never ends, and a unit test times out. Since then such a program ends as if it were complete, and the engine deletes
 * what it did not come to register (docs/sources.md 14.8).
 */
import * as pulumi from "@pulumi/pulumi";
import { hasHooks } from "../hooks";
import type { Guard } from "./guard";
import { inMocks } from "./inMocks";
import { onEngine } from "./onEngine";

export interface FailFast {
    /** The component's own options: its children inherit what watches over their inputs. */
    options(opts: pulumi.ComponentResourceOptions | undefined): pulumi.ComponentResourceOptions;
    /** Makes every output of a component settle whatever happens. Before `registerOutputs`. */
    settle(component: pulumi.ComponentResource): void;
    /** The same for values that are handed on in another way. */
    late<T>(values: T): T;
}

/** The guard of each component: one inside another shares its parent's. */
const guards = new WeakMap<pulumi.Resource, Guard>();

/** Makes the watch of a component named `name`; call it before `super`. */
export function failFast(name: string, opts: pulumi.ComponentResourceOptions | undefined): FailFast {
    const outer = opts?.parent && guards.get(opts.parent);
    if (outer) return { options: (own) => own ?? {}, settle: (inner) => outer.settle(inner, false), late: (values) => outer.late(values) };

    const guard = hasHooks() ? onEngine(name) : inMocks();
    let component: pulumi.Resource | undefined;
    const transformation: pulumi.ResourceTransformation = ({ resource, props, opts: own }) => {
        if (!component) {
            // The component itself comes first.
            component = resource;
            guards.set(resource, guard);
            guard.component(resource);
            return undefined;
        }
        if (resource instanceof pulumi.ComponentResource) guards.set(resource, guard);
        return guard.child(resource, props as pulumi.Inputs, own);
    };
    return {
        options: (own) => ({ ...own, transformations: [...(own?.transformations ?? []), transformation] }),
        settle: (settling) => guard.settle(settling, settling === component),
        late: (values) => guard.late(values),
    };
}
