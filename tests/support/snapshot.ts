/** What a lab's clouds hold, put aside and put back: a deployment is made once and serves many tests. */
import type { Cloud } from "../../lab/cloud";
import type { PooledKeys } from "./keys";

const PARTS = ["aws", "cloudflare", "variants", "gatewayPort80Open", "denied", "providerState"] as const;

/** The plain data of a cloud, and how many keys it has taken from the pool. */
export type CloudSnapshot = Pick<Cloud, (typeof PARTS)[number]> & { keysTaken: Map<string, number> | undefined };

const pooled = (cloud: Cloud): PooledKeys | undefined => ("taken" in cloud.keys ? (cloud.keys as PooledKeys) : undefined);

export function takeSnapshot(cloud: Cloud): CloudSnapshot {
    const parts = Object.fromEntries(PARTS.map((part) => [part, cloud[part]])) as unknown as Omit<CloudSnapshot, "keysTaken">;
    return structuredClone({ ...parts, keysTaken: pooled(cloud)?.taken });
}

export function restoreSnapshot(cloud: Cloud, snapshot: CloudSnapshot): void {
    const { keysTaken, ...parts } = structuredClone(snapshot);
    Object.assign(cloud, parts);
    const keys = pooled(cloud);
    if (keys && keysTaken) keys.taken = keysTaken;
}
