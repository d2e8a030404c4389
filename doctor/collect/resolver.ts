/** Resolves names: by curl's `--connect-to`, then with the given DNS servers or this machine's resolver. */
import * as dns from "node:dns";
import * as net from "node:net";
import { isPort, readConnectTo, redirected, type ConnectTo } from "../../probes";
import { OptionError, received, type Network } from "../options";

/** An address, alone or with a port: port 0 would crash Node. */
function isDnsServer(text: string): boolean {
    const [, v6, v6Port, v4, v4Port] = /^\[(.*)\](?::(\d+))?$|^([\d.]+):(\d+)$/.exec(text) ?? [];
    return net.isIP(v6 ?? v4 ?? text) > 0 && (v6 === undefined || net.isIPv6(v6)) && isPort(v6Port ?? v4Port ?? "");
}

function connectTo(text: string): ConnectTo {
    const entry = readConnectTo(text);
    if (!entry) throw new OptionError(`connect-to must be host:port:connect-to-host:connect-to-port; received ${received(text)}`);
    return entry;
}

const LONGEST_ANSWER_MS = 20_000;

/** What the resolver says of a name that has no address of that family. */
const NO_ADDRESS = ["ENODATA", "ENOTFOUND"];
const codeOf = (error: unknown): string => String((error as { code?: unknown }).code);

/** Looks names up, and decides where to connect. */
export class Names {
    readonly #entries: ConnectTo[];
    readonly #resolver: dns.promises.Resolver;
    readonly #own: boolean;

    /** @throws OptionError for an invalid entry. */
    constructor(network: Network, timeoutMs: number) {
        this.#entries = (network.connectTo ?? []).map(connectTo);
        // The second try waits twice as long as the first, so that both end with the run.
        this.#resolver = new dns.promises.Resolver({ timeout: Math.ceil(Math.min(timeoutMs / 3, LONGEST_ANSWER_MS)), tries: 2 });
        this.#own = network.dnsServers !== undefined && network.dnsServers.length > 0;
        if (!this.#own) return;
        for (const server of network.dnsServers!)
            if (!isDnsServer(server))
                throw new OptionError(`--dns-server must be an address, or address:port; received ${received(server)}`);
        this.#resolver.setServers(network.dnsServers!);
    }

    get resolver(): dns.promises.Resolver {
        return this.#resolver;
    }

    /** Address and port for a name; rejects with the resolver's error. `--connect-to` may list the name or its address. */
    async locate(host: string, port: number): Promise<{ host: string; port: number }> {
        const named = redirected(this.#entries, host, port);
        if (net.isIP(named.host)) return named;
        return redirected(this.#entries, await this.#address(named.host), named.port);
    }

    /** Every address of a name; the name itself if it cannot be resolved, or if `--connect-to` leads it elsewhere. */
    async addresses(name: string, port: number): Promise<string[]> {
        const named = redirected(this.#entries, name, port);
        if (named.host !== name || named.port !== port) return [name];
        try {
            const all = this.#own
                ? (await Promise.allSettled([this.#resolver.resolve4(name), this.#resolver.resolve6(name)])).flatMap((answer) =>
                      answer.status === "fulfilled" ? answer.value : [],
                  )
                : (await dns.promises.lookup(name, { all: true })).map(({ address }) => address);
            return all.length > 1 ? [...new Set(all)] : [name];
        } catch {
            return [name];
        }
    }

    async #address(name: string): Promise<string> {
        if (!this.#own) return (await dns.promises.lookup(name)).address;
        const [v4, v6] = await Promise.allSettled([this.#resolver.resolve4(name), this.#resolver.resolve6(name)]);
        const address = (v4.status === "fulfilled" ? v4.value[0] : undefined) ?? (v6.status === "fulfilled" ? v6.value[0] : undefined);
        if (address !== undefined) return address;
        // Only an answer shows that there is no address. getaddrinfo's code for the rest is EAI_AGAIN.
        const answered = [v4, v6].every((result) => result.status === "rejected" && NO_ADDRESS.includes(codeOf(result.reason)));
        throw answered
            ? Object.assign(new Error(`${name} has no address`), { code: "ENOTFOUND" })
            : Object.assign(new Error(`${name}: no DNS server answered`), { code: "EAI_AGAIN" });
    }
}
