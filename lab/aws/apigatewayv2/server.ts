/**
 * API Gateway's front: reads the server name of each connection and hands it to the TLS server of that name. Only names with mutual TLS
 * ask for a client certificate, and without one no byte of a request is ever read.
 */
import { createHash, randomBytes } from "node:crypto";
import * as http from "node:http";
import * as net from "node:net";
import * as tls from "node:tls";
import { readServerName } from "./clientHello";
import type { Cloud, GatewayDomain } from "../../cloud";
import { defaultEndpoint } from "../../dns";
import { handleRequest, type Connection } from "./requests";
import { findDomain } from "./routing";
import { judgeClient, readTruststore } from "./clientAuth";

export interface Gateway {
    port: number;
    /** Where the names of default endpoints lead: custom domains are unknown there. */
    endpointPort: number;
    httpPort: number;
    close(): Promise<void>;
}

interface Listener {
    config: string;
    server: tls.Server;
}

export function listen(server: net.Server): Promise<number> {
    return new Promise((done, fail) => {
        server.once("error", fail);
        server.listen(0, "127.0.0.1", () => done((server.address() as net.AddressInfo).port));
    });
}

/** What ACM holds for a domain, if it was ever issued; an expired certificate is served all the same. */
function servedCertificate(cloud: Cloud, domain: GatewayDomain): { certificatePem: string; privateKeyPem: string } | undefined {
    const held = [...cloud.aws.certificates.values()].find(({ arn }) => arn === domain.certificateArn);
    if (!held?.certificatePem || !held.privateKeyPem || !["ISSUED", "EXPIRED"].includes(held.status)) return undefined;
    return { certificatePem: held.certificatePem, privateKeyPem: held.privateKeyPem };
}

export async function startGateway(cloud: Cloud): Promise<Gateway> {
    const sockets = new Set<net.Socket>();
    const connections = new WeakMap<object, Connection>();
    const listeners = new Map<string, Listener>();
    const requests = http.createServer((req, res) => {
        const connection = connections.get(req.socket) ?? {
            serverName: undefined,
            domainName: undefined,
            mutualTls: false,
            client: undefined,
            forbidden: false,
        };
        const plain = !connections.has(req.socket);
        handleRequest(cloud, connection, plain, req, res).catch(() => res.destroy());
    });
    const [fallback, placeholder] = await Promise.all([
        cloud.webCa.issue([`*.execute-api.${cloud.aws.region}.amazonaws.com`]),
        // For a domain whose certificate is not issued. AWS makes no such domain: that nobody takes this one for it is the lab's choice.
        cloud.webCa.issue(["not-issued.invalid"]),
    ]);

    const createListener = (name: string, domain: GatewayDomain | undefined): tls.Server => {
        const identity = domain ? (servedCertificate(cloud, domain) ?? placeholder) : fallback;
        const truststore = domain?.mutualTls ? readTruststore(cloud, domain.mutualTls) : undefined;
        if (truststore?.standIn) {
            const note = "the truststore holds Cloudflare's shared CA: the lab trusts its stand-in in its place";
            cloud.events.emit("event", { source: "gateway", action: "stand-in", detail: { domainName: name, note } });
        }
        // The keys of session tickets are each server's own: a session of one name is worth nothing at another.
        const server = tls.createServer({
            cert: identity.certificatePem,
            key: identity.privateKeyPem,
            minVersion: "TLSv1.2",
            ALPNProtocols: ["http/1.1"],
            ticketKeys: randomBytes(48),
            sessionIdContext: createHash("sha256").update(name).update(randomBytes(8)).digest("hex").slice(0, 32),
            ...(truststore
                ? { requestCert: true, rejectUnauthorized: false, ca: truststore.certificates.map((ca) => ca.toString()) }
                : { requestCert: false }),
        });
        server.on("tlsClientError", (_error, socket) => socket.destroy());
        server.on("secureConnection", (socket) => {
            socket.on("error", () => socket.destroy());
            const connection: Connection = {
                serverName: name === "" ? undefined : name,
                domainName: domain?.domainName,
                mutualTls: truststore !== undefined,
                client: undefined,
                forbidden: false,
            };
            if (truststore) {
                const verdict = judgeClient(socket, truststore);
                if (verdict.kind !== "trusted") {
                    const reason = verdict.kind === "none" ? "no client certificate" : verdict.reason;
                    cloud.events.emit("event", { source: "gateway", action: "refuse-client", detail: { domainName: name, reason } });
                }
                if (verdict.kind === "none" || (verdict.kind === "untrusted" && cloud.variants.untrustedCertificate === "closed")) {
                    socket.destroy();
                    return;
                }
                if (verdict.kind === "trusted") connection.client = verdict.certificate;
                else connection.forbidden = true;
            }
            connections.set(socket, connection);
            requests.emit("connection", socket);
        });
        return server;
    };

    const listenerFor = (serverName: string | undefined, endpointsOnly: boolean): tls.Server => {
        const domain = serverName === undefined || endpointsOnly ? undefined : findDomain(cloud, serverName);
        const config = JSON.stringify([
            domain?.mutualTls?.pem,
            domain?.mutualTls !== undefined,
            domain && servedCertificate(cloud, domain)?.certificatePem,
            cloud.cloudflare.shared.caPem,
        ]);
        // Any other name is like none. The name is the listener's and not the socket's: Node does not tell it on a TLS 1.2 resumption.
        const endpoint = [...cloud.aws.apis.values()].map(({ id }) => defaultEndpoint(cloud, id)).find((known) => known === serverName);
        const name = (domain && serverName) ?? endpoint ?? "";
        const known = listeners.get(name);
        if (known?.config === config) return known.server;
        const server = createListener(name, domain);
        listeners.set(name, { config, server });
        return server;
    };

    const createFront = (endpointsOnly: boolean): net.Server =>
        net.createServer({ noDelay: true }, (socket) => {
            track(socket);
            readServerName(socket)
                .then(
                    (serverName) => listenerFor(serverName, endpointsOnly).emit("connection", socket),
                    () => socket.destroy(),
                )
                .catch(() => socket.destroy());
        });
    const front = createFront(false);
    const endpoints = createFront(true);
    const port80 = net.createServer((socket) => {
        track(socket);
        if (cloud.gatewayPort80Open) requests.emit("connection", socket);
        else socket.resetAndDestroy();
    });
    function track(socket: net.Socket): void {
        sockets.add(socket);
        socket.on("error", () => socket.destroy());
        socket.on("close", () => sockets.delete(socket));
    }

    const [port, endpointPort, httpPort] = await Promise.all([listen(front), listen(endpoints), listen(port80)]);
    return {
        port,
        endpointPort,
        httpPort,
        async close() {
            const closed = [front, endpoints, port80].map((server) => new Promise((done) => server.close(done)));
            for (const socket of sockets) socket.destroy();
            await Promise.all(closed);
        },
    };
}
