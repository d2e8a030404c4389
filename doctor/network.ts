/** How names become sockets: curl's `--connect-to` first, then the given DNS servers, then the machine's own resolver. */
import * as dns from "node:dns";
import * as net from "node:net";
import type { Network } from "./evidence";

interface Entry {
    host: string;
    port: string;
    toHost: string;
    toPort: string;
}

/** `[v6]` or anything without a colon, then three more of the kind. */
const FIELD = String.raw`(\[[^\]]*\]|[^:]*)`;
const CONNECT_TO = new RegExp(`^${[FIELD, FIELD, FIELD, FIELD].join(":")}$`);

const parse = (text: string): Entry => {
    const match = CONNECT_TO.exec(text);
    if (!match) throw new Error(`connect-to must be host:port:connect-to-host:connect-to-port; received ${JSON.stringify(text)}`);
    const [, host, port, toHost, toPort] = match as unknown as [string, string, string, string, string];
    return { host: host.toLowerCase(), port, toHost: toHost.replace(/^\[|\]$/g, ""), toPort };
};

/** An empty host matches every name, `*.example.com` every name below it. */
const matches = (pattern: string, host: string): boolean =>
    pattern === "" || pattern === host || (pattern.startsWith("*.") && host.endsWith(pattern.slice(1)));

/** Where to look names up, and where to connect to. */
export class Names {
    readonly #entries: Entry[];
    readonly #resolver: dns.promises.Resolver;
    readonly #own: boolean;

    /** @throws Error for an entry that cannot be read. */
    constructor(network: Network, timeoutMs: number) {
        this.#entries = (network.connectTo ?? []).map(parse);
        this.#resolver = new dns.promises.Resolver({ timeout: Math.min(timeoutMs, 5000), tries: 1 });
        this.#own = network.dnsServers !== undefined && network.dnsServers.length > 0;
        if (this.#own) this.#resolver.setServers(network.dnsServers!);
    }

    get resolver(): dns.promises.Resolver {
        return this.#resolver;
    }

    /** Address and port for a name; rejects with the resolver's own error. */
    async locate(host: string, port: number): Promise<{ host: string; port: number }> {
        const entry = this.#entries.find((one) => matches(one.host, host) && (one.port === "" || one.port === String(port)));
        const name = entry && entry.toHost !== "" ? entry.toHost : host;
        const at = entry && entry.toPort !== "" ? Number(entry.toPort) : port;
        if (net.isIP(name)) return { host: name, port: at };
        if (!this.#own) return { host: (await dns.promises.lookup(name)).address, port: at };
        const [v4, v6] = await Promise.allSettled([this.#resolver.resolve4(name), this.#resolver.resolve6(name)]);
        const address = (v4.status === "fulfilled" ? v4.value[0] : undefined) ?? (v6.status === "fulfilled" ? v6.value[0] : undefined);
        if (address === undefined) throw Object.assign(new Error(`${name} has no address`), { code: "ENOTFOUND" });
        return { host: address, port: at };
    }
}
