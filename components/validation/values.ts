/** Values that AWS or Cloudflare refuses: refused in preview if they are plain, and before they are sent if they are known late. */
import type { Problem } from "../../pki";
import { late, shown, shownUrl } from "./shown";

/** What CloudWatch Logs takes; 0 keeps the log for ever (docs/sources.md 13.20). */
const RETENTION_DAYS = [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];
const LONGEST_MAX_AGE = 86_400;
const LARGEST_INTEGER = 2 ** 31 - 1;
const METHODS = ["*", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/** HTTP field names. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What API Gateway is known to want; whether it wants more is told as a warning. */
const ORIGIN = /^https?:\/\/[^/?#@\s]+$/i;
/** What a browser sends: no other origin ever matches. */
const SENT_ORIGIN = /^https?:\/\/(?:[a-z0-9*_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;
const CERTIFICATE_ARN = /^arn:aws[a-z-]*:acm:([a-z0-9-]+):\d{12}:certificate\/[A-Za-z0-9-]+$/;

/** A value that is only known late is judged then. */
const known = (value: unknown): boolean => value !== undefined && !late(value);
const refuse = (path: string, rule: string, value: unknown): Problem[] => [{ path, message: `must be ${rule}; received ${shown(value)}` }];
const isInteger = (value: unknown, least: number, most: number): boolean =>
    typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;

export function retentionProblems(value: unknown): Problem[] {
    if (!known(value) || RETENTION_DAYS.includes(value as number)) return [];
    return refuse(
        "accessLog.retentionInDays",
        `one of CloudWatch's numbers of days, ${RETENTION_DAYS.join(", ")} (0 keeps the log)`,
        value,
    );
}

export function throttleProblems(throttle: unknown): Problem[] {
    if (!known(throttle)) return [];
    const { burstLimit, rateLimit } = throttle as Record<string, unknown>;
    const problems: Problem[] = [];
    if (known(burstLimit) && !isInteger(burstLimit, 0, LARGEST_INTEGER))
        problems.push(...refuse("throttle.burstLimit", "a whole number of requests, 0 or more", burstLimit));
    if (known(rateLimit) && !(typeof rateLimit === "number" && Number.isFinite(rateLimit) && rateLimit >= 0))
        problems.push(...refuse("throttle.rateLimit", "a number of requests per second, 0 or more", rateLimit));
    return problems;
}

/** Elements that are known of a list that may be known. */
function listProblems(path: string, list: unknown, judge: (path: string, element: unknown) => Problem[]): Problem[] {
    if (!known(list)) return [];
    if (!Array.isArray(list)) return refuse(path, "a list", list);
    // Array.from: a hole of a list, and an undefined one, would reach the cloud as null.
    return Array.from(list as unknown[]).flatMap((element, i) => (late(element) ? [] : judge(`${path}[${i}]`, element)));
}
const matching =
    (rule: string, pattern: RegExp) =>
    (path: string, element: unknown): Problem[] =>
        typeof element === "string" && pattern.test(element) ? [] : refuse(path, rule, element);

export function corsProblems(cors: unknown): Problem[] {
    if (!known(cors)) return [];
    const { allowCredentials, allowHeaders, allowMethods, allowOrigins, exposeHeaders, maxAge } = cors as Record<string, unknown>;
    const header = matching("the name of a header, or *", TOKEN);
    const problems = [
        ...listProblems("cors.allowOrigins", allowOrigins, (path, origin) =>
            origin === "*" || (typeof origin === "string" && ORIGIN.test(origin))
                ? []
                : [{ path, message: `must be "*", or http:// or https:// and a host without a path; received ${shownUrl(origin)}` }],
        ),
        ...listProblems("cors.allowMethods", allowMethods, (path, method) =>
            METHODS.includes(method as string) ? [] : refuse(path, `one of ${METHODS.join(", ")}`, method),
        ),
        ...listProblems("cors.allowHeaders", allowHeaders, header),
        ...listProblems("cors.exposeHeaders", exposeHeaders, header),
    ];
    if (known(allowCredentials) && typeof allowCredentials !== "boolean")
        problems.push(...refuse("cors.allowCredentials", "a boolean", allowCredentials));
    if (allowCredentials === true && Array.isArray(allowOrigins) && allowOrigins.includes("*"))
        problems.push({
            path: "cors.allowOrigins",
            message: 'must list the origins by name while allowCredentials is true; received "*", which AWS refuses with it',
        });
    if (known(maxAge) && !isInteger(maxAge, -1, LONGEST_MAX_AGE))
        problems.push(...refuse("cors.maxAge", `a whole number of seconds, at most ${LONGEST_MAX_AGE}, or -1 for none`, maxAge));
    return problems;
}

/** What is legal, and surely not meant. */
export function valueWarnings(args: { throttle?: unknown; cors?: unknown }): string[] {
    const warnings: string[] = [];
    const { burstLimit, rateLimit } = (args.throttle ?? {}) as Record<string, unknown>;
    if (burstLimit === 0 || rateLimit === 0) warnings.push("throttle has a limit of 0: API Gateway may answer every request with 429.");
    const { allowCredentials, allowHeaders, allowMethods, allowOrigins } = (args.cors ?? {}) as Record<string, unknown>;
    const origins = Array.isArray(allowOrigins) ? (allowOrigins as unknown[]) : undefined;
    if (origins?.length === 0) warnings.push("cors.allowOrigins is empty: no origin may read an answer.");
    origins?.forEach((origin, i) => {
        if (typeof origin === "string" && origin !== "*" && !SENT_ORIGIN.test(origin))
            warnings.push(
                `cors.allowOrigins[${i}] is no origin that a browser sends, such as https://app.example.com in lower case, and API Gateway may refuse it; received ${shownUrl(origin)}.`,
            );
    });
    for (const [field, list] of Object.entries({ allowHeaders, allowMethods }))
        if (allowCredentials === true && Array.isArray(list) && list.includes("*"))
            warnings.push(`cors.${field} holds "*", which browsers take literally while allowCredentials is true: list them by name.`);
    return warnings;
}

export function certificateArnProblems(value: unknown): Problem[] {
    if (!known(value) || (typeof value === "string" && CERTIFICATE_ARN.test(value))) return [];
    return refuse("certificateArn", "the ARN of an ACM certificate, arn:aws:acm:<region>:<account>:certificate/<id>", value);
}

/** A zone's id is at most 32 characters at Cloudflare; its name, which has a dot, is the usual mistake (docs/sources.md 13.21). */
export function zoneIdProblems(value: unknown): Problem[] {
    if (late(value)) return [];
    if (value === undefined || (typeof value === "string" && value.trim() === ""))
        return [{ path: "zoneId", message: "must be the id of the Cloudflare zone; received nothing" }];
    if (typeof value === "string" && /^[0-9A-Za-z_-]{1,32}$/.test(value)) return [];
    const hint = typeof value === "string" && value.includes(".") ? ", which looks like the zone's name" : "";
    return [{ path: "zoneId", message: `must be the id of the Cloudflare zone, 32 hexadecimal digits; received ${shownId(value)}${hint}` }];
}

/** A hostname certificate's id (docs/sources.md 13.21). */
export function certificateIdProblems(path: string, value: unknown): Problem[] {
    if (typeof value === "string" && /^[0-9A-Za-z_-]{1,36}$/.test(value)) return [];
    return [{ path, message: `must be the id of a hostname certificate at Cloudflare, at most 36 characters; received ${shownId(value)}` }];
}

/** An API token in the place of an id is not shown (docs/sources.md 12.7). */
const shownId = (value: unknown): string =>
    typeof value === "string" && /^[0-9A-Za-z_-]{40,}$/.test(value) ? `${value.length} characters, as long as an API token` : shown(value);
