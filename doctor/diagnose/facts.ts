/** What the evidence says, in the terms of the diagnosis. `undefined` means "cannot tell". */
import type { X509Certificate } from "node:crypto";
import { readCertificates } from "../../pki";
import {
    certificateRequested,
    inServedVersion,
    isIntercepted,
    judgeBypass,
    ownWords,
    type BypassVerdict,
    type Judgement,
} from "../../probes";
import type { Evidence, HostnameCertificateEvidence, ProbeEvidence, SslRuleEvidence } from "../evidence";

export { described } from "../../probes";

/** SSL modes in which the edge uses plain HTTP to the origin. */
const PLAIN = ["off", "flexible"];

const certificates = (pem: string | undefined): X509Certificate[] | undefined => {
    if (pem === undefined) return undefined;
    try {
        return readCertificates(pem);
    } catch {
        return [];
    }
};

export class Facts {
    constructor(readonly evidence: Evidence) {}

    get aws(): NonNullable<Evidence["aws"]> | undefined {
        return this.evidence.aws;
    }
    get cloudflare(): NonNullable<Evidence["cloudflare"]> | undefined {
        return this.evidence.cloudflare;
    }

    probes(id: string): ProbeEvidence[] {
        return this.evidence.probes.filter((probe) => probe.id === id);
    }

