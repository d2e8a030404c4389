/** Route keys of HTTP APIs, as API Gateway takes them. */
import type { HttpApi } from "../../cloud";
import { broken } from "../../shared/resourceType";

const FORM = /^(?:ANY|GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE) (?:\/[^\s/]*)+$/;

/** API Gateway's words: "The provided route key is not formatted properly for HTTP protocol". */
export function checkRouteKey(routeKey: string): void {
    if (routeKey === "$default") return;
    if (!FORM.test(routeKey)) broken("route-key", "routeKey", "$default, or a method and a path");
    const greedy = routeKey.indexOf("+}");
    if (greedy >= 0 && greedy !== routeKey.length - 2)
        broken("route-greedy-last", "routeKey", "a greedy path variable must be at the end of the path");
}

/** Variables without their names: two such routes differ in nothing that API Gateway could choose by. */
const withoutNames = (routeKey: string): string => routeKey.replace(/\/\{[^/{}+]+(\+?)\}(?=\/|$)/g, "/{$1}");

export function checkRouteIsNew(api: HttpApi, id: string | undefined, routeKey: string): void {
    for (const other of api.routes.values()) {
        if (other.id === id) continue;
        if (other.routeKey === routeKey)
            broken("route-unique", "routeKey", `ConflictException: Route with key ${routeKey} already exists for this API`);
        if (withoutNames(other.routeKey) === withoutNames(routeKey)) {
            const reason = `The provided route key "${routeKey}" has a conflicting variable on the same hierarchical level as "${other.routeKey}"`;
            broken("route-conflict", "routeKey", `ConflictException: ${reason}`);
        }
    }
}
