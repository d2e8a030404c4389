/**
 * What probes prove: whether a bypass is open or closed, and whether the API is live through the edge. The one judge of the verification
 * and of the doctor.
 */
import { STATUS_CODES } from "node:http";
import type { ProbeEvidence } from "./probeEvidence";

export type BypassVerdict = "open" | "closed" | "inconclusive";
export type VisitorVerdict = "live" | "down" | "inconclusive";

/** A verdict, and why; `why` is empty if what was seen says it. */
export interface Judgement<Verdict> {
    verdict: Verdict;
    why: string;
    /** The probe that decides. */
    entry?: ProbeEvidence;
}

const REDIRECTS = [301, 302, 303, 307, 308];
/** Bypasses with our own name in the handshake and in Host: only a client certificate is missing or unknown. */
const OWN_NAME = ["no-certificate", "stranger"];
/** Bypasses at the address of the regional name. */
const AT_REGIONAL_NAME = [...OWN_NAME, "sni-none", "sni-regional", "sni-other-domain", "resumed-from-other-domain"];
const ENDPOINT = "default-endpoint";

const answered = ({ outcome }: ProbeEvidence): boolean => outcome === "status";

/** API Gateway's own answers to requests that reach no integration. */
const OWN_STATUS = [403, 404, 429, 500, 503];
/** Whether the body is `{"message":"…"}` with the status's standard words, as API Gateway itself answers (docs/sources.md 1.15, 2.1). */
const standardBody = ({ status, body }: ProbeEvidence): boolean => body?.trim() === JSON.stringify({ message: STATUS_CODES[status ?? 0] });

/** Whether API Gateway itself answered, rather than an integration. */
export const ownWords = (probe: ProbeEvidence): boolean =>
    probe.answeredBy === "gateway" && OWN_STATUS.includes(probe.status!) && standardBody(probe);

/** The server does not speak this version of TLS (or none of its ciphers): it ended the handshake before it showed a certificate. */
const versionRefused = ({ outcome, reason = "", serverVerified, serverProblem }: ProbeEvidence): boolean =>
    outcome === "handshake" &&
    !serverVerified &&
    serverProblem === undefined &&
    /_PROTOCOL_VERSION$|UNSUPPORTED_PROTOCOL|ALERT_HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY/.test(reason);

/** Without those of a TLS version that the server does not speak, if it speaks the other one. */
export function inServedVersion(probes: ProbeEvidence[]): ProbeEvidence[] {
    const served = probes.filter((probe) => !versionRefused(probe));
    return served.some((probe) => answered(probe) || probe.serverVerified || probe.serverProblem !== undefined) ? served : probes;
}

/** Something on the path answers instead of the edge, with its own certificate: its answers say nothing about the origin. */
export function isIntercepted(probes: ProbeEvidence[]): boolean {
    const visitors = inServedVersion(probes.filter(({ id }) => id === "visitor"));
    return (
        visitors.length > 0 && visitors.every((visitor) => answered(visitor) && visitor.answeredBy === "other" && !visitor.serverVerified)
    );
}

/** Whether the server asks for a client certificate at our own name, in every version of TLS in which it was seen. */
export function certificateRequested(probes: ProbeEvidence[]): boolean | undefined {
    const seen = probes.filter((probe) => OWN_NAME.includes(probe.id)).flatMap((probe) => probe.certificateRequested ?? []);
    return seen.length === 0 ? undefined : seen.every(Boolean);
}

/** Whether an answer may be a refusal by what stands before the API. Everything else was let in. */
function mayRefuse(probe: ProbeEvidence): boolean {
    const { id, status, answeredBy, body = "" } = probe;
    // An integration may refuse by itself: then the request got in. An answer that broke off does not show whose it is.
    if (answeredBy === "gateway" && !standardBody(probe) && probe.reason === undefined) return false;
    if (OWN_NAME.includes(id)) {
        // Of a server with another name's certificate it says nothing: API Gateway shows that to names that it does not know.
        const otherName = probe.serverProblem === "ERR_TLS_CERT_ALTNAME_INVALID";
        if (probe.certificateRequested === false && (probe.serverVerified || (answeredBy === "gateway" && !otherName))) return false;
        // API Gateway's 404 comes after mutual TLS, from routing. nginx refuses with 400, and says why.
        if (status === 400) return answeredBy !== "gateway" && /No required SSL certificate was sent|SSL certificate error/.test(body);
        return status === 403 || status === 421;
    }
    // API Gateway never redirects; another server's redirect serves nothing.
    if (REDIRECTS.includes(status!)) return answeredBy !== "gateway";
    return [400, 403, 404, 421].includes(status!);
}

function whyOpen(probe: ProbeEvidence): string {
    if (OWN_NAME.includes(probe.id)) {
        if (probe.certificateRequested === false) return "the server asks for no client certificate: mutual TLS is off";
        return probe.id === "stranger"
            ? "a self-signed certificate of nobody's is let in"
            : "a request without a client certificate is let in";
    }
    return probe.answeredBy === "gateway" && [400, 403, 404, 421].includes(probe.status!)
        ? "the integration itself refused, so the request got in"
        : "this bypass is open";
}

const inconclusive = (why: string): Judgement<BypassVerdict> => ({ verdict: "inconclusive", why });

