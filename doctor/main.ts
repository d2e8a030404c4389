#!/usr/bin/env node
/** `npx --no cloudflare-protected-http-api doctor`: read-only; exit code 0 healthy, 1 fault, 2 could not tell or bad input. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Command, InvalidArgumentError } from "commander";
import type { DoctorOptions } from "./gather";
import { examine, type Report } from "./index";
import { LONGEST_MS, OptionError, readName, readOptions, received } from "./options";
import { visible } from "./visible";

interface Flags {
    all?: string;
    path: string;
    target?: string;
    apiId?: string;
    sibling?: string;
    region?: string;
    profile?: string;
    zoneId?: string;
    cert?: string;
    key?: string;
    headerEnv: [string, string][];
    timeout: number;
    wait?: number;
    json?: boolean;
    html?: string;
    aws: boolean;
    connectTo: string[];
    cacert?: string;
    dnsServer: string[];
    cloudflareBaseUrl?: string;
}

const EXIT = { healthy: 0, fault: 1, unknown: 2 } as const;
/** As a shell has it: 128 and SIGINT. */
const INTERRUPTED = 130;
const WAIT_FIRST_MS = 1000;
const WAIT_MOST_MS = 15_000;
/** Looks at a time: a hundred at once would take so much of this machine that their servers seem late. */
const AT_ONCE = 8;
const CERT_VARIABLE = "CLOUDFLARE_PROTECTED_HTTP_API_CERT";
const KEY_VARIABLE = "CLOUDFLARE_PROTECTED_HTTP_API_KEY";
/** What a deployment in the file of `--all` may say. */
const FIELDS = ["domainName", "targetDomainName", "apiId", "zoneId", "region", "profile", "path", "sibling"] as const;

/** `5m`, `90s`, `500ms` or seconds, as milliseconds. */
function duration(text: string): number {
    const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
    const value = Number(number) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[(unit ?? "s") as "s"];
    if (number === undefined || value <= 0 || value > LONGEST_MS)
        throw new InvalidArgumentError("It must be a time such as 15s or 5m, and at most 24h.");
    return Math.ceil(value);
}

const list = (value: string, before: string[]): string[] => [...before, value];

function headerEnv(text: string, before: [string, string][]): [string, string][] {
    const [, header, variable] = /^([A-Za-z0-9-]+)=([A-Za-z_][A-Za-z0-9_]*)$/.exec(text) ?? [];
    if (header === undefined || variable === undefined)
        throw new InvalidArgumentError("It must be HEADER=VARIABLE, the name of an environment variable that holds the value.");
    return [...before, [header, variable]];
}

function read(file: string, what: string): string {
    try {
        return fs.readFileSync(file, "utf8");
    } catch (error) {
        throw new OptionError(`${what} must be a file that can be read; received ${file} (${(error as NodeJS.ErrnoException).code})`);
    }
}

/** Whether the page can be written, before anything is looked at. */
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
        throw new OptionError(`--html must be a file that can be written; received ${file} (${(error as NodeJS.ErrnoException).code})`);
    }
}

/** The deployments in the file of `--all`: a list of objects, or of names. */
function deployments(file: string): Partial<DoctorOptions>[] {
    let parsed: unknown;
    try {
        parsed = JSON.parse(read(file, "--all").replace(/^\ufeff/, ""));
    } catch (error) {
        if (error instanceof OptionError) throw error;
        // Its error quotes the text, and the file may be another one than was meant.
        throw new OptionError(`--all must be JSON; ${file} is not`);
    }
    if (!Array.isArray(parsed) || parsed.length === 0) throw new OptionError(`--all must hold a list of deployments; ${file} does not`);
    return parsed.map((one: unknown) => {
        if (typeof one === "string") return { domainName: readName(one) };
        if (typeof one !== "object" || one === null || Array.isArray(one))
            throw new OptionError(`--all must hold names or objects; received ${received(one)}`);
        const given = one as Record<string, unknown>;
        const unknown = Object.keys(given).filter((key) => !FIELDS.includes(key as (typeof FIELDS)[number]));
        if (unknown.length > 0) throw new OptionError(`--all: ${visible(unknown.join(", "))} must be one of ${FIELDS.join(", ")}`);
        return { ...given, domainName: readName(given.domainName) };
    });
}

function identity(flags: Flags): DoctorOptions["own"] {
    const certificatePem = flags.cert === undefined ? process.env[CERT_VARIABLE] : read(flags.cert, "--cert");
    const privateKeyPem = flags.key === undefined ? process.env[KEY_VARIABLE] : read(flags.key, "--key");
    if (!certificatePem && !privateKeyPem) return undefined;
    if (!certificatePem || !privateKeyPem) throw new OptionError("--cert and --key must be given together (or their variables)");
    return { certificatePem, privateKeyPem };
}

function optionsOf(flags: Flags, one: Partial<DoctorOptions> & { domainName: string }): DoctorOptions {
    const headers = Object.fromEntries(
        flags.headerEnv.map(([header, variable]) => {
            const value = process.env[variable];
            if (value === undefined) throw new OptionError(`--header-env: the variable ${variable} must be set`);
            return [header.toLowerCase(), value];
        }),
    );
    // All are read before the first is looked at.
    return readOptions({
        path: flags.path,
        targetDomainName: flags.target,
        apiId: flags.apiId,
        sibling: flags.sibling,
        region: flags.region,
        profile: flags.profile,
        zoneId: flags.zoneId,
        ...one,
        headers,
        own: identity(flags),
        timeoutMs: flags.timeout,
        aws: flags.aws ? undefined : false,
        cloudflareToken: process.env.CLOUDFLARE_API_TOKEN,
        cloudflareBaseUrl: flags.cloudflareBaseUrl,
        network: {
            connectTo: flags.connectTo,
            dnsServers: flags.dnsServer,
            caPem: flags.cacert === undefined ? undefined : read(flags.cacert, "--cacert"),
        },
    });
}

