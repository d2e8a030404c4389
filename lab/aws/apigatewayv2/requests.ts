/** What API Gateway does with a request once its connection is accepted: host, mapping, stage, route, integration, access log. */
import type { X509Certificate } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Cloud, GatewayDomain, HttpApi, Integration, Stage } from "../../cloud";
import { defaultEndpoint } from "../../dns";
import { accessLogLine, clientCertOf, corsHeaders, lambdaEvent, payloadToResponse } from "./payload";
import type { Answer, RequestInfo } from "./payload";
import { findDomain, findFunction, matchMapping, matchRoute, matchStage, mayInvoke } from "./routing";
import type { Match } from "./routing";
import { invoke } from "../lambda/runtime";

/** What is known of a connection before its first request. */
export interface Connection {
    /** The server name, when it is a custom domain or a default endpoint. */
    serverName: string | undefined;
    /** Set when the server name is a custom domain. */
    domainName: string | undefined;
    mutualTls: boolean;
    client: X509Certificate | undefined;
    /** A certificate came, but the truststore does not lead to it: every request is a 403. */
    forbidden: boolean;
}

const maxBody = 10 * 1024 * 1024;

function message(status: number, text: string): Answer {
    return { status, headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify({ message: text })) };
}

async function readBody(req: IncomingMessage): Promise<Buffer | undefined> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of req as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > maxBody) return undefined;
        chunks.push(chunk);
    }
    return Buffer.concat(chunks);
}

type Target = { kind: "domain"; domain: GatewayDomain } | { kind: "endpoint"; api: HttpApi };

/** What a Host names, were it asked for by a connection that may. */
function targetOf(cloud: Cloud, host: string): Target | undefined {
    const domain = findDomain(cloud, host);
    if (domain) return { kind: "domain", domain };
    const api = [...cloud.aws.apis.values()].find((candidate) => defaultEndpoint(cloud, candidate.id) === host);
    return api && { kind: "endpoint", api };
}

/** The Host must be the connection's own server name, unless the lab plays the variant in which it need not be (facts 1.16). */
function admitted(cloud: Cloud, connection: Connection, plain: boolean, host: string): Target | undefined {
    const target = targetOf(cloud, host);
    const matches = connection.serverName === host;
    if (plain || matches) return target;
    const ownsName = connection.serverName !== undefined && targetOf(cloud, connection.serverName) !== undefined;
    return cloud.variants.hostMismatch === "answered" && ownsName && !connection.mutualTls ? target : undefined;
}

export async function handleRequest(
    cloud: Cloud,
    connection: Connection,
    plain: boolean,
    req: IncomingMessage,
    res: ServerResponse,
): Promise<void> {
    const host = (req.headers.host ?? "").toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");
    const url = req.url ?? "/";
    const query = url.indexOf("?");
    const info: RequestInfo = {
        requestId: cloud.nextId("request"),
        host,
        method: req.method ?? "GET",
        path: query < 0 ? url : url.slice(0, query),
        queryString: query < 0 ? "" : url.slice(query + 1),
        protocol: `HTTP/${req.httpVersion}`,
        headers: req.headers,
        sourceIp: req.socket.remoteAddress ?? "127.0.0.1",
        clientCert: connection.client && clientCertOf(connection.client),
        time: new Date(),
    };
    const reply = (answer: Answer) => {
        cloud.events.emit("event", {
            source: "gateway",
            action: "request",
            detail: { host, method: info.method, path: info.path, status: answer.status, serverName: connection.serverName },
        });
        res.writeHead(answer.status, {
            ...answer.headers,
            "apigw-requestid": info.requestId,
            "content-length": answer.body.length,
            connection: "close",
        });
        res.end(info.method === "HEAD" ? undefined : answer.body);
    };
    if (connection.forbidden) return reply(message(403, "Forbidden"));
    const target = admitted(cloud, connection, plain, host);
    if (!target) return reply(message(403, "Forbidden"));

    let api: HttpApi | undefined;
    let stage: Stage | undefined;
    let path = info.path;
    if (target.kind === "domain") {
        const found = matchMapping(target.domain, path);
        if (!found) return reply(message(403, "Forbidden"));
        api = cloud.aws.apis.get(found.mapping.apiId) ?? [...cloud.aws.apis.values()].find(({ id }) => id === found.mapping.apiId);
        stage = api?.stages.get(found.mapping.stage);
        path = found.path;
    } else {
        const found = matchStage(target.api, path);
        api = target.api;
        stage = found?.stage;
        path = found?.path ?? path;
        if (stage?.deployed?.disableExecuteApiEndpoint) return reply(message(404, "Not Found"));
    }
    if (!api || !stage?.deployed) return reply(message(404, "Not Found"));
    // Requests are not counted: of all limits only "none at all" is played.
    if (stage.throttlingRateLimit === 0 || stage.throttlingBurstLimit === 0) return reply(message(429, "Too Many Requests"));

    const preflight = api.cors && info.method === "OPTIONS" && info.headers.origin && info.headers["access-control-request-method"];
    const match = matchRoute(stage.deployed.routes.values(), info.method, path);
    const answer = preflight
        ? { status: 204, headers: {}, body: Buffer.alloc(0) }
        : match
          ? await answerRoute(cloud, info, api, stage, match, req)
          : message(404, "Not Found");
    Object.assign(answer.headers, corsHeaders(api.cors, info, Boolean(preflight)));
    logAccess(cloud, info, api, stage, match, answer);
    reply(answer);
}

