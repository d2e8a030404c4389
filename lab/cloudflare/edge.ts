/**
 * Cloudflare's edge: ends the visitor's TLS, finds the zone by Host, and talks to the origin the way the zone's settings say. Any zone of
 * any customer is served here, so an attacker's zone is one more zone.
 */
import * as http from "node:http";
import * as https from "node:https";
import * as tls from "node:tls";
import type { Cloud, DnsRecord, EdgeAnswer, Zone } from "../cloud";
import { defaultEndpoint, findRecords, normalize, resolve } from "../dns";
import { withoutHopByHop } from "../shared/headers";
import { closeLater, listen } from "../shared/loopback";
import { askOrigin, clientCertificateFor, OriginError, type Origin } from "./originConnection";

export interface Edge {
    port: number;
    httpPort: number;
    close(): Promise<void>;
}

type Scheme = "http" | "https";

/** One request, as the edge sees it. */
interface Visit {
    req: http.IncomingMessage;
    res: http.ServerResponse;
    scheme: Scheme;
    host: string;
    ray: string;
}

export async function startEdge(cloud: Cloud, origin: Origin): Promise<Edge> {
    let rays = 0;
    const handler = (scheme: Scheme) => (req: http.IncomingMessage, res: http.ServerResponse) => {
        const host = normalize((req.headers.host ?? "").replace(/:\d+$/, ""));
        const visit: Visit = { req, res, scheme, host, ray: `${(++rays).toString(16).padStart(16, "0")}-LAB` };
        serve(cloud, origin, visit).catch(() => (res.headersSent ? res.destroy() : fail(res, 500)));
    };
    const secure = https.createServer(
        { minVersion: "TLSv1.2", ALPNProtocols: ["http/1.1"], SNICallback: certificatesByName(cloud) },
        handler("https"),
    );
    const plain = http.createServer(handler("http"));
    secure.on("tlsClientError", (_error, socket) => socket.destroy());
    const close = closeLater(secure, plain);
    const [port, httpPort] = await Promise.all([listen(secure), listen(plain)]);
    return { port, httpPort, close };
}

/** Bodies of the edge's own errors. */
function fail(res: http.ServerResponse, status: number, code = status): void {
    const body = `error code: ${code}`;
    res.writeHead(status, { "content-type": "text/plain; charset=UTF-8", "content-length": body.length, connection: "close" });
    res.end(body);
}

/** A server certificate for each proxied name that the zone covers; every other handshake fails. */
function certificatesByName(cloud: Cloud): NonNullable<tls.TlsOptions["SNICallback"]> {
    const contexts = new Map<string, Promise<tls.SecureContext>>();
    const issue = async (name: string): Promise<tls.SecureContext> => {
        const { certificatePem, privateKeyPem } = await cloud.webCa.issue([name]);
        return tls.createSecureContext({ cert: certificatePem, key: privateKeyPem });
    };
    return (serverName, done) => {
        const name = normalize(serverName);
        const found = proxiedRecord(cloud, name);
        if (!found || !hasCertificate(found.zone, name)) return done(new Error(`no certificate for ${name}`));
        const context = contexts.get(name) ?? issue(name);
        contexts.set(name, context);
        context.then((ready) => done(null, ready), done);
    };
}

function proxiedRecord(cloud: Cloud, host: string): { zone: Zone; record: DnsRecord } | undefined {
    return findRecords(cloud, host).find(({ record }) => record.proxied);
}

/** Universal SSL covers the zone and one label below it (docs/sources.md 5). */
function hasCertificate(zone: Zone, host: string): boolean {
    const below = host === zone.name ? [] : host.slice(0, -zone.name.length - 1).split(".");
    return zone.deepCertificates || below.length <= 1;
}

async function serve(cloud: Cloud, origin: Origin, visit: Visit): Promise<void> {
    const { req, res, scheme, host, ray } = visit;
    res.setHeader("cf-ray", ray);
    res.setHeader("server", "cloudflare");
    res.on("finish", () => {
        const detail = { host, method: req.method, path: req.url, status: res.statusCode, scheme };
        cloud.events.emit("event", { source: "edge", action: "request", detail });
    });
    const found = proxiedRecord(cloud, host);
    if (!found) return fail(res, 403, 1001);
    const { zone, record } = found;
    if (scheme === "http" && zone.settings.get("always_use_https") === "on") return redirect(visit);
    if (zone.challenge) return challenge(res);
    if (zone.edgeAnswer) return ANSWERS[zone.edgeAnswer](visit);
    if (record.type !== "CNAME") return fail(res, 522);
    const target = resolve(cloud, record.content);
    if (!target) return fail(res, 530, 1016);
    // A CNAME to a name that is proxied itself, here or at another customer (1014: CNAME cross-user banned).
    if (target.kind === "edge") return fail(res, 403, 1014);
    return passOn(cloud, origin, visit, { zone, record, targetName: target.name });
}

