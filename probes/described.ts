/** A probe's course in words, the same in the verification and in the doctor. */
import type { ProbeEvidence } from "./probeEvidence";

/** `HTTP 525 (edge)`, `closed in the TLS handshake (ECONNRESET)`. */
export function described(probe: ProbeEvidence): string {
    const { id, serverProblem, status, answeredBy, cached, reason } = probe;
    // Other probes have their own row for it.
    const invalid = id === "visitor" && serverProblem !== undefined ? `, invalid certificate: ${serverProblem}` : "";
    const where = probe.address === undefined ? "" : ` at ${probe.address}`;
    const broken = reason === undefined ? "" : `, broken off (${reason})`;
    if (probe.outcome === "status") return `HTTP ${status} (${answeredBy}${cached ? ", cached" : ""})${broken}${invalid}`;
    const words = {
        unresolved: "the name does not resolve",
        refused: "no connection",
        timeout: "no answer in time",
        handshake: "closed in the TLS handshake",
        reset: "closed after the TLS handshake",
    };
    return `${words[probe.outcome]}${where}${reason === undefined ? "" : ` (${reason})`}${invalid}`;
}

/** Probes of one id in words, each course once. */
export const describedAll = (probes: ProbeEvidence[]): string => [...new Set(probes.map(described))].join("; ");
