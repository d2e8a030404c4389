import type { Problem } from "../../pki";
import { StrictTls, type CloudflareProtectedHttpApiArgs } from "../args";
import { accessLogProblems } from "./accessLog";
import { functionProblems } from "./functions";
import { originPullProblems } from "./originPull";
import { oneOf, plainString } from "./plain";
import { regionProblems, regionWarnings } from "./region";
import { routeKeyWarnings } from "./routeKey";
import { routeProblems } from "./routes";
import { shapesProblems } from "./shapes";
import { shown, shownUrl } from "./shown";
import { tagsProblems } from "./tags";
import { certificateArnProblems, corsProblems, retentionProblems, throttleProblems, valueWarnings, zoneIdProblems } from "./values";
import { verifyProblems } from "./verify";

/** S3 allows 63 characters; `-truststore` and eight random characters follow the name. */
const NAME_LIMIT = 44;
/** How no bucket's name may begin (docs/sources.md 13.23). */
const RESERVED_PREFIX = /^(?:xn--|sthree-|amzn-s3-demo-)/;

/** Lower case, no trailing dot. */
export const normaliseDomainName = (name: string): string => name.toLowerCase().replace(/\.$/, "");

function domainProblems(value: unknown): Problem[] {
    const path = "domainName";
    if (typeof value !== "string") return plainString(path, value);
    const name = normaliseDomainName(value);
    if (name.startsWith("*")) return [{ path, message: `must be a single name, not a wildcard; received ${shownUrl(value)}` }];
    // ACM puts the name into the certificate's common name, which RFC 5280 limits to 64 characters.
    if (name.length > 64) return [{ path, message: `must be at most 64 characters; received ${name.length}` }];
    const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
    const labels = name.split(".");
    const last = labels[labels.length - 1]!;
    // eslint-disable-next-line no-control-regex -- any character outside ASCII
    const hint = /[^\x00-\x7f]/.test(name) ? ". Write an international name in its ASCII form, xn--…" : "";
    // ACM takes no last label of one character.
    if (labels.length < 2 || !labels.every((part) => label.test(part)) || /^(\d+|.)$/.test(last))
        return [{ path, message: `must be a full domain name such as api.example.com; received ${shownUrl(value)}${hint}` }];
    return [];
}

/**
 * Every problem of the values that are known when the program runs.
 *
 * @param region That of the AWS provider, if it is known too.
 */
export function argsProblems(name: string, args: CloudflareProtectedHttpApiArgs, now: Date, region?: string): Problem[] {
    const problems: Problem[] = [];
    if (typeof name !== "string" || !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name) || name.length > NAME_LIMIT)
        problems.push({
            path: "name",
            message: `must be 1 to ${NAME_LIMIT} characters of a-z, 0-9 and -, because it becomes part of an S3 bucket's name; received ${shown(name)}`,
        });
    else if (RESERVED_PREFIX.test(name))
        problems.push({
            path: "name",
            message: `must not begin with xn--, sthree- or amzn-s3-demo-, which S3 keeps for itself: the name becomes part of a bucket's; received ${shown(name)}`,
        });
    if (typeof args !== "object" || args === null)
        return [...problems, { path: "args", message: `must be a plain object; received ${shown(args)}` }];
    const { problems: shapes, readable } = shapesProblems(args);
    problems.push(...shapes);
    if (!readable) return problems;
    const told = new Set(shapes.map(({ path }) => path));
    const judged = [
        ...domainProblems(args.domainName),
        ...zoneIdProblems(args.zoneId),
        ...certificateArnProblems(args.certificateArn),
        ...throttleProblems(args.throttle),
        ...corsProblems(args.cors),
        ...retentionProblems(args.accessLog?.retentionInDays),
        ...regionProblems(args, region),
        ...routeProblems(args.routes),
        ...functionProblems(args.functions, Array.isArray(args.routes) ? args.routes : []),
        ...originPullProblems(args.originPull, now),
        ...oneOf("strictTls", args.strictTls, StrictTls),
        ...accessLogProblems(args.accessLog),
        ...verifyProblems(args.verify),
        ...tagsProblems(args.tags),
    ];
    // What has the wrong kind is said once.
    return [...problems, ...judged.filter(({ path }) => !told.has(path))];
}

/** What a cloud may refuse, though no source settles it. The arguments have no problems. */
export const argsWarnings = (args: CloudflareProtectedHttpApiArgs, region?: string): string[] => [
    ...regionWarnings(args, region),
    ...routeKeyWarnings(args.routes.map(({ routeKey }) => routeKey)),
    ...valueWarnings(args),
];

/** All problems as one text. */
export const problemText = (title: string, problems: Problem[]): string =>
    [`${title} has invalid arguments:`, ...problems.map(({ path, message }) => `  - ${path} ${message}`)].join("\n");
