/**
 * A report as one self-contained page that loads nothing and runs nothing, to attach to a ticket or keep from a pipeline. Its content comes
 * from servers that may be hostile: the tag that builds the markup escapes every value, and a policy in the page blocks what slips through.
 */
import { RULES } from "../diagnose/causes";
import type { ProbeEvidence } from "../evidence";
import { visibleLines } from "../visible";
import { STYLE } from "./htmlStyle";
import type { Cause, CausePlace, Check, Report } from "./report";
import { IMPACTS } from "./text";

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const VERDICTS = { healthy: ["HEALTHY", "ok"], fault: ["FAULT", "bad"], unknown: ["COULD NOT TELL", "unknown"] } as const;
const MARKS = { ok: "ok", bad: "NO", unknown: "?" } as const;
/** Characters of an observation in the drawing; the table below has the full text. */
const SEEN_CHARACTERS = 140;

type Verdict = Check["verdict"];
type Place = "visitor" | CausePlace;

/** Escaped markup: only `html` creates it. */
class Markup {
    constructor(readonly text: string) {}
}
type Value = Markup | string | number | undefined | Value[];

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
/** Text escaped for an element or a quoted attribute. Invisible and bidirectional characters are shown by their number. */
const escaped = (text: string): string => visibleLines(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);

function markup(value: Value): string {
    if (value instanceof Markup) return value.text;
    if (Array.isArray(value)) return value.map(markup).join("");
    return value === undefined ? "" : escaped(String(value));
}
const html = (parts: TemplateStringsArray, ...values: Value[]): Markup =>
    new Markup(parts.map((part, i) => part + markup(values[i])).join(""));

const HOPS: [Exclude<Place, "bypass">, name: string, what: string][] = [
    ["visitor", "Visitor", "what it receives"],
    ["dns", "DNS", "leads to the edge"],
    ["edge", "Cloudflare edge", "presents its client certificate"],
    ["gateway", "API Gateway custom domain", "mutual TLS with the truststore's CAs"],
    ["handler", "Handler", "Lambda or HTTPS backend"],
];

/** The hop that a check is about. */
const placeOf = ({ hop, id }: Check): Place => {
    if (hop === "cloudflare") return ["zone", "dns-record"].includes(id) ? "dns" : "edge";
    return ({ dns: "dns", edge: "visitor", origin: "gateway", aws: "gateway", bypass: "bypass" } as const)[hop];
};

/** The hop where a cause sits; undefined for a permission that the doctor lacks. */
export const causePlace = (id: string): Place | undefined => RULES.find((rule) => rule.id === id)?.place;

const short = (text: string): string => (text.length > SEEN_CHARACTERS ? `${text.slice(0, SEEN_CHARACTERS)}…` : text);
const mark = (verdict: Verdict): Markup => html`<span class="mark ${verdict}">${MARKS[verdict]}</span>`;
const badge = ({ verdict }: Report): Markup => html`<span class="mark ${VERDICTS[verdict][1]}">${VERDICTS[verdict][0]}</span>`;
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
const when = (text: string): Markup => html`<time datetime="${text}">${text.replace(/^(\S+)T(\S+)\.\d+Z$/, "$1 $2 UTC")}</time>`;

const causeLinks = ({ causes }: Report, anchor: string, place: Place): Markup[] =>
    causes.flatMap(({ id }, i) => (causePlace(id) === place ? html`<p>cause: <a href="#${anchor}-cause-${i}">${id}</a></p>` : []));

