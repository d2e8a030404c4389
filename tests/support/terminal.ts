/**
 * A terminal in the lab: it runs the command lines of the doctor's texts as they are pasted. What it does not know
 * it refuses, so that a text with a flag, a key or a name that is wrong is not followed by luck.
 */
import * as dns from "node:dns";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { examine } from "../../doctor";
import { Names } from "../../doctor/collect/resolver";
import type { RunOptions, RunResult } from "../../lab/engine/engine";
import { awsCli, flagsOf } from "./awsCli";
import { LAB_DOMAIN, PROJECT, type DeployedLab } from "./deployedLab";

/** The commands of a line: whether each runs only after the success of the one before. */
function split(line: string): { words: string[]; and: boolean }[] {
    const commands: { words: string[]; and: boolean }[] = [{ words: [], and: false }];
    for (const [word] of line.matchAll(/&&|;|(?:'[^']*'|"[^"]*"|[^\s;'"])+/g))
        if (word === "&&" || word === ";") commands.push({ words: [], and: word === "&&" });
        else
            commands
                .at(-1)!
                .words.push(word.replace(/'([^']*)'|"([^"]*)"/g, (_all, single?: string, double?: string) => single ?? double ?? ""));
    return commands;
}

export class Terminal {
    /** What the last line printed. */
    printed = "";
    /** What the last `pulumi up` or `pulumi preview` did. */
    run: RunResult | undefined;
    #variables = new Map<string, string>();

    constructor(readonly lab: DeployedLab) {}

    /** Pastes one line; resolves to whether its last command succeeded. */
    async paste(line: string): Promise<boolean> {
        if (/<[a-z][^>]*>/i.test(line)) throw new Error(`the person must know what to put in: ${line}`);
        this.printed = "";
        const [, name, value] = /^([A-Z]+)='([^']*)'$/.exec(line) ?? [];
        if (name !== undefined) return (this.#variables.set(name, value!), true);
        let ok = true;
        for (const { words, and } of split(await this.#expand(line))) if (ok || !and) ok = await this.#command(words);
        return ok;
    }

    /** `$(…)` and variables: inside of double quotes only, for nothing else is in the texts. */
    async #expand(line: string): Promise<string> {
        for (const [all, command] of line.matchAll(/"\$\(([^)]*)\)"/g)) {
            await this.paste(command!);
            line = line.replace(all, () => `'${this.printed.trim()}'`);
        }
        this.printed = "";
        return line.replace(/"\$([A-Z]+)"/g, (all, name: string) => (this.#variables.has(name) ? `'${this.#variables.get(name)}'` : all));
    }

    async #command([program = "", ...words]: string[]): Promise<boolean> {
        switch (program) {
            case "pulumi":
                return this.#pulumi(words);
            case "aws":
                this.printed += `${awsCli(this.lab, words)}\n`;
                return true;
            case "printf":
                return this.#cloudflare(words);
            case "curl":
                this.printed += `${await this.#curl(words)}\n`;
                return true;
            case "dig":
                this.printed += (await this.#dig(words)).map((answer) => `${answer}\n`).join("");
                return true;
            case "npx":
                return this.#doctor(words);
            default:
                throw new Error(`command not found: ${program}`);
        }
    }

    #key = (key: string): string => (key.includes(":") ? key : `${PROJECT}:${key}`);

    async #pulumi([verb = "", ...words]: string[]): Promise<boolean> {
        const { lab } = this;
        const stateOf = (urn: string) => {
            const found = lab.engine.state.get(urn);
            if (!found) throw new Error(`no resource ${urn}`);
            return found;
        };
        const [action, name = "", value] = words;
        switch (`${verb} ${["config", "state", "stack"].includes(verb) ? action : ""}`.trim()) {
            case "up": {
                const { flags } = flagsOf(words, { "--refresh": "switch", "--replace": "value" });
                const urn = flags.get("--replace");
                if (urn !== undefined) stateOf(urn);
                return this.#deploy({ refresh: flags.has("--refresh"), replace: urn === undefined ? [] : [urn] });
            }
            case "preview": {
                const { flags } = flagsOf(words, { "--refresh": "switch", "--diff": "switch" });
                return this.#deploy({ refresh: flags.has("--refresh"), preview: true });
            }
            case "config get":
                this.printed += `${lab.config[this.#key(name)] ?? `error: configuration key '${name}' not found for stack 'dev'`}\n`;
                return lab.config[this.#key(name)] !== undefined;
            case "config set":
                if (value === undefined || value.startsWith("-")) throw new Error(`pulumi config set ${name} needs a value`);
                lab.config[this.#key(name)] = value;
                return true;
            case "config rm":
                delete lab.config[this.#key(name)];
                return true;
            case "state unprotect":
                if (value !== "--yes") throw new Error("it asks, and waits");
                stateOf(name).protect = false;
                return true;
            case "stack output": {
                const output = this.outputs()[name];
                if (output === undefined) throw new Error(`current stack does not have output property '${name}'`);
                this.printed += `${output}\n`;
                return true;
            }
            case "stack --show-urns":
                this.printed += `${[...lab.engine.state.keys()].map((urn) => `  URN: ${urn}`).join("\n")}\n`;
                return true;
            default:
                throw new Error(`unknown command: pulumi ${verb} ${action}`);
        }
    }

    /** The stack's outputs. */
    outputs(): Record<string, string> {
        const stack = [...this.lab.engine.state.values()].find(({ type }) => type === "pulumi:pulumi:Stack");
        return (stack?.outputs ?? {}) as Record<string, string>;
    }

    async #deploy(options: RunOptions): Promise<boolean> {
        const { engine, config, deployed } = this.lab;
        this.run = await engine.run(deployed.program, { ...options, project: PROJECT, stack: "dev", config });
        this.printed += [...this.run.errors, ""].join("\n");
        return this.run.ok;
    }

    /** `printf … | curl -K - …`: the one way in which a text writes at Cloudflare. */
    #cloudflare(words: string[]): boolean {
        const [format, token, pipe, curl, ...rest] = words;
        if (format !== 'header = "Authorization: Bearer %s"' || token !== "$CLOUDFLARE_API_TOKEN" || pipe !== "|" || curl !== "curl")
            throw new Error("not the pipe that is known");
        const { flags, rest: urls } = flagsOf(rest, { "-K": "value", "-X": "value", "-H": "value", "--data": "value" });
        if (flags.get("-X") !== "PUT") throw new Error("405: Method Not Allowed");
        const [, modesZone] =
            /^https:\/\/api\.cloudflare\.com\/client\/v4\/zones\/([^/]+)\/settings\/origin_tls_compliance_modes$/.exec(urls[0]!) ?? [];
        if (modesZone !== undefined) {
            const { value } = JSON.parse(flags.get("--data")!) as { value: string[] };
            this.lab.cloud.cloudflare.zones.get(modesZone)!.originTlsModes = value;
            this.printed += '{"success":true}\n';
            return true;
        }
        const [, zoneId = ""] =
            /^https:\/\/api\.cloudflare\.com\/client\/v4\/zones\/([^/]+)\/origin_tls_client_auth\/hostnames$/.exec(urls[0]!) ?? [];
        const zone = this.lab.cloud.cloudflare.zones.get(zoneId);
        const body = JSON.parse(flags.get("--data")!) as { config: { hostname: string; cert_id: string; enabled: boolean }[] };
        for (const { hostname, cert_id: certId, enabled } of body.config) {
            if (!zone?.hostnameCertificates.has(certId)) throw new Error(`1415: no certificate ${certId}`);
            zone.associations.set(hostname, { hostname, certId, enabled });
        }
        this.printed += '{"success":true}\n';
        return true;
    }

    /** The body unless it is thrown away, and the status, or 000: names are resolved by the lab's DNS. */
    async #curl(words: string[]): Promise<string> {
        const values = ["-o", "-w", "-H", "--connect-to", "--cert", "--key"];
        const { flags, rest } = flagsOf(words, { "-sS": "switch", ...Object.fromEntries(values.map((name) => [name, "value" as const])) });
        const [cert, key] = ["--cert", "--key"].map((name) => (flags.has(name) ? fs.readFileSync(flags.get(name)!, "utf8") : undefined));
        const url = new URL(rest[0]!);
        const secure = url.protocol === "https:";
        const port = Number(url.port) || (secure ? 443 : 80);
        const instead = /^([^:]+):(\d+):([^:]+):(\d+)$/.exec(flags.get("--connect-to") ?? "");
        const { network = {} } = this.lab.outside();
        const names = new Names(network, 5000);
        const header = /^Host: (\S+)$/.exec(flags.get("-H") ?? "")?.[1] ?? url.hostname;
        try {
            const to = await names.locate(instead && instead[1] === url.hostname ? instead[3]! : url.hostname, port);
            const options = {
                ...to,
                path: url.pathname,
                servername: url.hostname,
                ca: network.caPem,
                cert,
                key,
                headers: { host: header },
                agent: false,
            };
            return await new Promise<string>((resolve, reject) => {
                const request = (secure ? https : http).get(options, (response) => {
                    let body = "";
                    response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
                    response.on("end", () => resolve(`${flags.has("-o") ? "" : `${body}\n`}${response.statusCode}`)).on("error", reject);
                });
                request.on("error", reject).setTimeout(60_000, () => request.destroy(new Error("no answer")));
            });
        } catch {
            return "000";
        }
    }

    async #dig([short, type, name]: string[]): Promise<string[]> {
        const resolver = new dns.promises.Resolver({ timeout: 30_000, tries: 2 });
        resolver.setServers([`127.0.0.1:${this.lab.deployment.dnsPort}`]);
        if (short !== "+short") throw new Error("dig +short <type> <name>");
        const asked = name!.replace(/\.$/, "");
        try {
            if (type === "NS") return (await resolver.resolveNs(asked)).map((server) => `${server}.`);
            if (type === "CNAME") return (await resolver.resolveCname(asked)).map((target) => `${target}.`);
            if (type === "CAA") return (await resolver.resolveCaa(asked)).map(({ critical, issue }) => `${critical} issue "${issue}"`);
        } catch {
            return [];
        }
        throw new Error(`dig +short ${type}`);
    }

    /** With the credentials of both clouds; healthy or not, it prints which causes it names. */
    async #doctor([no, tool, verb, name, ...words]: string[]): Promise<boolean> {
        if (no !== "--no" || tool !== PROJECT || verb !== "doctor" || name !== LAB_DOMAIN)
            throw new Error(`unknown command: npx ${no} ${tool} ${verb} ${name}`);
        flagsOf(words, { "--wait": "value" });
        const { verdict, causes } = await this.diagnose();
        this.printed += `${name}: ${verdict.toUpperCase()} ${causes.map(({ id }) => id).join(", ")}\n`;
        return verdict === "healthy";
    }

    /** The doctor's input: the stack's current outputs. */
    diagnose = () => examine({ ...this.lab.inside(), targetDomainName: this.outputs().targetDomainName });
}
