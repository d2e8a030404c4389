/**
 * The control planes of both clouds on loopback, read-only: the calls that the doctor makes through the real SDK clients, answered from the
 * cloud's state. Every other call, above all every write, is refused and emitted as an event, so that a test can prove that none came.
 */
import * as http from "node:http";
import type { Cloud } from "./cloud";
import { closeLater, listen } from "./shared/loopback";
import { awsApi } from "./aws/controlPlane";
import type { Api, ControlRequest, Reply } from "./shared/controlPlane";
import { cloudflareApi } from "./cloudflare/controlPlane";

/** The credentials to accept; one that is left out is not checked. */
export interface ControlPlaneCredentials {
    awsAccessKeyId?: string;
    cloudflareToken?: string;
}

/** Both control planes, and where they listen. */
export interface ControlPlane {
    /** For `AWS_ENDPOINT_URL`. */
    awsEndpoint: string;
    /** For `--cloudflare-base-url`. */
    cloudflareBaseUrl: string;
    close(): Promise<void>;
}

const MAX_BODY = 64 * 1024;

async function read(req: http.IncomingMessage): Promise<ControlRequest> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of req as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > MAX_BODY) throw new Error("the body is too large");
        chunks.push(chunk);
    }
    const url = new URL(req.url ?? "/", "http://lab");
    const path = url.pathname.split("/").filter(Boolean).map(decodeURIComponent);
    return { method: req.method ?? "GET", path, query: url.searchParams, headers: req.headers, body: Buffer.concat(chunks).toString() };
}

function answer(cloud: Cloud, api: Api, request: ControlRequest): Reply {
    const call = api.find(cloud, request);
    if (!call) {
        const detail = { method: request.method, path: `/${request.path.join("/")}` };
        cloud.events.emit("event", { source: "control-plane", action: "refused", detail });
        return api.refuse(request);
    }
    const { service, operation, permission } = call;
    cloud.events.emit("event", { source: "control-plane", action: "call", detail: { service, operation, permission } });
    return api.reject(request) ?? (cloud.denied.has(permission) ? call.deny() : call.answer());
}

async function serve(cloud: Cloud, api: Api): Promise<{ port: number; close(): Promise<void> }> {
    const server = http.createServer((req, res) => {
        read(req)
            .then((request) => {
                const reply = answer(cloud, api, request);
                res.writeHead(reply.status, { "content-length": Buffer.byteLength(reply.body), ...reply.headers });
                res.end(request.method === "HEAD" ? undefined : reply.body);
            })
            .catch(() => res.destroy());
    });
    const close = closeLater(server);
    return { port: await listen(server), close };
}

/** Starts both control planes on free ports of 127.0.0.1. */
export async function startControlPlane(cloud: Cloud, credentials: ControlPlaneCredentials = {}): Promise<ControlPlane> {
    const [aws, cloudflare] = await Promise.all([
        serve(cloud, awsApi(credentials.awsAccessKeyId)),
        serve(cloud, cloudflareApi(credentials.cloudflareToken)),
    ]);
    return {
        awsEndpoint: `http://127.0.0.1:${aws.port}`,
        cloudflareBaseUrl: `http://127.0.0.1:${cloudflare.port}/client/v4`,
        close: async () => {
            await Promise.all([aws.close(), cloudflare.close()]);
        },
    };
}
