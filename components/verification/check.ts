/** Is the deployment live through the edge, and is every bypass closed? Never prints a header's value or a body: either may hold a secret. */
import { setMaxListeners } from "node:events";
import type { SecureContext } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import {
    defaultEndpointRequests,
    describedAll,
    directRequests,
    inServedVersion,
    judgeBypass,
    judgeVisitor,
    probe,
    proxyVariables,
    readConnectTo,
    redirected,
    strangersIdentity,
    visitorRequests,
    type ConnectTo,
    type ProbeEvidence,
} from "../../probes";

const PROBE_MS = 10_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
const CONNECT_TO = "CLOUDFLARE_PROTECTED_HTTP_API_CONNECT_TO";

export interface Settings {
    domainName: string;
    path: string;
    /** Regional name of the custom domain. */
    target: string;
    apiId: string;
    timeoutMs: number;
    headers: Record<string, string>;
    connectTo: ConnectTo[];
    /** Variables of a proxy that this machine is told to use, and the probes do not. */
    proxies: string[];
    /** A CA to trust besides Node's own; for tests. */
    caPem?: string;
}

export interface Row {
    id: string;
    title: string;
    expected: string;
    tries: ProbeEvidence[];
    verdict: "live" | "closed" | "down" | "open" | "inconclusive";
    why: string;
}

const endpointOf = ({ apiId, target }: Settings): string => `${apiId}.${target.slice(target.indexOf(".") + 1)}`;

/** What is tried, in words. */
function rowsOf(settings: Settings): Omit<Row, "tries" | "verdict" | "why">[] {
    const direct = `directly at ${settings.target}`;
    const refused = "must be refused: closed, or HTTP 403";
    const elsewhere = "must be refused: closed, or HTTP 400, 403, 404 or 421";
    return [
        { id: "visitor", title: "through the edge", expected: "must be answered by API Gateway (apigw-requestid)" },
        { id: "no-certificate", title: `${direct}, without a client certificate`, expected: refused },
        { id: "stranger", title: `${direct}, with a self-signed client certificate`, expected: refused },
        { id: "sni-regional", title: `${direct}, with its own name in the handshake and our Host`, expected: elsewhere },
        { id: "sni-none", title: `${direct}, with no name in the handshake and our Host`, expected: elsewhere },
        { id: "default-endpoint", title: `the default endpoint ${endpointOf(settings)}`, expected: "must be off: HTTP 404" },
    ];
}

/** What every round needs, and is made once. */
export class Verification {
    readonly #contexts = new Map<string, SecureContext>();
    readonly #stranger;

    constructor(readonly settings: Settings) {
        this.#stranger = strangersIdentity(settings.domainName);
    }

    /** One round: every probe at once. */
    async round(timeoutMs: number): Promise<Row[]> {
        const { settings } = this;
        const deadline = AbortSignal.timeout(timeoutMs);
        // Every probe listens to it; a warning would be part of the state.
        setMaxListeners(0, deadline);
        const look = {
            names: { locate: (host: string, port: number) => Promise.resolve(redirected(settings.connectTo, host, port)) },
            deadline,
            contexts: this.#contexts,
            userAgent: "cloudflare-protected-http-api-verification",
        };
        const requests = [
            ...visitorRequests(settings),
            ...directRequests(settings, settings.target, this.#stranger),
            ...defaultEndpointRequests(settings, endpointOf(settings)),
        ];
        const probes = (await Promise.all(requests.map((request) => probe(look, request)))).map(({ evidence }) => evidence);
        return rowsOf(settings).map((row) => {
            const judgement = row.id === "visitor" ? judgeVisitor(probes)! : judgeBypass(row.id, probes)!;
            return { ...row, tries: probes.filter(({ id }) => id === row.id), ...judgement };
        });
    }

    /** Retries until every probe passes, or the time is up. */
    async check(): Promise<{ ok: boolean; text: string }> {
        const { timeoutMs } = this.settings;
        const deadline = Date.now() + timeoutMs;
        // A last round that is cut short would only fail for lack of time.
        const shortestMs = Math.min(PROBE_MS / 2, timeoutMs / 4);
        let wait = FIRST_WAIT_MS;
        for (let rounds = 1; ; rounds++) {
            const rows = await this.round(Math.min(PROBE_MS, Math.max(1, deadline - Date.now())));
            if (passed(rows)) return { ok: true, text: "live and closed" };
            const left = deadline - Date.now() - shortestMs;
            if (left <= 0) return { ok: false, text: failureText(this.settings, rows, rounds) };
            await sleep(Math.min(wait, left));
            wait = Math.min(wait * 2, LONGEST_WAIT_MS);
        }
    }
}

export const passed = (rows: Row[]): boolean => rows.every(({ verdict }) => verdict === "live" || verdict === "closed");

export function failureText(settings: Settings, rows: Row[], rounds: number): string {
    const { domainName, target, apiId, timeoutMs } = settings;
    const verdicts = rows.map(({ verdict }) => verdict);
    const verdict = verdicts.includes("open")
        ? "a bypass is open"
        : verdicts.includes("down")
          ? "not live through the edge"
          : "inconclusive";
    const unreached = rows.some(({ tries }) => tries.every(({ outcome }) => ["refused", "timeout", "unresolved"].includes(outcome)));
    return [
        `https://${domainName} could not be verified as live and closed within ${timeoutMs / 1000} s (${rounds} rounds of probes). Verdict: ${verdict}.`,
        ...rows.map(
            ({ verdict: one, title, expected, tries, why }) =>
                `  ${one}: ${title}: ${expected}; seen: ${describedAll(inServedVersion(tries))}${why ? ` - ${why}` : ""}`,
        ),
        ...(unreached && settings.proxies.length > 0
            ? [
                  `${settings.proxies.join(" and ")} ${settings.proxies.length > 1 ? "are" : "is"} set here, and the verification connects without a proxy: run \`pulumi up\` where both clouds can be reached directly.`,
              ]
            : []),
        "`url` stays unresolved. The deployed changes stay; you may roll them back, and the next `pulumi up` verifies again. To find the cause:",
        `  npx --no cloudflare-protected-http-api doctor ${domainName} --target ${target} --api-id ${apiId}`,
    ].join("\n");
}

function headersOf(json: string): Record<string, string> {
    let parsed: Record<string, unknown>;
    try {
        parsed = JSON.parse(json) as Record<string, unknown>;
    } catch {
        // Not the parser's own error: it quotes the text.
        throw new Error("VERIFICATION_HEADERS must be JSON");
    }
    return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

export function settingsOf(environment: Record<string, string | undefined>): Settings {
    const text = (name: string): string => {
        const value = environment[name];
        if (!value) throw new Error(`${name} is not set: the verification of CloudflareProtectedHttpApi runs this script`);
        return value;
    };
    const connectTo = (environment[CONNECT_TO] ?? "").split(",").filter(Boolean);
    return {
        domainName: text("VERIFICATION_DOMAIN"),
        path: text("VERIFICATION_PATH"),
        target: text("VERIFICATION_TARGET"),
        apiId: text("VERIFICATION_API_ID"),
        timeoutMs: Number(text("VERIFICATION_TIMEOUT_SECONDS")) * 1000,
        headers: headersOf(environment.VERIFICATION_HEADERS || "{}"),
        proxies: proxyVariables(environment, [text("VERIFICATION_DOMAIN"), text("VERIFICATION_TARGET")]),
        connectTo: connectTo.map((entry) => {
            const read = readConnectTo(entry.trim());
            if (!read) throw new Error(`${CONNECT_TO} must be host:port:host:port entries separated by commas`);
            return read;
        }),
    };
}
