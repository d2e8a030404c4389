/** Problems of `verify`. Values of headers are never shown: they may be secret. */
import type { Problem } from "../../pki";
import { late, shown } from "./shown";

const KNOWN = ["enabled", "path", "timeoutSeconds", "headers"];
const LONGEST_SECONDS = 3600;
/** What the request itself is made of. */
const RESERVED = /^(host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect)$/i;

/** Problems of the two values that may be known only late. */
export function lateVerifyProblems(path: unknown, headers: unknown): Problem[] {
    const problems: Problem[] = [];
    if (path !== undefined && (typeof path !== "string" || !/^\/[\x21\x22\x24-\x7e]*$/.test(path)))
        problems.push({ path: "verify.path", message: `must start with / and hold no space and no #; received ${shown(path)}` });
    if (headers === undefined) return problems;
    if (typeof headers !== "object" || headers === null || Array.isArray(headers))
        return [...problems, { path: "verify.headers", message: "must be names with their values; received something else" }];
    for (const [name, value] of Object.entries(headers as Record<string, unknown>)) {
        if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
            problems.push({ path: "verify.headers", message: `must have names that HTTP allows; received ${shown(name)}` });
        else if (RESERVED.test(name))
            problems.push({
                path: `verify.headers.${name}`,
                message: "must be left out: the verification writes it itself; received a value",
            });
        else if (!late(value) && (typeof value !== "string" || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)))
            problems.push({ path: `verify.headers.${name}`, message: "must be one line of text; received something else" });
    }
    return problems;
}

/** Problems of what is known when the program runs. */
export function verifyProblems(verify: unknown): Problem[] {
    if (verify === undefined) return [];
    if (typeof verify !== "object" || verify === null || late(verify))
        return [{ path: "verify", message: `must be a plain object; received ${shown(verify)}` }];
    const { enabled, path, timeoutSeconds, headers } = verify as Record<string, unknown>;
    const problems = Object.keys(verify)
        .filter((key) => !KNOWN.includes(key))
        .map((key) => ({ path: `verify.${key}`, message: `must be one of ${KNOWN.join(", ")}; received an unknown argument` }));
    if (enabled !== undefined && typeof enabled !== "boolean")
        problems.push({ path: "verify.enabled", message: `must be a plain boolean; received ${shown(enabled)}` });
    if (timeoutSeconds !== undefined && !(typeof timeoutSeconds === "number" && timeoutSeconds > 0 && timeoutSeconds <= LONGEST_SECONDS))
        problems.push({
            path: "verify.timeoutSeconds",
            message: `must be a plain number above 0 and up to ${LONGEST_SECONDS}; received ${shown(timeoutSeconds)}`,
        });
    return [...problems, ...lateVerifyProblems(late(path) ? undefined : path, late(headers) ? undefined : headers)];
}
