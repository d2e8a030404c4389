/** What the services of the lab's control plane have in common: a request as they read it, and a read-only call as they answer it. */
import type { IncomingHttpHeaders } from "node:http";
import type { Cloud } from "../cloud";

export interface ControlRequest {
    method: string;
    /** Decoded path segments. */
    path: string[];
    query: URLSearchParams;
    headers: IncomingHttpHeaders;
    body: string;
}

export interface Reply {
    status: number;
    headers: Record<string, string>;
    body: string;
}

/** A call that the lab knows. `permission` is what the caller needs, by the cloud's own name: `cloud.denied` may hold it. */
export interface Call {
    service: string;
    operation: string;
    permission: string;
    answer(): Reply;
    /** The cloud's error for the missing permission. */
    deny(): Reply;
}

/** One of the two clouds' APIs. */
export interface Api {
    /** Why the caller is refused; undefined if it is accepted. */
    reject(request: ControlRequest): Reply | undefined;
    /** The request's read-only call; undefined for everything else, which is refused. */
    find(cloud: Cloud, request: ControlRequest): Call | undefined;
    /** The cloud's answer to an unknown call. */
    refuse(request: ControlRequest): Reply;
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
    return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(value) };
}

/** A page of `all` that begins at `from`. */
export function slice<T>(all: T[], from: number, size: number): { items: T[]; next: number | undefined } {
    const end = from + size;
    return { items: all.slice(from, end), next: end < all.length ? end : undefined };
}
