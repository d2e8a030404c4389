/** The edge's side towards the origin: which client certificate a hostname presents, and how failures become 52x. */
import * as http from "node:http";
import * as tls from "node:tls";
import type { Readable } from "node:stream";
import type { Cloud, Zone } from "../cloud";
import type { Identity } from "../pki/authority";

export class OriginError extends Error {
    constructor(
        readonly status: 520 | 521 | 522 | 525 | 526,
        reason: string,
    ) {
        super(reason);
    }
}

/** The three independent levels: per hostname, then the zone's, then Cloudflare's shared certificate (docs/sources.md 3.1, 3.7, 3.9). */
export function clientCertificateFor(cloud: Cloud, zone: Zone, host: string, now = Date.now()): Identity | undefined {
    const association = [...zone.associations.values()].find(({ hostname }) => hostname.toLowerCase() === host);
    if (association) {
        if (!association.enabled) return undefined;
        const certificate = [...zone.hostnameCertificates.values()].find(({ id }) => id === association.certId);
        return certificate && certificate.activeAt <= now && !certificate.pendingDeletion ? certificate : undefined;
    }
    const { enabled, certificatePem, privateKeyPem } = zone.zoneOriginPull;
    if (enabled && certificatePem && privateKeyPem) return { certificatePem, privateKeyPem };
    return zone.settings.get("tls_client_auth") === "on" ? cloud.cloudflare.shared : undefined;
}

/** The ports of the origin: API Gateway's, for custom domains, for default endpoints, and for plain HTTP. */
export interface Origin {
    port: number;
    endpointPort: number;
    httpPort: number;
}

export interface OriginRequest {
    port: number;
    method: string;
    path: string;
    headers: http.OutgoingHttpHeaders;
    body: Readable;
}

export interface OriginTls {
    serverName: string;
    strict: boolean;
    /** Any of these names in the origin's certificate will do (docs/sources.md 5, 526). */
    acceptedNames: string[];
    webCaPem: string;
    client: Identity | undefined;
}

const TIMEOUT_MS = 15_000;

/** One request to the origin; without `secure` over plain HTTP, where every failure is "web server is down". */
export async function askOrigin(request: OriginRequest, secure: OriginTls | undefined): Promise<http.IncomingMessage> {
    return secure ? send(request, await connect(request.port, secure), 520) : send(request, undefined, 521);
}

function send(request: OriginRequest, socket: tls.TLSSocket | undefined, refused: 520 | 521): Promise<http.IncomingMessage> {
    return new Promise((done, fail) => {
        const { port, method, path, headers, body } = request;
        // A socket closed before the request emits no event: the request would hang.
        if (socket?.destroyed) return fail(new OriginError(refused, "closed after the handshake"));
        const sent = http.request({
            host: "127.0.0.1",
            port,
            method,
            path,
            headers: { ...headers, connection: "close" },
            timeout: TIMEOUT_MS,
            ...(socket ? { createConnection: () => socket } : { agent: false }),
        });
        sent.on("timeout", () => sent.destroy(new Error("timeout")));
        sent.once("response", done);
        sent.on("error", (error) => fail(new OriginError(refused, error.message)));
        body.pipe(sent);
    });
}

/** A finished handshake; a failed one is a 525, and a certificate that the strict mode does not take a 526. */
function connect(port: number, { serverName, strict, acceptedNames, webCaPem, client }: OriginTls): Promise<tls.TLSSocket> {
    return new Promise((done, fail) => {
        const connection = tls.connect({
            host: "127.0.0.1",
            port,
            servername: serverName,
            cert: client?.certificatePem,
            key: client?.privateKeyPem,
            ca: webCaPem,
            ALPNProtocols: ["http/1.1"],
            // Checked below, to tell a refusal from a failed handshake.
            rejectUnauthorized: false,
            checkServerIdentity: (_name, certificate) => {
                const problems = acceptedNames.map((name) => tls.checkServerIdentity(name, certificate));
                return problems.includes(undefined) ? undefined : problems[0];
            },
        });
        connection.setNoDelay(true); // Otherwise handshake and request delay each other by 40 ms.
        const broken = (reason: string) => {
            connection.destroy();
            fail(new OriginError(525, reason));
        };
        connection.setTimeout(TIMEOUT_MS, () => broken("timeout"));
        connection.once("error", (error) => broken(error.message));
        connection.once("close", () => broken("closed in the handshake"));
        connection.once("secureConnect", () => {
            connection.removeAllListeners("close");
            connection.setTimeout(0);
            connection.on("error", () => connection.destroy());
            if (strict && !connection.authorized) {
                fail(new OriginError(526, String(connection.authorizationError)));
                connection.destroy();
            } else done(connection);
        });
    });
}
