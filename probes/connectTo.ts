/** curl's `--connect-to`: where to connect to in the place of a name. */

/** One entry; an empty field of the first two matches any, of the last two keeps what was asked for. */
export interface ConnectTo {
    host: string;
    port: string;
    toHost: string;
    toPort: string;
}

/** `[v6]` or anything without a colon, then three more of the kind. */
const FIELD = String.raw`(\[[^\]]*\]|[^:]*)`;
const CONNECT_TO = new RegExp(`^${[FIELD, FIELD, FIELD, FIELD].join(":")}$`);

/** Empty is any. */
export const isPort = (text: string): boolean => text === "" || (/^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= 65_535);

/** Reads `host:port:connect-to-host:connect-to-port`; undefined when it is anything else. */
export function readConnectTo(text: string): ConnectTo | undefined {
    const match = CONNECT_TO.exec(text);
    if (!match) return undefined;
    const [, host, port, toHost, toPort] = match as unknown as [string, string, string, string, string];
    if (!isPort(port) || !isPort(toPort)) return undefined;
    const bare = (text: string): string => text.replace(/^\[|\]$/g, "");
    return { host: bare(host).toLowerCase(), port, toHost: bare(toHost), toPort };
}

/** An empty host matches every name, `*.example.com` every name below it. */
const matches = (pattern: string, host: string): boolean =>
    pattern === "" || pattern === host || (pattern.startsWith("*.") && host.endsWith(pattern.slice(1)));

/** The host and port that the first entry that matches puts in the place of these. */
export function redirected(entries: ConnectTo[], host: string, port: number): { host: string; port: number } {
    const entry = entries.find((entry) => matches(entry.host, host) && (entry.port === "" || entry.port === String(port)));
    if (!entry) return { host, port };
    return { host: entry.toHost === "" ? host : entry.toHost, port: entry.toPort === "" ? port : Number(entry.toPort) };
}
