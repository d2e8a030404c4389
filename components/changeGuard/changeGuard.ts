/**
 * Which changes a live API survives: the rules behind the refusals of `pulumi preview` and `pulumi up`. Pure: it compares the last
 * deployment's facts with the new ones, and knows what the last deployment reported when it finished.
 */

import { CLOUDFLARE_SHARED } from "../validation/originPull";

/** What a deployment intends, without secrets: the inputs of the deployment record. */
export interface Facts {
    domainName: string;
    zoneId: string;
    mode: string;
    /** Every trusted authority by name, with the SHA-256 of each CA key, or `issued` if this component issues it. */
    authorities: Record<string, string[]>;
    presented: string;
}

/** A refused change, in terms of the arguments. */
export interface Refusal {
    rule: "unfinished" | "drop-presented" | "present-untrusted" | "other-key" | "other-name";
    path: string;
    message: string;
    fix: string;
}

/** A value that is not known yet does not arrive as a string. */
const known = (value: unknown): value is string => typeof value === "string";

/** The keys of an authority; undefined if it is missing or not known yet. */
function keysOf(facts: Facts, name: string): string[] | undefined {
    const keys = facts.authorities[name];
    return Array.isArray(keys) && keys.every(known) ? keys : undefined;
}

/** Whether the authority still has all of its keys; unknown keys count as different. */
function sameKeys(old: Facts, next: Facts, name: string): boolean {
    const [before, after] = [keysOf(old, name), keysOf(next, name)];
    return before !== undefined && after !== undefined && before.every((key) => after.includes(key));
}

const list = (names: string[]): string => names.map((name) => `"${name}"`).join(", ");
const described = (facts: Facts): string => `authorities ${list(Object.keys(facts.authorities))} with presented "${facts.presented}"`;

/**
 * Every reason to refuse the change from `old` to `next`.
 *
 * @param presented What the edge presents since the last deployment finished; undefined if it did not finish.
 */
export function refusals(old: Facts, next: Facts, presented: string | undefined): Refusal[] {
    const found: Refusal[] = [];
    const finishFirst = `finish the last deployment first (${described(old)}); if it cannot finish, use break-glass`;
    for (const [path, before, after] of [
        ["domainName", old.domainName, next.domainName],
        ["zoneId", old.zoneId, next.zoneId],
    ] as const)
        if (before !== after)
            found.push({
                rule: "other-name",
                path,
                message: `must stay ${JSON.stringify(before)} while the API is live; received ${known(after) ? JSON.stringify(after) : "a value that is not known yet"}`,
                fix:
                    presented === undefined
                        ? `${finishFirst}. If the API was never live, run \`pulumi destroy\` and start over, or use break-glass`
                        : "create a second component for the new name, move visitors to it, then remove this one",
            });
    // After a failure the edge may present any of the trusted authorities: all of them must stay.
    const mustStay = presented === undefined ? Object.keys(old.authorities) : [presented];
    for (const name of mustStay) {
        if (!(name in next.authorities))
            found.push({
                rule: presented === undefined ? "unfinished" : "drop-presented",
                path: "originPull.authorities",
                message:
                    presented === undefined
                        ? `must keep "${name}", because the last deployment did not finish and the edge may present it; received ${list(Object.keys(next.authorities))}`
                        : `must keep "${name}" while the edge presents it; received ${list(Object.keys(next.authorities))}`,
                fix:
                    presented === undefined
                        ? finishFirst
                        : `three deployments: authorities ${list([...Object.keys(next.authorities), name])} with presented "${name}"; then presented "${next.presented === name ? Object.keys(next.authorities)[0] : next.presented}"; then without "${name}"`,
            });
        else if (!sameKeys(old, next, name))
            found.push({
                rule: "other-key",
                path: `originPull.authorities "${name}"`,
                message: `must keep its CA key while the edge ${presented === undefined ? "may present it" : "presents it"}; received ${keysOf(next, name) ? "a different key" : "a key that is not known yet"}`,
                fix:
                    presented === undefined
                        ? finishFirst
                        : "add the new CA as an authority with a new name, present it in the next deployment, and drop this one in the one after",
            });
    }
    if (next.presented !== presented && !mustStay.includes(next.presented) && !sameKeys(old, next, next.presented))
        found.push({
            rule: "present-untrusted",
            path: "originPull.presented",
            message: `must name an authority that the API already trusts (${list(Object.keys(old.authorities))}); received "${next.presented}"`,
            fix:
                presented === undefined
                    ? finishFirst
                    : next.presented === CLOUDFLARE_SHARED
                      ? `trust it first: add an authority with Cloudflare's shared CA as its caCertificatePem (in the stack's configuration: cloudflare-shared) and keep "${presented}" presented; then switch to mode Shared with "${presented}" still in originPull.authorities; then remove it`
                      : `deploy with "${next.presented}" in originPull.authorities and presented "${presented}" first, then present it`,
        });
    return found;
}
