/** What API Gateway does with a request once its connection is accepted: host, mapping, stage, route, integration, access log. */
import type { X509Certificate } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Cloud, GatewayDomain, HttpApi, Stage } from "../../cloud";
import { defaultEndpoint } from "../../dns";
import { callIntegration } from "./integration";
import { accessLogLine, clientCertOf, corsHeaders, messageAnswer, type Answer, type RequestInfo } from "./payload";
import { findDomain, matchMapping, matchRoute, matchStage, type Match } from "./routing";

/** A TLS connection before its first request. */
export interface Connection {
    /** The server name, when it is a custom domain or a default endpoint. */
    serverName: string | undefined;
    mutualTls: boolean;
    client: X509Certificate | undefined;
    /** A certificate came, but the truststore does not lead to it: every request is a 403. */
    forbidden: boolean;
}

/** Answers one request. `connection` is undefined for plain HTTP. */
export async function handleRequest(
    cloud: Cloud,
    connection: Connection | undefined,
    req: IncomingMessage,
    res: ServerResponse,
): Promise<void> {
    const info = describe(cloud, connection, req);
    const answer = await answerRequest(cloud, connection, info, req);
    cloud.events.emit("event", {
        source: "gateway",
        action: "request",
        detail: { host: info.host, method: info.method, path: info.path, status: answer.status, serverName: connection?.serverName },
    });
    res.writeHead(answer.status, {
        ...answer.headers,
        "apigw-requestid": info.requestId,
        "content-length": answer.body.length,
        connection: "close",
    });
    res.end(info.method === "HEAD" ? undefined : answer.body);
}

function describe(cloud: Cloud, connection: Connection | undefined, req: IncomingMessage): RequestInfo {
    const url = req.url ?? "/";
    const query = url.indexOf("?");
    return {
        requestId: cloud.nextId("request"),
        host: (req.headers.host ?? "").toLowerCase().replace(/:\d+$/, "").replace(/\.$/, ""),
        method: req.method ?? "GET",
        path: query < 0 ? url : url.slice(0, query),
        queryString: query < 0 ? "" : url.slice(query + 1),
        protocol: `HTTP/${req.httpVersion}`,
        headers: req.headers,
        sourceIp: req.socket.remoteAddress ?? "127.0.0.1",
        clientCert: connection?.client && clientCertOf(connection.client),
        time: new Date(),
    };
}

async function answerRequest(cloud: Cloud, connection: Connection | undefined, info: RequestInfo, req: IncomingMessage): Promise<Answer> {
    const target = connection?.forbidden ? undefined : admitted(cloud, connection, info.host);
    if (!target) return messageAnswer(403, "Forbidden");
    const place = locate(cloud, target, info.path);
    return "status" in place ? place : answerAt(cloud, info, place, req);
}

type Target = { kind: "domain"; domain: GatewayDomain } | { kind: "endpoint"; api: HttpApi };

/** The API that a Host leads to, before the connection is checked. */
function targetOf(cloud: Cloud, host: string): Target | undefined {
    const domain = findDomain(cloud, host);
    if (domain) return { kind: "domain", domain };
    const api = [...cloud.aws.apis.values()].find(({ id }) => defaultEndpoint(cloud, id) === host);
    return api && { kind: "endpoint", api };
}

/** The Host must be the connection's own server name, unless the lab plays the variant in which it need not be (docs/sources.md 1.16). */
function admitted(cloud: Cloud, connection: Connection | undefined, host: string): Target | undefined {
    const target = targetOf(cloud, host);
    if (!connection || connection.serverName === host) return target;
    const ownsName = connection.serverName !== undefined && targetOf(cloud, connection.serverName) !== undefined;
    return cloud.variants.hostMismatch === "answered" && ownsName && !connection.mutualTls ? target : undefined;
}

/** Where a request ends: an API, one of its stages, and the path behind the mapping's key or the stage's name. */
interface Place {
    api: HttpApi;
    stage: Stage;
    deployed: NonNullable<Stage["deployed"]>;
    path: string;
}

function locate(cloud: Cloud, target: Target, path: string): Place | Answer {
    const notFound = messageAnswer(404, "Not Found");
    if (target.kind === "endpoint") {
        const { api } = target;
        const found = matchStage(api, path);
        if (!found?.stage.deployed || found.stage.deployed.disableExecuteApiEndpoint) return notFound;
        return { api, ...found, deployed: found.stage.deployed };
    }
    const found = matchMapping(target.domain, path);
    if (!found) return messageAnswer(403, "Forbidden");
    const api = cloud.aws.apis.get(found.mapping.apiId);
    const stage = api?.stages.get(found.mapping.stage);
    return api && stage?.deployed ? { api, stage, deployed: stage.deployed, path: found.path } : notFound;
}

async function answerAt(cloud: Cloud, info: RequestInfo, place: Place, req: IncomingMessage): Promise<Answer> {
    const { api, stage, deployed, path } = place;
    // Requests are not counted: only a limit of 0 has an effect.
    if (stage.throttlingRateLimit === 0 || stage.throttlingBurstLimit === 0) return messageAnswer(429, "Too Many Requests");
    const { headers, method } = info;
    const preflight = Boolean(api.cors && method === "OPTIONS" && headers.origin && headers["access-control-request-method"]);
    const match = matchRoute(deployed.routes.values(), method, path);
    const answer = preflight
        ? { status: 204, headers: {}, body: Buffer.alloc(0) }
        : match
          ? await answerRoute(cloud, info, place, match, req)
          : messageAnswer(404, "Not Found");
    Object.assign(answer.headers, corsHeaders(api.cors, info, preflight));
    logAccess(cloud, info, place, match, answer);
    return answer;
}

async function answerRoute(cloud: Cloud, info: RequestInfo, place: Place, match: Match, req: IncomingMessage): Promise<Answer> {
    const { route } = match;
    if (route.authorizationType === "JWT" && !/^(Bearer )?\S+$/i.test(info.headers.authorization ?? ""))
        return messageAnswer(401, "Unauthorized");
    if (route.authorizationType === "AWS_IAM") return messageAnswer(403, "Forbidden");
    const integration = place.deployed.integrations.get(route.target.replace(/^integrations\//, ""));
    if (!integration) return messageAnswer(500, "Internal Server Error");
    return callIntegration(cloud, { info, ...place, match, integration }, req);
}

function logAccess(cloud: Cloud, info: RequestInfo, { api, stage }: Place, match: Match | undefined, answer: Answer): void {
    const log = stage.accessLog;
    const group =
        log && [...cloud.aws.logGroups.values()].find(({ arn }) => arn.replace(/:\*$/, "") === log.destinationArn.replace(/:\*$/, ""));
    if (log && group) group.lines.push(accessLogLine(log.format, cloud, info, api, stage, match, answer));
}