    /** A visitor's requests. A version of TLS that the edge does not speak is a setting of the zone. */
    get #visits(): ProbeEvidence[] {
        return inServedVersion(this.probes("visitor"));
    }

    /** A visitor's request that failed, or the first. */
    get visitor(): ProbeEvidence | undefined {
        const tries = this.#visits;
        return tries.find((attempt) => !this.#arrives(attempt)) ?? tries[0];
    }

    /** Whether an integration behind API Gateway answered every visitor's request. */
    get visitorUp(): boolean {
        return this.#visits.length > 0 && this.#visits.every((visit) => this.#arrives(visit));
    }

    #arrives(probe: ProbeEvidence): boolean {
        // No browser accepts a certificate that is not valid for the name.
        const { outcome, answeredBy, reason, serverVerified, cached } = probe;
        return outcome === "status" && reason === undefined && answeredBy === "gateway" && serverVerified && !cached && !ownWords(probe);
    }

    /** Something on the path answers instead of the edge, with its own certificate: its answers say nothing about the origin. */
    get intercepted(): boolean {
        return isIntercepted(this.evidence.probes);
    }

    /** Whether the edge or API Gateway itself gave the visitor this status. */
    visitorSays(status: number, by: ProbeEvidence["answeredBy"]): boolean {
        const { visitor } = this;
        return visitor?.status === status && visitor.answeredBy === by && (by !== "gateway" || ownWords(visitor));
    }

    /** The edge's own number on an error page, e.g. 1020 (docs/sources.md 13.12). */
    get edgeCode(): number | undefined {
        const { visitor } = this;
        const code = visitor?.answeredBy === "edge" ? /error code: (\d{3,4})\b/i.exec(visitor.body ?? "")?.[1] : undefined;
        return code === undefined ? undefined : Number(code);
    }

    /** The edge answered by itself: the request never left it. */
    get edgeAnswered(): ProbeEvidence | undefined {
        const { visitor } = this;
        const never = visitor?.answeredBy === "edge" && visitor.outcome === "status" && visitor.serverVerified;
        return never && (visitor.status! < 500 || this.edgeCode === 1101) ? visitor : undefined;
    }

    /** API Gateway serves this name at the address that we know, or the API answers: it exists, wherever AWS was asked. */
    get domainSeen(): boolean {
        return this.visitorUp || this.origin?.serverVerified === true;
    }

    /** The region in the regional name, if it is another one than was asked. */
    get otherRegion(): string | undefined {
        const region = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com/.exec(this.evidence.targetDomainName ?? "")?.[1];
        return region !== undefined && this.aws !== undefined && region !== this.aws.region ? region : undefined;
    }

    /** What AWS was asked for and did not tell, in words. */
    get unreadAws(): string[] {
        const { aws } = this;
        if (!aws) return [];
        const { domain, api } = aws;
        const missing: [string, unknown][] = [
            ["the domain", domain],
            ...(domain
                ? ([
                      ["its mappings", domain.mappings],
                      // Without a mapping there is no API to read.
                      ...(domain.mappings?.length === 0
                          ? []
                          : ([
                                ["the API", api],
                                ...(domain.mappings ?? [])
                                    .filter(({ apiId }) => apiId !== api?.id && apiId !== this.evidence.apiId)
                                    .map(({ apiId, key }): [string, unknown] => [
                                        `the API ${apiId} at /${key}`,
                                        aws.otherApis?.find(({ id }) => id === apiId),
                                    ]),
                                ...(api === null ? [] : [["its stages", api?.stages] as [string, unknown]]),
                                ["the other domains", aws.otherDomains],
                            ] as [string, unknown][])),
                      ...(domain.mutualTls
                          ? [
                                [
                                    "the truststore",
                                    aws.truststore?.pinnedMissing
                                        ? true
                                        : (aws.truststore?.pinnedPem ??
                                          (domain.truststoreVersion === undefined ? aws.truststore?.newestPem : undefined)),
                                ] as [string, unknown],
                            ]
                          : []),
                      ["the certificate in ACM", aws.certificate],
                  ] as [string, unknown][])
                : []),
        ];
        return missing.filter(([, value]) => value === undefined).map(([what]) => what);
    }

    /** What Cloudflare was asked for and did not tell, in words. */
    get unreadCloudflare(): string[] {
        const { cloudflare } = this;
        if (!cloudflare) return [];
        if (cloudflare.zone === null) return [];
        const missing: [string, unknown][] = [
            ["the zone", cloudflare.zone],
            ["the SSL/TLS mode", cloudflare.ssl],
            ["the configuration rules", cloudflare.sslRules],
            [
                "the global and zone levels of origin pulls",
                cloudflare.globalOriginPull === undefined ? undefined : cloudflare.zoneOriginPull,
            ],
            ["the hostname's association", cloudflare.association],
            ["the hostname certificates", cloudflare.hostnameCertificates],
            // Without it nobody knows until when it is valid.
            ...(cloudflare.association?.enabled && cloudflare.hostnameCertificates && this.leafExpires === undefined
                ? ([["the presented certificate", undefined]] as [string, unknown][])
                : []),
            ["the DNS record", cloudflare.records],
        ];
        return missing.filter(([, value]) => value === undefined).map(([what]) => what);
    }

    /** The edge could not reach the origin over TLS. */
    get edgeFails(): boolean {
        return [520, 525].some((status) => this.visitorSays(status, "edge"));
    }

    judgement(id: string): Judgement<BypassVerdict> | undefined {
        return judgeBypass(id, this.evidence.probes);
    }

    /** Whether a bypass is open; undefined if it was not tried, or nothing is proved. */
    open(id: string): boolean | undefined {
        const verdict = this.judgement(id)?.verdict;
        return verdict === undefined || verdict === "inconclusive" ? undefined : verdict === "open";
    }

    /** The probe that got in. */
    entry(id: string): ProbeEvidence | undefined {
        return this.judgement(id)?.entry;
    }

    /** The server that answers for our name at the regional name. */
    get origin(): ProbeEvidence | undefined {
        const tries = [...this.probes("no-certificate"), ...this.probes("own-certificate")];
        return tries.find((attempt) => attempt.serverProblem !== undefined) ?? tries.find((attempt) => attempt.serverVerified);
    }

    /** Whether API Gateway asks for a client certificate at our name, in every version of TLS. */
    get certificateRequested(): boolean | undefined {
        return certificateRequested(this.evidence.probes);
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

    /** The name servers of the name's zone are Cloudflare's by name. A zone may have name servers of its own name (docs/sources.md 13.13). */
    get delegatedToCloudflare(): boolean | undefined {
        const servers = this.evidence.dns.nameServers;
        return servers?.every((name) => name.endsWith(".ns.cloudflare.com"));
    }

    /** Days until then, rounded down; negative when it has passed. */
    days(until: Date): number {
        return Math.floor((until.getTime() - this.evidence.now.getTime()) / 86_400_000);
    }
}
