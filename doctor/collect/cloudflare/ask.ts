/** One read-only call to Cloudflare, and what its failure means, in words that hold nothing of the other side's text. */
import { DeadlineError, type Deadline } from "../../../probes";
import type { Hindrances } from "../hindrances";

/** The answer; `null` when Cloudflare has no such thing; `undefined` when it did not say. Never rejects. */
export type Ask = <T>(permission: string, call: (options: { signal: AbortSignal }) => Promise<T>) => Promise<T | null | undefined>;

/** Cloudflare's own codes: a token that is malformed (6003, 6111), unknown (1000, 1001 of the token service) or spent. */
const TOKEN_CODES = [1000, 6003, 6111];
/** The path holds an id that is none (7003, 7000). */
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

/** Makes the asker of one collection. */
export function createAsk(limit: Deadline, hindrances: Hindrances): Ask {
    return async (permission, call) => {
        try {
            return await limit.within(call({ signal: limit.signal }));
        } catch (error) {
            const failure = error as Failure;
            const { status, errors = [] } = failure;
            const codes = errors.map(({ code }) => code ?? 0);
            const late = error instanceof DeadlineError || limit.signal.aborted;
            // 9109 is said of a token that nobody knows, and of a zone that the token may not see.
            const unknownToken = errors.some(({ code, message }) => code === 9109 && /invalid access token/i.test(message ?? ""));
            if (late) hindrances.problems.add(`Cloudflare did not answer within ${limit.milliseconds} ms`);
            else if (status === 401 || unknownToken || codes.some((code) => TOKEN_CODES.includes(code)))
                hindrances.problems.add("the token is not valid at Cloudflare");
            else if (status === 403) hindrances.denied.add(permission);
            else if (status === 404 || codes.some((code) => NO_ROUTE_CODES.includes(code))) return null;
            else if (status === 429) hindrances.problems.add("Cloudflare limits the rate of this token's calls: try again");
            else if (status !== undefined)
                hindrances.problems.add(`Cloudflare answered HTTP ${status}${codes[0] ? ` (code ${codes[0]})` : ""}`);
            else hindrances.problems.add(`Cloudflare cannot be reached (${codeOf(failure)})`);
            return undefined;
        }
    };
}
