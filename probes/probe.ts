/** One request, as a visitor or a stranger would send it, and what its course reveals. */
import { createHash } from "node:crypto";
import * as http from "node:http";
import * as net from "node:net";
import * as tls from "node:tls";
import type { Tap } from "./handshake";
import type { AnsweredBy, Outcome, ProbeEvidence } from "./probeEvidence";
import { readServer } from "./serverCertificate";

/** A client certificate with its key. */
export interface ClientIdentity {
    certificatePem: string;
    privateKeyPem: string;
}

export interface ProbeRequest {
    id: string;
    /** Where to connect. */
    host: string;
    port: number;
    /** Host header. */
    hostHeader: string;
    path: string;
    headers?: Record<string, string>;
    /** Left out, the request is plain HTTP. */
    tls?: {
        version: "1.2" | "1.3";
        /** SNI; empty sends none. */
        servername: string;
        /** The name that the server's certificate must be valid for. */
        expectedName: string;
        /** CA certificates to trust besides Node's own. */
        caPem?: string;
        identity?: ClientIdentity;
        session?: Buffer;
    };
}

/** The evidence, and what only a later probe needs. */
export interface ProbeResult {
    evidence: ProbeEvidence;
    /** To resume. */
    session?: Buffer;
    /** DER of the distinguished names that the server accepts client certificates from (TLS 1.2). */
    authorities: Buffer[];
}

/** Where a name leads to; rejects with the resolver's own error. */
export interface Locator {
    locate(host: string, port: number): Promise<{ host: string; port: number }>;
}

/** What all probes of one look at a deployment share. */
export interface Look {
    names: Locator;
    deadline: AbortSignal;
    contexts: Map<string, tls.SecureContext>;
    userAgent: string;
    /** Left out, `authorities` of every result is empty. */
    tap?: (socket: net.Socket) => Tap;
}

const BODY_CHARACTERS = 200;
/** How long one address of a name may take before the next one is tried. */
const ADDRESS_MS = 1500;
/** Values of `cf-cache-status` of an answer that the origin did not give now. */
const CACHED = /^(HIT|STALE|UPDATING|REVALIDATED)$/;
/** Anything shorter is not a secret, and occurs in any text. */
const SECRET_CHARACTERS = 6;

const answeredBy = (headers: http.IncomingHttpHeaders): AnsweredBy => {
    if (headers["cf-mitigated"] !== undefined) return "challenge";
    if (headers["apigw-requestid"] !== undefined || headers["x-amzn-requestid"] !== undefined) return "gateway";
    return headers["cf-ray"] !== undefined ? "edge" : "other";
};

function outcomeOf(error: NodeJS.ErrnoException, connected: boolean, secured: boolean): Outcome {
    if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN" || error.code === "ENODATA" || error.code === "ESERVFAIL")
        return "unresolved";
    if (error.code === "ETIMEDOUT" || error.name === "AbortError" || error.name === "TimeoutError") return "timeout";
    if (!connected) return "refused";
    return secured ? "reset" : "handshake";
}

/** Parsing Node's own CAs takes longer than a handshake: probes of one look share contexts. */
function contextFor(
    contexts: Map<string, tls.SecureContext>,
    { version, caPem, identity }: NonNullable<ProbeRequest["tls"]>,
): tls.SecureContext {
    const key = createHash("sha256")
        .update(JSON.stringify([version, caPem, identity]))
        .digest("hex");
    const protocol = version === "1.2" ? "TLSv1.2" : "TLSv1.3";
    const known = contexts.get(key);
    if (known) return known;
    const context = tls.createSecureContext({
        minVersion: protocol,
        maxVersion: protocol,
        ca: caPem === undefined ? undefined : [...tls.rootCertificates, caPem],
        cert: identity?.certificatePem,
        key: identity?.privateKeyPem,
    });
    contexts.set(key, context);
    return context;
}

