/** The command line's flags and the file of `--all`, as the doctor's options. */
import * as fs from "node:fs";
import { InvalidArgumentError } from "commander";
import { LONGEST_MS, OptionError, readName, readOptions, received, type DoctorOptions } from "./options";
import { visible } from "./visible";

export interface Flags {
    all?: string;
    path: string;
    target?: string;
    apiId?: string;
    otherDomain?: string;
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

export const CERT_VARIABLE = "CLOUDFLARE_PROTECTED_HTTP_API_CERT";
export const KEY_VARIABLE = "CLOUDFLARE_PROTECTED_HTTP_API_KEY";
/** Fields of a deployment in the file of `--all`. */
const FIELDS = [
    "domainName",
    "targetDomainName",
    "apiId",
    "zoneId",
    "region",
    "profile",
    "path",
    "otherDomain",
] as const satisfies (keyof DoctorOptions)[];

/** `5m`, `90s`, `500ms` or seconds, as milliseconds. */
export function duration(text: string): number {
    const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
    const value = Number(number) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[(unit ?? "s") as "s"];
    if (number === undefined || value <= 0 || value > LONGEST_MS)
        throw new InvalidArgumentError("It must be a duration such as 15s or 5m, at most 24h.");
    return Math.ceil(value);
}

export const list = (value: string, before: string[]): string[] => [...before, value];

export function headerEnv(text: string, before: [string, string][]): [string, string][] {
    const [, header, variable] = /^([A-Za-z0-9-]+)=([A-Za-z_][A-Za-z0-9_]*)$/.exec(text) ?? [];
    if (header === undefined || variable === undefined)
        throw new InvalidArgumentError("It must be HEADER=VARIABLE, where VARIABLE is an environment variable with the value.");
    return [...before, [header, variable]];
}

function read(file: string, what: string): string {
    try {
        return fs.readFileSync(file, "utf8");
    } catch (error) {
        throw new OptionError(`${what} must be a readable file; received ${file} (${(error as NodeJS.ErrnoException).code})`);
    }
}

/** The deployments in the file of `--all`: a list of objects, or of names. */
export function deployments(file: string): Partial<DoctorOptions>[] {
    let parsed: unknown;
    try {
        parsed = JSON.parse(read(file, "--all").replace(/^\ufeff/, ""));
    } catch (error) {
        if (error instanceof OptionError) throw error;
        // The parser's error quotes the text, and this may be the wrong file.
        throw new OptionError(`--all must be JSON; ${file} is not`);
    }
    if (!Array.isArray(parsed) || parsed.length === 0) throw new OptionError(`--all must contain a list of deployments; ${file} does not`);
    return parsed.map((entry: unknown) => {
        if (typeof entry === "string") return { domainName: readName(entry) };
        if (typeof entry !== "object" || entry === null || Array.isArray(entry))
            throw new OptionError(`--all must list names or objects; received ${received(entry)}`);
        const given = entry as Record<string, unknown>;
        const unknown = Object.keys(given).filter((key) => !FIELDS.includes(key as (typeof FIELDS)[number]));
        if (unknown.length > 0) throw new OptionError(`--all: ${visible(unknown.join(", "))} must be one of ${FIELDS.join(", ")}`);
        return { ...given, domainName: readName(given.domainName) };
    });
}

function identity(flags: Flags): DoctorOptions["own"] {
    const certificatePem = flags.cert === undefined ? process.env[CERT_VARIABLE] : read(flags.cert, "--cert");
    const privateKeyPem = flags.key === undefined ? process.env[KEY_VARIABLE] : read(flags.key, "--key");
    if (!certificatePem && !privateKeyPem) return undefined;
    if (!certificatePem || !privateKeyPem) throw new OptionError("--cert and --key (or their variables) must be set together");
    return { certificatePem, privateKeyPem };
}

export function optionsOf(flags: Flags, target: Partial<DoctorOptions> & { domainName: string }): DoctorOptions {
    const headers = Object.fromEntries(
        flags.headerEnv.map(([header, variable]) => {
            const value = process.env[variable];
            if (value === undefined) throw new OptionError(`--header-env: the variable ${variable} must be set`);
            return [header.toLowerCase(), value];
        }),
    );
    // All options are read before the first deployment is examined.
    return readOptions({
        path: flags.path,
        targetDomainName: flags.target,
        apiId: flags.apiId,
        otherDomain: flags.otherDomain,
        region: flags.region,
        profile: flags.profile,
        zoneId: flags.zoneId,
        ...target,
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
