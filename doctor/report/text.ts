/** A report for a terminal: a short table, then cause, impact, fix, and how to confirm it. */
import Table from "cli-table3";
import pc from "picocolors";
import { explainCommand, type Cause, type Impact, type Report } from "./report";

export const IMPACTS: Record<Impact, string> = {
    "visitors-down": "Requests through Cloudflare fail.",
    "bypass-open": "Cloudflare can be bypassed: its WAF, rate limits and access rules do not protect the API.",
    both: "Requests through Cloudflare fail, and Cloudflare can be bypassed.",
    "none-yet": "This breaks nothing yet.",
    "not-judged": "The doctor could not read everything: the API may be down, or Cloudflare may be bypassed.",
};
const VERDICTS = { healthy: "HEALTHY", fault: "FAULT", unknown: "COULD NOT TELL" } as const;
/** Characters of an observation; `--json` has the full text. */
const SEEN = 64;
const MARKS = { ok: "ok", bad: "NO", unknown: "?" } as const;

const indented = (label: string, text: string): string => `${label.padEnd(9)}${text.split("\n").join(`\n${" ".repeat(9)}`)}`;

function causeText(cause: Cause, colours: ReturnType<typeof pc.createColors>, first: boolean): string {
    return [
        indented(first ? "CAUSE" : "ALSO", `${colours.bold(cause.title)} [${cause.id}]`),
        ...cause.evidence.map((text) => indented("", `- ${text}`)),
        indented("IMPACT", IMPACTS[cause.impact]),
        ...(cause.refresh ? [indented("REFRESH", cause.refresh)] : []),
        indented("FIX", cause.fix),
        indented("CONFIRM", cause.confirm),
        indented("MORE", explainCommand(cause.id)),
    ].join("\n");
}

/** `colour`: only on a terminal. */
export function reportText(report: Report, colour: boolean): string {
    const colours = pc.createColors(colour);
    const paint = { ok: colours.green, bad: colours.red, unknown: colours.yellow };
    const table = new Table({
        head: ["", "hop", "what", "expected", "seen"],
        style: { head: [], border: [], compact: true },
    });
    for (const { hop, id, expected, seen, verdict } of report.checks)
        table.push([paint[verdict](MARKS[verdict]), hop, id, expected, seen.length > SEEN ? `${seen.slice(0, SEEN - 1)}…` : seen]);
    const verdict = { healthy: colours.green, fault: colours.red, unknown: colours.yellow }[report.verdict];
    return [
        table.toString(),
        "",
        `${report.domainName}: ${verdict(VERDICTS[report.verdict])} (${(report.took / 1000).toFixed(1)} s${report.edgeLocations.length > 0 ? `, edge ${report.edgeLocations.join(", ")}` : ""})`,
        ...report.notes.map((note) => `note     ${note}`),
        ...report.causes.flatMap((cause, i) => ["", causeText(cause, colours, i === 0)]),
        ...(report.nextProbe === undefined ? [] : ["", indented("NEXT", report.nextProbe)]),
    ].join("\n");
}

/** One line a deployment. */
export function summaryText(reports: Report[], colour: boolean): string {
    const { green, red, yellow } = pc.createColors(colour);
    const paint = { healthy: green, fault: red, unknown: yellow };
    const table = new Table({ head: ["", "name", "cause", "seconds"], style: { head: [], border: [], compact: true } });
    for (const { verdict, domainName, causes, nextProbe, took } of reports)
        table.push([paint[verdict](VERDICTS[verdict]), domainName, causes[0]?.id ?? nextProbe ?? "", (took / 1000).toFixed(1)]);
    return table.toString();
}
