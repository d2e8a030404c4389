/** Cloudflare's part of the evidence, read-only through its SDK, which is loaded on demand. */
import { createRequire } from "node:module";
import type { PhaseGetResponse } from "cloudflare/resources/rulesets/phases";
import type { Zone as ZoneResponse } from "cloudflare/resources/zones/zones";
import { startDeadline, type Deadline } from "../../../probes";
import type { CloudflareEvidence, SslRuleEvidence } from "../../evidence";
import type { Hindrances } from "../hindrances";
import { createAsk, type Ask } from "./ask";
import { applies, type RuleRequest } from "./ruleExpression";

/** Where to look. */
export interface CloudflareOptions {
    domainName: string;
    /** Path of the visitor's request; defaults to `/`. */
    path?: string;
    /** Defaults to the zone with the longest suffix of the name. */
    zoneId?: string;
    token: string;
    /** Another address of Cloudflare's API. */
    baseUrl?: string;
    /** Names of ACM's validation records, which AWS may report later than the rest. */
    validationNames?: string[] | Promise<string[]>;
    /** For the whole collection. */
    timeoutMs: number;
}

/** Permissions by Cloudflare's names. The one for configuration rules is inferred. */
const ZONE = "Zone Read";
const SETTINGS = "Zone Settings Read";
const CERTIFICATES = "SSL and Certificates Read";
const DNS = "DNS Read";
const RULES = "Config Rules Read";

