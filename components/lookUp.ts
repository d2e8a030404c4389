/**
 * Look-ups: what the component asks Cloudflare while it deploys, and what a failure of one does (docs/component.md#look-ups). A change that
 * depends on the answer is refused; without such a change a cloud that does not answer stops nothing.
 */
import * as pulumi from "@pulumi/pulumi";
import { hasHooks, hookName } from "./hooks";
import { refusal } from "./refusal";
import { visible } from "./validation/shown";

/** Why a look-up failed: the token may not make it, Cloudflare does not answer, or anything else. */
type Failure = "forbidden" | "unreachable" | "other";

/** A token that is good for nothing, not only for this. */
const UNUSABLE_TOKEN = /invalid (?:access|api) token|access token from location|unknown x-auth|auth(?:entication)? failures/i;
/** Words of Go's HTTP client for a connection that was not made, or was lost. */
const LOST =
    /dial tcp|proxyconnect|connection (?:refused|reset|closed|timed out)|broken pipe|no such host|server misbehaving|no route to host|network is unreachable|i\/o timeout|deadline exceeded|Client\.Timeout|TLS handshake timeout|stream error|GOAWAY|\bEOF\b/;

/** By the provider's message, which holds the request and Cloudflare's answer (docs/sources.md 12.5). */
export function failureOf(message: string): Failure {
    const [, digits, answer = ""] = /\b[A-Z]+ "https?:\/\/[^"]*": (\d{3})(?!\d)([^]*)$/.exec(message) ?? [];
    if (digits === undefined) return LOST.test(message) ? "unreachable" : "other";
    const status = Number(digits);
    if (status === 408 || status === 429 || status >= 500) return "unreachable";
    // Cloudflare's API answers in JSON: another 403 comes from something on the way.
    return status === 403 && /^[^<{]*\{/.test(answer) && !UNUSABLE_TOKEN.test(answer) ? "forbidden" : "other";
}

/** Somebody's whole page may be in an answer. */
const LONGEST_REASON = 600;

/** The provider's own words, without what the SDK wraps around them, in a line that a terminal only shows. */
export function reasonOf(error: unknown): string {
    const text = (error instanceof Error ? error.message : String(error))
        .split("\n")
        .map((line) => visible(line).trim())
        .filter((line) => line !== "" && !/^at .*:\d+:\d+\)?$/.test(line))
        .join(" ")
        .replace(/^(?:Error: )?Invoke of '[^']*' failed: /, "");
    return text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)}… (${text.length} characters)` : text;
}

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
        // A consumer's mock that throws arrives without a message; an engine's error has one.
        const mocked = reason === "" && reserved.hooks === undefined;
        if (permission !== undefined && (mocked || failure === "forbidden")) {
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
