/** Whether a server showed a certificate that is valid for a name. */
import { X509Certificate } from "node:crypto";
import * as tls from "node:tls";
import type { ProbeEvidence } from "./probeEvidence";

/** Certificates of a chain to read: API Gateway sends four. */
const CHAIN = 10;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

let ownRoots: X509Certificate[] | undefined;
const nodesRoots = (): X509Certificate[] => (ownRoots ??= tls.rootCertificates.map((pem) => new X509Certificate(pem)));

/** What is wrong with the server's chain; undefined if it is valid for the name. */
export function chainProblem(chain: Buffer[], name: string, caPem: string | undefined): string | undefined {
    try {
        const certificates = chain.slice(0, CHAIN).map((der) => new X509Certificate(der));
        const [leaf] = certificates;
        if (!leaf) return "no certificate";
        if (Date.parse(leaf.validTo) < Date.now()) return "CERT_HAS_EXPIRED";
        if (leaf.checkHost(name) === undefined) return "ERR_TLS_CERT_ALTNAME_INVALID";
        const roots = [
            ...nodesRoots(),
            ...(caPem === undefined ? [] : (caPem.match(CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem))),
        ];
        // Each certificate is visited once: certificates that sign each other would never end.
        const rest = new Set(certificates);
        const climb = (child: X509Certificate): boolean =>
            rest.delete(child) &&
            (roots.some((root) => child.checkIssued(root) && child.verify(root.publicKey)) ||
                [...rest].some((one) => child.checkIssued(one) && child.verify(one.publicKey) && climb(one)));
        return climb(leaf) ? undefined : "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
    } catch {
        return "unreadable certificate";
    }
}

/** Records the server's certificate after the handshake. */
export function judgeServer(socket: tls.TLSSocket, expectedName: string, result: ProbeEvidence): void {
    try {
        const certificate = socket.getPeerCertificate();
        result.serverNotAfter = new Date(certificate.valid_to).toISOString();
        const identity = tls.checkServerIdentity(expectedName, certificate) as NodeJS.ErrnoException | undefined;
        result.serverVerified = socket.authorized && identity === undefined;
        if (!result.serverVerified)
            result.serverProblem = socket.authorized
                ? (identity?.code ?? "ERR_TLS_CERT_ALTNAME_INVALID")
                : String(socket.authorizationError);
    } catch {
        // It may contain an invalid date.
        result.serverProblem = "unreadable certificate";
    }
}
