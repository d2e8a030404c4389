/** The shape of the arguments: which fields there are, and of what kind, for callers without a compiler. */
import type { Problem } from "../../pki";
import type {
    AccessLogArgs,
    CloudflareProtectedHttpApiArgs,
    CorsArgs,
    HttpApiFunction,
    HttpApiRoute,
    OriginPullArgs,
    OriginPullAuthority,
    ThrottleArgs,
    VerifyArgs,
} from "../args";
import { isPlainObject, late, shown, shownField } from "./shown";

/** `text`: a string or an Output of one. `boolean`: a plain one. `other`: judged elsewhere, if at all. */
type Kind = "text" | "boolean" | "other";
/** Every field of an interface. The compiler refuses a shape that lacks one or has one too many. */
type Shape<T> = Record<keyof T, Kind>;

const ARGS = {
    domainName: "other",
    zoneId: "text",
    routes: "other",
    functions: "other",
    originPull: "other",
    strictTls: "other",
    certificateArn: "text",
    throttle: "other",
    cors: "other",
    accessLog: "other",
    deletionProtection: "boolean",
    verify: "other",
    tags: "other",
} satisfies Shape<CloudflareProtectedHttpApiArgs>;
const ROUTE = {
    routeKey: "other",
    lambdaArn: "text",
    function: "other",
    httpUrl: "text",
    invokePermission: "boolean",
    authorizationType: "other",
    authorizerId: "text",
    authorizationScopes: "other",
} satisfies Shape<HttpApiRoute>;
const FUNCTION = { name: "other", lambdaArn: "text", invokePermission: "boolean" } satisfies Shape<HttpApiFunction>;
const ORIGIN_PULL = { mode: "other", authorities: "other", presented: "other" } satisfies Shape<OriginPullArgs>;
const AUTHORITY = {
    name: "other",
    leaf: "other",
    caCertificatePem: "text",
    certificatePem: "text",
    privateKeyPem: "text",
    certificateId: "text",
} satisfies Shape<OriginPullAuthority>;
const THROTTLE = { burstLimit: "other", rateLimit: "other" } satisfies Shape<ThrottleArgs>;
const CORS = {
    allowCredentials: "other",
    allowHeaders: "other",
    allowMethods: "other",
    allowOrigins: "other",
    exposeHeaders: "other",
    maxAge: "other",
} satisfies Shape<CorsArgs>;
const ACCESS_LOG = { enabled: "boolean", retentionInDays: "other", destinationArn: "text" } satisfies Shape<AccessLogArgs>;
const VERIFY = { enabled: "boolean", path: "other", timeoutSeconds: "other", headers: "other" } satisfies Shape<VerifyArgs>;

/** Planned, and refused by name until then. */
const PLANNED_ARGS = ["existingApi"];
const PLANNED_ROUTE = ["vpcLink"];

const NOT_AN_OBJECT = "must be a plain object";

function fieldProblems(path: string, value: unknown, kind: Kind): Problem[] {
    if (value === undefined) return [];
    if (kind === "boolean" && typeof value !== "boolean") return [{ path, message: `must be a plain boolean; received ${shown(value)}` }];
    if (kind === "text" && typeof value !== "string" && !late(value))
        // The value is not shown: it may be a key.
        return [
            {
                path,
                message: `must be a string or an Output of one; received ${value === null ? "null" : `a value of type ${typeof value}`}`,
            },
        ];
    return [];
}

/** Problems of one group: fields that do not exist, are missing or of the wrong kind. */
function shapeProblems<T>(
    path: string,
    value: unknown,
    shape: Shape<T>,
    { required = [], planned = [] }: { required?: (keyof T & string)[]; planned?: string[] } = {},
): Problem[] {
    if (value === undefined) return [];
    if (!isPlainObject(value)) return [{ path: path || "args", message: `${NOT_AN_OBJECT}; received ${shown(value)}` }];
    const kinds = shape as Record<string, Kind>;
    const at = (field: string): string => (path === "" ? shownField(field) : `${path}.${shownField(field)}`);
    const problems = Object.entries(value).flatMap(([field, content]) => {
        if (Object.hasOwn(kinds, field)) return fieldProblems(at(field), content, kinds[field]!);
        // Reject unknown fields: a typo would be silently ignored.
        const message = planned.includes(field)
            ? "must be left out: this version does not support it; received a value"
            : `must be one of ${Object.keys(kinds).join(", ")}; received an unknown argument`;
        return content === undefined && planned.includes(field) ? [] : [{ path: at(field), message }];
    });
    const missing = required.filter((field) => value[field] === undefined);
    return [...problems, ...missing.map((field) => ({ path: at(field), message: "must be set; received nothing" }))];
}

/** Problems of the shape of every group. `readable`: whether something deeper can be judged. */
export function shapesProblems(args: Partial<CloudflareProtectedHttpApiArgs>): { problems: Problem[]; readable: boolean } {
    const list = (value: unknown): unknown[] =>
        // Array.from: a hole of a list is an entry, too.
        Array.isArray(value) ? Array.from(value as unknown[]) : [];
    const problems = [
        ...shapeProblems<CloudflareProtectedHttpApiArgs>("", args, ARGS, { planned: PLANNED_ARGS }),
        ...shapeProblems<OriginPullArgs>("originPull", args?.originPull, ORIGIN_PULL),
        ...shapeProblems<ThrottleArgs>("throttle", args?.throttle, THROTTLE, { required: ["burstLimit", "rateLimit"] }),
        ...shapeProblems<CorsArgs>("cors", args?.cors, CORS, { required: ["allowOrigins"] }),
        ...shapeProblems<AccessLogArgs>("accessLog", args?.accessLog, ACCESS_LOG),
        ...shapeProblems<VerifyArgs>("verify", args?.verify, VERIFY),
        ...list(args?.originPull?.authorities).flatMap((authority, i) =>
            shapeProblems<OriginPullAuthority>(`originPull.authorities[${i}]`, authority ?? null, AUTHORITY, { required: ["name"] }),
        ),
        ...list(args?.functions).flatMap((entry, i) =>
            shapeProblems<HttpApiFunction>(`functions[${i}]`, entry ?? null, FUNCTION, { required: ["name", "lambdaArn"] }),
        ),
        ...list(args?.routes).flatMap((route, i) =>
            shapeProblems<HttpApiRoute>(`routes[${i}]`, route ?? null, ROUTE, { planned: PLANNED_ROUTE }),
        ),
    ];
    return { problems, readable: !problems.some(({ message }) => message.startsWith(NOT_AN_OBJECT)) };
}