function redirect({ req, res, host }: Visit): void {
    res.writeHead(301, { location: `https://${host}${req.url ?? "/"}`, "content-length": 0, connection: "close" });
    res.end();
}

function challenge(res: http.ServerResponse): void {
    res.writeHead(403, { "cf-mitigated": "challenge", "content-type": "text/html; charset=UTF-8", connection: "close" });
    res.end("<!DOCTYPE html><title>Just a moment...</title><p>Enable JavaScript and cookies to continue</p>\n");
}

const answerWith = ({ res }: Visit, status: number, headers: http.OutgoingHttpHeaders, body = ""): void => {
    res.writeHead(status, { "content-length": body.length, connection: "close", ...headers });
    res.end(body);
};

/** The edge's own answers (docs/sources.md 13.12). */
const ANSWERS: Record<EdgeAnswer, (visit: Visit) => void> = {
    blocked: ({ res }) => fail(res, 403, 1020),
    "rate-limited": ({ res }) => fail(res, 429, 1015),
    "access-login": (visit) => answerWith(visit, 302, { location: `https://team.cloudflareaccess.com/cdn-cgi/access/login/${visit.host}` }),
    redirect: (visit) => answerWith(visit, 301, { location: "https://www.example.org/" }),
    "worker-failed": ({ res }) => fail(res, 500, 1101),
    worker: (visit) => answerWith(visit, 200, { "content-type": "text/plain" }, "hello from a Worker"),
};

/** A zone's SSL mode for a hostname: a configuration rule beats the setting (docs/sources.md 6.3). */
function sslMode(zone: Zone, host: string): string {
    const ruled = zone.sslRule && normalize(zone.sslRule.hostname);
    if (ruled !== undefined && (ruled.startsWith("*.") ? host.endsWith(ruled.slice(1)) : ruled === host)) return zone.sslRule!.value;
    return zone.pageRuleSsl ?? zone.settings.get("ssl") ?? "full";
}

/** The visitor's headers, plus those that the edge adds: only X-Forwarded-For keeps what the visitor said (docs/sources.md 13.30). */
function originHeaders({ req, scheme, ray }: Visit, host: string): http.OutgoingHttpHeaders {
    const visitor = req.socket.remoteAddress ?? "127.0.0.1";
    const said = req.headers["x-forwarded-for"];
    return {
        ...withoutHopByHop(req.headers, "x-real-ip"),
        host,
        "cf-ray": ray,
        "cf-connecting-ip": visitor,
        "x-forwarded-for": said === undefined ? visitor : `${String(said)},${visitor}`,
        "x-forwarded-proto": scheme,
    };
}

interface Route {
    zone: Zone;
    record: DnsRecord;
    /** API Gateway's name at the end of the record's aliases. */
    targetName: string;
}

async function passOn(cloud: Cloud, origin: Origin, visit: Visit, { zone, record, targetName }: Route): Promise<void> {
    const { req, res, scheme, host, ray } = visit;
    const serverName = zone.hostHeaderOverride ?? host;
    const mode = sslMode(zone, host);
    const toEndpoint = [...cloud.aws.apis.values()].some(({ id }) => defaultEndpoint(cloud, id) === targetName);
    const plain = scheme === "http" || mode === "off" || mode === "flexible";
    try {
        // API Gateway offers no hybrid group to HTTP APIs, and its certificate is a public CA's (docs/sources.md 13.5, 13.6).
        if (!plain && zone.originTlsModes?.includes("pqh")) throw new OriginError(525, "no key exchange in common");
        if (!plain && mode === "strict" && zone.originTrustStore?.length)
            throw new OriginError(526, "not in the custom origin trust store");
        const answer = await askOrigin(
            {
                port: plain ? origin.httpPort : toEndpoint ? origin.endpointPort : origin.port,
                method: req.method ?? "GET",
                path: req.url ?? "/",
                headers: originHeaders(visit, serverName),
                body: req,
            },
            plain
                ? undefined
                : {
                      serverName,
                      strict: mode === "strict" || mode === "origin_pull",
                      acceptedNames: [serverName, targetName, normalize(record.content)],
                      webCaPem: cloud.webCa.certificatePem,
                      client: clientCertificateFor(cloud, zone, host),
                  },
        );
        res.writeHead(answer.statusCode ?? 502, { ...withoutHopByHop(answer.headers), "cf-ray": ray, server: "cloudflare" });
        answer.on("error", () => res.destroy());
        answer.pipe(res);
    } catch (error) {
        if (!(error instanceof OriginError)) throw error;
        const detail = { host, status: error.status, reason: error.message };
        cloud.events.emit("event", { source: "edge", action: "origin-error", detail });
        fail(res, error.status);
    }
}
