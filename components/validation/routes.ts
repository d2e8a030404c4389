import type { Problem } from "../../pki";
import { AuthorizationType } from "../args";
import { lambdaArnProblems } from "./functions";
import { oneOf, plainString } from "./plain";
import { routeKeyRule, sameRouteProblems } from "./routeKey";
import { shown } from "./shown";

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
        problems.push(...scopeProblems(`${path}.authorizationScopes`, route?.authorizationScopes));
        problems.push(...oneOf(`${path}.authorizationType`, route?.authorizationType, AuthorizationType));
        const needsAuthorizer = route?.authorizationType === "JWT" || route?.authorizationType === "CUSTOM";
        if (needsAuthorizer !== (route?.authorizerId !== undefined))
            problems.push({
                path: `${path}.authorizerId`,
                message: needsAuthorizer
                    ? "must be set for JWT and CUSTOM; received nothing"
                    : "must be left out unless authorizationType is JWT or CUSTOM; received a value",
            });
    });
    return [...problems, ...sameRouteProblems(keys)];
}

/** API Gateway's limit of a scope (AWS's service model, CreateRoute). */
const LONGEST_SCOPE = 64;

function scopeProblems(path: string, scopes: unknown): Problem[] {
    if (!Array.isArray(scopes)) return [];
    return scopes.flatMap((scope: unknown, i) =>
        typeof scope === "string" && (scope === "" || scope.length > LONGEST_SCOPE)
            ? [{ path: `${path}[${i}]`, message: `must have 1 to ${LONGEST_SCOPE} characters; received ${scope.length}` }]
            : [],
    );
}

/** API Gateway's limit of an integration's URI (AWS's service model, CreateIntegration). */
const LONGEST_URL = 2048;

/** Problems of a URL to which requests are forwarded. */
export function httpUrlProblems(path: string, url: string): Problem[] {
    if (url.length > LONGEST_URL) return [{ path, message: `must have at most ${LONGEST_URL} characters; received ${url.length}` }];
    return /^https:\/\/[^/\s]+/i.test(url)
        ? []
        : [{ path, message: `must be an https:// URL; received ${shown(url.replace(/\/\/[^@/]*@/, "//…@"))}` }];
}
