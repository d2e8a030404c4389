/**
 * Cloudflare's edge: ends the visitor's TLS, finds the zone by Host, and talks to the origin the way the zone's settings say. Any zone of
 * any customer is served here, so an attacker's zone is one more zone.
 */
import * as http from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";
import * as tls from "node:tls";
import type { Cloud, DnsRecord, Zone } from "../cloud";
import { defaultEndpoint, findRecords, normalize, resolve } from "../dns";
import { clientCertificateFor, overHttp, overTls, OriginError } from "./originConnection";
import { listen } from "../aws/apigatewayv2/server";
import type { Gateway } from "../aws/apigatewayv2/server";

export interface Edge {
    port: number;
    httpPort: number;
    close(): Promise<void>;
}

/** What the body says when the edge itself has an error to tell. */
function fail(res: http.ServerResponse, status: number, code = status): void {
    const body = `error code: ${code}`;
    res.writeHead(status, { "content-type": "text/plain; charset=UTF-8", "content-length": body.length, connection: "close" });
    res.end(body);
}

function hostOf(req: http.IncomingMessage): string {
    return normalize((req.headers.host ?? "").replace(/:\d+$/, ""));
}

function proxiedRecord(cloud: Cloud, host: string): { zone: Zone; record: DnsRecord } | undefined {
    return findRecords(cloud, host).find(({ record }) => record.proxied);
}

/** Universal SSL covers the zone and one label below it (facts 5). */
function hasCertificate(zone: Zone, host: string): boolean {
    const below = host === zone.name ? [] : host.slice(0, -zone.name.length - 1).split(".");
    return zone.deepCertificates || below.length <= 1;
}

/** A zone's SSL mode for a hostname: a configuration rule beats the setting (facts 6.3). */
function sslMode(zone: Zone, host: string): string {
    const ruled = zone.sslRule && normalize(zone.sslRule.hostname);
    if (ruled !== undefined && (ruled.startsWith("*.") ? host.endsWith(ruled.slice(1)) : ruled === host)) return zone.sslRule!.value;
    return zone.settings.get("ssl") ?? "full";
}

const challengePage = "<!DOCTYPE html><title>Just a moment...</title><p>Enable JavaScript and cookies to continue</p>\n";

export async function startEdge(cloud: Cloud, gateway: Gateway): Promise<Edge> {
    const sockets = new Set<Socket>();
    const certificates = new Map<string, Promise<tls.SecureContext>>();
    let rays = 0;

    const contextFor = (name: string): Promise<tls.SecureContext> => {
        let context = certificates.get(name);
        if (!context) {
            context = cloud.webCa
                .issue([name])
                .then(({ certificatePem, privateKeyPem }) => tls.createSecureContext({ cert: certificatePem, key: privateKeyPem }));
            certificates.set(name, context);
        }
        return context;
    };

    async function serve(req: http.IncomingMessage, res: http.ServerResponse, scheme: "http" | "https"): Promise<void> {
        const host = hostOf(req);
        const ray = `${(++rays).toString(16).padStart(16, "0")}-LAB`;
        res.setHeader("cf-ray", ray);
        res.setHeader("server", "cloudflare");
        res.on("finish", () => {
            const detail = { host, method: req.method, path: req.url, status: res.statusCode, scheme };
            cloud.events.emit("event", { source: "edge", action: "request", detail });
        });
        const found = proxiedRecord(cloud, host);
        if (!found) return fail(res, 403, 1001);
        const { zone, record } = found;
        if (scheme === "http" && zone.settings.get("always_use_https") === "on") {
            res.writeHead(301, { location: `https://${host}${req.url ?? "/"}`, "content-length": 0, connection: "close" });
            res.end();
            return;
        }
        if (zone.challenge) {
            res.writeHead(403, { "cf-mitigated": "challenge", "content-type": "text/html; charset=UTF-8", connection: "close" });
            res.end(challengePage);
            return;
        }
        if (record.type !== "CNAME") return fail(res, 522);
        const target = resolve(cloud, record.content);
        if (!target) return fail(res, 530, 1016);
        // A CNAME to a name that is proxied itself, here or at another customer (1014: CNAME cross-user banned).
        if (target.kind === "edge") return fail(res, 403, 1014);

        const originHost = zone.hostHeaderOverride ?? host;
        const headers: http.OutgoingHttpHeaders = { ...req.headers, host: originHost };
        for (const name of ["connection", "keep-alive", "upgrade", "transfer-encoding", "content-length"]) delete headers[name];
        if (req.headers["content-length"] !== undefined) headers["content-length"] = req.headers["content-length"];
        Object.assign(headers, {
            "cf-ray": ray,
            "cf-connecting-ip": req.socket.remoteAddress ?? "127.0.0.1",
            "x-forwarded-for": req.socket.remoteAddress ?? "127.0.0.1",
            "x-forwarded-proto": scheme,
        });
        const mode = sslMode(zone, host);
        const toEndpoint = [...cloud.aws.apis.values()].some(({ id }) => defaultEndpoint(cloud, id) === target.name);
        const plain = scheme === "http" || mode === "off" || mode === "flexible";
        const upstream = {
            port: plain ? gateway.httpPort : toEndpoint ? gateway.endpointPort : gateway.port,
            method: req.method ?? "GET",
            path: req.url ?? "/",
            headers,
            body: req,
        };
        try {
            const answer = plain
                ? await overHttp(upstream)
                : await overTls({
                      ...upstream,
                      serverName: originHost,
                      strict: mode === "strict" || mode === "origin_pull",
                      acceptedNames: [originHost, target.name, normalize(record.content)],
                      webCaPem: cloud.webCa.certificatePem,
                      client: clientCertificateFor(cloud, zone, host),
                  });
            const answerHeaders = { ...answer.headers };
            delete answerHeaders.connection;
            delete answerHeaders["keep-alive"];
            res.writeHead(answer.statusCode ?? 502, { ...answerHeaders, "cf-ray": ray, server: "cloudflare" });
            answer.on("error", () => res.destroy());
            answer.pipe(res);
        } catch (error) {
            if (!(error instanceof OriginError)) throw error;
            const detail = { host, status: error.status, reason: error.message };
            cloud.events.emit("event", { source: "edge", action: "origin-error", detail });
            fail(res, error.status);
        }
    }

    const handler = (scheme: "http" | "https") => (req: http.IncomingMessage, res: http.ServerResponse) => {
        serve(req, res, scheme).catch(() => (res.headersSent ? res.destroy() : fail(res, 500)));
    };
    const secure = https.createServer(
        {
            minVersion: "TLSv1.2",
            ALPNProtocols: ["http/1.1"],
            SNICallback(serverName, done) {
                const name = normalize(serverName);
                const found = proxiedRecord(cloud, name);
                if (!found || !hasCertificate(found.zone, name)) return done(new Error(`no certificate for ${name}`));
                contextFor(name).then((context) => done(null, context), done);
            },
        },
        handler("https"),
    );
    const plain = http.createServer(handler("http"));
    secure.on("tlsClientError", (_error, socket) => socket.destroy());
    for (const server of [secure, plain]) {
        server.on("connection", (socket: Socket) => {
            sockets.add(socket);
            socket.on("error", () => socket.destroy());
            socket.on("close", () => sockets.delete(socket));
        });
    }
    const [port, httpPort] = await Promise.all([listen(secure), listen(plain)]);
    return {
        port,
        httpPort,
        async close() {
            const closed = [secure, plain].map((server) => new Promise((done) => server.close(done)));
            for (const socket of sockets) socket.destroy();
            await Promise.all(closed);
        },
    };
}