/** A hop's verdict: from its checks and causes; without either, from a visitor's request that passed it. */
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
/** A bypass: stopped before the wall, through it, or unknown. */
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
              : "No evidence: not reached or not asked.";
    return html`<li class="hop">
        ${index === 0 ? "" : html`<svg viewBox="0 0 32 20" aria-hidden="true" class="${{ passed: "ok", stopped: "bad", unknown: "muted" }[arrow]}">${ARROWS[arrow]}</svg>`}
        <div class="node ${verdict}">
            <div class="top">
                <h4>${name}</h4>
                ${mark(verdict)}
            </div>
            <p class="muted">${what}</p>
            <ul class="facts">
                ${own.length > 0 ? own.map(({ id, seen, verdict: judged }) => html`<li>${mark(judged)} <b>${id}</b>: ${short(seen)}</li>`) : html`<li>${none}</li>`}
            </ul>
            ${causeLinks(report, anchor, place)}
        </div>
    </li>`;
}

function drawing(report: Report, anchor: string): Markup {
    const verdicts = HOPS.map(([place]) => hopVerdict(report, place));
    // A successful request passed every hop; a failed one ends at its cause, or at the first faulty hop.
    const stops = report.causes.filter(({ impact }) => impact === "visitors-down" || impact === "both").map(({ id }) => causePlace(id));
    const first = HOPS.findIndex(([place]) => stops.includes(place));
    const end = first >= 0 ? first : verdicts.findIndex((verdict, i) => i > 0 && verdict === "bad");
    const arrow = (i: number): keyof typeof ARROWS => {
        if (verdicts[0] === "ok" || (end >= 0 && i <= end)) return "passed";
        return end >= 0 && i === end + 1 ? "stopped" : "unknown";
    };
    const ways = report.checks.filter((check) => placeOf(check) === "bypass");
    return html`<h3>The request path</h3>
        <ol class="path">
            ${HOPS.map((_hop, i) => hopItem(report, anchor, i, arrow(i)))}
        </ol>
        <div class="around">
            <h4>Bypasses of the edge, directly to AWS: each must be refused</h4>
            <ul class="ways">
                ${ways.map(
                    (check) =>
                        html`<li class="way ${check.verdict}">
                            ${mark(check.verdict)}<span><b>${check.id}</b> <span class="muted">${check.expected}</span></span>
                            <svg viewBox="0 0 88 24" aria-hidden="true">${LINES[check.verdict]}</svg><span>${short(check.seen)}</span>
                        </li>`,
                )}
            </ul>
            ${ways.length === 0 ? html`<p>None was probed.</p>` : ""}${causeLinks(report, anchor, "bypass")}
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
        </dl>
    </section>`;
}

/** `id`: of its caption. */
function table(id: string, caption: string, heads: string[], rows: Markup[]): Markup {
    // The box scrolls instead of the page; it is focusable, so the keyboard can scroll it.
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
    if (verdict === "healthy") return "Requests through Cloudflare succeed, and every probed bypass is closed.";
    return verdict === "fault" ? "A bypass of the edge is open, and no known cause explains it." : "The evidence does not decide.";
}

function reportSection(report: Report, index: number): Markup {
    const anchor = `report-${index}`;
    const { domainName, startedAt, took, edgeLocations, causes, nextProbe, notes, checks, probes } = report;
    return html`<section class="report" id="${anchor}">
        <h2>${domainName} ${badge(report)}</h2>
        <p class="lead">${said(report)}</p>
        <p class="muted">
            Examined ${when(startedAt)} in ${seconds(took)}${edgeLocations.length > 0 ? `, edge ${edgeLocations.join(", ")}` : ""}
        </p>
        ${drawing(report, anchor)}${causes.map((cause, i) => causeSection(anchor, cause, i))}${
            nextProbe &&
            html`<h3>Next step</h3>
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
        <h3>All checks</h3>
        ${table(`${anchor}-checks`, `Checks of ${domainName}`, ["verdict", "check", "hop", "expected", "seen"], checks.map(checkRow))}
        <h3>All requests</h3>
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
        ${table("summary", `${reports.length} deployments`, ["verdict", "name", "cause or next step", "took"], rows)}
    </nav>`;
}

export function reportHtml(reports: Report[]): string {
    const title = reports.map((report) => `${VERDICTS[report.verdict][0]} ${report.domainName}`).join(", ");
    // The style is ours, and <style> has no escapes.
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
