/**
 * The provider's way to Cloudflare's API: it tries a request up to ten times after 429, 5xx and lost connections, whatever the method
 * (docs/sources.md 12.4). Nothing sleeps: waits are counted.
 */
import { STATUS_CODES } from "node:http";
import type { ApiRequest, Cloud, Disturbance } from "../cloud";
import { UNKNOWN } from "../shared/propertyValues";
import { RuleError, text, type Props, type ResourceType } from "../shared/resourceType";

const MAX_TRIES = 10;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

/** An error as the provider words it. */
export function apiError({ method, path }: ApiRequest, status: number, code?: number, message?: string): Error {
    const body = code === undefined ? "" : ` {"success":false,"errors":[{"code":${code},"message":"${message}"}]}`;
    return new Error(
        `failed to make http request: ${method} "https://api.cloudflare.com/client/v4/${path}": ${status} ${STATUS_CODES[status]}${body}`,
    );
}

function failure(request: ApiRequest, disturbance: Disturbance): Error {
    if (typeof disturbance === "object") return apiError(request, disturbance.status);
    const reason = disturbance === "refused" ? "dial tcp: connect: connection refused" : "EOF";
    return new Error(`failed to make http request: ${request.method} "https://api.cloudflare.com/client/v4/${request.path}": ${reason}`);
}

const isRetried = (disturbance: Disturbance): boolean =>
    typeof disturbance === "string" || disturbance.status === 429 || disturbance.status >= 500;

/** Makes a request: `effect` is what Cloudflare does, and fails with what it refuses. */
export async function ask<T>(cloud: Cloud, request: ApiRequest, permission: string, effect: () => T | Promise<T>): Promise<T> {
    const { api } = cloud;
    for (let tried = 1; ; tried++) {
        api.tries.push(`${request.method} ${request.path}`);
        const disturbance = api.disturb?.(request);
        if (disturbance === undefined || disturbance === "lost") {
            if (cloud.denied.has(permission)) throw apiError(request, 403, 10000, "Authentication error");
            const answer = await effect();
            if (disturbance === undefined) return answer;
        }
        if (tried === MAX_TRIES || !isRetried(disturbance)) throw failure(request, disturbance);
        const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (tried - 1), LONGEST_WAIT_MS);
        api.waitedMs += (typeof disturbance === "object" ? disturbance.retryAfterMs : undefined) ?? waitMs;
    }
}

/** The provider refuses another token before it calls anything (docs/sources.md 12.7). */
export function checkConfig({ apiToken }: Props): RuleError | undefined {
    if (typeof apiToken !== "string" || apiToken === UNKNOWN || /^[0-9A-Za-z_-]{40,80}$/.test(apiToken)) return undefined;
    return new RuleError("api-token-form", "apiToken", "must be 40 to 80 characters of 0-9, A-Z, a-z, - and _");
}

/** Where a type is in the API. A method that is left out calls nothing. */
export interface Route {
    permission: string;
    path(props: Props, id?: string): string;
    create: ApiRequest["method"];
    update: ApiRequest["method"] | undefined;
    delete: ApiRequest["method"] | undefined;
}

/** The type with each of its calls made over the API. */
export function overApi(type: ResourceType, route: Route): ResourceType {
    const { create, update, read, delete: remove } = type;
    const write = (cloud: Cloud, method: ApiRequest["method"], props: Props, id: string | undefined, effect: () => unknown) =>
        ask(cloud, { method, path: route.path(props, id) }, `${route.permission} Write`, effect) as never;
    return {
        ...type,
        create: (cloud, inputs, options) => write(cloud, route.create, inputs, undefined, () => create(cloud, inputs, options)),
        ...(update && {
            update: (cloud, id, inputs, state) => write(cloud, route.update!, inputs, id, () => update(cloud, id, inputs, state)),
        }),
        ...(read && {
            // Every Read tolerates a 404: it finds nothing (docs/sources.md 12.2).
            read: (cloud, id, state) =>
                ask(cloud, { method: "GET", path: route.path(state, id) }, `${route.permission} Read`, () => read(cloud, id, state)),
        }),
        delete: (cloud, id, state) =>
            route.delete === undefined ? undefined : write(cloud, route.delete, state, id, () => remove(cloud, id, state)),
    };
}

/** `zones/<zone id>/<rest>` */
export const inZonePath = (props: Props, ...rest: (string | undefined)[]): string =>
    ["zones", text(props, "zoneId"), ...rest.filter((part) => part !== undefined)].join("/");
