/**
 * API Gateway's front: reads the server name of each connection and hands it to the TLS server of that name. Only names with mutual TLS
 * ask for a client certificate, and without one no byte of a request is ever read.
 */
import * as http from "node:http";
import * as net from "node:net";
import type * as tls from "node:tls";
import type { Cloud, GatewayDomain } from "../../cloud";
import { defaultEndpoint } from "../../dns";
import type { Identity } from "../../pki/authority";
import { closeLater, listen } from "../../shared/loopback";
import { readServerName } from "./clientHello";
import { handleRequest, type Connection } from "./requests";
import { findDomain } from "./routing";
import { createTlsServer, servedCertificate } from "./tlsServer";

export interface Gateway {
    port: number;
    /** Where the names of default endpoints lead: custom domains are unknown there. */
    endpointPort: number;
    httpPort: number;
    close(): Promise<void>;
}

export async function startGateway(cloud: Cloud): Promise<Gateway> {
    const connections = new WeakMap<net.Socket, Connection>();
    const requests = http.createServer((req, res) => {
        const connection = connections.get(req.socket);
        handleRequest(cloud, connection, req, res).catch(() => res.destroy());
    });
    const serverOf = await tlsServers(cloud, (socket, connection) => {
        connections.set(socket, connection);
        requests.emit("connection", socket);
    });
    const front = createFront((serverName) => serverOf(serverName, serverName === undefined ? undefined : findDomain(cloud, serverName)));
    const endpoints = createFront((serverName) => serverOf(serverName, undefined));
    const port80 = net.createServer((socket) => {
        if (cloud.gatewayPort80Open) requests.emit("connection", socket);
        else socket.resetAndDestroy();
    });
    const close = closeLater(front, endpoints, port80);
    const [port, endpointPort, httpPort] = await Promise.all([listen(front), listen(endpoints), listen(port80)]);
    return { port, endpointPort, httpPort, close };
}

/** Hands each connection to a TLS server by its server name, before TLS has begun. */
function createFront(serverOf: (serverName: string | undefined) => tls.Server): net.Server {
    return net.createServer({ noDelay: true }, (socket) => {
        readServerName(socket)
            .then(
                (serverName) => serverOf(serverName).emit("connection", socket),
                () => socket.destroy(),
            )
            .catch(() => socket.destroy());
    });
}

/** One TLS server per name, replaced when its certificate or truststore changes. */
async function tlsServers(
    cloud: Cloud,
    accept: (socket: tls.TLSSocket, connection: Connection) => void,
): Promise<(serverName: string | undefined, domain: GatewayDomain | undefined) => tls.Server> {
    const [fallback, placeholder] = await Promise.all([
        cloud.webCa.issue([`*.execute-api.${cloud.aws.region}.amazonaws.com`]),
        // For a domain whose certificate is not issued. AWS creates no such domain; the lab serves a certificate that is valid for no name.
        cloud.webCa.issue(["not-issued.invalid"]),
    ]);
    const servers = new Map<string, { config: string; server: tls.Server }>();
    return (serverName, domain) => {
        // Unknown names count as none. The name is kept per server, because Node does not report it on a TLS 1.2 resumption.
        const name = serverName !== undefined && (domain || isDefaultEndpoint(cloud, serverName)) ? serverName : "";
        const certificate = domain && servedCertificate(cloud, domain);
        const config = configOf(cloud, domain, certificate);
        const known = servers.get(name);
        if (known?.config === config) return known.server;
        const server = createTlsServer(cloud, { name, domain, identity: domain ? (certificate ?? placeholder) : fallback }, accept);
        servers.set(name, { config, server });
        return server;
    };
}

const isDefaultEndpoint = (cloud: Cloud, name: string): boolean =>
    [...cloud.aws.apis.values()].some(({ id }) => defaultEndpoint(cloud, id) === name);

/** Everything that a TLS server is built from. */
const configOf = (cloud: Cloud, domain: GatewayDomain | undefined, certificate: Identity | undefined): string =>
    JSON.stringify([domain?.mutualTls?.pem, domain?.mutualTls !== undefined, certificate?.certificatePem, cloud.cloudflare.shared.caPem]);
