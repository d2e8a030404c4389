/** Which route of a deployed stage a request takes, and whether a function lets API Gateway call it for that route. */
import type { ApiMapping, Cloud, GatewayDomain, HttpApi, LambdaFunction, Route, Stage } from "../../cloud";

export interface Match {
    route: Route;
    parameters: Record<string, string>;
}

/** Path matching: `{name}` takes one segment, `{name+}` the rest. Undefined when it does not match; else how specific it is. */
function matchPath(pattern: string, path: string): { parameters: Record<string, string>; score: string } | undefined {
    const wanted = pattern.split("/").slice(1);
    const given = path.split("/").slice(1);
    const parameters: Record<string, string> = {};
    let score = "";
    for (const [index, segment] of wanted.entries()) {
        const variable = /^\{([^}+]+)(\+?)\}$/.exec(segment);
        if (variable?.[2]) {
            const rest = given.slice(index).join("/");
            if (rest === "") return undefined;
            parameters[variable[1]!] = decode(rest);
            return { parameters, score: `${score}0` };
        }
        const actual = given[index];
        if (actual === undefined) return undefined;
        if (variable) {
            if (actual === "") return undefined;
            parameters[variable[1]!] = decode(actual);
            score += "1";
        } else if (segment === actual) score += "2";
        else return undefined;
    }
    return given.length === wanted.length ? { parameters, score: `${score}9` } : undefined;
}

function decode(text: string): string {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

/** The most specific route: full matches, then greedy ones, then `$default`; a method before ANY. */
export function matchRoute(routes: Iterable<Route>, method: string, path: string): Match | undefined {
    let best: (Match & { score: string }) | undefined;
    for (const route of routes) {
        const [routeMethod, pattern] = route.routeKey.split(" ");
        let candidate: (Match & { score: string }) | undefined;
        if (route.routeKey === "$default") candidate = { route, parameters: {}, score: "" };
        else if (pattern !== undefined && (routeMethod === "ANY" || routeMethod === method)) {
            const matched = matchPath(pattern, path);
            if (matched) candidate = { route, parameters: matched.parameters, score: matched.score + (routeMethod === "ANY" ? "0" : "1") };
        }
        if (candidate && (!best || candidate.score > best.score)) best = candidate;
    }
    return best;
}

/** The custom domain that serves a name: its own, else the wildcard one that covers it. */
export function findDomain(cloud: Cloud, name: string): GatewayDomain | undefined {
    const domains = [...cloud.aws.domains.values()];
    const named = (wanted: string) => domains.find(({ domainName }) => domainName.toLowerCase() === wanted);
    return named(name) ?? (name.includes(".") ? named(`*${name.slice(name.indexOf("."))}`) : undefined);
}

/** The mapping with the longest key that the path starts with, and the path behind that key. */
export function matchMapping(domain: GatewayDomain, path: string): { mapping: ApiMapping; path: string } | undefined {
    // No routing rule leads to an HTTP API (docs/sources.md 13.2).
    if (domain.routingMode === "ROUTING_RULE_ONLY") return undefined;
    return [...domain.mappings.values()]
        .filter(({ apiMappingKey: key }) => key === "" || path === `/${key}` || path.startsWith(`/${key}/`))
        .sort((a, b) => b.apiMappingKey.length - a.apiMappingKey.length)
        .map((mapping) => ({
            mapping,
            path: (mapping.apiMappingKey === "" ? path : path.slice(mapping.apiMappingKey.length + 1)) || "/",
        }))[0];
}

/** At a default endpoint `$default` has no prefix and every other stage its own name. */
export function matchStage(api: HttpApi, path: string): { stage: Stage; path: string } | undefined {
    const first = path.split("/")[1] ?? "";
    const named = first === "" || first === "$default" ? undefined : api.stages.get(first);
    if (named) return { stage: named, path: path.slice(first.length + 1) || "/" };
    const stage = api.stages.get("$default");
    return stage && { stage, path };
}

function wildcard(pattern: string, text: string): boolean {
    const source = pattern
        .replace(/[.+^${}()|[\]\\]/g, "\\$&")
        .replace(/\*/g, ".*")
        .replace(/\?/g, ".");
    return new RegExp(`^${source}$`).test(text);
}

/** The function that an integration's URI names, with the alias or version behind its ARN. */
export function findTarget(cloud: Cloud, uri: string): { fn: LambdaFunction; qualifier: string | undefined } | undefined {
    const arn = /functions\/([^/]+)\/invocations$/.exec(uri)?.[1] ?? uri;
    for (const fn of cloud.aws.functions.values()) {
        if (arn === fn.arn) return { fn, qualifier: undefined };
        if (arn.startsWith(`${fn.arn}:`)) return { fn, qualifier: arn.slice(fn.arn.length + 1) };
    }
    return undefined;
}

export const findFunction = (cloud: Cloud, uri: string): LambdaFunction | undefined => findTarget(cloud, uri)?.fn;

/** What runs: the code as it is now, or as it was published. Undefined if there is no such alias or version. */
export function codeOf({ fn, qualifier }: { fn: LambdaFunction; qualifier: string | undefined }): LambdaFunction | undefined {
    const version = qualifier === undefined ? "$LATEST" : (fn.aliases.get(qualifier) ?? qualifier);
    if (version === "$LATEST") return fn;
    const published = fn.versions.get(version);
    return published && { ...fn, ...published };
}

/** Whether the policy allows it: that of the alias or version, if the integration names one. */
export function mayInvoke(
    cloud: Cloud,
    { fn, qualifier }: { fn: LambdaFunction; qualifier: string | undefined },
    { api, stage, route, method }: { api: HttpApi; stage: Stage; route: Route; method: string },
): boolean {
    const path = route.routeKey === "$default" ? "$default" : `${method}${route.routeKey.slice(route.routeKey.indexOf(" ") + 1)}`;
    const source = `arn:aws:execute-api:${cloud.aws.region}:${cloud.aws.accountId}:${api.id}/${stage.name}/${path}`;
    return [...fn.permissions.values()].some(
        (permission) =>
            permission.qualifier === qualifier &&
            permission.principal === "apigateway.amazonaws.com" &&
            wildcard(permission.action, "lambda:InvokeFunction") &&
            (permission.sourceArn === undefined || wildcard(permission.sourceArn, source)),
    );
}
