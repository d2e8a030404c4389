/** Who can reach the API: one row an identity, each refusal beside its positive twin, judged by what the handler itself counted. */
import { randomUUID } from "node:crypto";
import type { Cloud } from "./cloud";
import { createZone } from "./createCloud";
import { defaultEndpoint, resolve } from "./dns";
import { probe, type ProbeRequest, type ProbeResult } from "./probe";

/** A client certificate with its key. */
export interface ClientIdentity {
    certificatePem: string;
    privateKeyPem: string;
}

/** What the probes go against. */
export interface Scene {
    cloud: Cloud;
    domainName: string;
    siblingName: string;
    /** Of the deployment before anything was broken: the regional name of the domain, and the API that it was mapped to. */
    regional: string;
    apiId: string;
    shared: boolean;
    gateway: { port: number; httpPort: number };
    edge: { port: number; httpPort: number };
    /** The certificate that the edge presents, for the positive twin of the direct probes. */
    own: ClientIdentity;
    stranger: ClientIdentity;
    forged: ClientIdentity;
    expired: ClientIdentity | undefined;
    /** Defaults to both. */
    versions?: readonly Version[];
}

/** One row of the result. */
export interface Row {
    id: string;
    tls: "1.2" | "1.3" | "-";
    expected: string;
    seen: string;
    invocations: number;
    ok: boolean;
    /** Set where the mode itself is the reason for what was seen. */
    note?: string;
}

const VERSIONS = ["1.2", "1.3"] as const;
const ATTACKER_ZONE = "attacker.example";

type Version = (typeof VERSIONS)[number];
type Outcome = { result: ProbeResult; invocations: number };

async function send(cloud: Cloud, request: Omit<ProbeRequest, "nonce">): Promise<Outcome> {
    const nonce = randomUUID();
    const result = await probe({ ...request, nonce });
    return { result, invocations: cloud.invocations.get(nonce) ?? 0 };
}

const NOWHERE: Outcome = { result: { kind: "closed", verified: false, reason: "ENOTFOUND" }, invocations: 0 };

const described = ({ result }: Outcome): string =>
    result.kind === "status" ? `HTTP ${result.status}` : result.reason === "ENOTFOUND" ? "no address" : "closed";

/** A row for somebody who must get in. */
function admitted(id: string, tls: Row["tls"], outcome: Outcome, note?: string): Row {
    const ok = outcome.result.kind === "status" && outcome.result.status === 200 && outcome.result.verified && outcome.invocations === 1;
    return { id, tls, expected: "HTTP 200", seen: described(outcome), invocations: outcome.invocations, ok, ...(note ? { note } : {}) };
}

/**
 * A row for somebody who must not get in. `twin`: the same path with what it takes was answered, so that a refusal is a refusal and not
 * a dead server.
 */
function refused(id: string, tls: Row["tls"], outcome: Outcome, twin: boolean): Row {
    const { result, invocations } = outcome;
    const status = result.kind === "status" ? result.status : undefined;
    const sawServer = twin && (tls === "-" || result.kind === "closed" || result.verified);
    const got = status !== undefined && status >= 200 && status < 400 && status !== 301;
    const seen = invocations > 0 || got || sawServer ? described(outcome) : "inconclusive";
    return { id, tls, expected: "refused", seen, invocations, ok: invocations === 0 && !got && seen !== "inconclusive" };
}

/** Adds a zone of another customer of the same edge, whose requests carry our Host and Cloudflare's shared certificate. */
function addAttackerZone({ cloud, domainName, regional }: Scene): string {
    const zone = createZone("attacker", ATTACKER_ZONE);
    const name = `api.${ATTACKER_ZONE}`;
    zone.settings.set("tls_client_auth", "on");
    zone.hostHeaderOverride = domainName;
    zone.records.set("r", { id: "r", name, type: "CNAME", content: regional, ttl: 1, proxied: true, comment: undefined });
    cloud.cloudflare.zones.set(zone.id, zone);
    return name;
}

/** A name of every other custom domain that is mapped to the API; a wildcard domain answers to any. */
function otherMappings({ cloud, domainName, apiId }: Scene): string[] {
    return [...cloud.aws.domains.values()]
        .filter((domain) => domain.domainName !== domainName && [...domain.mappings.values()].some((mapping) => mapping.apiId === apiId))
        .map((domain) => domain.domainName.replace(/^\*/, "anything"));
}

/** Plays every identity and reports each row as it is known. */
export async function playIdentities(scene: Scene, onRow: (row: Row) => void): Promise<Row[]> {
    const { cloud, domainName, siblingName, regional, apiId } = scene;
    const rows: Row[] = [];
    const add = (row: Row) => {
        rows.push(row);
        onRow(row);
    };
    const endpoint = defaultEndpoint(cloud, apiId);
    const attacker = addAttackerZone(scene);
    const webCaPem = cloud.webCa.certificatePem;
    const direct = (
        version: Version,
        servername: string,
        host: string,
        identity?: ClientIdentity,
        session?: Buffer,
        expectedName = servername,
    ) => send(cloud, { port: scene.gateway.port, host, tls: { version, servername, expectedName, webCaPem, ...identity, session } });
    const viaEdge = async (version: Version, host: string) => {
        const found = resolve(cloud, host);
        if (!found) return NOWHERE;
        const port = found.kind === "gateway" ? scene.gateway.port : scene.edge.port;
        return send(cloud, { port, host, tls: { version, servername: host, expectedName: host, webCaPem } });
    };
    const answered = ({ result }: Outcome) => result.kind === "status" && result.verified && result.status === 200;

    for (const version of scene.versions ?? VERSIONS) {
        add(admitted("visitor", version, await viaEdge(version, domainName)));
        const twin = await direct(version, domainName, domainName, scene.own);
        add(admitted("own-certificate", version, twin));
        const reachable = answered(twin);
        add(refused("no-certificate", version, await direct(version, domainName, domainName), reachable));
        add(refused("stranger", version, await direct(version, domainName, domainName, scene.stranger), reachable));
        add(refused("forged", version, await direct(version, domainName, domainName, scene.forged), reachable));
        if (scene.expired) add(refused("expired-leaf", version, await direct(version, domainName, domainName, scene.expired), reachable));
        const other = await viaEdge(version, attacker);
        add(
            scene.shared
                ? admitted("other-customer", version, other, "known hole of mode Shared")
                : refused("other-customer", version, other, reachable),
        );
        add(refused("sni-none", version, await direct(version, "", domainName, undefined, undefined, regional), reachable));
        add(refused("sni-regional", version, await direct(version, regional, domainName), reachable));
        const sibling = await direct(version, siblingName, siblingName);
        const siblingUp = answered(sibling);
        add(refused("sni-sibling", version, await direct(version, siblingName, domainName), siblingUp));
        const session = sibling.result.kind === "status" ? sibling.result.session : undefined;
        // Without a ticket nothing was resumed, and a refusal would prove nothing.
        add(
            refused(
                "resumed-from-sibling",
                version,
                await direct(version, domainName, domainName, undefined, session),
                siblingUp && session !== undefined,
            ),
        );
        add(refused("default-endpoint", version, await direct(version, endpoint, endpoint), reachable));
        for (const name of otherMappings(scene)) add(refused("other-mapping", version, await direct(version, name, name), reachable));
    }
    const live = rows.some((row) => row.id === "own-certificate" && row.ok);
    add(refused("plain-http-edge", "-", await send(cloud, { port: scene.edge.httpPort, host: domainName }), live));
    add(refused("plain-http-origin", "-", await send(cloud, { port: scene.gateway.httpPort, host: domainName }), live));
    return rows;
}
