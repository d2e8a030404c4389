/** The rows of the table: what was checked, hop by hop, whether or not it is the cause. */
import { described, describedAll, inServedVersion } from "../../probes";
import type { Check } from "../report/report";
import type { Facts } from "./facts";

type Verdict = Check["verdict"];
const verdict = (good: boolean | undefined): Verdict => (good === undefined ? "unknown" : good ? "ok" : "bad");

const BYPASSES: Record<string, string> = {
    "no-certificate": "refused without a client certificate",
    stranger: "a stranger's certificate refused",
    "sni-none": "no SNI, our Host: refused",
    "sni-regional": "the regional SNI, our Host: refused",
    "sni-default-endpoint": "the default endpoint's SNI, our Host: refused",
    "sni-other-domain": "another domain's SNI, our Host: refused",
    "resumed-from-other-domain": "another domain's TLS session: refused",
    "plain-http-origin": "plain HTTP at the origin: refused",
    "default-endpoint": "the default endpoint: HTTP 404",
};
/** Bypasses that must be probed before a deployment counts as healthy. */
const REQUIRED = ["no-certificate", "stranger", "sni-regional", "default-endpoint"];

const NOT_PROBED = (id: string): string =>
    id === "default-endpoint" ? "not probed: the API's id is not known" : "not probed: the regional name is not known";

function bypass(facts: Facts, id: string): Check[] {
    const judgement = facts.judgement(id);
    if (!judgement && !REQUIRED.includes(id)) return [];
    const row = { hop: "bypass", id, expected: BYPASSES[id]! } as const;
    if (!judgement) return [{ ...row, seen: NOT_PROBED(id), verdict: "unknown" }];
    const seen = describedAll(inServedVersion(facts.probes(id)));
    if (judgement.verdict === "closed") return [{ ...row, seen, verdict: "ok" }];
    if (judgement.verdict === "open") return [{ ...row, seen: `OPEN: ${seen}: ${judgement.why}`, verdict: "bad" }];
    return [{ ...row, seen: `inconclusive: ${seen}: ${judgement.why}`, verdict: "unknown" }];
}

function dnsCheck({ evidence: { dns } }: Facts): Check {
    const dnsOnly = dns.aliases.some((name) => name.includes(".execute-api."));
    const found = dns.addresses.length > 0;
    const seen = found ? [...dns.aliases, ...dns.addresses].join(", ") : `no address (${dns.problem ?? "none"})`;
    return { hop: "dns", id: "record", expected: "an address of the edge", seen, verdict: found ? verdict(!dnsOnly) : "bad" };
}

function visitorCheck(facts: Facts): Check {
    const { visitor } = facts;
    if (!visitor) return { hop: "edge", id: "visitor", expected: "answered by the API", seen: "not probed", verdict: "unknown" };
    // A challenge, or an old answer of the cache, is neither up nor down.
    const good = visitor.answeredBy === "challenge" || visitor.cached ? undefined : facts.visitorUp;
    return { hop: "edge", id: "visitor", expected: "answered by the API", seen: described(visitor), verdict: verdict(good) };
}

function originChecks(facts: Facts): Check[] {
    const { origin, certificateRequested } = facts;
    const own = facts.probes("own-certificate");
    const seen =
        origin &&
        (origin.serverVerified
            ? `valid${origin.serverNotAfter ? ` until ${origin.serverNotAfter.slice(0, 10)}` : ""}`
            : origin.serverProblem);
    return [
        ...(origin
            ? [
                  {
                      hop: "origin",
                      id: "server-certificate",
                      expected: "valid for the name",
                      seen: seen ?? "",
                      verdict: verdict(origin.serverVerified),
                  } as const,
              ]
            : []),
        ...(certificateRequested === undefined
            ? []
            : [
                  {
                      hop: "origin",
                      id: "client-certificate",
                      expected: "requested",
                      seen: certificateRequested
                          ? `requested${facts.evidence.acceptedAuthorities?.length ? `, of ${facts.evidence.acceptedAuthorities.join("; ")}` : ""}`
                          : "not requested",
                      verdict: verdict(certificateRequested),
                  } as const,
              ]),
        ...(own.length > 0
            ? [
                  {
                      hop: "origin",
                      id: "own-certificate",
                      expected: "answered by the API",
                      seen: describedAll(own),
                      verdict: verdict(own.every(({ outcome, status }) => outcome === "status" && status !== 403)),
                  } as const,
              ]
            : []),
    ];
}

/** Whether a cloud that was asked told everything: what was not read is not "nothing there". */
function readCheck(hop: "aws" | "cloudflare", cloud: { denied: string[]; problems: string[] }, unread: string[]): Check {
    const missing = [
        ...cloud.problems,
        ...cloud.denied.map((permission) => `denied: ${permission}`),
        ...(unread.length > 0 ? [`not read: ${unread.join(", ")}`] : []),
    ];
    return {
        hop,
        id: "read",
        expected: "all that was asked",
        seen: missing.join("; ") || "all",
        verdict: missing.length === 0 ? "ok" : "unknown",
    };
}

/** `AVAILABLE`, with what API Gateway says about any other status. */
const domainSeen = ({ status, statusMessage, mutualTls, routingMode }: NonNullable<NonNullable<Facts["aws"]>["domain"]>): string =>
    [
        `${status || "no status"}${statusMessage ? ` (${statusMessage})` : ""}`,
        `mutual TLS ${mutualTls ? "on" : "off"}`,
        ...(routingMode === "ROUTING_RULE_ONLY" ? [routingMode] : []),
    ].join(", ");

