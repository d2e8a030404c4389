/** Pulumi's resource hooks, as the component uses them. */
import * as pulumi from "@pulumi/pulumi";

/** Names share one namespace in a deployment, and a duplicate would hang its preview. */
const takenNames = new WeakMap<object, Set<string>>();

/** Only a real engine has hooks: mocks have none. On one that is too old the registration itself fails. */
export function hasHooks(): boolean {
    const monitor = pulumi.runtime.getMonitor() as { registerResourceHook?: unknown } | undefined;
    return typeof monitor?.registerResourceHook === "function";
}

/** A name that no other hook of this deployment has. Only if it has hooks. */
export function hookName(wanted: string): string {
    const monitor = pulumi.runtime.getMonitor() as object;
    const taken = takenNames.get(monitor) ?? new Set();
    takenNames.set(monitor, taken);
    let name = `cloudflare-protected-http-api:${wanted}`;
    while (taken.has(name)) name += "+";
    taken.add(name);
    return name;
}