/** Sends one request. Never rejects: a failure is a result. */
export async function probe(look: Look, request: ProbeRequest): Promise<ProbeResult> {
    const { names, deadline } = look;
    const started = performance.now();
    const result: ProbeEvidence = {
        id: request.id,
        tls: request.tls?.version ?? "-",
        outcome: "timeout",
        serverVerified: false,
        milliseconds: 0,
    };
    let session: Buffer | undefined;
    let tap: Tap | undefined;
    let connected = false;
    let secured = false;
    let socket: net.Socket | undefined;
    const fail = (failure: NodeJS.ErrnoException): void => {
        // The deadline closes the connection as well: that is no refusal, whichever event comes first.
        const error = deadline.aborted ? timedOut() : failure;
        // An answer that breaks off is an answer: a refusal sends nothing at all.
        if (result.status === undefined) result.outcome = outcomeOf(error, connected, secured);
        if (connected && result.outcome === "timeout") result.silent = true;
        result.reason = error.code ?? error.message;
    };
    try {
        const at = await Promise.race([names.locate(request.host, request.port), aborted(deadline)]);
        const tries = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: ADDRESS_MS };
        socket = net.connect({ ...at, ...tries, signal: deadline } as net.NetConnectOpts);
        // TLS begins only now: while addresses are tried, the underlying socket may change.
        await Promise.race([happens(socket, "connect"), aborted(deadline)]);
        connected = true;
        let stream: net.Socket | tls.TLSSocket = socket;
        let { headers } = request;
        const secure = request.tls;
        if (secure) {
            tap = look.tap?.(socket);
            const encrypted = tls.connect({
                socket: (tap?.stream ?? socket) as net.Socket,
                servername: secure.servername,
                secureContext: contextFor(look.contexts, secure),
                session: secure.session,
                ALPNProtocols: ["http/1.1"],
                // Judged below: an invalid server certificate is a finding, not an error.
                rejectUnauthorized: false,
                checkServerIdentity: () => undefined,
            });
            // TLS 1.2: the server has proved its certificate, and has not judged ours yet. It may close before the handshake ends.
            if (secure.version === "1.2") encrypted.once("keylog", () => readServer(encrypted, secure.expectedName, result));
            encrypted.on("secureConnect", () => {
                secured = true;
                readServer(encrypted, secure.expectedName, result);
            });
            encrypted.on("session", (ticket) => (session = ticket));
            stream = encrypted;
            // A request that waits for the handshake would turn the server's alert into an EPROTO.
            await Promise.race([happens(encrypted, "secureConnect"), aborted(deadline)]);
            // They may be secret: only the verified server gets them.
            if (!result.serverVerified) headers = undefined;
        }
        await exchange(stream, look, { ...request, headers }, result);
    } catch (error) {
        fail(error as NodeJS.ErrnoException);
    } finally {
        socket?.destroy();
    }
    const authorities = tap?.authorities();
    if (authorities) result.certificateRequested ??= true;
    result.milliseconds = Math.round(performance.now() - started);
    return { evidence: result, session, authorities: authorities ?? [] };
}

const timedOut = (): NodeJS.ErrnoException => Object.assign(new Error("timed out"), { code: "ETIMEDOUT" });
const wasClosed = (): Error => Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" });

const happens = (socket: net.Socket, event: "connect" | "secureConnect"): Promise<void> =>
    new Promise((resolve, reject) => {
        socket.once(event, resolve);
        // Stays attached: an error before the request must not be unhandled.
        socket.on("error", reject);
        socket.once("close", () => reject(wasClosed()));
    });

/** The body without the sent header values: a handler may echo its request. */
function withoutSecrets(body: string, headers: Record<string, string> = {}): string {
    const secrets = Object.values(headers).flatMap((value) => [value, ...value.split(/[\s,;]+/)]);
    const told = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
    return told
        .filter((form) => form.length >= SECRET_CHARACTERS)
        .sort((a, b) => b.length - a.length)
        .reduce((text, secret) => text.replaceAll(secret, "***"), body);
}

const aborted = (signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => {
        const stop = (): void => reject(timedOut());
        if (signal.aborted) stop();
        else signal.addEventListener("abort", stop, { once: true });
    });

function exchange(stream: net.Socket, { userAgent, deadline }: Look, request: ProbeRequest, result: ProbeEvidence): Promise<void> {
    return new Promise((resolve, reject) => {
        const sent = http.request({
            createConnection: () => stream,
            method: "GET",
            path: request.path,
            headers: {
                ...request.headers,
                host: request.hostHeader,
                "user-agent": userAgent,
                connection: "close",
            },
            signal: deadline,
        });
        stream.once("close", () => reject(wasClosed()));
        sent.on("error", reject);
        const answered = (response: http.IncomingMessage): void => {
            result.outcome = "status";
            result.status = response.statusCode ?? 0;
            result.answeredBy = answeredBy(response.headers);
            const { location } = response.headers;
            if (location !== undefined && URL.canParse(location)) result.redirectsTo = new URL(location).hostname;
            if (CACHED.test(String(response.headers["cf-cache-status"]))) result.cached = true;
        };
        // An unrequested protocol switch is an answer like any other.
        sent.on("upgrade", (response) => {
            answered(response);
            resolve();
        });
        sent.on("response", (response) => {
            answered(response);
            const ray = response.headers["cf-ray"];
            const location = typeof ray === "string" ? /-([A-Z]{3})$/.exec(ray)?.[1] : undefined;
            if (location !== undefined) result.edgeLocation = location;
            // Keep enough of the body that a secret is never cut in two.
            const enough = BODY_CHARACTERS + Math.max(0, ...Object.values(request.headers ?? {}).map(({ length }) => 3 * length));
            let body = "";
            result.body = body;
            response.setEncoding("utf8");
            response.on("data", (chunk: string) => {
                body += chunk;
                result.body = withoutSecrets(body, request.headers).slice(0, BODY_CHARACTERS);
                if (body.length > enough) resolve();
            });
            response.on("end", resolve);
            response.on("error", reject);
        });
        sent.end();
    });
}
