/** What came of a probe: plain data, nothing secret in it. `undefined` means "not asked or not answered", never "no". */

/** How far a request got. Only `status` has an HTTP answer. */
export type Outcome = "status" | "unresolved" | "refused" | "timeout" | "handshake" | "reset";

/** Who answered, by the headers: API Gateway's request id, else Cloudflare's ray, else unknown. */
export type AnsweredBy = "gateway" | "edge" | "challenge" | "other";

/** One request. */
export interface ProbeEvidence {
    /** Stable, e.g. `visitor`, `no-certificate`, `default-endpoint`. */
    id: string;
    tls: "1.2" | "1.3" | "-";
    /** The address, if the request was sent to one of several that the name has. */
    address?: string;
    outcome: Outcome;
    /** Set if somebody took the connection, and then said nothing in time. */
    silent?: true;
    /** Error code or message, if there is no status or the answer broke off. */
    reason?: string;
    status?: number;
    answeredBy?: AnsweredBy;
    /** Set if the answer came from Cloudflare's cache. */
    cached?: true;
    /** The host that a redirect leads to; its path may hold a secret. */
    redirectsTo?: string;
    /** First 200 characters of the body. */
    body?: string;
    /** Cloudflare's location, the end of `cf-ray`. */
    edgeLocation?: string;
    /** Whether the server proved a certificate valid for the expected name. */
    serverVerified: boolean;
    /** What was wrong with its certificate. */
    serverProblem?: string;
    serverNotAfter?: string;
    /** Whether the server asked for a client certificate; `undefined` if it did not get that far, and when a session is resumed. */
    certificateRequested?: boolean;
    milliseconds: number;
}