function awsChecks(facts: Facts): Check[] {
    const { aws } = facts;
    if (!aws) return [];
    const { domain, api, truststore, certificate } = aws;
    const openApis = (aws.otherApis ?? []).filter(({ disableExecuteApiEndpoint: off }) => !off).map(({ id }) => id);
    const elsewhere = domain === null && (facts.otherRegion !== undefined || facts.domainSeen);
    const row = (id: string, expected: string, seen: string, good: boolean | undefined): Check => ({
        hop: "aws",
        id,
        expected,
        seen,
        verdict: verdict(good),
    });
    return [
        readCheck("aws", aws, facts.unreadAws),
        ...(domain === undefined
            ? []
            : [
                  row(
                      "domain",
                      "AVAILABLE, mutual TLS",
                      domain ? domainSeen(domain) : elsewhere ? `not in ${aws.region || "this region"} of this account` : "missing",
                      elsewhere
                          ? undefined
                          : domain !== null &&
                                domain.mutualTls &&
                                domain.status === "AVAILABLE" &&
                                domain.routingMode !== "ROUTING_RULE_ONLY",
                  ),
              ]),
        ...(domain
            ? [
                  row(
                      "truststore",
                      "the newest version, pinned",
                      `${domain.truststoreVersion ?? "not pinned"}${truststore?.pinnedMissing ? " (deleted)" : ""}, newest ${truststore?.newestVersion ?? "unknown"}`,
                      truststore?.pinnedMissing
                          ? false
                          : truststore?.newestVersion === undefined
                            ? undefined
                            : domain.truststoreVersion === truststore.newestVersion,
                  ),
              ]
            : []),
        ...(api === undefined
            ? []
            : [
                  row(
                      "api",
                      "default endpoint off, deployed automatically",
                      api
                          ? `${api.disableExecuteApiEndpoint ? "off" : "ON"}${openApis.length > 0 ? `, ON at ${openApis.join(", ")}` : ""}, ${(api.stages ?? []).map(({ name, autoDeploy }) => `${name} ${autoDeploy ? "automatic" : "manual"}`).join(", ")}`
                          : "missing",
                      api !== null &&
                          api.disableExecuteApiEndpoint &&
                          openApis.length === 0 &&
                          (api.stages ?? []).every(({ autoDeploy }) => autoDeploy),
                  ),
              ]),
        ...(certificate === undefined ? [] : [row("acm", "ISSUED", certificate?.status ?? "missing", certificate?.status === "ISSUED")]),
    ];
}

/** A record that leads elsewhere is not known to be wrong, and what was probed is then not what visitors reach. */
function recordGood({ evidence: { targetDomainName } }: Facts, records: { content: string; proxied: boolean }[]): boolean | undefined {
    if (records.length === 0 || !records.every(({ proxied }) => proxied)) return false;
    const plain = (name: string): string => name.toLowerCase().replace(/\.$/, "");
    const leads = targetDomainName === undefined || records.every(({ content }) => plain(content) === plain(targetDomainName));
    return leads ? true : undefined;
}

function cloudflareChecks(facts: Facts): Check[] {
    const { cloudflare } = facts;
    if (!cloudflare) return [];
    const row = (id: string, expected: string, seen: string, good: boolean | undefined): Check => ({
        hop: "cloudflare",
        id,
        expected,
        seen,
        verdict: verdict(good),
    });
    const { zone, association, records } = cloudflare;
    const { ssl } = facts;
    const status = facts.presented?.status ?? association?.certStatus;
    const until = facts.leafExpires;
    return [
        readCheck("cloudflare", cloudflare, facts.unreadCloudflare),
        ...(zone === undefined
            ? []
            : [row("zone", "active", zone ? `${zone.name}, ${zone.status}` : "missing", zone?.status === "active")]),
        ...(records === undefined
            ? []
            : [
                  row(
                      "dns-record",
                      "proxied, to the regional name",
                      records.map(({ type, content, proxied }) => `${type} ${content}${proxied ? "" : ", DNS only"}`).join("; ") || "none",
                      recordGood(facts, records),
                  ),
              ]),
        ...(ssl === undefined ? [] : [row("ssl", "full or strict", `${ssl.value}${ssl.rule ? " (by a rule)" : ""}`, !ssl.plain)]),
        ...(association === undefined
            ? []
            : [
                  row(
                      "origin-pull",
                      "on, certificate active",
                      association
                          ? `${association.enabled ? "on" : "off"}, ${status ?? "status unknown"}${until ? `, until ${until.toISOString().slice(0, 10)}` : ""}`
                          : "no association",
                      association === null
                          ? facts.visitorUp && Boolean(cloudflare.globalOriginPull || cloudflare.zoneOriginPull)
                          : association.enabled &&
                                (status === undefined || status === "active") &&
                                (until === undefined || until > facts.evidence.now),
                  ),
              ]),
    ];
}

export function checksOf(facts: Facts): Check[] {
    return [
        dnsCheck(facts),
        visitorCheck(facts),
        ...originChecks(facts),
        ...Object.keys(BYPASSES).flatMap((id) => bypass(facts, id)),
        ...awsChecks(facts),
        ...cloudflareChecks(facts),
    ];
}
