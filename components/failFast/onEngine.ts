/** What a late failure does in a deployment: a step of the engine fails with its reason. */
import * as pulumi from "@pulumi/pulumi";
import { hookName } from "../hooks";
import { refusal } from "../refusal";
import type { Guard } from "./guard";
import { mapLate, pinned, registered, resourcesOf, settled } from "./lateValues";

/** A child that no engine can create: its failure ends the deployment, and nothing is deleted. */
class Stop extends pulumi.ComponentResource {
    constructor(name: string, reason: string, parent: pulumi.Resource) {
        const hook = new pulumi.ResourceHook(
            hookName(`stop:${name}`),
            () => {
                throw refusal(reason);
            },
            { onDryRun: true },
        );
        super("cloudflare-protected-http-api:index:Stop", name, {}, { parent, hooks: { beforeCreate: [hook], beforeUpdate: [hook] } });
        this.registerOutputs({});
    }
}

export function onEngine(name: string): Guard {
    let component: pulumi.Resource | undefined;
    let first: Error | undefined;
    let stopped: Promise<unknown> | undefined;
    const fail = async (error: unknown): Promise<never> => {
        if (first === undefined) {
            first = pinned(error);
            // Registered before the failure goes on: the program cannot end, and so nothing be deleted, until the engine has answered.
            if (component) stopped = settled(new Stop(`${name}-stop`, first.message, component).urn).catch(() => undefined);
        }
        // What goes on after the engine has ended the run would only fail to reach it, at length.
        await stopped;
        throw first;
    };
    const watched = (late: unknown): pulumi.Output<unknown> => {
        const output = pulumi.output(late);
        return pulumi.output(settled(output).then(() => (first === undefined ? output : fail(first)), fail));
    };
    /** Resolves to nothing, so that it adds no dependency. */
    const ready = async (dependsOn: unknown, parent: pulumi.Resource | undefined): Promise<pulumi.Resource[]> => {
        await registered([parent, ...(await resourcesOf(dependsOn))]);
        return first === undefined ? [] : fail(first);
    };
    return {
        component: (resource) => (component = resource),
        child: (resource, props, own) => {
            if (resource instanceof Stop) return undefined;
            const dependsOn = [pulumi.output(ready(own.dependsOn, own.parent).catch(fail)), own.dependsOn ?? []].flat();
            return {
                props: mapLate(props, watched) as pulumi.Inputs,
                opts: { ...own, dependsOn: dependsOn as pulumi.ComponentResourceOptions["dependsOn"] },
            };
        },
        // The engine ends a deployment whose step failed.
        settle: () => undefined,
        late: (values) => values,
    };
}