/** Runs what it is given, so many at a time. */
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

/** Until it is healthy, the time is up, or the person has waited enough: then the last report counts, and undefined is that there was none. */
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
    if (targets.length === 0) throw new OptionError("give a name such as api.example.com, or --all FILE");
    const { html } = flags;
    if (html !== undefined) toPage(html, () => checkPage(html));
    const terminal = process.stderr.isTTY === true && !flags.json;
    const done = new Set<string>();
    const progress = (text: string): void => {
        done.add(text);
        if (terminal && flags.wait === undefined) process.stderr.write(`\r\x1b[K${[...done].slice(-6).join(", ")} …`);
    };
    const say = (text: string): void => void process.stderr.write(`${text}\n`);
    const all = targets.map((one) => optionsOf(flags, one as { domainName: string }));
    const atOnce = limited(AT_ONCE);
    // The first Ctrl-C ends the waiting, the second the command.
    const enough = new Promise<void>((resolve) => void (flags.wait !== undefined && process.once("SIGINT", () => resolve())));
    const waiting = { waitMs: flags.wait, enough, say };
    const found = await Promise.all(
        all.map((options) => waited(() => atOnce(() => examine({ ...options, onProgress: progress })), options, waiting)),
    );
    const reports = found.filter((report) => report !== undefined);
    if (reports.length === 0) process.exit(INTERRUPTED);
    if (terminal && flags.wait === undefined) process.stderr.write("\r\x1b[K");
    const codes = reports.map(({ verdict }) => EXIT[verdict]);
    // Before anything is printed: whoever reads may go away.
    process.exitCode = codes.includes(1) ? 1 : Math.max(...codes);
    if (flags.json) console.log(JSON.stringify(all.length === 1 ? reports[0] : { schemaVersion: 1, reports }, null, 2));
    else {
        const { reportText, summaryText } = await import("./text.js");
        const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
        console.log(reports.map((report) => reportText(report, colour)).join("\n\n"));
        if (reports.length > 1) console.log(`\n${summaryText(reports, colour)}`);
    }
    if (html !== undefined) {
        const { reportHtml } = await import("./html.js");
        toPage(html, () => fs.writeFileSync(html, reportHtml(reports)));
        if (!flags.json) console.log(`\nThe page: ${html}`);
    }
    // A search for a name or for credentials that hangs would keep the process beyond its time.
    process.stdout.write("", () => process.exit());
}

function command(): Command {
    // Before the subcommand, which inherits it. Commander's own codes would say "fault".
    const program = new Command("cloudflare-protected-http-api").exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
    program
        .command("doctor [names...]")
        .description(
            "Says why an API behind Cloudflare does not answer, or whether it can be reached around it. Read-only. Without credentials it probes from outside; " +
                "with AWS credentials (as for the AWS CLI) and CLOUDFLARE_API_TOKEN it also reads both clouds. Exit code 0 healthy, 1 fault, 2 could not tell or bad input.",
        )
        .option(
            "--all <file>",
            "deployments from a JSON file: a list of names, or of objects with domainName, targetDomainName, apiId, zoneId, region, profile, path, sibling",
        )
        .option("--path <path>", "path to ask for", "/")
        .option("--target <name>", "regional name of the custom domain (pulumi stack output targetDomainName)")
        .option("--api-id <id>", "the API's id, to try its default endpoint (pulumi stack output apiId)")
        .option("--sibling <name>", "another custom domain without mutual TLS in the region, whose connections must be worth nothing here")
        .option("--region <region>", "AWS region")
        .option("--profile <profile>", "AWS profile")
        .option("--no-aws", "do not ask AWS")
        .option("--zone-id <id>", "Cloudflare zone")
        .option("--cert <file>", `client certificate that the edge presents (PEM), or ${CERT_VARIABLE}`)
        .option("--key <file>", `its key (PEM), or ${KEY_VARIABLE}`)
        .option(
            "--header-env <header=variable>",
            "send a header to the edge, its value from an environment variable; may be repeated",
            headerEnv,
            [],
        )
        .option("--timeout <time>", "for everything together", duration, 15_000)
        .option("--wait <time>", "try again until it is healthy, at most so long, e.g. 5m", duration)
        .option("--json", "print the report as JSON and nothing else")
        .option("--html <file>", "write the report as one self-contained page")
        .option("--connect-to <host:port:host:port>", "as in curl: connect elsewhere; may be repeated", list, [])
        .option("--cacert <file>", "CA certificates to trust besides Node's own (PEM)")
        .option("--dns-server <address:port>", "ask this DNS server; may be repeated", list, [])
        .option("--cloudflare-base-url <url>", "Cloudflare's API elsewhere (AWS has AWS_ENDPOINT_URL)")
        .allowExcessArguments(false)
        .action(run);
    return program;
}

// A reader that has seen enough, such as `head`, is no error; the exit code is the verdict's all the same.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? undefined : 2));
process.stderr.on("error", () => undefined);
if (require.main === module)
    command()
        .parseAsync()
        .catch((error: Error) => {
            // Bad input is a sentence; anything else is ours, and says where.
            console.error(error instanceof OptionError ? `error: ${visible(error.message)}` : error.stack);
            process.exit(2);
        });