/** A status that visitors get from API Gateway too: it proves nothing, whoever gave it. */
const sameAsVisitor = (tries: ProbeEvidence[], probes: ProbeEvidence[]): number | undefined =>
    tries.find(
        (attempt) =>
            answered(attempt) &&
            probes.some(({ id, answeredBy, status }) => id === "visitor" && answeredBy === "gateway" && status === attempt.status),
    )?.status;

/** Why closed connections and refusals do not show that the right server refused; undefined if they do. */
function unproven(id: string, tries: ProbeEvidence[], probes: ProbeEvidence[]): string | undefined {
    if (id.startsWith("plain-")) return undefined;
    if (tries.some(({ serverVerified }) => serverVerified)) return undefined;
    // A TLS alert comes from the server at that address, which the probes with our own name have identified.
    const known = reached(probes);
    const alerted = tries.every(({ outcome, reason = "" }) => outcome === "handshake" && /^ERR_SSL_(SSLV3|TLSV13?)_/.test(reason));
    if (AT_REGIONAL_NAME.includes(id) && known && alerted) return undefined;
    const problem = tries.find(({ serverProblem }) => serverProblem !== undefined)?.serverProblem;
    if (problem !== undefined) return `the server's certificate is not valid for the name (${problem}), so another server may have refused`;
    return "it came before any server certificate, and a blocked connection looks the same: run this where AWS can be reached directly";
}

/** Whether the server at the regional name showed its certificate. */
const reached = (probes: ProbeEvidence[]): boolean => probes.some((probe) => OWN_NAME.includes(probe.id) && probe.serverVerified);

/** Whether a bypass is open, by all probes of one look. Undefined if it was not tried. */
export function judgeBypass(id: string, probes: ProbeEvidence[]): Judgement<BypassVerdict> | undefined {
    const all = probes.filter((probe) => probe.id === id);
    if (all.length === 0) return undefined;
    const tries = inServedVersion(all);
    const own = isIntercepted(probes) ? tries.filter((attempt) => attempt.serverVerified || attempt.answeredBy !== "other") : tries;
    const entry = own.find((attempt) => answered(attempt) && !mayRefuse(attempt));
    if (entry) return { verdict: "open", why: whyOpen(entry), entry };
    // Nobody takes connections at port 80, while the same address answers at 443: a closed port may drop packets or refuse them.
    if (id.startsWith("plain-") && tries.every(({ outcome, silent }) => outcome === "timeout" && !silent) && reached(probes))
        return { verdict: "closed", why: "" };
    // One version of TLS that does not tell is enough: the other may be the closed one.
    if (tries.some((attempt) => attempt.outcome === "timeout")) return inconclusive("neither answered nor closed");
    if (tries.some((attempt) => attempt.reason?.startsWith("HPE_"))) return inconclusive("an answer that is not HTTP is not a refusal");
    const unknown = unproven(id, tries, probes);
    if (unknown !== undefined) return inconclusive(unknown);
    if (tries.some((attempt) => answered(attempt) && attempt.reason !== undefined))
        return inconclusive("the answer broke off before it showed who refused");
    if (OWN_NAME.includes(id) && tries.some((attempt) => attempt.certificateRequested === false))
        return inconclusive("the server closed, but asked for no client certificate: mutual TLS is off");
    if (id === ENDPOINT) {
        const other = tries.find((attempt) => answered(attempt) && ![404, 421].includes(attempt.status!));
        if (other) return inconclusive(`one that is off answers HTTP 404; an authorizer or a firewall may answer ${other.status}`);
        return { verdict: "closed", why: "" };
    }
    const same = sameAsVisitor(tries, probes);
    if (same !== undefined) return inconclusive(`a visitor through the edge gets HTTP ${same} too, so it proves nothing`);
    return { verdict: "closed", why: "" };
}

function judgeVisit(probe: ProbeEvidence): Judgement<VisitorVerdict> {
    const judged = (verdict: VisitorVerdict, why = ""): Judgement<VisitorVerdict> => ({ verdict, why, entry: probe });
    const { outcome, status, answeredBy } = probe;
    if (outcome === "unresolved") return judged("down", "the name does not resolve here; resolvers may cache this for half an hour");
    if (probe.serverProblem !== undefined)
        return judged("down", `the server certificate is not valid for the name (${probe.serverProblem})`);
    if (outcome !== "status") return judged("down");
    if (answeredBy === "challenge")
        return judged(
            "inconclusive",
            "Cloudflare challenged this machine: let the verification pass, with a rule that matches a header in verify.headers",
        );
    if (probe.reason !== undefined) return judged("down", "the answer broke off");
    if (probe.cached) return judged("inconclusive", "the answer came from Cloudflare's cache: set a verify.path that is not cached");
    if (status === 403 && (answeredBy !== "gateway" || ownWords(probe)))
        return judged(
            "inconclusive",
            "a refused client certificate, a missing mapping, an authorizer and a firewall all answer 403: set a verify.path or verify.headers that get another answer",
        );
    return answeredBy === "gateway" ? judged("live") : judged("down", "this answer is not API Gateway's");
}

/** Whether API Gateway answers through the edge. The worst of all tries decides. */
export function judgeVisitor(probes: ProbeEvidence[]): Judgement<VisitorVerdict> | undefined {
    const judged = inServedVersion(probes.filter(({ id }) => id === "visitor")).map(judgeVisit);
    return (["down", "inconclusive", "live"] as const).flatMap((worst) => judged.find(({ verdict }) => verdict === worst) ?? [])[0];
}
