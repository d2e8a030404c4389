/** Servers that the verification's script is sent to: an edge, and everything at API Gateway's names, each with the behaviour that a test wants. */
import * as http from "node:http";
import * as net from "node:net";
import * as tls from "node:tls";
import { readServerName } from "../../lab/aws/apigatewayv2/clientHello";
import type { WebCa } from "../../lab/pki/authority";

export const DOMAIN = "api.example.com";
export const TARGET = "d-abc123.execute-api.eu-west-1.amazonaws.com";
export const API_ID = "xyz789";
/** A fatal alert, as a record of TLS. */
const UNRECOGNIZED_NAME = Buffer.from([21, 3, 3, 0, 2, 2, 112]);
const ENDPOINT = `${API_ID}.execute-api.eu-west-1.amazonaws.com`;

/** `reset` and `close` come after the handshake, `mid-handshake` while a TLS 1.2 server would look at the client's certificate. */
export type Behaviour =
    { status: number; headers?: Record<string, string>; body?: string } | "reset" | "close" | "hang" | "mid-handshake" | "alert";
export interface OriginBehaviours {
    edge: Behaviour | (() => Behaviour);
    direct: Behaviour;
    /** To a client certificate at the domain's name; as `direct` when left out. */
    stranger?: Behaviour;
    regional: Behaviour;
    noSni: Behaviour;
    endpoint: Behaviour;
}

/** As API Gateway itself refuses. */
export const FORBIDDEN = { status: 403, headers: { "apigw-requestid": "r2" }, body: '{"message":"Forbidden"}' };
export const LIVE = { status: 200, headers: { "apigw-requestid": "r1", "cf-ray": "1-FRA" } };
/** As a good deployment answers. */
export const GOOD: OriginBehaviours = {
    edge: LIVE,
    direct: "reset",
    regional: { status: 403 },
    noSni: { status: 403 },
    endpoint: { status: 404 },
};

export interface FakeOrigin {
    connectTo: string;
    /** Requests that were received, by the name in the handshake, with their headers. */
    requests: { name: string; edge: boolean; certificate: boolean; headers: http.IncomingHttpHeaders }[];
    close(): Promise<void>;
}

interface Options {
    host?: string;
    /** What a client is told to connect to; the host itself when left out. */
    told?: string;
    version?: "TLSv1.2" | "TLSv1.3";
    /** Whether a client certificate is asked for at the domain's name; it is, when left out. */
    mutualTls?: boolean;
    /** Names in the certificate for the domain. */
    names?: string[];
    /** Who issues it; the trusted CA when left out. */
    issuer?: WebCa;
}

const listen = (server: net.Server, host: string): Promise<number> =>
    new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, host, () => resolve((server.address() as net.AddressInfo).port));
    });

const hasCertificate = (socket: tls.TLSSocket): boolean => Object.keys(socket.getPeerCertificate()).length > 0;

/** Both servers, until they are closed. */
export async function startFakeOrigin(webCa: WebCa, changes: Partial<OriginBehaviours> = {}, options: Options = {}): Promise<FakeOrigin> {
    const world: OriginBehaviours = { ...GOOD, ...changes };
    const { host = "127.0.0.1", version, mutualTls = true } = options;
    const requests: FakeOrigin["requests"] = [];
    const sockets = new Set<net.Socket>();
    const [ours, theirs] = await Promise.all([
        (options.issuer ?? webCa).issue(options.names ?? [DOMAIN]),
        webCa.issue(["*.execute-api.eu-west-1.amazonaws.com"]),
    ]);
    const contexts = [ours, theirs].map((identity) =>
        tls.createSecureContext({ cert: identity.certificatePem, key: identity.privateKeyPem }),
    );
    const behaviourOf = (name: string, edge: boolean, certificate = false): Behaviour => {
        if (edge) return typeof world.edge === "function" ? world.edge() : world.edge;
        const direct = certificate ? (world.stranger ?? world.direct) : world.direct;
        return { [DOMAIN]: direct, [TARGET]: world.regional, [ENDPOINT]: world.endpoint }[name] ?? world.noSni;
    };
    const start = (edge: boolean): net.Server => {
        const raw = new Map<number, net.Socket>();
        const answers = http.createServer((request, response) => {
            const socket = request.socket as tls.TLSSocket;
            const name = String(socket.servername || "");
            const certificate = hasCertificate(socket);
            const behaviour = behaviourOf(name, edge, certificate);
            requests.push({ name, edge, certificate, headers: request.headers });
            if (typeof behaviour !== "object") return;
            response.writeHead(behaviour.status, { ...behaviour.headers, connection: "close" });
            response.end(behaviour.body);
        });
        const options: tls.TlsOptions = {
            cert: theirs.certificatePem,
            key: theirs.privateKeyPem,
            minVersion: version ?? (world.direct === "mid-handshake" ? "TLSv1.2" : undefined),
            maxVersion: version ?? (world.direct === "mid-handshake" ? "TLSv1.2" : undefined),
            SNICallback: (name, done) => done(null, contexts[name === DOMAIN ? 0 : 1]),
        };
        const open = tls.createServer(options);
        const closed = tls.createServer({ ...options, requestCert: true, rejectUnauthorized: false });
        const accept = (socket: tls.TLSSocket): void => {
            socket.on("error", () => undefined);
            const behaviour = edge ? LIVE : behaviourOf(String(socket.servername || ""), edge, hasCertificate(socket));
            if (behaviour === "reset") raw.get(socket.remotePort!)?.resetAndDestroy();
            else if (behaviour === "close") socket.destroy();
            else answers.emit("connection", socket);
        };
        for (const server of [open, closed]) server.on("tlsClientError", () => undefined).on("secureConnection", accept);
        return net.createServer((socket) => {
            sockets.add(socket);
            socket.on("error", () => undefined);
            raw.set(socket.remotePort!, socket);
            if (!edge && world.direct === "mid-handshake") return cutShort(socket, mutualTls ? closed : open, sockets);
            void readServerName(socket).then((name) => {
                if (!edge && behaviourOf(name ?? "", edge) === "alert") socket.end(UNRECOGNIZED_NAME);
                else (name === DOMAIN && !edge && mutualTls ? closed : open).emit("connection", socket);
            });
        });
    };
    const servers = [start(true), start(false)];
    const [edgePort, awsPort] = await Promise.all(servers.map((server) => listen(server, host)));
    const told = options.told ?? (host.includes(":") ? `[${host}]` : host);
    return {
        connectTo: `*.execute-api.eu-west-1.amazonaws.com:443:${told}:${awsPort},:443:${told}:${edgePort}`,
        requests,
        async close() {
            for (const socket of sockets) socket.destroy();
            await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
        },
    };
}

/** Passes on what the server says, and resets at the client's second flight if it named the domain: no certificate came in it. */
function cutShort(socket: net.Socket, secure: tls.Server, sockets: Set<net.Socket>): void {
    const inner = net.createServer((end) => {
        inner.close();
        secure.emit("connection", end);
    });
    inner.listen(0, "127.0.0.1", () => {
        const server = net.connect((inner.address() as net.AddressInfo).port, "127.0.0.1");
        sockets.add(server);
        server.on("error", () => undefined);
        let ours: boolean | undefined;
        socket.on("data", (chunk: Buffer) => {
            if (ours === true) {
                socket.resetAndDestroy();
                server.destroy();
            } else {
                ours ??= chunk.includes(DOMAIN);
                server.write(chunk);
            }
        });
        server.on("data", (chunk) => socket.write(chunk));
        server.on("close", () => socket.destroy());
        socket.on("close", () => server.destroy());
    });
}
