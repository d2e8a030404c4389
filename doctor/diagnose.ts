/** From evidence to a report: pure, so that a saved evidence is judged the same again. */
import { RULES } from "./causes";
import { checksOf } from "./checks";
import type { Evidence } from "./evidence";
import type { Cause, Check, Impact, Report } from "./report";
import { View, described } from "./view";
import { visibleReport } from "./visible";

const URGENCY: Record<Impact, number> = { both: 0, "visitors-down": 1, "bypass-open": 2, "none-yet": 3, "not-judged": 4 };

/** Every cause that the evidence decides, the one to mend first at the top. */
export function causesOf(view: View): Cause[] {
    const found = RULES.flatMap((rule) => {
        const evidence = rule.find(view);
        if (evidence === undefined) return [];
        const impact = typeof rule.impact === "function" ? rule.impact(view) : rule.impact;
        const { id, title, refresh, explains = [] } = rule;
        return [{ explains, cause: { id, title, impact, evidence, refresh, fix: rule.fix(view), confirm: rule.confirm(view) } }];
    });
    const explained = new Set(found.flatMap(({ explains }) => explains));
    return found
        .map(({ cause }) => cause)
        .filter(({ id }) => !explained.has(id))
        .map((cause, index) => ({ cause, index }))
        .sort((a, b) => URGENCY[a.cause.impact] - URGENCY[b.cause.impact] || a.index - b.index)
        .map(({ cause }) => cause);
}

/** What to give the doctor, or to look at, when the evidence does not decide. */
function nextProbe(view: View, checks: Check[]): string {
    const { evidence, aws, cloudflare, visitor } = view;
    const { domainName } = evidence;
    const asked = `npx --no cloudflare-protected-http-api doctor ${domainName}`;
    const entry = view.entry("default-endpoint");
    if (entry)
        return `The API's default endpoint answered HTTP ${entry.status}: it is open around the edge. Now:\npulumi up --refresh\nIf it still answers a minute later, the setting was never deployed: give AWS credentials, and run ${asked} again`;
    if (view.intercepted)
        return `Something between this machine and the edge answers in its place, with a certificate of its own (${visitor?.serverProblem}): a sign-in page, or a proxy. From another network: ${asked} <the arguments of this run>`;
    if (!cloudflare && !view.visitorUp)
        return [
            `Visitors are not served: ${visitor ? described(visitor) : "nobody answered"}. ${aws ? "Cloudflare was not" : "Neither cloud was"} asked, and this needs ${aws ? "it" : "both"}:`,
            ...(aws ? [] : ["export AWS_PROFILE=<profile> AWS_REGION=<the API's region>"]),
            "read -rs CLOUDFLARE_API_TOKEN && export CLOUDFLARE_API_TOKEN   # needs Zone Read, DNS Read, Zone Settings Read, SSL and Certificates Read, and the right to read configuration rules",
            `${asked} <the arguments of this run>`,
        ].join("\n");
    if (!aws && (!view.visitorUp || evidence.targetDomainName === undefined))
        return `AWS was not asked: give credentials and a region as to the AWS CLI${evidence.targetDomainName === undefined ? ", or --target <regional name> --api-id <id> (pulumi stack output)" : ""}, and run ${asked} again`;
    if (evidence.apiId === undefined) return `The default endpoint was not tried: ${asked} --api-id <id> (pulumi stack output apiId)`;
    const problem = [...(aws?.problems ?? []), ...(cloudflare?.problems ?? [])][0];
    if (problem !== undefined) return `Mend this first: ${problem}`;
    if (visitor?.outcome === "timeout") return "Something on the way swallows the packets: try from another network";
    const open = checks.find(({ verdict }) => verdict === "unknown");
    if (view.edgeFails || view.visitorSays(403, "gateway"))
        return `Show API Gateway the edge's own certificate: ${asked} --cert leaf.pem --key leaf-key.pem`;
    return open === undefined ? "Nothing is left to look at: read the access log of the stage" : `Not told: ${open.id} (${open.seen})`;
}

export function diagnose(evidence: Evidence, started: Date, took: number): Report {
    const view = new View(evidence);
    const checks = checksOf(view);
    const causes = causesOf(view);
    // What the doctor may not see is a finding, and no fault of the deployment.
    const blind = causes.length > 0 && causes.every(({ id }) => id.endsWith("-WITHOUT-SCOPE"));
    const verdict =
        causes.length > 0 && !blind
            ? "fault"
            : checks.every(({ verdict: one }) => one === "ok") && causes.length === 0
              ? "healthy"
              : checks.some(({ verdict: one, hop }) => one === "bad" && hop === "bypass")
                ? "fault"
                : "unknown";
    const notes = [
        ...(evidence.aws?.problems ?? []).map((text) => `AWS: ${text}`),
        ...(evidence.cloudflare?.problems ?? []).map((text) => `Cloudflare: ${text}`),
    ];
    const unasked = [...(evidence.aws ? [] : ["AWS"]), ...(evidence.cloudflare ? [] : ["Cloudflare"])].join(" and ");
    if (unasked && verdict === "healthy")
        notes.push(
            `${unasked} ${evidence.aws || evidence.cloudflare ? "was" : "were"} not asked: other custom domains that lead to the API, the CAs that are trusted and certificates that end soon cannot be seen from outside`,
        );
    const slots = evidence.cloudflare?.hostnameCertificates?.length;
    if (slots !== undefined && slots >= 9)
        notes.push(`Cloudflare: ${slots} of the zone's 10 hostname certificates are used; a rotation needs a spare one`);
    return visibleReport<Report>({
        schemaVersion: 1,
        domainName: evidence.domainName,
        verdict,
        causes,
        ...(causes.length === 0 && verdict !== "healthy" ? { nextProbe: nextProbe(view, checks) } : {}),
        checks,
        probes: evidence.probes,
        notes,
        edgeLocations: [...new Set(evidence.probes.flatMap(({ edgeLocation }) => edgeLocation ?? []))].sort(),
        took,
        startedAt: started.toISOString(),
    });
}
