/** From evidence to a report. Pure: saved evidence always gets the same report. */
import type { Evidence } from "../evidence";
import type { Cause, Check, Impact, Report } from "../report/report";
import { visibleReport } from "../visible";
import { RULES } from "./causes";
import { checksOf } from "./checks";
import { Facts, described } from "./facts";

const URGENCY: Record<Impact, number> = { both: 0, "visitors-down": 1, "bypass-open": 2, "none-yet": 3, "not-judged": 4 };

/** What is not seen is not said: requests that arrive do not fail. */
function seenImpact(impact: Impact, { visitorUp }: Facts): Impact {
    if (!visitorUp) return impact;
    return impact === "visitors-down" ? "none-yet" : impact === "both" ? "bypass-open" : impact;
}

/** Every cause that the evidence proves, the one to fix first on top. */
export function causesOf(facts: Facts): Cause[] {
    const found = RULES.flatMap((rule) => {
        const evidence = rule.find(facts);
        if (evidence === undefined) return [];
        const impact = seenImpact(typeof rule.impact === "function" ? rule.impact(facts) : rule.impact, facts);
        const { id, title, refresh, first = false, explains = [] } = rule;
        return [{ explains, first, cause: { id, title, impact, evidence, refresh, fix: rule.fix(facts), confirm: rule.confirm(facts) } }];
    });
    const explained = new Set(found.flatMap(({ explains }) => explains));
    return found
        .filter(({ cause: { id } }) => !explained.has(id))
        .map((cause, index) => ({ ...cause, index }))
        .sort((a, b) => Number(b.first) - Number(a.first) || URGENCY[a.cause.impact] - URGENCY[b.cause.impact] || a.index - b.index)
        .map(({ cause }) => cause);
}

/** Neither the probes nor the calls to the clouds go through a proxy. */
const proxyHint = ({ evidence: { proxyVariables } }: Facts): string =>
    proxyVariables
        ? `\n${proxyVariables.join(" and ")} ${proxyVariables.length > 1 ? "are" : "is"} set, but the doctor connects directly: run it where both clouds can be reached without a proxy`
        : "";

/** What to give the doctor, or to look at, if the evidence does not decide. */
function nextProbe(facts: Facts, checks: Check[]): string {
    const { evidence, aws, cloudflare, visitor } = facts;
    const { domainName } = evidence;
    const asked = `npx --no cloudflare-protected-http-api doctor ${domainName}`;
    if (facts.intercepted)
        return `Something between this machine and the edge answers instead of it, with its own certificate (${visitor?.serverProblem}): a sign-in page or a proxy. From another network: ${asked} <the arguments of this run>`;
    if (!cloudflare && !facts.visitorUp)
        return [
            `Requests through Cloudflare fail: ${visitor ? described(visitor) : "no answer"}. ${aws ? "Cloudflare was not" : "Neither cloud was"} asked, and the cause needs ${aws ? "it" : "both"}:`,
            ...(aws ? [] : ["export AWS_PROFILE=<profile> AWS_REGION=<the API's region>"]),
            "read -rs CLOUDFLARE_API_TOKEN && export CLOUDFLARE_API_TOKEN   # needs Zone Read, DNS Read, Zone Settings Read, SSL and Certificates Read, and permission to read configuration rules",
            `${asked} <the arguments of this run>`,
        ].join("\n");
    if (!aws && (!facts.visitorUp || evidence.targetDomainName === undefined))
        return `AWS was not asked: set credentials and a region as for the AWS CLI${evidence.targetDomainName === undefined ? ", or --target <regional name> --api-id <id> (pulumi stack output)" : ""}, and run ${asked} again`;
    if (evidence.apiId === undefined) return `The default endpoint was not probed: ${asked} --api-id <id> (pulumi stack output apiId)`;
    const problem = [...(aws?.problems ?? []), ...(cloudflare?.problems ?? [])][0];
    if (problem !== undefined) return `Fix this first: ${problem}${proxyHint(facts)}`;
    if (visitor?.outcome === "timeout") return "Something on the path drops the packets: try from another network";
    const open = checks.find(({ verdict }) => verdict === "unknown");
    const bad = checks.find(({ verdict }) => verdict === "bad");
    if (facts.edgeFails || facts.visitorSays(403, "gateway"))
        return `Probe API Gateway with the edge's own certificate: ${asked} --cert leaf.pem --key leaf-key.pem`;
    if (facts.edgeAnswered)
        return `Cloudflare answered by itself (${described(facts.edgeAnswered)}), so the request never reached AWS. In Cloudflare, open Security, Analytics, Events and look the hostname up; then Rules, Trace for the same path`;
    if (bad) return `${bad.hop} ${bad.id} must be: ${bad.expected}; seen: ${bad.seen}. Mend that, and run ${asked} again`;
    if (open) return `Unknown: ${open.id} (${open.seen})`;
    return "Nothing is left to check: read the stage's access log";
}

export function diagnose(evidence: Evidence, started: Date, took: number): Report {
    const facts = new Facts(evidence);
    const checks = checksOf(facts);
    const causes = causesOf(facts);
    // Missing permissions of the doctor are a finding, not a fault of the deployment.
    const blind = causes.length > 0 && causes.every(({ impact }) => impact === "not-judged");
    const verdict =
        causes.length > 0 && !blind
            ? "fault"
            : checks.every(({ verdict: checked }) => checked === "ok") && causes.length === 0
              ? "healthy"
              : checks.some(({ verdict: checked, hop }) => checked === "bad" && hop === "bypass")
                ? "fault"
                : "unknown";
    // A cause that breaks nothing does not say why requests fail.
    const unexplained =
        causes.length > 0 &&
        causes.every(({ impact }) => impact === "none-yet") &&
        checks.some(({ id, verdict: checked }) => id === "visitor" && checked === "bad");
    const notes = [
        ...(evidence.aws?.problems ?? []).map((text) => `AWS: ${text}`),
        ...(evidence.cloudflare?.problems ?? []).map((text) => `Cloudflare: ${text}`),
    ];
    if (evidence.proxyVariables && verdict !== "healthy")
        notes.push(
            `${evidence.proxyVariables.join(", ")} not used: a proxy may end the TLS that the probes judge, and the calls to both clouds connect directly too`,
        );
    const unasked = [...(evidence.aws ? [] : ["AWS"]), ...(evidence.cloudflare ? [] : ["Cloudflare"])].join(" and ");
    const unseen = [
        ...(evidence.aws ? [] : ["other custom domains of the API, trusted CAs"]),
        ...(evidence.cloudflare ? [] : ["the end of the client certificate"]),
    ].join(" and ");
    if (unasked && verdict === "healthy")
        notes.push(`${unasked} ${evidence.aws || evidence.cloudflare ? "was" : "were"} not asked: ${unseen} cannot be seen from outside`);
    const slots = evidence.cloudflare?.hostnameCertificates?.filter(({ status }) => status !== "deleted").length;
    if (slots !== undefined && slots >= 9)
        notes.push(`Cloudflare: ${slots} of the zone's 10 hostname certificates are in use; a rotation needs a free one`);
    return visibleReport<Report>({
        schemaVersion: 1,
        domainName: evidence.domainName,
        verdict,
        causes,
        ...((causes.length === 0 && verdict !== "healthy") || unexplained ? { nextProbe: nextProbe(facts, checks) } : {}),
        checks,
        probes: evidence.probes,
        notes,
        edgeLocations: [...new Set(evidence.probes.flatMap(({ edgeLocation }) => edgeLocation ?? []))].sort(),
        took,
        startedAt: started.toISOString(),
    });
}
