/** What the evidence says, in the terms of the diagnosis. `undefined` means "cannot tell". */
import type { X509Certificate } from "node:crypto";
import { readCertificates } from "../../pki";
import type { Evidence, HostnameCertificateEvidence, ProbeEvidence, SslRuleEvidence } from "../evidence";

/** API Gateway's own answers to requests that reach no integration. */
const GATEWAY_WORDS: Record<number, string> = {
    403: '{"message":"Forbidden"}',
    404: '{"message":"Not Found"}',
    429: '{"message":"Too Many Requests"}',
    500: '{"message":"Internal Server Error"}',
    503: '{"message":"Service Unavailable"}',
};

/** SSL modes in which the edge uses plain HTTP to the origin. */
const PLAIN = ["off", "flexible"];

const REDIRECTS = [301, 302, 303, 307, 308];

const certificates = (pem: string | undefined): X509Certificate[] | undefined => {
    if (pem === undefined) return undefined;
    try {
        return readCertificates(pem);
    } catch {
        return [];
    }
};

/** Whether API Gateway itself answered, rather than an integration. */
export const ownWords = (probe: ProbeEvidence): boolean =>
    probe.answeredBy === "gateway" && probe.status !== undefined && probe.body?.trim() === GATEWAY_WORDS[probe.status];

/** `HTTP 525 (edge)`, `closed in the handshake`. */
export function described(probe: ProbeEvidence): string {
    const { id, serverProblem } = probe;
    // Other probes have their own row for it.
    const invalid = id === "visitor" && serverProblem !== undefined ? `, invalid certificate: ${serverProblem}` : "";
    const broken = probe.reason === undefined ? "" : `, broken off (${probe.reason})`;
    if (probe.outcome === "status") return `HTTP ${probe.status} (${probe.answeredBy})${broken}${invalid}`;
    const words = {
        unresolved: "the name does not resolve",
        refused: "no connection",
        timeout: "no answer in time",
        handshake: "closed in the TLS handshake",
        reset: "closed after the TLS handshake",
    };
    return `${words[probe.outcome]}${probe.reason === undefined ? "" : ` (${probe.reason})`}`;
}

export class Facts {
    constructor(readonly evidence: Evidence) {}

    get aws(): NonNullable<Evidence["aws"]> | undefined {
        return this.evidence.aws;
    }
    get cloudflare(): NonNullable<Evidence["cloudflare"]> | undefined {
        return this.evidence.cloudflare;
    }

    probes(id: string): ProbeEvidence[] {
        return this.evidence.probes.filter((one) => one.id === id);
    }

