import type { Problem } from "../../pki";
import { AuthorizationType } from "../args";
import { lambdaArnProblems } from "./functions";
import { oneOf, plainString } from "./plain";
import { routeKeyRule, sameRouteProblems } from "./routeKey";
import { late, shown, shownUrl } from "./shown";

/** Problems of the list of routes. */
export function routeProblems(routes: unknown): Problem[] {
    if (!Array.isArray(routes)) return [{ path: "routes", message: `must be a plain list of routes; received ${shown(routes)}` }];
    if (routes.length === 0) return [{ path: "routes", message: "must have at least one route; received none" }];
    const problems: Problem[] = [];
    const keys: { path: string; routeKey: string }[] = [];
    routes.forEach((route: Record<string, unknown>, i) => {
        const path = `routes[${i}]`;
        const key = route?.routeKey;
        if (typeof key !== "string") problems.push(...plainString(`${path}.routeKey`, key));
        else {
            const rule = routeKeyRule(key);
            if (rule === undefined) keys.push({ path: `${path}.routeKey`, routeKey: key });
            else problems.push({ path: `${path}.routeKey`, message: `${rule}; received ${shown(key)}` });
        }
        const targets = ["lambdaArn", "function", "httpUrl"].filter((target) => route?.[target] !== undefined);
        if (targets.length !== 1 && route?.vpcLink === undefined)
            problems.push({
                path,
                message: `must have exactly one target, lambdaArn, function or httpUrl; received ${targets.join(" and ") || "none"}`,
            });
        if (typeof route?.lambdaArn === "string") problems.push(...lambdaArnProblems(`${path}.lambdaArn`, route.lambdaArn));
        if (typeof route?.httpUrl === "string") problems.push(...httpUrlProblems(`${path}.httpUrl`, route.httpUrl));
        problems.push(...authorizerProblems(path, route ?? {}));
    });
    return [...problems, ...sameRouteProblems(keys)];
}

/** API Gateway's limit of a scope (AWS's service model, CreateRoute). */
const LONGEST_SCOPE = 64;

/** Problems of scopes, as far as they are known. */
export function scopeProblems(path: string, scopes: unknown): Problem[] {
    if (scopes === undefined || late(scopes)) return [];
    if (!Array.isArray(scopes)) return [{ path, message: `must be a list of scopes; received ${shown(scopes)}` }];
    return Array.from(scopes as unknown[]).flatMap((scope, i) => {
        if (late(scope)) return [];
        const rule = `must have 1 to ${LONGEST_SCOPE} characters`;
        if (typeof scope !== "string") return [{ path: `${path}[${i}]`, message: `${rule}; received ${shown(scope)}` }];
        return scope === "" || scope.length > LONGEST_SCOPE
            ? [{ path: `${path}[${i}]`, message: `${rule}; received ${scope.length}` }]
            : [];
    });
}

function authorizerProblems(path: string, route: Record<string, unknown>): Problem[] {
    const { authorizationType: type, authorizerId, authorizationScopes } = route;
    const problems = [
        ...scopeProblems(`${path}.authorizationScopes`, authorizationScopes),
        ...oneOf(`${path}.authorizationType`, type, AuthorizationType),
    ];
    // API Gateway refuses them with any other type (docs/sources.md 13.20).
    if (authorizationScopes !== undefined && type !== "JWT")
        problems.push({
            path: `${path}.authorizationScopes`,
            message: `must be left out unless authorizationType is JWT; received scopes with ${shown(type ?? "NONE")}`,
        });
    const needed = type === "JWT" || type === "CUSTOM";
    if (needed && (authorizerId === undefined || authorizerId === ""))
        problems.push({ path: `${path}.authorizerId`, message: "must be set for JWT and CUSTOM; received nothing" });
    if (!needed && authorizerId !== undefined)
        problems.push({
            path: `${path}.authorizerId`,
            message: "must be left out unless authorizationType is JWT or CUSTOM; received a value",
        });
    return problems;
}

/** API Gateway's limit of an integration's URI (AWS's service model, CreateIntegration). */
const LONGEST_URL = 2048;

/** Problems of a URL to which requests are forwarded. */
export function httpUrlProblems(path: string, url: unknown): Problem[] {
    if (typeof url === "string" && url.length > LONGEST_URL)
        return [{ path, message: `must have at most ${LONGEST_URL} characters; received ${url.length}` }];
    // No more than a host is asked for: path variables and stage variables may stand anywhere.
    // eslint-disable-next-line no-control-regex -- a URL holds none
    return typeof url === "string" && /^https:\/\/[^/?#:@\s]/i.test(url) && !/[\s\x00-\x1f\x7f]/.test(url)
        ? []
        : [{ path, message: `must be an https:// URL, with a host and without spaces; received ${shownUrl(url)}` }];
}
