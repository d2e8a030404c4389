/** What a TLS server shows of itself: whether its certificate is valid for a name, and whether it asks for one of ours. */
import * as tls from "node:tls";
import type { ProbeEvidence } from "./probeEvidence";

/** OpenSSL's verdict on the chain. Before the handshake ends only the handle has it; without such a handle nothing counts as verified. */
function chainProblem(socket: tls.TLSSocket): string | undefined {
    const handle = (socket as { _handle?: { verifyError?: () => NodeJS.ErrnoException | null } })._handle;
    if (typeof handle?.verifyError !== "function") return "not verified";
    const problem = handle.verifyError();
    return problem ? (problem.code ?? problem.message) : undefined;
}

/** Records it once the server has proved its certificate. */
export function readServer(socket: tls.TLSSocket, expectedName: string, result: ProbeEvidence): void {
    try {
        const certificate = socket.getPeerCertificate();
        // Not of a resumed session: nothing is requested there. OpenSSL has the server's algorithms only from its CertificateRequest.
        if (!socket.isSessionReused()) result.certificateRequested = socket.getSharedSigalgs().length > 0;
        const identity = tls.checkServerIdentity(expectedName, certificate) as NodeJS.ErrnoException | undefined;
        const problem = chainProblem(socket) ?? (identity && (identity.code ?? "ERR_TLS_CERT_ALTNAME_INVALID"));
        result.serverVerified = problem === undefined;
        if (problem !== undefined) result.serverProblem = problem;
        result.serverNotAfter = new Date(certificate.valid_to).toISOString();
    } catch {
        // It may contain an invalid date.
        result.serverVerified = false;
        result.serverProblem ??= "unreadable certificate";
    }
}
