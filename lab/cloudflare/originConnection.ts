/** The edge's side towards the origin: which client certificate a hostname presents, and how failures become 52x. */
import * as http from "node:http";
import * as tls from "node:tls";
import type { Readable } from "node:stream";
import type { Cloud, Zone } from "../cloud";

export interface ClientIdentity {
    certificatePem: string;
    privateKeyPem: string;
}

export class OriginError extends Error {
    constructor(
        readonly status: 520 | 521 | 522 | 525 | 526,
        reason: string,
    ) {
        super(reason);
    }
}

/** The three independent levels: per hostname, then the zone's, then Cloudflare's shared certificate (facts 3.1, 3.7, 3.9). */
export function clientCertificateFor(cloud: Cloud, zone: Zone, host: string, now = Date.now()): ClientIdentity | undefined {
    const association = [...zone.associations.values()].find(({ hostname }) => hostname.toLowerCase() === host);
    if (association) {
        if (!association.enabled) return undefined;
        const certificate = [...zone.hostnameCertificates.values()].find(({ id }) => id === association.certId);
        return certificate && certificate.activeAt <= now ? certificate : undefined;
    }
    const { enabled, certificatePem, privateKeyPem } = zone.zoneOriginPull;
    if (enabled && certificatePem && privateKeyPem) return { certificatePem, privateKeyPem };
    return zone.settings.get("tls_client_auth") === "on" ? cloud.cloudflare.shared : undefined;
}

export interface Upstream {
    port: number;
    method: string;
    path: string;
    headers: http.OutgoingHttpHeaders;
    body: Readable;
}

const timeoutMs = 15_000;

function send(upstream: Upstream, socket: tls.TLSSocket | undefined, refused: 520 | 521): Promise<http.IncomingMessage> {
    return new Promise((done, fail) => {
        const { port, method, path, headers, body } = upstream;
        // A socket that was closed before it got its request would say nothing for ever.
        if (socket?.destroyed) return fail(new OriginError(refused, "closed after the handshake"));
        const request = http.request({
            host: "127.0.0.1",
            port,
            method,
            path,
            headers: { ...headers, connection: "close" },
            timeout: timeoutMs,
            ...(socket ? { createConnection: () => socket } : { agent: false }),
        });
        request.on("timeout", () => request.destroy(new Error("timeout")));
        request.once("response", done);
        request.on("error", (error) => fail(new OriginError(refused, error.message)));
        body.pipe(request);
    });
}

/** Port 80 of the origin: whatever goes wrong there is "web server is down". */
export function overHttp(upstream: Upstream): Promise<http.IncomingMessage> {
    return send(upstream, undefined, 521);
}

export interface TlsUpstream extends Upstream {
    serverName: string;
    strict: boolean;
    /** Any of these names in the origin's certificate will do (facts 5, 526). */
    acceptedNames: string[];
    webCaPem: string;
    client: ClientIdentity | undefined;
}

export async function overTls(upstream: TlsUpstream): Promise<http.IncomingMessage> {
    const socket = await new Promise<tls.TLSSocket>((done, fail) => {
        const connection = tls.connect({
            host: "127.0.0.1",
            port: upstream.port,
            servername: upstream.serverName,
            cert: upstream.client?.certificatePem,
            key: upstream.client?.privateKeyPem,
            ca: upstream.webCaPem,
            ALPNProtocols: ["http/1.1"],
            // Judged below: a refusal must be told apart from a failed handshake.
            rejectUnauthorized: false,
            checkServerIdentity: (_name, certificate) => {
                const problems = upstream.acceptedNames.map((name) => tls.checkServerIdentity(name, certificate));
                return problems.includes(undefined) ? undefined : problems[0];
            },
        });
        connection.setNoDelay(true); // Or the end of the handshake waits 40 ms for the request, and the other way round.
        const broken = (reason: string) => {
            connection.destroy();
            fail(new OriginError(525, reason));
        };
        connection.setTimeout(timeoutMs, () => broken("timeout"));
        connection.once("error", (error) => broken(error.message));
        connection.once("close", () => broken("closed in the handshake"));
        connection.once("secureConnect", () => {
            connection.removeAllListeners("close");
            connection.setTimeout(0);
            connection.on("error", () => connection.destroy());
            if (upstream.strict && !connection.authorized) {
                fail(new OriginError(526, String(connection.authorizationError)));
                connection.destroy();
            } else done(connection);
        });
    });
    return send(upstream, socket, 520);
}