function logAccess(cloud: Cloud, info: RequestInfo, api: HttpApi, stage: Stage, match: Match | undefined, answer: Answer): void {
    const log = stage.accessLog;
    const group =
        log && [...cloud.aws.logGroups.values()].find(({ arn }) => arn.replace(/:\*$/, "") === log.destinationArn.replace(/:\*$/, ""));
    if (log && group) group.lines.push(accessLogLine(log.format, cloud, info, api, stage, match, answer));
}

async function answerRoute(
    cloud: Cloud,
    info: RequestInfo,
    api: HttpApi,
    stage: Stage,
    match: Match,
    req: IncomingMessage,
): Promise<Answer> {
    const { route } = match;
    if (route.authorizationType === "JWT" && !/^(Bearer )?\S+$/i.test(info.headers.authorization ?? ""))
        return message(401, "Unauthorized");
    if (route.authorizationType === "AWS_IAM") return message(403, "Forbidden");
    const integration = stage.deployed?.integrations.get(route.target.replace(/^integrations\//, ""));
    if (!integration) return message(500, "Internal Server Error");
    const body = await readBody(req);
    if (!body) return message(413, "Request Entity Too Large");
    if (integration.integrationType === "HTTP_PROXY") return proxy(info, match, integration, body);
    const fn = findFunction(cloud, integration.integrationUri);
    if (!fn || !mayInvoke(cloud, fn, api, stage, route, info.method)) return message(500, "Internal Server Error");
    try {
        const event = lambdaEvent(cloud, info, api, stage, match, body);
        return payloadToResponse(await withTimeout(invoke(cloud, fn, event), integration.timeoutMilliseconds));
    } catch (error) {
        return error instanceof IntegrationTimeout ? message(503, "Service Unavailable") : message(500, "Internal Server Error");
    }
}

class IntegrationTimeout extends Error {}

function withTimeout<T>(work: Promise<T>, milliseconds: number): Promise<T> {
    return new Promise((done, fail) => {
        const timer = setTimeout(() => fail(new IntegrationTimeout()), milliseconds);
        work.then(done, fail).finally(() => clearTimeout(timer));
    });
}

/** Only the loopback: the lab must never call out. */
async function proxy(info: RequestInfo, match: Match, integration: Integration, body: Buffer): Promise<Answer> {
    try {
        const uri = integration.integrationUri.replace(/\{([^}+]+)\+?\}/g, (_all, name: string) =>
            (match.parameters[name] ?? "").split("/").map(encodeURIComponent).join("/"),
        );
        const url = new URL(uri);
        if (!/^https?:$/.test(url.protocol) || !/^(127(\.\d+){3}|localhost|\[::1\])$/.test(url.hostname))
            throw new Error("not the loopback");
        if (info.queryString) url.search = info.queryString;
        const method =
            integration.integrationMethod === undefined || integration.integrationMethod === "ANY"
                ? info.method
                : integration.integrationMethod;
        const headers = new Headers();
        for (const [name, value] of Object.entries(info.headers)) {
            if (/^(host|connection|content-length|transfer-encoding|expect|upgrade|keep-alive)$/.test(name)) continue;
            if (value !== undefined) headers.set(name, String(value));
        }
        headers.set("forwarded", `by=127.0.0.1;for=${info.sourceIp};host=${info.host};proto=https`);
        const response = await fetch(url, {
            method,
            headers,
            body: method === "GET" || method === "HEAD" ? undefined : new Uint8Array(body),
            redirect: "manual",
            signal: AbortSignal.timeout(integration.timeoutMilliseconds),
        });
        const kept = [...response.headers].filter(
            ([name]) => !/^(connection|content-length|content-encoding|transfer-encoding|keep-alive)$/.test(name),
        );
        return { status: response.status, headers: Object.fromEntries(kept), body: Buffer.from(await response.arrayBuffer()) };
    } catch {
        return message(500, "Internal Server Error");
    }
}
