#!/usr/bin/env node
/** `npx --no cloudflare-protected-http-api doctor`: read-only; exit code 0 healthy, 1 fault, 2 could not tell or bad input. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Command } from "commander";
import { CERT_VARIABLE, KEY_VARIABLE, deployments, duration, headerEnv, list, optionsOf, type Flags } from "./flags";
import { examine, type Report } from "./index";
import { OptionError, readName, received, type DoctorOptions } from "./options";
import { visible } from "./visible";

const EXIT = { healthy: 0, fault: 1, unknown: 2 } as const;
/** As in a shell: 128 plus SIGINT. */
const INTERRUPTED = 130;
const WAIT_FIRST_MS = 1000;
const WAIT_MOST_MS = 15_000;
/** Deployments examined at a time: a hundred would slow this machine down so much that their servers seem late. */
const AT_ONCE = 8;

/** Checks that the page can be written before anything is examined. */
function checkPage(file: string): void {
    fs.accessSync(path.dirname(file), fs.constants.W_OK);
    if (!fs.existsSync(file)) return;
    fs.accessSync(file, fs.constants.W_OK);
    if (fs.statSync(file).isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
}

function toPage(file: string, work: () => void): void {
    try {
        work();
    } catch (error) {
        throw new OptionError(`--html must be a writable file; received ${file} (${(error as NodeJS.ErrnoException).code})`);
    }
}

/** Runs at most this many at a time. */
function limited(most: number): <T>(work: () => Promise<T>) => Promise<T> {
    let running = 0;
    const waiting: (() => void)[] = [];
    return async (work) => {
        if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
        else running++;
        try {
            return await work();
        } finally {
            const next = waiting.shift();
            if (next) next();
            else running--;
        }
    };
}

/** Examines until the API is healthy, the time is up, or the user presses Ctrl-C: returns the last report, undefined if there is none. */
async function waited(
    look: () => Promise<Report>,
    { domainName }: DoctorOptions,
    { waitMs = 0, enough, say }: { waitMs?: number; enough: Promise<void>; say: (text: string) => void },
): Promise<Report | undefined> {
    const deadline = Date.now() + waitMs;
    let last: Report | undefined;
    for (let pause = WAIT_FIRST_MS; ; pause = Math.min(pause * 2, WAIT_MOST_MS)) {
        const report = await Promise.race([look(), enough]);
        if (!report) return last;
        last = report;
        const left = deadline - Date.now();
        if (report.verdict === "healthy" || left <= 0) return report;
        say(`${domainName}: ${report.causes[0]?.id ?? "could not tell"}; ${Math.ceil(left / 1000)} s left`);
        await Promise.race([new Promise((resolve) => setTimeout(resolve, Math.min(pause, left))), enough]);
    }
}

async function run(given: string[], flags: Flags): Promise<void> {
    const targets = [...given.map((name) => ({ domainName: readName(name) })), ...(flags.all === undefined ? [] : deployments(flags.all))];
    if (targets.length === 0) throw new OptionError("a name such as api.example.com, or --all FILE, is required");
    const { html } = flags;
    if (html !== undefined) toPage(html, () => checkPage(html));
    const terminal = process.stderr.isTTY === true && !flags.json;
    const done = new Set<string>();
    const progress = (text: string): void => {
        done.add(text);
        if (terminal && flags.wait === undefined) process.stderr.write(`\r\x1b[K${[...done].slice(-6).join(", ")} …`);
    };
    const say = (text: string): void => void process.stderr.write(`${text}\n`);
    const all = targets.map((target) => optionsOf(flags, target as { domainName: string }));
    const atOnce = limited(AT_ONCE);
    // The first Ctrl-C ends the wait, the second the command.
    const enough = new Promise<void>((resolve) => void (flags.wait !== undefined && process.once("SIGINT", () => resolve())));
    const waiting = { waitMs: flags.wait, enough, say };
    const found = await Promise.all(
        all.map((options) => waited(() => atOnce(() => examine({ ...options, onProgress: progress })), options, waiting)),
    );
    const reports = found.filter((report) => report !== undefined);
    if (reports.length === 0) process.exit(INTERRUPTED);
    if (terminal && flags.wait === undefined) process.stderr.write("\r\x1b[K");
    const codes = reports.map(({ verdict }) => EXIT[verdict]);
    // Before anything is printed: the reader may close the pipe.
    process.exitCode = codes.includes(1) ? 1 : Math.max(...codes);
    if (flags.json) console.log(JSON.stringify(all.length === 1 ? reports[0] : { schemaVersion: 1, reports }, null, 2));
    else {
        const { reportText, summaryText } = await import("./report/text.js");
        const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
        console.log(reports.map((report) => reportText(report, colour)).join("\n\n"));
        if (reports.length > 1) console.log(`\n${summaryText(reports, colour)}`);
    }
    if (html !== undefined) {
        const { reportHtml } = await import("./report/html.js");
        toPage(html, () => fs.writeFileSync(html, reportHtml(reports)));
        if (!flags.json) console.log(`\nThe page: ${html}`);
    }
    // A pending look-up of a name or of credentials would keep the process alive.
    process.stdout.write("", () => process.exit());
}

async function explain(cause: string | undefined): Promise<void> {
    const { explanationText, listText } = await import("./explain.js");
    const text = cause === undefined ? listText() : explanationText(cause);
    if (text === undefined) throw new OptionError(`explain takes one of the causes that \`explain\` lists; received ${received(cause)}`);
    console.log(text);
}

function command(): Command {
    // Set before the subcommand, which inherits it. Commander's own exit code 1 would mean "fault".
    const program = new Command("cloudflare-protected-http-api").exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
    program
        .command("doctor [names...]")
        .description(
            "Says why an API behind Cloudflare does not answer, or whether Cloudflare can be bypassed. Read-only. Without credentials it probes from outside; " +
                "with AWS credentials (as for the AWS CLI) and CLOUDFLARE_API_TOKEN it also reads both clouds. Exit code: 0 healthy, 1 fault, 2 could not tell or bad input.",
        )
        .option(
            "--all <file>",
            "deployments from a JSON file: a list of names, or of objects with domainName, targetDomainName, apiId, zoneId, region, profile, path, otherDomain",
        )
        .option("--path <path>", "path to request", "/")
        .option("--target <name>", "regional name of the custom domain (pulumi stack output targetDomainName)")
        .option("--api-id <id>", "the API's id, to probe its default endpoint (pulumi stack output apiId)")
        .option("--other-domain <name>", "another custom domain without mutual TLS in the region, whose connections must not open this API")
        .option("--region <region>", "AWS region")
        .option("--profile <profile>", "AWS profile")
        .option("--no-aws", "do not ask AWS")
        .option("--zone-id <id>", "Cloudflare zone")
        .option("--cert <file>", `client certificate that the edge presents (PEM), or ${CERT_VARIABLE}`)
        .option("--key <file>", `its key (PEM), or ${KEY_VARIABLE}`)
        .option(
            "--header-env <header=variable>",
            "send a header to the edge, with its value from an environment variable; may be repeated",
            headerEnv,
            [],
        )
        .option("--timeout <time>", "for the whole run", duration, 15_000)
        .option("--wait <time>", "retry until the API is healthy, at most this long, e.g. 5m", duration)
        .option("--json", "print the report as JSON and nothing else")
        .option("--html <file>", "write the report as one self-contained page")
        .option("--connect-to <host:port:host:port>", "as in curl: connect elsewhere; may be repeated", list, [])
        .option("--cacert <file>", "CA certificates to trust in addition to Node's own (PEM)")
        .option("--dns-server <address:port>", "use this DNS server; may be repeated", list, [])
        .option("--cloudflare-base-url <url>", "another address of Cloudflare's API (for AWS set AWS_ENDPOINT_URL)")
        .allowExcessArguments(false)
        .action(run);
    program
        .command("explain [cause]")
        .description(
            "Prints the page of a cause that the doctor named; lists the causes if none is given. Exit code: 2 for an unknown cause.",
        )
        .allowExcessArguments(false)
        .action(explain);
    return program;
}

// A reader that closes the pipe, such as `head`, is not an error; the exit code still tells the verdict.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? undefined : 2));
process.stderr.on("error", () => undefined);
if (require.main === module)
    command()
        .parseAsync()
        .catch((error: Error) => {
            // Bad input gets a sentence; anything else is a bug, with its stack.
            console.error(error instanceof OptionError ? `error: ${visible(error.message)}` : error.stack);
            process.exit(2);
        });
