/** The doctor's options, validated before anything is sent: a wrong option would otherwise look like a fault of the deployment. */
import * as tls from "node:tls";
import { readCertificates } from "../pki";
import type { ClientIdentity } from "../probes";
import { visible } from "./visible";

/** How names become sockets, in curl's terms: for tests, and for machines behind a proxy. */
export interface Network {
    /** `host:port:connect-to-host:connect-to-port` each, the host a name, `*.name` or an address; empty host or port match any. */
    connectTo?: string[];
    /** CA certificates to trust besides Node's own. */
    caPem?: string;
    /** `address[:port]` each. */
    dnsServers?: string[];
}

/** What to look at, and with which credentials. */
export interface DoctorOptions {
    domainName: string;
    /** Path of the requests. Defaults to `/`. */
    path?: string;
    /** Headers of the visitor's requests. May be secret, and are never printed. */
    headers?: Record<string, string>;
    /** Regional name of the custom domain, `d-….execute-api.<region>.amazonaws.com`. Defaults to what AWS, Cloudflare or DNS report. */
    targetDomainName?: string;
    /** Id of the API, for its default endpoint. Defaults to what AWS reports. */
    apiId?: string;
    /** Another custom domain in the same region, without mutual TLS, whose connections must not open this API. */
    otherDomain?: string;
    region?: string;
    profile?: string;
    zoneId?: string;
    /** The leaf that the edge presents, and its key. */
    own?: ClientIdentity;
    /** For the whole run. Defaults to 15 seconds. */
    timeoutMs?: number;
    network?: Network;
    cloudflareToken?: string;
    cloudflareBaseUrl?: string;
    /** Whether to ask AWS. Defaults to whether there are credentials. */
    aws?: boolean;
    onProgress?: (text: string) => void;
}

/** An invalid option. Its message never contains the value of a header, a key or a token. */
export class OptionError extends Error {
    override name = "OptionError";
}

/** Node's timers overflow after 24 days. */
export const LONGEST_MS = 24 * 3_600_000;
const DEFAULT_TIMEOUT_MS = 15_000;
const SHOWN_CHARACTERS = 120;
/** The last label is never a number: that would be an address, and no certificate here is for one. */
const NAME = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9-]{2,63}$/;
/** Headers that the HTTP client sets itself. */
const RESERVED = /^(host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect)$/i;

/** An option's value, for a message. */
export const received = (value: unknown): string => {
    const text = visible(JSON.stringify(value) ?? String(value));
    return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
};

