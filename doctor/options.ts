/** What the doctor is given, judged before anything is sent: a mistake in an option would otherwise be told as a fault of the deployment. */
import * as tls from "node:tls";
import { readCertificates } from "../pki";
import type { ClientIdentity } from "../probes";
import { visible } from "./visible";

/** How names become sockets, in curl's words: for the lab, and for machines behind something. */
export interface Network {
    /** `host:port:connect-to-host:connect-to-port` each, the host a name, `*.name` or an address; empty host or port match any. */
    connectTo?: string[];
    /** CA certificates to trust besides Node's own. */
    caPem?: string;
    /** `address[:port]` each. */
    dnsServers?: string[];
}

/** What to look at, and with whose rights. */
export interface DoctorOptions {
    domainName: string;
    /** Path of the requests. Defaults to `/`. */
    path?: string;
    /** Headers of the visitor's requests; may be secret, never printed. */
    headers?: Record<string, string>;
    /** Regional name of the custom domain, `d-….execute-api.<region>.amazonaws.com`. Defaults to what AWS, Cloudflare or DNS say. */
    targetDomainName?: string;
    /** Id of the API, for its default endpoint. Defaults to what AWS says. */
    apiId?: string;
    /** Another custom domain in the same region, without mutual TLS, whose connections must be worth nothing. */
    otherDomain?: string;
    region?: string;
    profile?: string;
    zoneId?: string;
    /** The leaf that the edge presents, and its key. */
    own?: ClientIdentity;
    /** Defaults to 15 seconds, for everything together. */
    timeoutMs?: number;
    network?: Network;
    cloudflareToken?: string;
    cloudflareBaseUrl?: string;
    /** Asks AWS. Defaults to whether there are credentials. */
    aws?: boolean;
    onProgress?: (text: string) => void;
}

/** An option that cannot be read. Its message never holds the value of a header, a key or a token. */
export class OptionError extends Error {
    override name = "OptionError";
}

/** A timer of Node's cannot be set for longer than 24 days. */
export const LONGEST_MS = 24 * 3_600_000;
const DEFAULT_TIMEOUT_MS = 15_000;
const SHOWN_CHARACTERS = 120;
/** The last label is never a number: that is an address, and nobody has a certificate for it here. */
const NAME = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9-]{2,63}$/;
/** What the request itself is made of. */
const RESERVED = /^(host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect)$/i;

/** A value of an option, for a sentence. */
export const received = (value: unknown): string => {
    const text = visible(JSON.stringify(value) ?? String(value));
    return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
};

/** A domain name in lower case; `https://` before and a dot or slash after are forgiven. @throws OptionError */
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

/** An empty text is what a shell makes of an output that is not there. */
function optional<T>(value: unknown, readValue: (value: unknown) => T): T | undefined {
    return value === undefined || value === "" ? undefined : readValue(value);
}

const matching =
    (pattern: RegExp, what: string) =>
    (value: unknown): string => {
        if (typeof value !== "string" || !pattern.test(value)) throw new OptionError(`${what}; received ${received(value)}`);
        return value;
    };

function readTimeout(value: unknown): number {
    if (typeof value !== "number" || !(value > 0 && value <= LONGEST_MS))
        throw new OptionError(`timeoutMs must be a number above 0 and up to ${LONGEST_MS}; received ${received(value)}`);
    return Math.ceil(value);
}

function readHeaders(value: unknown): Record<string, string> {
    if (typeof value !== "object" || value === null || Array.isArray(value))
        throw new OptionError("headers must be names with their values");
    for (const [name, text] of Object.entries(value as Record<string, unknown>)) {
        if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) throw new OptionError(`headers: ${received(name)} is not a name that HTTP allows`);
        if (RESERVED.test(name)) throw new OptionError(`headers: ${name} must be left out: the doctor writes it itself`);
        if (typeof text !== "string" || !/^[\t\x20-\x7e\x80-\xff]*$/.test(text))
            throw new OptionError(`headers: the value of ${name} must be one line of text`);
    }
    return value as Record<string, string>;
}

function readOwn(value: unknown): ClientIdentity {
    const { certificatePem, privateKeyPem } = (value ?? {}) as Partial<ClientIdentity>;
    try {
        if (!certificatePem || !privateKeyPem) throw new Error();
        // Node says it in OpenSSL's words, and only when the first connection is made.
        tls.createSecureContext({ cert: certificatePem, key: privateKeyPem });
    } catch {
        throw new OptionError(
            "--cert must be a certificate (PEM) and --key its unencrypted private key (PEM); they cannot be read, or do not fit each other",
        );
    }
    return { certificatePem, privateKeyPem };
}

function readNetwork(value: unknown): Network {
    if (typeof value !== "object" || value === null) throw new OptionError("network must be an object");
    const { connectTo, dnsServers, caPem } = value as Record<string, unknown>;
    for (const [what, list] of Object.entries({ connectTo, dnsServers }))
        if (list !== undefined && !(Array.isArray(list) && list.every((one) => typeof one === "string")))
            throw new OptionError(`network.${what} must be a list of texts; received ${received(list)}`);
    if (caPem !== undefined)
        try {
            readCertificates(caPem as string);
        } catch {
            throw new OptionError("--cacert must hold CA certificates (PEM)");
        }
    return value as Network;
}

function readUrl(value: unknown): string {
    const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
    // It may hold a password: it is not shown.
    if (!url || !/^https?:$/.test(url.protocol)) throw new OptionError("--cloudflare-base-url must begin with https:// or http://");
    return value as string;
}

/** The same options, made sure of. @throws OptionError */
export function readOptions(given: DoctorOptions): DoctorOptions & { timeoutMs: number; path: string } {
    if (typeof given !== "object" || given === null)
        throw new OptionError(`the doctor must be given an object with domainName; received ${received(given)}`);
    return {
        ...given,
        domainName: readName(given.domainName),
        path: optional(given.path, matching(/^\/[\x21\x22\x24-\x7e]*$/, "--path must start with / and hold no space and no #")) ?? "/",
        headers: optional(given.headers, readHeaders),
        targetDomainName: optional(given.targetDomainName, (value) => readName(value, "--target")),
        apiId: optional(given.apiId, matching(/^[a-z0-9]{1,64}$/, "--api-id must be letters and digits")),
        otherDomain: optional(given.otherDomain, (value) => readName(value, "--other-domain")),
        region: optional(given.region, matching(/^[a-z0-9-]{1,40}$/, "--region must be a region such as eu-central-1")),
        profile: optional(given.profile, matching(/^[^\p{Cc}]{1,200}$/u, "--profile must be a name")),
        zoneId: optional(given.zoneId, matching(/^[A-Za-z0-9_-]{1,64}$/, "--zone-id must be letters and digits")),
        own: optional(given.own, readOwn),
        timeoutMs: optional(given.timeoutMs, readTimeout) ?? DEFAULT_TIMEOUT_MS,
        network: optional(given.network, readNetwork),
        cloudflareBaseUrl: optional(given.cloudflareBaseUrl, readUrl),
    };
}
