/** What came of a probe: plain data, nothing secret in it. `undefined` means "not asked or not answered", never "no". */

/** How far a request came. `status` is the only one with an HTTP answer. */
export type Outcome = "status" | "unresolved" | "refused" | "timeout" | "handshake" | "reset";

/** Who wrote the answer, by its headers: API Gateway's request id, else Cloudflare's ray, else nobody we know. */
export type AnsweredBy = "gateway" | "edge" | "challenge" | "other";

/** One request. */
export interface ProbeEvidence {
    /** Stable, e.g. `visitor`, `no-certificate`, `default-endpoint`. */
    id: string;
    tls: "1.2" | "1.3" | "-";
    outcome: Outcome;
    /** Error code or message of what is not a status, or of an answer that broke off. */
    reason?: string;
    status?: number;
    answeredBy?: AnsweredBy;
    /** First 200 characters of the body. */
    body?: string;
    /** Cloudflare's location, the end of `cf-ray`. */
    edgeLocation?: string;
    /** A server certificate valid for the expected name was seen; what was wrong with one that was not. */
    serverVerified: boolean;
    serverProblem?: string;
    serverNotAfter?: string;
    /** The server asked for a client certificate. */
    certificateRequested?: boolean;
    milliseconds: number;
}
