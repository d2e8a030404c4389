/**
 * Look-ups: what the component asks Cloudflare while it deploys, and what a failure of one does (docs/component.md#look-ups). A change that
 * depends on the answer is refused; without such a change a cloud that does not answer stops nothing.
 */
import * as pulumi from "@pulumi/pulumi";
import { hasHooks, hookName } from "./hooks";
import { refusal } from "./refusal";

/** Why a look-up failed: the token may not make it, Cloudflare does not answer, or anything else. */
type Failure = "forbidden" | "unreachable" | "other";

/** By the provider's message, which holds the request and Cloudflare's answer (docs/sources.md 12.5). */
export function failureOf(message: string): Failure {
    const status = Number(/": (\d{3}) /.exec(message)?.[1]);
    if (status === 403) return /invalid access token/i.test(message) ? "other" : "forbidden";
    if (status === 429 || status >= 500) return "unreachable";
    const lost = /dial tcp|connection (?:refused|reset)|no such host|i\/o timeout|deadline exceeded|TLS handshake timeout|\bEOF\b/;
    return Number.isNaN(status) && lost.test(message) ? "unreachable" : "other";
}

/** The provider's own words, without what the SDK wraps around them. */
export const reasonOf = (error: unknown): string =>
    (error instanceof Error ? error.message : String(error))
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "" && !/^at /.test(line))
        .join(" ")
        .replace(/^(?:Error: )?Invoke of '[^']*' failed: /, "");

/** Refuses to create or change one resource once a look-up that it depends on has failed. */
export interface Reserve {
    /** Options of that resource. */
    hooks: pulumi.ResourceHookBinding | undefined;
    /** Why the resource may not change; undefined if it may. */
    reason: string | undefined;
}

export function reserve(name: string): Reserve {
    const result: Reserve = { hooks: undefined, reason: undefined };
    if (!hasHooks()) return result;
    const judge = (): void => {
        if (result.reason !== undefined) throw refusal(result.reason);
    };
    const hook = new pulumi.ResourceHook(hookName(`look-up:${name}`), judge, { onDryRun: true });
    result.hooks = { beforeCreate: [hook], beforeUpdate: [hook] };
    return result;
}

/**
 * The answer; undefined, with a warning, if there is none that matters.
 *
 * @param what Completes "... must be readable at Cloudflare".
 * @param permission The token's permission if one that lacks it is only warned of.
 * @param cure What to do about an answer that is neither a missing permission nor an outage.
 */
export async function lookUp<T>(
    ask: () => Promise<T>,
    {
        what,
        permission,
        cure,
        reserve: reserved,
        resource,
    }: { what: string; permission?: string; cure: string; reserve: Reserve; resource: pulumi.Resource },
): Promise<T | undefined> {
    try {
        return await ask();
    } catch (error) {
        const reason = reasonOf(error);
        const failure = failureOf(reason);
        // A consumer's mock that throws arrives without a message.
        if (permission !== undefined && (reason === "" || failure === "forbidden")) {
            const received = reason || "no reason";
            await pulumi.log.warn(`${what} could not be read: the API token needs "${permission}"; received: ${received}`, resource);
            return undefined;
        }
        const text = `${what} must be readable at Cloudflare; received: ${reason || "no reason"}`;
        if (failure === "unreachable" && reserved.hooks !== undefined) {
            reserved.reason = `${text}. Cloudflare does not answer: run \`pulumi up\` again when it does`;
            await pulumi.log.warn(`${text}. Nothing that depends on it is changed in this run.`, resource);
            return undefined;
        }
        throw refusal(
            `${text}. ${failure === "unreachable" ? "Cloudflare does not answer: run `pulumi up` again when it does" : cure}`,
            resource,
        );
    }
}
