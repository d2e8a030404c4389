/** Problems of `verify`. Header values are never shown: they may be secret. */
import type { Problem } from "../../pki";
import { isPlainObject, late, shown, shownUrl } from "./shown";

const LONGEST_SECONDS = 3600;
/** Headers that the HTTP client sets itself. */
const RESERVED = /^(host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|user-agent)$/i;

/** Problems of the two values that may only be known late. */
export function lateVerifyProblems(path: unknown, headers: unknown): Problem[] {
    const problems: Problem[] = [];
    if (path !== undefined && (typeof path !== "string" || !/^\/[\x21\x22\x24-\x7e]*$/.test(path)))
        problems.push({ path: "verify.path", message: `must start with / and contain no space or #; received ${shownUrl(path)}` });
    if (headers === undefined) return problems;
    if (!isPlainObject(headers))
        return [...problems, { path: "verify.headers", message: "must map header names to values; received something else" }];
    const names = Object.keys(headers);
    for (const [at, [name, value]] of Object.entries(headers).entries()) {
        // Nor is a name that is none: a value in its place may be a token.
        if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
            problems.push({ path: "verify.headers", message: `must have valid HTTP header names; received another as number ${at + 1}` });
        else if (names.slice(0, at).some((other) => other.toLowerCase() === name.toLowerCase()))
            problems.push({ path: `verify.headers.${name}`, message: "must be there once, in whatever case; received it twice" });
        else if (RESERVED.test(name))
            problems.push({
                path: `verify.headers.${name}`,
                message: "must be left out: the verification sets it; received a value",
            });
        else if (!late(value) && (typeof value !== "string" || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)))
            problems.push({ path: `verify.headers.${name}`, message: "must be a single line of text; received something else" });
    }
    return problems;
}

/** Problems of what is known when the program runs. */
export function verifyProblems(verify: unknown): Problem[] {
    if (verify === undefined) return [];
    const { path, timeoutSeconds, headers } = verify as Record<string, unknown>;
    const problems: Problem[] = [];
    if (timeoutSeconds !== undefined && !(typeof timeoutSeconds === "number" && timeoutSeconds > 0 && timeoutSeconds <= LONGEST_SECONDS))
        problems.push({
            path: "verify.timeoutSeconds",
            message: `must be a plain number above 0 and at most ${LONGEST_SECONDS}; received ${shown(timeoutSeconds)}`,
        });
    return [...problems, ...lateVerifyProblems(late(path) ? undefined : path, late(headers) ? undefined : headers)];
}
