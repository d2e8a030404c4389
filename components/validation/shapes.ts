/** The shape of the arguments: which fields there are, and of what kind, for callers whom no compiler has told. */
import type { Problem } from "../../pki";
import type { CloudflareProtectedHttpApiArgs } from "../args";
import { late, shown } from "./shown";

const NO_OBJECT = "must be a plain object";

/** Fields of the groups: a misspelt one is a setting that somebody believes in. */
const FIELDS: Record<string, string[]> = {
    originPull: ["mode", "authorities", "presented"],
    throttle: ["burstLimit", "rateLimit"],
    cors: ["allowCredentials", "allowHeaders", "allowMethods", "allowOrigins", "exposeHeaders", "maxAge"],
    accessLog: ["enabled", "retentionInDays"],
    authority: ["name", "leaf", "caCertificatePem", "certificatePem", "privateKeyPem", "certificateId"],
    route: ["routeKey", "lambdaArn", "httpUrl", "vpcLink", "authorizationType", "authorizerId", "authorizationScopes"],
};

/** Problems of a group's own shape; values are judged elsewhere. */
function shapeProblems(path: string, value: unknown, fields: string[], required: string[] = []): Problem[] {
    if (value === undefined) return [];
    if (typeof value !== "object" || value === null || Array.isArray(value) || late(value))
        return [{ path, message: `${NO_OBJECT}; received ${shown(value)}` }];
    return [
        ...Object.keys(value)
            .filter((key) => !fields.includes(key))
            .map((key) => ({ path: `${path}.${key}`, message: `must be one of ${fields.join(", ")}; received an unknown argument` })),
        ...required
            .filter((key) => (value as Record<string, unknown>)[key] === undefined)
            .map((key) => ({ path: `${path}.${key}`, message: "must be given; received nothing" })),
    ];
}

/** Problems of the shape of every group. `readable`: whether something deeper can be judged. */
export function shapesProblems(args: Partial<CloudflareProtectedHttpApiArgs>): { problems: Problem[]; readable: boolean } {
    const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
    const problems = [
        ...shapeProblems("originPull", args.originPull, FIELDS.originPull!),
        ...shapeProblems("throttle", args.throttle, FIELDS.throttle!, FIELDS.throttle),
        ...shapeProblems("cors", args.cors, FIELDS.cors!, ["allowOrigins"]),
        ...shapeProblems("accessLog", args.accessLog, FIELDS.accessLog!),
        ...list(args.originPull?.authorities).flatMap((one, i) =>
            shapeProblems(`originPull.authorities[${i}]`, one ?? null, FIELDS.authority!, ["name"]),
        ),
        ...list(args.routes).flatMap((one, i) => shapeProblems(`routes[${i}]`, one ?? null, FIELDS.route!)),
        ...list(args.routes).flatMap((one, i) => textProblems(`routes[${i}]`, one, ["lambdaArn", "httpUrl"])),
        ...list(args.originPull?.authorities).flatMap((one, i) =>
            textProblems(`originPull.authorities[${i}]`, one, ["caCertificatePem", "certificatePem", "privateKeyPem", "certificateId"]),
        ),
        ...textProblems("", args, ["zoneId", "certificateArn"]),
    ];
    return { problems, readable: !problems.some(({ message }) => message.startsWith(NO_OBJECT)) };
}

/** What is neither a text nor known late. The value is not shown: it may be a key. */
function textProblems(path: string, group: unknown, fields: string[]): Problem[] {
    if (typeof group !== "object" || group === null) return [];
    return fields.flatMap((field) => {
        const value = (group as Record<string, unknown>)[field];
        if (value === undefined || typeof value === "string" || late(value)) return [];
        return [
            {
                path: path === "" ? field : `${path}.${field}`,
                message: `must be a string or an Output of one; received ${value === null ? "null" : `something of type ${typeof value}`}`,
            },
        ];
    });
}
