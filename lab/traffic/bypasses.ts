/** Every bypass of the edge that the lab plays: what must never reach the handler. */
import { randomUUID } from "node:crypto";
import type { Cloud } from "../cloud";
import type { Identity } from "../pki/authority";
import type { Attacker } from "./attackerCertificates";
import { createZone } from "../createCloud";
import { defaultEndpoint, resolve } from "../dns";
import { probe, type ProbeRequest, type ProbeResult } from "./probe";

export const VERSIONS = ["1.2", "1.3"] as const;
export type Version = (typeof VERSIONS)[number];

/** The attackers' targets and credentials. Those left out are not tried. */
export interface Surroundings {
    cloud: Cloud;
    domainName: string;
    gateway: { port: number; httpPort: number };
    edge: { port: number; httpPort: number };
    /** Another custom domain of the account, without mutual TLS. */
    otherDomain: string;
    /** The regional name of the domain, once it has one. */
    regional?: string;
    /** The APIs whose default endpoints are tried. */
    apiIds: string[];
    stranger: Attacker;
    forged?: Identity;
    expired?: Identity;
}

export interface Outcome {
    result: ProbeResult;
    /** Requests with this probe's nonce that reached the handler. */
    invocations: number;
}

/** One bypass. */
export interface Bypass {
    id: string;
    tls: Version | "-";
    /** Sends it. `control`: whether its own positive control, if it has one, was answered. */
    send(): Promise<Outcome & { control?: boolean }>;
}

const ATTACKER_ZONE = "attacker.example";

export async function send(cloud: Cloud, request: Omit<ProbeRequest, "nonce">): Promise<Outcome> {
    const nonce = randomUUID();
    const result = await probe({ ...request, nonce });
    return { result, invocations: cloud.invocations.get(nonce) ?? 0 };
}

const NOWHERE: Outcome = { result: { kind: "closed", verified: false, reason: "ENOTFOUND" }, invocations: 0 };

export const answered = ({ result }: Outcome): boolean => result.kind === "status" && result.verified && result.status === 200;

/** Straight at the gateway. */
export function direct(
    { cloud, gateway, domainName }: Surroundings,
    version: Version,
    servername: string,
    more: { host?: string; identity?: Identity; session?: Buffer; expectedName?: string } = {},
): Promise<Outcome> {
    const { host = domainName, identity, session, expectedName = servername } = more;
    const webCaPem = cloud.webCa.certificatePem;
    return send(cloud, { port: gateway.port, host, tls: { version, servername, expectedName, webCaPem, ...identity, session } });
}

/** At the address that DNS returns. */
export function viaDns({ cloud, gateway, edge }: Surroundings, version: Version, host: string): Promise<Outcome> {
    const found = resolve(cloud, host);
    if (!found) return Promise.resolve(NOWHERE);
    const { port } = found.kind === "gateway" ? gateway : edge;
    return send(cloud, {
        port,
        host,
        tls: { version, servername: host, expectedName: host, webCaPem: cloud.webCa.certificatePem },
    });
}

/** Another customer of the same edge, whose requests carry our Host and Cloudflare's shared certificate. */
function otherCustomer({ cloud, domainName, regional }: Surroundings): string {
    const zone = cloud.cloudflare.zones.get("attacker") ?? createZone("attacker", ATTACKER_ZONE);
    const name = `api.${ATTACKER_ZONE}`;
    zone.settings.set("tls_client_auth", "on");
    zone.hostHeaderOverride = domainName;
    zone.records.set("r", { id: "r", name, type: "CNAME", content: regional ?? "", ttl: 1, proxied: true, comment: undefined });
    cloud.cloudflare.zones.set(zone.id, zone);
    return name;
}

/** A name of every other custom domain that is mapped to one of the APIs; a wildcard domain answers to any. */
function otherMappings({ cloud, domainName, apiIds }: Surroundings): string[] {
    return [...cloud.aws.domains.values()]
        .filter((domain) => domain.domainName !== domainName && [...domain.mappings.values()].some(({ apiId }) => apiIds.includes(apiId)))
        .map((domain) => domain.domainName.replace(/^\*/, "anything"));
}

/** The bypasses over one version of TLS. */
export function bypasses(surroundings: Surroundings, tls: Version): Bypass[] {
    const { cloud, domainName, otherDomain, regional, apiIds } = surroundings;
    const found: Bypass[] = [];
    const add = (id: string, play: Bypass["send"]) => found.push({ id, tls, send: play });
    const at = (servername: string, more?: Parameters<typeof direct>[3]) => direct(surroundings, tls, servername, more);
    const askOther = () => at(otherDomain, { host: otherDomain });

    add("no-certificate", () => at(domainName));
    add("stranger", () => at(domainName, { identity: surroundings.stranger }));
    if (surroundings.forged) add("forged", () => at(domainName, { identity: surroundings.forged }));
    if (surroundings.expired) add("expired-leaf", () => at(domainName, { identity: surroundings.expired }));
    if (regional !== undefined) {
        const name = otherCustomer(surroundings);
        add("other-customer", () => viaDns(surroundings, tls, name));
        add("sni-none", () => at("", { expectedName: regional }));
        add("sni-regional", () => at(regional));
    }
    add("sni-other-domain", async () => {
        const control = answered(await askOther());
        return { ...(await at(otherDomain)), control };
    });
    add("resumed-from-other-domain", async () => {
        const first = await askOther();
        const session = first.result.kind === "status" ? first.result.session : undefined;
        // Without a ticket nothing is resumed, and a refusal proves nothing.
        return { ...(await at(domainName, { session })), control: answered(first) && session !== undefined };
    });
    for (const id of apiIds) {
        const endpoint = defaultEndpoint(cloud, id);
        add("default-endpoint", () => at(endpoint, { host: endpoint }));
    }
    for (const name of otherMappings(surroundings)) add("other-mapping", () => at(name, { host: name }));
    return found;
}

/** The bypasses without TLS. */
export function plainBypasses({ cloud, edge, gateway, domainName }: Surroundings): Bypass[] {
    return [
        { id: "plain-http-edge", tls: "-", send: () => send(cloud, { port: edge.httpPort, host: domainName }) },
        { id: "plain-http-origin", tls: "-", send: () => send(cloud, { port: gateway.httpPort, host: domainName }) },
    ];
}
