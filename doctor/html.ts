/**
 * A report as a page of its own: one file that fetches nothing and runs nothing, to be attached to a ticket or kept from a pipeline. What it
 * shows was said by servers that may be hostile, so that every value is escaped by the tag that builds the markup, and a policy in the page
 * forbids whatever would slip through.
 */
import type { ProbeEvidence } from "./evidence";
import { STYLE } from "./htmlStyle";
import type { Cause, Check, Report } from "./report";
import { IMPACTS } from "./text";
import { visibleLines } from "./visible";

const CAUSES = "docs/causes.md";
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const VERDICTS = { healthy: ["HEALTHY", "ok"], fault: ["FAULT", "bad"], unknown: ["COULD NOT TELL", "unknown"] } as const;
const MARKS = { ok: "ok", bad: "NO", unknown: "?" } as const;
/** Characters of an observation within the drawing; the table below it has the rest. */
const SEEN_CHARACTERS = 140;

type Verdict = Check["verdict"];
type Place = "visitor" | "dns" | "edge" | "gateway" | "handler" | "around";

/** What needs no escaping any more: only `html` makes it. */
class Markup {
    constructor(readonly text: string) {}
}
type Value = Markup | string | number | undefined | Value[];

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
/** Text that is text in an element and in a quoted attribute. Characters that show nothing, or turn the line round, are shown by their number. */
const escaped = (text: string): string => visibleLines(text).replace(/[&<>"']/g, (one) => ENTITIES[one]!);

function markup(value: Value): string {
    if (value instanceof Markup) return value.text;
    if (Array.isArray(value)) return value.map(markup).join("");
    return value === undefined ? "" : escaped(String(value));
}
const html = (parts: TemplateStringsArray, ...values: Value[]): Markup =>
    new Markup(parts.map((part, i) => part + markup(values[i])).join(""));

const HOPS: [Exclude<Place, "around">, name: string, what: string][] = [
    ["visitor", "Visitor", "what comes back to it"],
    ["dns", "DNS", "leads to the edge"],
    ["edge", "Cloudflare edge", "shows its client certificate"],
    ["gateway", "API Gateway custom domain", "mutual TLS: trusts one CA"],
    ["handler", "Handler", "Lambda or HTTPS backend"],
];

/** The hop that a check is about. */
const placeOf = ({ hop, id }: Check): Place => {
    if (hop === "cloudflare") return ["zone", "dns-record"].includes(id) ? "dns" : "edge";
    return ({ dns: "dns", edge: "visitor", origin: "gateway", aws: "gateway", bypass: "around" } as const)[hop];
};

const CAUSES_AT: [RegExp, Place][] = [
    [/^(ZONE|RECORD)-/, "dns"],
    [/^(NAME|CHALLENGE|SSL|AOP|LEAF)-/, "edge"],
    [/^(DEFAULT-ENDPOINT|FLAG|MAPPING-WITHOUT|HOST|ORIGIN-PORT)-/, "around"],
    [/^(ROUTE|INTEGRATION)-/, "handler"],
    [/^(DOMAIN|CAA|VALIDATION|SERVER|MTLS|MAPPING|TRUSTSTORE|CA|SHARED)-|^THROTTLED$/, "gateway"],
];
/** Where a cause sits; a permission that the doctor lacks sits nowhere. */
export const causePlace = (id: string): Place | undefined => CAUSES_AT.find(([pattern]) => pattern.test(id))?.[1];

const short = (text: string): string => (text.length > SEEN_CHARACTERS ? `${text.slice(0, SEEN_CHARACTERS)}…` : text);
const mark = (verdict: Verdict): Markup => html`<span class="mark ${verdict}">${MARKS[verdict]}</span>`;
const badge = ({ verdict }: Report): Markup => html`<span class="mark ${VERDICTS[verdict][1]}">${VERDICTS[verdict][0]}</span>`;
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
const when = (text: string): Markup => html`<time datetime="${text}">${text.replace(/^(\S+)T(\S+)\.\d+Z$/, "$1 $2 UTC")}</time>`;

const causeLinks = ({ causes }: Report, anchor: string, place: Place): Markup[] =>
    causes.flatMap(({ id }, i) => (causePlace(id) === place ? html`<p>cause: <a href="#${anchor}-cause-${i}">${id}</a></p>` : []));

/** The verdict on a hop: of its checks and the causes that sit there; without either, a visitor's request that passed it tells. */
function hopVerdict({ checks, causes }: Report, place: Place): Verdict {
    const own = checks.filter((check) => placeOf(check) === place).map(({ verdict }) => verdict);
    if (own.includes("bad") || causes.some(({ id, impact }) => impact !== "none-yet" && causePlace(id) === place)) return "bad";
    if (own.length > 0) return own.includes("unknown") ? "unknown" : "ok";
    return checks.some((check) => placeOf(check) === "visitor" && check.verdict === "ok") ? "ok" : "unknown";
}

const ARROWS = {
    passed: html`<path d="M2 10H26M20 4l6 6-6 6" />`,
    stopped: html`<path d="M2 10H30M10 4l12 12M22 4L10 16" />`,
    unknown: html`<path class="dashed" d="M2 10H22" /><path d="M20 4l6 6-6 6" />`,
};
/** A way around the edge: crossed out before the wall, through it, or nobody knows. */
const LINES: Record<Verdict, Markup> = {
    ok: html`<path d="M2 12H78M84 2v20M34 5l14 14M48 5L34 19" />`,
    bad: html`<path d="M2 12H82M75 5l7 7-7 7" />`,
    unknown: html`<path class="dashed" d="M2 12H72" /><path class="dashed" d="M84 2v20" />`,
};

function hopItem(report: Report, anchor: string, index: number, arrow: keyof typeof ARROWS): Markup {
    const [place, name, what] = HOPS[index]!;
    const verdict = hopVerdict(report, place);
    const own = report.checks.filter((check) => placeOf(check) === place);
    const none =
        verdict === "ok"
            ? "A visitor's request passed it."
            : verdict === "bad"
              ? "See the cause."
              : "No evidence: not reached, or not asked.";
    return html`<li class="hop">
        ${index === 0 ? "" : html`<svg viewBox="0 0 32 20" aria-hidden="true" class="${{ passed: "ok", stopped: "bad", unknown: "muted" }[arrow]}">${ARROWS[arrow]}</svg>`}
        <div class="node ${verdict}">
            <div class="top">
                <h4>${name}</h4>
                ${mark(verdict)}
            </div>
            <p class="muted">${what}</p>
            <ul class="facts">
                ${own.length > 0 ? own.map(({ id, seen, verdict: one }) => html`<li>${mark(one)} <b>${id}</b>: ${short(seen)}</li>`) : html`<li>${none}</li>`}
            </ul>
            ${causeLinks(report, anchor, place)}
        </div>
    </li>`;
}

function drawing(report: Report, anchor: string): Markup {
    const verdicts = HOPS.map(([place]) => hopVerdict(report, place));
    // A visitor that is served went all the way; else the request ends where its cause sits, or at the first hop that is at fault.
    const stops = report.causes.filter(({ impact }) => impact === "visitors-down" || impact === "both").map(({ id }) => causePlace(id));
    const first = HOPS.findIndex(([place]) => stops.includes(place));
    const end = first >= 0 ? first : verdicts.findIndex((verdict, i) => i > 0 && verdict === "bad");
    const arrow = (i: number): keyof typeof ARROWS => {
        if (verdicts[0] === "ok" || (end >= 0 && i <= end)) return "passed";
        return end >= 0 && i === end + 1 ? "stopped" : "unknown";
    };
    const ways = report.checks.filter((check) => placeOf(check) === "around");
    return html`<h3>The request path</h3>
        <ol class="path">
            ${HOPS.map((_hop, i) => hopItem(report, anchor, i, arrow(i)))}
        </ol>
        <div class="around">
            <h4>Around the edge, straight at AWS: each must be refused</h4>
            <ul class="ways">
                ${ways.map(
                    (check) =>
                        html`<li class="way ${check.verdict}">
                            ${mark(check.verdict)}<span><b>${check.id}</b> <span class="muted">${check.expected}</span></span>
                            <svg viewBox="0 0 88 24" aria-hidden="true">${LINES[check.verdict]}</svg><span>${short(check.seen)}</span>
                        </li>`,
                )}
            </ul>
            ${ways.length === 0 ? html`<p>None was tried.</p>` : ""}${causeLinks(report, anchor, "around")}
        </div>`;
}

function causeSection(anchor: string, cause: Cause, index: number): Markup {
    return html`<section class="cause${cause.impact === "none-yet" ? " later" : ""}" id="${anchor}-cause-${index}">
        <h3>${index === 0 ? "Cause" : "Also"}: ${cause.title} <small>${cause.id}</small></h3>
        <dl>
            <dt>EVIDENCE</dt>
            <dd>
                <ul>
                    ${cause.evidence.map((text) => html`<li>${text}</li>`)}
                </ul>
            </dd>
            <dt>IMPACT</dt>
            <dd>${IMPACTS[cause.impact]}</dd>
            ${
                cause.refresh &&
                html`<dt>REFRESH</dt>
                    <dd>${cause.refresh}</dd>`
            }
            <dt>FIX</dt>
            <dd><pre>${cause.fix}</pre></dd>
            <dt>CONFIRM</dt>
            <dd><pre>${cause.confirm}</pre></dd>
            <dt>MORE</dt>
            <dd><a href="${CAUSES}#${encodeURIComponent(cause.id.toLowerCase())}" rel="noreferrer">${CAUSES}, ${cause.id}</a></dd>
        </dl>
    </section>`;
}

/** `id`: of its caption. */
function table(id: string, caption: string, heads: string[], rows: Markup[]): Markup {
    // The box scrolls and not the page; it takes the focus, so that the keyboard scrolls it too.
    return html`<div class="scroll" role="region" aria-labelledby="${id}" tabindex="0">
        <table>
            <caption id="${id}">
                ${caption}
            </caption>
            <thead>
                <tr>
                    ${heads.map((text) => html`<th scope="col" class="${["ms", "took"].includes(text) ? "number" : ""}">${text}</th>`)}
                </tr>
            </thead>
            <tbody>
                ${rows}
            </tbody>
        </table>
    </div>`;
}

const checkRow = ({ hop, id, expected, seen, verdict }: Check): Markup =>
    html`<tr>
        <td>${mark(verdict)}</td>
        <th scope="row">${id}</th>
        <td class="short">${hop}</td>
        <td class="wide">${expected}</td>
        <td class="wide">${seen}</td>
    </tr>`;

function serverCertificate({ serverVerified, serverProblem, serverNotAfter }: ProbeEvidence): string {
    const until = serverNotAfter === undefined ? "" : `, until ${serverNotAfter.slice(0, 10)}`;
    return `${serverVerified ? "valid" : (serverProblem ?? "not seen")}${until}`;
}

function probeRow(probe: ProbeEvidence): Markup {
    const { id, tls, outcome, status, reason, answeredBy, edgeLocation, body, milliseconds } = probe;
    const end = outcome === "status" ? `HTTP ${status ?? "?"}` : `${outcome}${reason === undefined ? "" : ` (${reason})`}`;
    const by = `${answeredBy ?? "–"}${edgeLocation === undefined ? "" : ` (${edgeLocation})`}`;
    return html`<tr>
        <th scope="row">${id}</th>
        <td class="short">${tls === "-" ? "none" : tls}</td>
        <td class="middle">${end}</td>
        <td>${by}</td>
        <td class="middle">${serverCertificate(probe)}</td>
        <td class="number">${milliseconds}</td>
        <td class="wide">${body ? html`<code>${body}</code>` : "–"}</td>
    </tr>`;
}

/** The verdict as a sentence. */
function said({ verdict, causes }: Report): string {
    if (causes[0]) return `${causes[0].title}. ${IMPACTS[causes[0].impact]}`;
    if (verdict === "healthy") return "Visitors are served, and every way around the edge that was tried is closed.";
    return verdict === "fault" ? "A way around the edge is open, and no known cause explains it." : "The evidence does not decide.";
}

function reportSection(report: Report, index: number): Markup {
    const anchor = `report-${index}`;
    const { domainName, startedAt, took, edgeLocations, causes, nextProbe, notes, checks, probes } = report;
    return html`<section class="report" id="${anchor}">
        <h2>${domainName} ${badge(report)}</h2>
        <p class="lead">${said(report)}</p>
        <p class="muted">
            Looked at ${when(startedAt)}, in ${seconds(took)}${edgeLocations.length > 0 ? `, seen from ${edgeLocations.join(", ")}` : ""}
        </p>
        ${drawing(report, anchor)}${causes.map((cause, i) => causeSection(anchor, cause, i))}${
            nextProbe &&
            html`<h3>Look at this next</h3>
                <pre>${nextProbe}</pre>`
        }
        ${
            notes.length > 0
                ? html`<h3>Notes</h3>
                      <ul class="notes">
                          ${notes.map((note) => html`<li>${note}</li>`)}
                      </ul>`
                : ""
        }
        <h3>Everything that was looked at</h3>
        ${table(`${anchor}-checks`, `Checks of ${domainName}`, ["verdict", "check", "hop", "expected", "seen"], checks.map(checkRow))}
        <h3>Every request that was sent</h3>
        ${table(`${anchor}-probes`, `Probes of ${domainName}`, ["probe", "TLS", "outcome", "answered by", "server certificate", "ms", "body begins"], probes.map(probeRow))}
    </section>`;
}

function summary(reports: Report[]): Markup {
    const rows = reports.map(
        (report, i) =>
            html`<tr>
                <td>${badge(report)}</td>
                <th scope="row" class="wide"><a href="#report-${i}">${report.domainName}</a></th>
                <td class="wide">${report.causes[0]?.id ?? report.nextProbe ?? "–"}</td>
                <td class="number">${seconds(report.took)}</td>
            </tr>`,
    );
    return html`<nav aria-label="Reports">
        ${table("summary", `${reports.length} deployments`, ["verdict", "name", "cause, or what to look at next", "took"], rows)}
    </nav>`;
}

export function reportHtml(reports: Report[]): string {
    const title = reports.map((report) => `${VERDICTS[report.verdict][0]} ${report.domainName}`).join(", ");
    // The style is ours, and the text of <style> knows no escapes.
    return html`<!doctype html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="referrer" content="no-referrer" />
                <title>${title}</title>
                <style>
                    ${new Markup(STYLE)}
                </style>
            </head>
            <body>
                <header><h1>Doctor's report: an API behind Cloudflare</h1></header>
                ${reports.length > 1 ? summary(reports) : ""}
                <main>${reports.map(reportSection)}</main>
            </body>
        </html>`.text;
}