    /** A visitor's request that failed, or the first. */
    get visitor(): ProbeEvidence | undefined {
        const tries = this.probes("visitor");
        return tries.find((one) => !this.#arrives(one)) ?? tries[0];
    }

    /** Whether an integration behind API Gateway answered every visitor's request. */
    get visitorUp(): boolean {
        return this.probes("visitor").length > 0 && this.probes("visitor").every((one) => this.#arrives(one));
    }

    #arrives(probe: ProbeEvidence): boolean {
        // No browser accepts a certificate that is not valid for the name.
        const { outcome, answeredBy, reason, serverVerified } = probe;
        return outcome === "status" && reason === undefined && answeredBy === "gateway" && serverVerified && !ownWords(probe);
    }

    /** Something on the path answers instead of the edge, with its own certificate: its answers say nothing about the origin. */
    get intercepted(): boolean {
        const tries = this.probes("visitor");
        return tries.length > 0 && tries.every((one) => one.outcome === "status" && one.answeredBy === "other" && !one.serverVerified);
    }

    /** Whether the edge or API Gateway itself gave the visitor this status. */
    visitorSays(status: number, by: ProbeEvidence["answeredBy"]): boolean {
        const { visitor } = this;
        return visitor?.status === status && visitor.answeredBy === by && (by !== "gateway" || ownWords(visitor));
    }

    /** The edge could not reach the origin over TLS. */
    get edgeFails(): boolean {
        return [520, 525].some((status) => this.visitorSays(status, "edge"));
    }

    /**
     * Whether a bypass is open. A refusal counts only if the server proved to be ours, and HTTP 403 only if the visitor does not get the
     * same: an authorizer and a missing mapping answer exactly that.
     */
    open(id: string): boolean | undefined {
        const tries = this.probes(id);
        if (tries.length === 0) return undefined;
        const own = this.intercepted ? tries.filter(({ serverVerified, answeredBy }) => serverVerified || answeredBy !== "other") : tries;
        if (own.some((one) => this.#gotIn(one))) return true;
        // An unreadable or incomplete answer is not a refusal.
        if (tries.some(({ outcome, reason }) => reason !== undefined && (outcome === "status" || reason.startsWith("HPE_"))))
            return undefined;
        const seen = tries.some((one) => one.serverVerified) || (id.startsWith("plain") && tries[0]!.outcome !== "timeout");
        if (!seen) return undefined;
        const forbidden = tries.every((one) => one.status === 403);
        return forbidden && this.visitorSays(403, "gateway") ? undefined : false;
    }

    #gotIn(probe: ProbeEvidence): boolean {
        const { outcome, status, answeredBy, reason } = probe;
        // A handler may refuse by itself, as the sample does: then the request got in.
        if (outcome === "status" && (status === 403 || status === 404) && answeredBy === "gateway")
            return reason === undefined && !ownWords(probe);
        // API Gateway never redirects: the integration does.
        if (status !== undefined && REDIRECTS.includes(status) && answeredBy === "gateway") return true;
        // 421 is "misdirected"; other servers' redirects serve nothing.
        return outcome === "status" && status !== undefined && ![...REDIRECTS, 400, 403, 404, 421].includes(status);
    }

    /** The probe that got in. */
    entry(id: string): ProbeEvidence | undefined {
        return this.open(id) ? this.probes(id).find((one) => this.#gotIn(one)) : undefined;
    }

    /** The server that answers for our name at the regional name. */
    get origin(): ProbeEvidence | undefined {
        const tries = [...this.probes("no-certificate"), ...this.probes("own-certificate")];
        return tries.find((one) => one.serverProblem !== undefined) ?? tries.find((one) => one.serverVerified);
    }

    /** Whether API Gateway asks for a client certificate at our name (known from TLS 1.2). */
    get certificateRequested(): boolean | undefined {
        return this.probes("no-certificate").find((one) => one.certificateRequested !== undefined)?.certificateRequested;
    }

    /**
     * The SSL mode of the visitor's requests, by the zone's setting or by a rule. Where a rule may hold or not, what the edge says decides:
     * API Gateway's closed port 80 is its 521, or 522.
     */
    get ssl(): { value: string; plain: boolean; rule?: SslRuleEvidence } | undefined {
        const { ssl, sslRules = [] } = this.cloudflare ?? {};
        const zone = ssl === undefined || sslRules[0]?.certain ? [] : [{ value: ssl, plain: PLAIN.includes(ssl) }];
        const rules = sslRules.map((rule) => ({ value: rule.value, plain: PLAIN.includes(rule.value), rule }));
        const possible = [...zone, ...rules].reverse();
        const noPlainHttp = [521, 522].some((status) => this.visitorSays(status, "edge"));
        return possible.find(({ plain }) => plain === noPlainHttp) ?? possible[0];
    }

    /** The hostname certificate that the association names. */
    get presented(): HostnameCertificateEvidence | undefined {
        const association = this.cloudflare?.association;
        return association ? this.cloudflare?.hostnameCertificates?.find(({ id }) => id === association.certId) : undefined;
    }

    get leaf(): X509Certificate | undefined {
        return certificates(this.presented?.certificatePem)?.[0];
    }

    /** Every leaf uploaded to the zone; undefined if Cloudflare did not list any. */
    get uploaded(): X509Certificate[] | undefined {
        const leaves = this.cloudflare?.hostnameCertificates?.flatMap(({ certificatePem }) => certificates(certificatePem) ?? []);
        return leaves && leaves.length > 0 ? leaves : undefined;
    }

    get leafExpires(): Date | undefined {
        const text = this.leaf?.validTo ?? this.presented?.expiresOn;
        const date = new Date(text ?? NaN);
        // A certificate may contain an invalid date.
        return Number.isNaN(date.getTime()) ? undefined : date;
    }

    get trusted(): X509Certificate[] | undefined {
        return certificates(this.aws?.truststore?.pinnedPem);
    }

    get newestTrusted(): X509Certificate[] | undefined {
        return certificates(this.aws?.truststore?.newestPem);
    }

    /** A CA of the list that signed the leaf. */
    signer(leaf: X509Certificate, list: X509Certificate[]): X509Certificate | undefined {
        return list.find((ca) => {
            try {
                return leaf.checkIssued(ca) && leaf.verify(ca.publicKey);
            } catch {
                // Node does not know this type of key.
                return false;
            }
        });
    }

    /** Labels of the API's name below its zone; undefined if the zone is not known. */
    get depth(): number | undefined {
        const zone = this.cloudflare?.zone?.name ?? this.evidence.dns.zoneName;
        const { domainName } = this.evidence;
        if (zone === undefined || !domainName.endsWith(`.${zone}`)) return domainName === zone ? 0 : undefined;
        return domainName.slice(0, -zone.length - 1).split(".").length;
    }

    /** The name servers of the name's zone are Cloudflare's. */
    get delegatedToCloudflare(): boolean | undefined {
        const servers = this.evidence.dns.nameServers;
        return servers?.every((name) => name.endsWith(".ns.cloudflare.com"));
    }

    /** Days until then, rounded down; negative when it has passed. */
    days(until: Date): number {
        return Math.floor((until.getTime() - this.evidence.now.getTime()) / 86_400_000);
    }
}
