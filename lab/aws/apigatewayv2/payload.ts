/** The shapes API Gateway gives a request and an answer: Lambda payload 2.0, access-log variables, CORS headers. */
import type { X509Certificate } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Cloud, CorsConfiguration, HttpApi, Stage } from "../../cloud";
import type { Match } from "./routing";

export interface ClientCert {
    clientCertPem: string;
    subjectDN: string;
    issuerDN: string;
    serialNumber: string;
    validity: { notBefore: string; notAfter: string };
}

export interface RequestInfo {
    requestId: string;
    host: string;
    method: string;
    path: string;
    queryString: string;
    protocol: string;
    headers: IncomingHttpHeaders;
    sourceIp: string;
    clientCert: ClientCert | undefined;
    time: Date;
}

export interface Answer {
    status: number;
    headers: Record<string, string | string[]>;
    body: Buffer;
}

/** API Gateway's own answer. */
export function messageAnswer(status: number, text: string): Answer {
    return { status, headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify({ message: text })) };
}

function distinguishedName(lines: string): string {
    return lines.split("\n").reverse().join(",");
}

export function clientCertOf(certificate: X509Certificate): ClientCert {
    return {
        clientCertPem: certificate.toString().trim(),
        subjectDN: distinguishedName(certificate.subject),
        issuerDN: distinguishedName(certificate.issuer),
        serialNumber: (certificate.serialNumber.toLowerCase().match(/../g) ?? []).join(":"),
        validity: { notBefore: certificate.validFrom, notAfter: certificate.validTo },
    };
}

/** e.g. `12/Mar/2020:19:03:58 +0000` */
function requestTime(time: Date): string {
    const [, day, month, year, clock] = /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(time.toUTCString()) ?? [];
    return `${day}/${month}/${year}:${clock} +0000`;
}

export function lambdaEvent(cloud: Cloud, info: RequestInfo, api: HttpApi, stage: Stage, match: Match, body: Buffer): object {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(info.headers)) {
        if (name !== "cookie" && name !== "connection" && value !== undefined)
            headers[name] = Array.isArray(value) ? value.join(",") : value;
    }
    const parameters: Record<string, string> = {};
    for (const [name, value] of new URLSearchParams(info.queryString)) {
        parameters[name] = parameters[name] === undefined ? value : `${parameters[name]},${value}`;
    }
    const textual = /^(text\/|application\/(json|javascript|xml|x-www-form-urlencoded))|\+json|\+xml/.test(
        info.headers["content-type"] ?? "text/",
    );
    return {
        version: "2.0",
        routeKey: match.route.routeKey,
        rawPath: info.path,
        rawQueryString: info.queryString,
        ...(info.headers.cookie ? { cookies: info.headers.cookie.split(/;\s*/) } : {}),
        headers,
        ...(info.queryString ? { queryStringParameters: parameters } : {}),
        ...(Object.keys(match.parameters).length > 0 ? { pathParameters: match.parameters } : {}),
        requestContext: {
            accountId: cloud.aws.accountId,
            apiId: api.id,
            authentication: info.clientCert ? { clientCert: info.clientCert } : null,
            domainName: info.host,
            domainPrefix: info.host.split(".")[0],
            http: {
                method: info.method,
                path: info.path,
                protocol: info.protocol,
                sourceIp: info.sourceIp,
                userAgent: info.headers["user-agent"] ?? "",
            },
            requestId: info.requestId,
            routeKey: match.route.routeKey,
            stage: stage.name,
            time: requestTime(info.time),
            timeEpoch: info.time.getTime(),
        },
        ...(body.length > 0 ? { body: textual ? body.toString() : body.toString("base64") } : {}),
        isBase64Encoded: body.length > 0 && !textual,
    };
}

/** Payload 2.0 infers the answer from any value that has no `statusCode`. */
export function payloadToResponse(payload: unknown): Answer {
    const structured = payload as {
        statusCode?: number | string;
        headers?: Record<string, unknown>;
        cookies?: string[];
        body?: unknown;
        isBase64Encoded?: boolean;
    } | null;
    if (typeof structured !== "object" || structured === null || structured.statusCode === undefined) {
        const text = typeof payload === "string" ? payload : JSON.stringify(payload);
        return { status: 200, headers: { "content-type": "application/json" }, body: Buffer.from(text) };
    }
    const status = Number(structured.statusCode);
    if (!Number.isInteger(status) || status < 200 || status > 599) throw new Error("malformed Lambda proxy response");
    const headers: Record<string, string | string[]> = { "content-type": "text/plain; charset=utf-8" };
    for (const [name, value] of Object.entries(structured.headers ?? {})) {
        if (!/^(content-length|connection|transfer-encoding)$/i.test(name)) headers[name.toLowerCase()] = String(value);
    }
    if (structured.cookies?.length) headers["set-cookie"] = structured.cookies;
    const text =
        typeof structured.body === "string" ? structured.body : structured.body === undefined ? "" : JSON.stringify(structured.body);
    return { status, headers, body: Buffer.from(text, structured.isBase64Encoded ? "base64" : "utf8") };
}

export function accessLogLine(
    format: string,
    cloud: Cloud,
    info: RequestInfo,
    api: HttpApi,
    stage: Stage,
    match: Match | undefined,
    answer: Answer,
): string {
    const values: Record<string, string | number | undefined> = {
        accountId: cloud.aws.accountId,
        apiId: api.id,
        domainName: info.host,
        domainPrefix: info.host.split(".")[0],
        extendedRequestId: info.requestId,
        httpMethod: info.method,
        "identity.sourceIp": info.sourceIp,
        "identity.userAgent": info.headers["user-agent"],
        "identity.clientCert.clientCertPem": info.clientCert?.clientCertPem,
        "identity.clientCert.subjectDN": info.clientCert?.subjectDN,
        "identity.clientCert.issuerDN": info.clientCert?.issuerDN,
        "identity.clientCert.serialNumber": info.clientCert?.serialNumber,
        "identity.clientCert.validity.notBefore": info.clientCert?.validity.notBefore,
        "identity.clientCert.validity.notAfter": info.clientCert?.validity.notAfter,
        path: info.path,
        protocol: info.protocol,
        requestId: info.requestId,
        requestTime: requestTime(info.time),
        requestTimeEpoch: Math.floor(info.time.getTime() / 1000),
        responseLength: answer.body.length,
        routeKey: match?.route.routeKey,
        stage: stage.name,
        status: answer.status,
    };
    return format.replace(/\$context\.([A-Za-z]+(?:\.[A-Za-z]+)*)/g, (_all, name: string) =>
        JSON.stringify(String(values[name] ?? "-")).slice(1, -1),
    );
}

export function corsHeaders(cors: CorsConfiguration | undefined, info: RequestInfo, preflight: boolean): Record<string, string> {
    const origin = info.headers.origin;
    const origins = cors?.allowOrigins ?? [];
    if (!cors || !origin || !(origins.includes("*") || origins.includes(origin))) return {};
    const headers: Record<string, string> = { "access-control-allow-origin": origins.includes("*") ? "*" : origin };
    if (cors.allowCredentials) headers["access-control-allow-credentials"] = "true";
    if (cors.exposeHeaders?.length) headers["access-control-expose-headers"] = cors.exposeHeaders.join(",");
    if (preflight && cors.allowMethods?.length) headers["access-control-allow-methods"] = cors.allowMethods.join(",");
    if (preflight && cors.allowHeaders?.length) headers["access-control-allow-headers"] = cors.allowHeaders.join(",");
    if (preflight && cors.maxAge !== undefined) headers["access-control-max-age"] = String(cors.maxAge);
    return headers;
}
