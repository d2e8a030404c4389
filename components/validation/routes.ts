import type { Problem } from "../../pki";
import { AuthorizationType } from "../args";
import { oneOf, plainString } from "./plain";
import { shown } from "./shown";

const METHODS = "ANY|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS";
const ROUTE_KEY = new RegExp(`^(\\$default|(${METHODS}) /(([A-Za-z0-9._~:@!$&'()*+,;=%-]+|\\{[A-Za-z0-9._-]+\\+?\\})(/|$))*)$`);

/** The readable part of a route's resource names: `GET /pets/{id}` is `get-pets-id`. */
export const routeSlug = (routeKey: string): string =>
    routeKey
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-|-$/g, "");

/** Problems of the list of routes. */
export function routeProblems(routes: unknown): Problem[] {
    if (!Array.isArray(routes)) return [{ path: "routes", message: `must be a plain list of routes; received ${shown(routes)}` }];
    if (routes.length === 0) return [{ path: "routes", message: "must have at least one route; received none" }];
    const problems: Problem[] = [];
    const slugs = new Map<string, string>();
    routes.forEach((route: Record<string, unknown>, i) => {
        const path = `routes[${i}]`;
        const key = route?.routeKey;
        if (typeof key !== "string") problems.push(...plainString(`${path}.routeKey`, key));
        else if (!ROUTE_KEY.test(key))
            problems.push({
                path: `${path}.routeKey`,
                message: `must be $default or a method and a path such as GET /pets/{id}; received ${shown(key)}`,
            });
        else {
            const other = slugs.get(routeSlug(key));
            if (other === key) problems.push({ path: `${path}.routeKey`, message: `must be listed once; received ${shown(key)} twice` });
            else if (other !== undefined)
                problems.push({
                    path: `${path}.routeKey`,
                    message: `must map to a unique resource name; received ${shown(key)}, which maps to the same name as ${shown(other)}`,
                });
            slugs.set(routeSlug(key), key);
        }
        const targets = ["lambdaArn", "httpUrl"].filter((target) => route?.[target] !== undefined);
        if (targets.length !== 1 && route?.vpcLink === undefined)
            problems.push({
                path,
                message: `must have exactly one target, lambdaArn or httpUrl; received ${targets.join(" and ") || "none"}`,
            });
        if (typeof route?.lambdaArn === "string") problems.push(...lambdaArnProblems(`${path}.lambdaArn`, route.lambdaArn));
        if (typeof route?.httpUrl === "string") problems.push(...httpUrlProblems(`${path}.httpUrl`, route.httpUrl));
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
    return problems;
}

/** Problems of a function ARN. */
export function lambdaArnProblems(path: string, arn: string): Problem[] {
    if (/^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?$/.test(arn)) return [];
    const hint = arn.includes(":apigateway:") ? " (this is an invoke ARN: pass the function's `arn`)" : "";
    return [{ path, message: `must be the ARN of a Lambda function; received ${shown(arn)}${hint}` }];
}

/** Problems of a URL to which requests are forwarded. */
export function httpUrlProblems(path: string, url: string): Problem[] {
    return /^https:\/\/[^/\s]+/i.test(url)
        ? []
        : [{ path, message: `must be an https:// URL; received ${shown(url.replace(/\/\/[^@/]*@/, "//…@"))}` }];
}