/** A domain name in lower case, without `https://` before it or a dot or slash after it. @throws OptionError */
export function readName(text: unknown, what = "a name"): string {
    const name =
        typeof text === "string"
            ? text
                  .replace(/^https?:\/\//i, "")
                  .replace(/[/.]+$/, "")
                  .toLowerCase()
            : "";
    if (!NAME.test(name)) throw new OptionError(`${what} must be a full domain name such as api.example.com; received ${received(text)}`);
    return name;
}

const matching =
    (pattern: RegExp, what: string) =>
    (value: unknown): string => {
        if (typeof value !== "string" || !pattern.test(value)) throw new OptionError(`${what}; received ${received(value)}`);
        return value;
    };

function readTimeout(value: unknown): number {
    if (typeof value !== "number" || !(value > 0 && value <= LONGEST_MS))
        throw new OptionError(`timeoutMs must be a number above 0 and at most ${LONGEST_MS}; received ${received(value)}`);
    return Math.ceil(value);
}

function readHeaders(value: unknown): Record<string, string> {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new OptionError("headers must map names to values");
    for (const [name, text] of Object.entries(value as Record<string, unknown>)) {
        if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
            throw new OptionError(`headers: ${received(name)} is not a valid HTTP header name`);
        if (RESERVED.test(name)) throw new OptionError(`headers: ${name} must be left out: the doctor sets it`);
        if (typeof text !== "string" || !/^[\t\x20-\x7e\x80-\xff]*$/.test(text))
            throw new OptionError(`headers: the value of ${name} must be a single line of text`);
    }
    return value as Record<string, string>;
}

function readOwn(value: unknown): ClientIdentity {
    const { certificatePem, privateKeyPem } = (value ?? {}) as Partial<ClientIdentity>;
    try {
        if (!certificatePem || !privateKeyPem) throw new Error();
        // Node would report it only at the first connection, in OpenSSL's words.
        tls.createSecureContext({ cert: certificatePem, key: privateKeyPem });
    } catch {
        throw new OptionError(
            "--cert must be a certificate (PEM) and --key its unencrypted private key (PEM); they are unreadable or do not match",
        );
    }
    return { certificatePem, privateKeyPem };
}

function readNetwork(value: unknown): Network {
    if (typeof value !== "object" || value === null) throw new OptionError("network must be an object");
    const { connectTo, dnsServers, caPem } = value as Record<string, unknown>;
    for (const [what, list] of Object.entries({ connectTo, dnsServers }))
        if (list !== undefined && !(Array.isArray(list) && list.every((entry) => typeof entry === "string")))
            throw new OptionError(`network.${what} must be a list of strings; received ${received(list)}`);
    if (caPem !== undefined)
        try {
            readCertificates(caPem as string);
        } catch {
            throw new OptionError("--cacert must contain CA certificates (PEM)");
        }
    return value as Network;
}

function readUrl(value: unknown): string {
    const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
    // It may contain a password, so it is not shown.
    if (!url || !/^https?:$/.test(url.protocol)) throw new OptionError("--cloudflare-base-url must start with https:// or http://");
    return value as string;
}

/** A shell turns a missing output into an empty string. */
const optional =
    <T>(read: (value: unknown) => T) =>
    (value: unknown): T | undefined =>
        value === undefined || value === "" ? undefined : read(value);
/** For what has no wrong value, or is judged by the API that receives it. */
const unread = (value: unknown): never => value as never;

/** How each option is read. The compiler refuses a table that lacks one. */
const READERS: { [K in keyof Required<DoctorOptions>]: (value: unknown) => DoctorOptions[K] } = {
    domainName: (value) => readName(value),
    path: optional(matching(/^\/[\x21\x22\x24-\x7e]*$/, "--path must start with / and contain no space or #")),
    headers: optional(readHeaders),
    targetDomainName: optional((value) => readName(value, "--target")),
    apiId: optional(matching(/^[a-z0-9]{1,64}$/, "--api-id must be letters and digits")),
    otherDomain: optional((value) => readName(value, "--other-domain")),
    region: optional(matching(/^[a-z0-9-]{1,40}$/, "--region must be a region such as eu-central-1")),
    profile: optional(matching(/^[^\p{Cc}]{1,200}$/u, "--profile must be a name")),
    zoneId: optional(matching(/^[A-Za-z0-9_-]{1,64}$/, "--zone-id must be letters and digits")),
    own: optional(readOwn),
    timeoutMs: optional(readTimeout),
    network: optional(readNetwork),
    cloudflareBaseUrl: optional(readUrl),
    cloudflareToken: unread,
    aws: unread,
    onProgress: unread,
};

/** The options, validated. @throws OptionError */
export function readOptions(options: DoctorOptions): DoctorOptions & { timeoutMs: number; path: string } {
    if (typeof options !== "object" || options === null)
        throw new OptionError(`the doctor must receive an object with domainName; received ${received(options)}`);
    const keys = Object.keys(READERS) as (keyof DoctorOptions)[];
    const read = Object.fromEntries(keys.map((key) => [key, READERS[key](options[key])])) as unknown as DoctorOptions;
    return { ...read, path: read.path ?? "/", timeoutMs: read.timeoutMs ?? DEFAULT_TIMEOUT_MS };
}
