/** The target of a route: a Lambda function, or an HTTP server on the loopback. */
import type { IncomingMessage } from "node:http";
import type { Cloud, HttpApi, Integration, Stage } from "../../cloud";
import { withoutHopByHop } from "../../shared/headers";
import { invoke } from "../lambda/runtime";
import { lambdaEvent, messageAnswer, payloadToResponse, type Answer, type RequestInfo } from "./payload";
import { codeOf, findTarget, mayInvoke, type Match } from "./routing";

const MAX_BODY = 10 * 1024 * 1024;

/** A request on its way to an integration. */
export interface IntegrationCall {
    info: RequestInfo;
    api: HttpApi;
    stage: Stage;
    match: Match;
    integration: Integration;
}

export async function callIntegration(cloud: Cloud, call: IntegrationCall, req: IncomingMessage): Promise<Answer> {
    const body = await readBody(req);
    if (!body) return messageAnswer(413, "Request Entity Too Large");
    return call.integration.integrationType === "HTTP_PROXY" ? callServer(call, body) : callFunction(cloud, call, body);
}

async function readBody(req: IncomingMessage): Promise<Buffer | undefined> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of req as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > MAX_BODY) return undefined;
        chunks.push(chunk);
    }
    return Buffer.concat(chunks);
}

class IntegrationTimeout extends Error {}

function withTimeout<T>(work: Promise<T>, milliseconds: number): Promise<T> {
    return new Promise((done, fail) => {
        const timer = setTimeout(() => fail(new IntegrationTimeout()), milliseconds);
        work.then(done, fail).finally(() => clearTimeout(timer));
    });
}

async function callFunction(cloud: Cloud, { info, api, stage, match, integration }: IntegrationCall, body: Buffer): Promise<Answer> {
    const target = findTarget(cloud, integration.integrationUri);
    const fn = target && codeOf(target);
    if (!fn || !mayInvoke(cloud, target, { api, stage, route: match.route, method: info.method }))
        return messageAnswer(500, "Internal Server Error");
    try {
        const event = lambdaEvent(cloud, info, api, stage, match, body);
        return payloadToResponse(await withTimeout(invoke(cloud, fn, event), integration.timeoutMilliseconds));
    } catch (error) {
        return error instanceof IntegrationTimeout
            ? messageAnswer(503, "Service Unavailable")
            : messageAnswer(500, "Internal Server Error");
    }
}

/** The integration's URI with the path's parameters in place. Only the loopback: the lab must never call out. */
function serverUrl({ info, match, integration }: IntegrationCall): URL {
    const uri = integration.integrationUri.replace(/\{([^}+]+)\+?\}/g, (_all, name: string) =>
        (match.parameters[name] ?? "").split("/").map(encodeURIComponent).join("/"),
    );
    const url = new URL(uri);
    if (!/^https?:$/.test(url.protocol) || !/^(127(\.\d+){3}|localhost|\[::1\])$/.test(url.hostname)) throw new Error("not the loopback");
    if (info.queryString) url.search = info.queryString;
    return url;
}

async function callServer(call: IntegrationCall, body: Buffer): Promise<Answer> {
    const { info, integration } = call;
    const { integrationMethod = "ANY" } = integration;
    const method = integrationMethod === "ANY" ? info.method : integrationMethod;
    try {
        const headers = new Headers();
        for (const [name, value] of Object.entries(withoutHopByHop(info.headers, "host", "content-length", "expect")))
            if (value !== undefined) headers.set(name, String(value));
        headers.set("forwarded", `by=127.0.0.1;for=${info.sourceIp};host=${info.host};proto=https`);
        const response = await fetch(serverUrl(call), {
            method,
            headers,
            body: method === "GET" || method === "HEAD" ? undefined : new Uint8Array(body),
            redirect: "manual",
            signal: AbortSignal.timeout(integration.timeoutMilliseconds),
        });
        return {
            status: response.status,
            headers: withoutHopByHop(Object.fromEntries(response.headers), "content-length", "content-encoding"),
            body: Buffer.from(await response.arrayBuffer()),
        };
    } catch {
        return messageAnswer(500, "Internal Server Error");
    }
}
