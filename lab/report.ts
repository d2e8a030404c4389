/** What `npm start` prints. */
import Table from "cli-table3";
import pc from "picocolors";
import type { Step } from "./engine/engine";
import { FAULTS } from "./faults";
import type { Row } from "./traffic/rows";
import type { Phase } from "./traffic/rotation";

const NOT_PROVED =
    "The lab proves this project's wiring against stated rules (lab/README.md). It is not AWS and not Cloudflare, and shares our assumptions about both.";

const seconds = (value: number): string => value.toFixed(1).padStart(4);

const useColour = (): boolean => pc.isColorSupported && process.stdout.isTTY;

const EDGES = ["top", "bottom", "left", "right", "mid"].flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`]);

/** With lines between its cells on a terminal, and plain lines elsewhere. */
function tableOf(head: string[]): Table.Table {
    const plain = { ...Object.fromEntries([...EDGES, "mid-mid"].map((edge) => [edge, ""])), middle: " " };
    return new Table({
        head,
        style: { head: [], border: [], compact: true, ...(process.stdout.isTTY ? {} : { "padding-left": 0 }) },
        ...(process.stdout.isTTY ? {} : { chars: plain }),
    });
}

/** One line for every resource that is finished. */
export function stepLines(started: number, say: (text: string) => void): (step: Step) => void {
    let count = 0;
    return ({ done, op, type, name }) => {
        if (!done || type.startsWith("pulumi:")) return;
        const number = String(++count).padStart(2);
        say(`  ${number}  ${seconds((Date.now() - started) / 1000)} s  ${op} ${type.split(":").pop()} ${name}`);
    };
}

export function rowsReport(rows: Row[], resources: number, elapsed: number): string {
    const { green, red, yellow } = pc.createColors(useColour());
    const table = tableOf(["", "who", "TLS", "expected", "seen", "Lambda invocations", ""]);
    for (const { id, tls, expected, seen, invocations, ok, note } of rows)
        table.push([ok ? green("ok") : red("NO"), id, tls, expected, ok ? seen : red(seen), invocations, note ? yellow(note) : ""]);
    const verdict = rows.every(({ ok }) => ok) ? "Every row is as expected." : "NOT every row is as expected.";
    return `${table.toString()}\n\n${resources} resources, ${rows.length} rows, ${elapsed.toFixed(1)} s. ${verdict}`;
}

export const phaseLine = (phase: Phase): string => `  ${seconds(phase.seconds)} s  ${phase.title}`;

export function phasesReport(phases: Phase[], ok: boolean): string {
    const table = tableOf([
        "deployment",
        "resources moved",
        "seconds",
        "visitors served",
        "on a kept connection",
        "dropped",
        "bypasses tried",
        "got in",
    ]);
    for (const phase of phases)
        table.push([
            phase.title,
            phase.moved,
            phase.seconds.toFixed(1),
            phase.served,
            phase.kept,
            phase.dropped.length,
            phase.bypasses,
            phase.entered.length,
        ]);
    const verdict = ok ? "No visitor was dropped, and no attacker got in." : "Visitors were not served, or an attacker got in.";
    return `\n${table.toString()}\n\n${verdict}\n\n${NOT_PROVED}`;
}

/** What a fault is, and where it shows. */
function faultText(name: string): string {
    const { summary, row, cause } = FAULTS[name]!;
    const where = row === undefined ? "No row shows this; the doctor does" : `The row ${row} shows it, and so does the doctor`;
    return `Fault ${name}: ${summary}. ${where}: ${cause}.`;
}

export function faultsList(): string {
    const { bold } = pc.createColors(useColour());
    return Object.entries(FAULTS)
        .map(([name, { summary, row, cause }]) => `${bold(name)}\n    ${summary}\n    row: ${row ?? "none"}, cause: ${cause}`)
        .join("\n");
}

/** How to send a request, and what the lab does not prove. */
export function closingText(options: { fault?: string; keep?: boolean }, domainName: string, edgePort: number): string {
    const fault = options.fault ? `\n${faultText(options.fault)}\n` : "";
    const condition = options.keep ? "" : " (while it runs with --keep)";
    const curl = `curl -k --connect-to ${domainName}:443:127.0.0.1:${edgePort} https://${domainName}/`;
    return `${fault}\nThrough the edge${condition}:\n  ${curl}\n\n${NOT_PROVED}`;
}
