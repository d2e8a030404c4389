/** One request as a client sees it: over TLS with a chosen SNI, version, certificate and session, or over plain HTTP. */
import * as http from "node:http";
import * as https from "node:https";
import * as tls from "node:tls";

/** What to send. All sockets go to 127.0.0.1. */
export interface ProbeRequest {
    port: number;
    /** Host header. */
    host: string;
    nonce: string;
    /** Left out, the request is plain HTTP. */
    tls?: {
        version: "1.2" | "1.3";
        /** SNI; empty sends none. */
        servername: string;
        /** The name that the server's certificate must be valid for. */
        expectedName: string;
        webCaPem: string;
        certificatePem?: string;
        privateKeyPem?: string;
        session?: Buffer;
    };
}

/** What came back. `verified`: whether a server certificate valid for the expected name was seen. */
export type ProbeResult =
    | { kind: "status"; status: number; verified: boolean; body: string; session: Buffer | undefined }
    | { kind: "closed"; verified: boolean; reason: string };

/** Far above what the slowest machine needs: a request that is late must not look like one that was refused. */
const DEADLINE_MS = 60_000;

/** Sends one request. Never rejects: a failure is a result. */
export function probe(request: ProbeRequest): Promise<ProbeResult> {
    return new Promise((resolve) => {
        let verified = false;
        let session: Buffer | undefined;
        const options: https.RequestOptions = {
            host: "127.0.0.1",
            port: request.port,
            path: "/orders/1",
            headers: { host: request.host, "x-lab-nonce": request.nonce, connection: "close" },
            timeout: DEADLINE_MS,
        };
        const secure = request.tls;
        if (secure)
            options.createConnection = () => {
                const version = secure.version === "1.2" ? "TLSv1.2" : "TLSv1.3";
                const socket = tls.connect({
                    host: "127.0.0.1",
                    port: request.port,
                    servername: secure.servername,
                    minVersion: version,
                    maxVersion: version,
                    ca: secure.webCaPem,
                    cert: secure.certificatePem,
                    key: secure.privateKeyPem,
                    session: secure.session,
                    // Judged by hand below, so that an invalid server certificate is a finding and not an end.
                    rejectUnauthorized: false,
                    checkServerIdentity: () => undefined,
                });
                socket.setNoDelay(true);
                socket.on("secureConnect", () => {
                    verified = socket.authorized && socket.getPeerX509Certificate()?.checkHost(secure.expectedName) !== undefined;
                });
                socket.on("session", (ticket) => (session = ticket));
                return socket;
            };
        const sent = (secure ? https : http).request(options, (response) => {
            let body = "";
            response.setEncoding("utf8");
            response.on("data", (chunk: string) => (body += chunk));
            response.on("end", () => resolve({ kind: "status", status: response.statusCode ?? 0, verified, body, session }));
            response.on("error", (error) => resolve({ kind: "closed", verified, reason: error.message }));
        });
        sent.on("timeout", () => sent.destroy(new Error(`no answer within ${DEADLINE_MS / 1000} s`)));
        sent.on("error", (error: NodeJS.ErrnoException) => resolve({ kind: "closed", verified, reason: error.code ?? error.message }));
        sent.end();
    });
}
