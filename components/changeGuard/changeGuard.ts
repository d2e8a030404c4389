/**
 * Which changes a live API survives: the rules behind the refusals of `pulumi preview` and `pulumi up`. Pure: it compares the last
 * deployment's facts with the new ones, and knows what is deployed.
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

/** What is deployed, as the state's cloud resources say: no program can overwrite it without deploying. */
export interface Deployed {
    domainName: string;
    zoneId: string;
    /** The authority whose leaf the edge presents. */
    presented: string;
    /** Every authority whose keys are in the truststore that the domain has pinned. */
    trusted: string[];
}

/** A refused change, in terms of the arguments. */
export interface Refusal {
    rule: "unfinished" | "drop-presented" | "present-untrusted" | "other-key" | "other-name";
    path: string;
    message: string;
    fix: string;
}

/** What a refresh that runs the program stores for a value that it does not know (docs/sources.md 14.3). */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A value that is not known yet does not arrive as a string, or as one that stands for it. */
const known = (value: unknown): value is string => typeof value === "string" && value !== "" && value !== UNKNOWN;
const knownList = (value: unknown): value is string[] => Array.isArray(value) && value.length > 0 && value.every(known);

/**
 * Reads the outputs of the deployment record.
 *
 * @returns undefined if they do not tell what the edge presents and what is trusted: the last deployment did not finish.
 */
export function readDeployed(outputs: unknown): Deployed | undefined {
    const { domainName, zoneId, presents, certificateIds, authorities, truststore } = (outputs ?? {}) as Record<string, unknown>;
    if (![domainName, zoneId, presents].every(known) || !knownList(truststore)) return undefined;
    const ids = Object.entries((certificateIds ?? {}) as Record<string, unknown>);
    const presented = presents === CLOUDFLARE_SHARED ? CLOUDFLARE_SHARED : ids.find(([, id]) => id === presents)?.[0];
    const trusted = Object.entries((authorities ?? {}) as Record<string, unknown>)
        .filter(([, keys]) => knownList(keys) && keys.every((key) => truststore.includes(key)))
        .map(([name]) => name);
    if (presented === undefined || !trusted.includes(presented)) return undefined;
    return { domainName: domainName as string, zoneId: zoneId as string, presented, trusted };
}

/** The keys of an authority; undefined if it is missing or not known yet. */
function keysOf(facts: Facts, name: string): string[] | undefined {
    // Not what every object has: an authority may be called `constructor`.
    const keys = Object.hasOwn(facts.authorities, name) ? facts.authorities[name] : undefined;
    return knownList(keys) ? keys : undefined;
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
 * @param deployed undefined if the last deployment did not finish.
 */
export function refusals(old: Facts, next: Facts, deployed: Deployed | undefined): Refusal[] {
    const found: Refusal[] = [];
    const presented = deployed?.presented;
    const finishFirst = `finish the last deployment first (${described(old)}); if it cannot finish, use break-glass`;
    for (const [path, before, after] of [
        ["domainName", deployed?.domainName ?? old.domainName, next.domainName],
        ["zoneId", deployed?.zoneId ?? old.zoneId, next.zoneId],
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
        if (!Object.hasOwn(next.authorities, name))
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
    // The old facts alone are a program's word: it may have run without deploying.
    const isTrusted = sameKeys(old, next, next.presented) && (deployed === undefined || deployed.trusted.includes(next.presented));
    if (next.presented !== presented && !mustStay.includes(next.presented) && !isTrusted)
        found.push({
            rule: "present-untrusted",
            path: "originPull.presented",
            message: `must name an authority that the API already trusts (${list(deployed?.trusted ?? Object.keys(old.authorities))}); received "${next.presented}"`,
            fix:
                presented === undefined
                    ? finishFirst
                    : next.presented === CLOUDFLARE_SHARED
                      ? `trust it first: add an authority with Cloudflare's shared CA as its caCertificatePem (in the stack's configuration: cloudflare-shared) and keep "${presented}" presented; then switch to mode Shared with "${presented}" still in originPull.authorities; then remove it`
                      : `deploy with "${next.presented}" in originPull.authorities and presented "${presented}" first, then present it`,
        });
    return found;
}
