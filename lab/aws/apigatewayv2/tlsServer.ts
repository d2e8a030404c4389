/** The TLS server of one name at API Gateway: its certificate, and with mutual TLS its judgement of the client's. */
import { createHash, randomBytes } from "node:crypto";
import * as tls from "node:tls";
import type { Cloud, GatewayDomain } from "../../cloud";
import type { Identity } from "../../pki/authority";
import { judgeClient, readTruststore, type Truststore } from "./clientAuth";
import type { Connection } from "./requests";

/** ACM's certificate of a domain, if it was ever issued; an expired one is still served. */
export function servedCertificate(cloud: Cloud, domain: GatewayDomain): Identity | undefined {
    const certificate = cloud.aws.certificates.get(domain.certificateArn);
    if (!certificate?.certificatePem || !certificate.privateKeyPem) return undefined;
    if (!["ISSUED", "EXPIRED"].includes(certificate.status)) return undefined;
    return { certificatePem: certificate.certificatePem, privateKeyPem: certificate.privateKeyPem };
}

export interface ServedName {
    /** Empty unless it is a custom domain or a default endpoint. */
    name: string;
    domain: GatewayDomain | undefined;
    identity: Identity;
}

export function createTlsServer(
    cloud: Cloud,
    { name, domain, identity }: ServedName,
    accept: (socket: tls.TLSSocket, connection: Connection) => void,
): tls.Server {
    const truststore = domain?.mutualTls ? readTruststore(cloud, domain.mutualTls) : undefined;
    if (truststore?.standIn) {
        const note = "the truststore holds Cloudflare's shared CA: the lab trusts its stand-in in its place";
        cloud.events.emit("event", { source: "gateway", action: "stand-in", detail: { domainName: name, note } });
    }
    const server = tls.createServer({
        cert: identity.certificatePem,
        key: identity.privateKeyPem,
        minVersion: "TLSv1.2",
        ALPNProtocols: ["http/1.1"],
        // Own ticket keys: a session of one name cannot be resumed at another.
        ticketKeys: randomBytes(48),
        sessionIdContext: createHash("sha256").update(name).update(randomBytes(8)).digest("hex").slice(0, 32),
        ...clientAuthOptions(truststore),
    });
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    server.on("secureConnection", (socket) => {
        socket.on("error", () => socket.destroy());
        const connection = admit(cloud, name, socket, truststore);
        if (connection) accept(socket, connection);
        else socket.destroy();
    });
    return server;
}

const clientAuthOptions = (truststore: Truststore | undefined): tls.TlsOptions =>
    truststore
        ? { requestCert: true, rejectUnauthorized: false, ca: truststore.certificates.map((ca) => ca.toString()) }
        : { requestCert: false };

/** Undefined if the connection is to be closed before a byte of a request is read. */
function admit(cloud: Cloud, name: string, socket: tls.TLSSocket, truststore: Truststore | undefined): Connection | undefined {
    const serverName = name === "" ? undefined : name;
    if (!truststore) return { serverName, mutualTls: false, client: undefined, forbidden: false };
    const verdict = judgeClient(socket, truststore);
    if (verdict.kind === "trusted") return { serverName, mutualTls: true, client: verdict.certificate, forbidden: false };
    const reason = verdict.kind === "none" ? "no client certificate" : verdict.reason;
    cloud.events.emit("event", { source: "gateway", action: "refuse-client", detail: { domainName: name, reason } });
    if (verdict.kind === "none" || cloud.variants.untrustedCertificate === "closed") return undefined;
    return { serverName, mutualTls: true, client: undefined, forbidden: cloud.variants.untrustedCertificate !== "answered" };
}