const MAX_RECORDS = 100;
/** Limit of one answer. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The SDK reads an HTML page as an empty list: a proxy or a wrong address would look like a missing zone. */
async function fetchJson(...request: Parameters<typeof fetch>): Promise<Response> {
    const response = await fetch(...request);
    const { status, headers, body } = response;
    const unusable = (code: string): Error => Object.assign(new Error(code), { code });
    // Here the status says enough.
    if (status >= 500 || status === 429) return (await body?.cancel(), new Response(null, { status, headers }));
    if (!/\bjson\b/i.test(headers.get("content-type") ?? "")) throw unusable("NOT_JSON");
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
        size += chunk.length;
        if (size > MAX_BYTES) throw unusable("TOO_LARGE");
        chunks.push(chunk);
    }
    const bytes = Buffer.concat(chunks);
    // Every answer of Cloudflare's has this member; another API's would look like a missing zone, or like a denial.
    if (status !== 401 && !/"success"\s*:\s*(true|false)/.test(bytes.toString())) throw unusable("NOT_CLOUDFLARES_JSON");
    // The SDK reads a failure that comes with 200 as "nothing there".
    if (status < 300 && /^\{[^{[]*"success"\s*:\s*false/.test(bytes.subarray(0, 200).toString())) throw unusable("NOT_SUCCESS");
    return new Response(bytes, { status, headers });
}

/** Loads only the parts in use: the whole SDK takes three times as long, `import()` twice as long. */
function connect({ token, baseUrl, timeoutMs }: CloudflareOptions) {
    const load = createRequire(__filename);
    const sdk = load("cloudflare/tree-shakable") as typeof import("cloudflare/tree-shakable");
    const zones = load("cloudflare/resources/zones/zones") as typeof import("cloudflare/resources/zones/zones");
    const settings = load("cloudflare/resources/zones/settings") as typeof import("cloudflare/resources/zones/settings");
    const records = load("cloudflare/resources/dns/records") as typeof import("cloudflare/resources/dns/records");
    const phases = load("cloudflare/resources/rulesets/phases/phases") as typeof import("cloudflare/resources/rulesets/phases/phases");
    const trustStore = load("cloudflare/resources/acm/custom-trust-store") as typeof import("cloudflare/resources/acm/custom-trust-store");
    const modes = load(
        "cloudflare/resources/origin-tls-compliance-modes",
    ) as typeof import("cloudflare/resources/origin-tls-compliance-modes");
    const pulls = load("cloudflare/resources/origin-tls-client-auth") as typeof import("cloudflare/resources/origin-tls-client-auth");
    return sdk.createClient({
        resources: [
            zones.BaseZones,
            settings.Settings,
            records.BaseRecords,
            phases.BasePhases,
            trustStore.BaseCustomTrustStore,
            modes.OriginTLSComplianceModes,
            pulls.Hostnames,
            pulls.HostnameCertificates,
            pulls.Settings,
        ],
        apiToken: token,
        // Otherwise the SDK would also send those in the environment.
        apiKey: null,
        apiEmail: null,
        userServiceKey: null,
        baseURL: baseUrl,
        timeout: timeoutMs,
        maxRetries: 1,
        fetch: fetchJson,
        // CLOUDFLARE_LOG=debug would log whole requests.
        logLevel: "off",
    });
}

type Client = ReturnType<typeof connect>;
type ZoneEvidence = CloudflareEvidence["zone"];

interface Page<T> {
    result: T[];
    getNextPage(): Promise<Page<T>>;
}

/** Every page of a list; rejects if one is missing: part of a list is not "no more". The SDK's own iterator asks for one page too many. */
async function allOf<T>(first: Page<T>, size: number): Promise<T[]> {
    const all = [...first.result];
    for (let page = first; page.result.length >= size;) {
        page = await page.getNextPage();
        all.push(...page.result);
    }
    return all;
}

/** By id, or the zone of the longest suffix of the name. */
async function askZone(ask: Ask, client: Client, { domainName, zoneId }: CloudflareOptions): Promise<ZoneEvidence> {
    const evidenceOf = (zone: ZoneResponse) => ({
        id: zone.id,
        name: zone.name,
        status: zone.status ?? "",
        nameServers: zone.name_servers ?? [],
        ...(zone.vanity_name_servers?.length && { vanityNameServers: zone.vanity_name_servers }),
        ...(zone.type && { type: zone.type }),
    });
    if (zoneId !== undefined) {
        const zone = await ask(ZONE, (options) => client.zones.get({ zone_id: zoneId }, options));
        return zone ? evidenceOf(zone) : zone;
    }
    const labels = domainName.split(".");
    const names = labels.slice(0, -1).map((_, index) => labels.slice(index).join("."));
    const found = await Promise.all(
        names.map((name) => ask(ZONE, async (options) => (await client.zones.list({ name, per_page: 5 }, options)).result)),
    );
    const zones = found.flatMap((list) => list ?? []);
    // Several accounts may have a zone of that name; one of them is active.
    const zone = zones.find(({ name, status }) => name === zones[0]?.name && status === "active") ?? zones[0];
    if (zone) return evidenceOf(zone);
    return found.every(Boolean) ? null : undefined;
}

/** The configuration rules that set the SSL mode of a visitor's request, from the last that certainly does. */
async function askSslRules(ask: Ask, client: Client, zoneId: string, request: RuleRequest): Promise<SslRuleEvidence[] | undefined> {
    const ruleset = await ask(RULES, (options) => client.rulesets.phases.get("http_config_settings", { zone_id: zoneId }, options));
    // Not read is not "no rule".
    if (ruleset === undefined) return undefined;
    let rules: SslRuleEvidence[] = [];
    for (const rule of ruleset?.rules ?? []) {
        if (rule.action !== "set_config" || rule.enabled === false) continue;
        const value = (rule as PhaseGetResponse.SetConfigurationRule).action_parameters?.ssl;
        if (typeof value !== "string") continue;
        // It may span several lines, and is quoted on one.
        const expression = (rule.expression ?? "").replace(/\s*[\r\n]\s*/g, " ").trim();
        const holds = applies(expression, request);
        if (holds === false) continue;
        const sslRule = { value, description: rule.description ?? "", expression, certain: holds === true };
        rules = sslRule.certain ? [sslRule] : [...rules, sslRule];
    }
    return rules;
}

async function askRecords(ask: Ask, client: Client, zoneId: string, name: string) {
    const query = { zone_id: zoneId, name: { exact: name }, per_page: MAX_RECORDS };
    const records = await ask(DNS, async (options) => allOf(await client.dns.records.list(query, options), MAX_RECORDS));
    return records?.map((record) => ({
        name: record.name,
        type: record.type,
        content: record.content ?? "",
        proxied: record.proxied === true,
    }));
}

async function askValidationRecords(ask: Ask, client: Client, zoneId: string, names: Promise<string[]>) {
    const wanted = new Set((await names).map((name) => name.replace(/\.$/, "").toLowerCase()));
    if (wanted.size === 0) return undefined;
    const found = await Promise.all([...wanted].map((name) => askRecords(ask, client, zoneId, name)));
    return found.some((list) => !list) ? undefined : found.flatMap((list) => list ?? []);
}

type Association = Awaited<ReturnType<Client["originTLSClientAuth"]["hostnames"]["get"]>>;
type Facts = Omit<CloudflareEvidence, "denied" | "problems">;

/** What few zones have, and few tokens may read: a failure here says nothing, and hinders nothing. */
async function askOriginTls(ask: Ask, client: Client, zone_id: string): Promise<Pick<Facts, "originTrustStore" | "originTlsModes">> {
    const [store, modes] = await Promise.all([
        ask(CERTIFICATES, async (call) => (await client.acm.customTrustStore.list({ zone_id }, call)).result),
        ask(SETTINGS, (call) => client.originTLSComplianceModes.get({ zone_id }, call)),
    ]);
    const active = store?.filter(({ status }) => status === "active" || status === "pending_deletion");
    return {
        ...(active && { originTrustStore: active.map(({ issuer, id }) => issuer || id) }),
        ...(modes && Array.isArray(modes.value) && { originTlsModes: modes.value.map(String) }),
    };
}

interface Callers {
    ask: Ask;
    /** Its failures are not reported. */
    quietly: Ask;
}

async function collect(
    { ask, quietly }: Callers,
    client: Client,
    options: CloudflareOptions,
    validationNames: Promise<string[]>,
): Promise<Facts> {
    const host = options.domainName;
    const asked = askZone(ask, client, options);
    const zone_id = options.zoneId ?? (await asked)?.id;
    if (zone_id === undefined) {
        const zone = await asked;
        return { ...(zone !== undefined && { zone }) };
    }
    const pulls = client.originTLSClientAuth;
    const setting = (id: string) =>
        ask(SETTINGS, async (call) => {
            const { value } = (await client.zones.settings.get(id, { zone_id }, call)) as { value?: unknown };
            return typeof value === "string" ? value : undefined;
        });
    const originTls = askOriginTls(quietly, client, zone_id);
    const [zone, ssl, tlsClientAuth, sslRules, zoneLevel, association, certificates, records, validationRecords] = await Promise.all([
        asked,
        setting("ssl"),
        setting("tls_client_auth"),
        askSslRules(ask, client, zone_id, { host, path: options.path ?? "/" }),
        ask(CERTIFICATES, (call) => pulls.settings.get({ zone_id }, call)),
        // No result may be how a hostname without an association is told.
        ask(CERTIFICATES, async (call) => ((await pulls.hostnames.get(host, { zone_id }, call)) as Association | null) ?? {}),
        ask(CERTIFICATES, async (call) => (await pulls.hostnameCertificates.list({ zone_id }, call)).result),
        askRecords(ask, client, zone_id, host),
        askValidationRecords(ask, client, zone_id, validationNames),
    ]);
    // Without a zone the other absences mean nothing.
    if (zone === null) return { zone };
    return {
        ...(await originTls),
        ...(zone && { zone }),
        ...(ssl && { ssl }),
        ...(sslRules && { sslRules }),
        ...(tlsClientAuth && { globalOriginPull: tlsClientAuth === "on" }),
        ...(zoneLevel && { zoneOriginPull: zoneLevel.enabled === true }),
        ...(association !== undefined && {
            association:
                // A voided association may still be listed, without a certificate or an on/off value.
                association?.cert_id && typeof association.enabled === "boolean"
                    ? {
                          certId: association.cert_id,
                          enabled: association.enabled,
                          ...(association.cert_status && { certStatus: association.cert_status }),
                      }
                    : null,
        }),
        ...(certificates && {
            hostnameCertificates: certificates.map(({ id, status, certificate, issuer, expires_on }) => ({
                id: id ?? "",
                status: status ?? "",
                ...(certificate && { certificatePem: certificate }),
                ...(issuer && { issuer }),
                ...(expires_on && { expiresOn: expires_on }),
            })),
        }),
        ...(records && { records: records.map(({ type, content, proxied }) => ({ type, content, proxied })) }),
        ...(validationRecords && { validationRecords }),
    };
}

/** Collects Cloudflare's part. Never rejects: `denied` and `problems` say what is missing. */
export async function collectCloudflare(options: CloudflareOptions): Promise<CloudflareEvidence> {
    // An invalid header value would be quoted in full in the error.
    if (!/^[\x21-\x7e]+$/.test(options.token.trim()))
        return { denied: [], problems: ["the token is not valid: it contains spaces or control characters"] };
    const hindrances: Hindrances = { denied: new Set(), problems: new Set() };
    let facts: Facts = {};
    let limit: Deadline | undefined;
    try {
        const client = connect(options);
        // Loading the SDK does not count against Cloudflare's time.
        limit = startDeadline(options.timeoutMs);
        // Missing names are not Cloudflare's fault.
        const names = limit.within(Promise.resolve(options.validationNames ?? [])).catch(() => []);
        const quietly = createAsk(limit, { denied: new Set(), problems: new Set() });
        facts = await collect({ ask: createAsk(limit, hindrances), quietly }, client, options, names);
    } catch {
        hindrances.problems.add("Cloudflare's SDK could not be started");
    } finally {
        limit?.clear();
    }
    return { ...facts, denied: [...hindrances.denied].sort(), problems: [...hindrances.problems].sort() };
}
