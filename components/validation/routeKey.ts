/** What API Gateway takes as a route key, and which keys it takes side by side (docs/sources.md 8.8). */
import type { Problem } from "../../pki";
import { shown } from "./shown";

const METHODS = ["ANY", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

interface RouteKey {
    method: string;
    segments: string[];
}

/** Undefined for `$default`. */
function parsed(routeKey: string): RouteKey | undefined {
    if (routeKey === "$default") return undefined;
    const space = routeKey.indexOf(" ");
    return {
        method: routeKey.slice(0, space),
        segments: routeKey
            .slice(space + 1)
            .split("/")
            .slice(1),
    };
}

const isVariable = (segment: string): boolean => /^\{[^{}+]+\}$/.test(segment);
const isGreedy = (segment: string): boolean => /^\{[^{}+]+\+\}$/.test(segment);
/** The segment without the name of its variable. */
const shapeOf = (segment: string): string => (isVariable(segment) ? "{}" : isGreedy(segment) ? "{+}" : segment);

/** Why a key is none; undefined if it is one. */
export function routeKeyRule(routeKey: string): string | undefined {
    if (routeKey === "$default") return undefined;
    const [, method, path] = /^(\S+) (\S*)$/.exec(routeKey) ?? [];
    if (method === undefined || path === undefined)
        return "must be $default, or a method, one space and a path without spaces, such as GET /pets/{id}";
    if (!METHODS.includes(method)) return `must begin with one of the methods ${METHODS.join(", ")}`;
    if (!path.startsWith("/")) return "must have a path that begins with /";
    if (/[?#]/.test(path)) return "must have a path without ? and #: API Gateway routes by the path alone";
    const segments = path.split("/").slice(1);
    if (segments.some((segment) => /[{}]/.test(segment.replace(/\{[^{}+]+\+?\}/g, ""))))
        return "must write a path variable as {name}, or {name+} for all that follows";
    if (segments.slice(0, -1).some((segment) => /\+\}/.test(segment)))
        return "must have a greedy variable such as {proxy+} only at the end of the path";
    return undefined;
}

/** Problems of the keys together: those that API Gateway takes for one route. The keys are sound by themselves. */
export function sameRouteProblems(keys: { path: string; routeKey: string }[]): Problem[] {
    const problems: Problem[] = [];
    const byShape = new Map<string, { path: string; routeKey: string }>();
    for (const { path, routeKey } of keys) {
        const key = parsed(routeKey);
        const shape = key ? `${key.method} ${key.segments.map(shapeOf).join("/")}` : routeKey;
        const other = byShape.get(shape);
        if (other?.routeKey === routeKey) problems.push({ path, message: `must be listed once; received ${shown(routeKey)} twice` });
        else if (other !== undefined)
            problems.push({
                path,
                message: `must differ from ${other.path} in more than the names of path variables, or API Gateway refuses one of them as a conflict; received ${shown(routeKey)} beside ${shown(other.routeKey)}`,
            });
        else byShape.set(shape, { path, routeKey });
    }
    return problems;
}

/** What API Gateway may refuse, though no source settles it. The keys are sound. */
export function routeKeyWarnings(routeKeys: string[]): string[] {
    const warnings: string[] = [];
    const keys = routeKeys.flatMap((routeKey) => {
        const key = parsed(routeKey);
        return key ? [{ routeKey, ...key }] : [];
    });
    for (const { routeKey, segments } of keys) {
        const doubts = [
            segments.slice(0, -1).includes("") && "an empty part of its path",
            segments.some((segment) => segment.includes("{") && !isVariable(segment) && !isGreedy(segment)) &&
                "a path variable beside other text in one part of its path",
            new Set(segments.filter((segment) => segment.includes("{"))).size <
                segments.filter((segment) => segment.includes("{")).length && "the same path variable twice",
            segments.some((segment) => !/^[A-Za-z0-9._~:@!$&'()*+,;=%{}-]*$/.test(segment)) && "a character that no URL path holds",
        ].filter((doubt) => doubt !== false);
        if (doubts.length > 0) warnings.push(`API Gateway may refuse the route key ${shown(routeKey)}: it has ${doubts.join(", and ")}.`);
    }
    keys.forEach((key, index) => {
        const rival = keys.slice(0, index).find((other) => namesDiffer(key.segments, other.segments));
        if (rival)
            warnings.push(
                `API Gateway may refuse the route key ${shown(key.routeKey)} beside ${shown(rival.routeKey)}: they give the path variable of one level different names. Use one name.`,
            );
    });
    return warnings;
}

/** Whether two paths are the same up to a variable that has a name of its own in each. */
function namesDiffer(names: string[], other: string[]): boolean {
    for (const [index, segment] of names.entries()) {
        const rival = other[index];
        if (rival === undefined || shapeOf(segment) !== shapeOf(rival)) return false;
        if (segment !== rival) return true;
    }
    return false;
}
