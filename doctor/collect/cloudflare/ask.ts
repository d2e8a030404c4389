/** One read-only call to Cloudflare, and what its failure means, without quoting Cloudflare's text. */
import { DeadlineError, type Deadline } from "../../../probes";
import type { Hindrances } from "../hindrances";

/** The answer; `null` if Cloudflare has no such thing; `undefined` if it did not answer. Never rejects. */
export type Ask = <T>(permission: string, call: (options: { signal: AbortSignal }) => Promise<T>) => Promise<T | null | undefined>;

/** Cloudflare's own codes: a token that is malformed (6003, 6111), unknown (1000, 1001 of the token service) or spent. */
const TOKEN_CODES = [1000, 6003, 6111];
/** The path contains an invalid id (7003, 7000). */
const NO_ROUTE_CODES = [7000, 7003];

interface Failure {
    status?: number;
    errors?: { code?: number; message?: string }[];
    cause?: { code?: unknown; cause?: { code?: unknown } };
    name?: string;
}

function codeOf({ cause }: Failure): string {
    const code = cause?.code ?? cause?.cause?.code;
    return typeof code === "string" && /^[A-Z_]{1,40}$/.test(code) ? code : "no connection";
}

/** Creates the caller of one collection. */
export function createAsk(limit: Deadline, hindrances: Hindrances): Ask {
    return async (permission, call) => {
        try {
            const answer = await limit.within(call({ signal: limit.signal }));
            // Only a 404 is an absence.
            if (answer === null || answer === undefined) hindrances.problems.add("Cloudflare answered without a result");
            return answer ?? undefined;
        } catch (error) {
            const failure = error as Failure;
            const { status, errors = [] } = failure;
            const codes = errors.map(({ code }) => code ?? 0);
            const late = error instanceof DeadlineError || limit.signal.aborted;
            // 9109 means an unknown token, or a zone that the token may not see.
            const unknownToken = errors.some(({ code, message }) => code === 9109 && /invalid access token/i.test(message ?? ""));
            if (late) hindrances.problems.add(`Cloudflare did not answer within ${limit.milliseconds} ms`);
            else if (status === 401 || unknownToken || codes.some((code) => TOKEN_CODES.includes(code)))
                hindrances.problems.add("the token is not valid");
            else if (status === 403) hindrances.denied.add(permission);
            else if (status === 404 || codes.some((code) => NO_ROUTE_CODES.includes(code))) return null;
            else if (status === 429) hindrances.problems.add("Cloudflare throttles this token's calls: try again later");
            else if (status !== undefined)
                hindrances.problems.add(`Cloudflare answered HTTP ${status}${codes[0] ? ` (code ${codes[0]})` : ""}`);
            else hindrances.problems.add(`Cloudflare cannot be reached (${codeOf(failure)})`);
            return undefined;
        }
    };
}
