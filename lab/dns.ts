/** The lab's DNS: what a name of the two clouds resolves to, as a pure function and as a UDP server that `dig` can ask. */
import { createSocket } from "node:dgram";
import type { AddressInfo } from "node:net";
import * as packet from "dns-packet";
import type { Cloud, DnsRecord, Zone } from "./cloud";

export type Resolution = { kind: "edge"; zone: Zone; record: DnsRecord } | { kind: "gateway"; name: string };

/** Addresses of documentation networks: they identify the cloud a name leads to, and are not routed. */
export const edgeAddress = "192.0.2.1";
export const gatewayAddress = "198.51.100.1";

export function normalize(name: string): string {
    return name.toLowerCase().replace(/\.$/, "");
}

/** Whether a name equals another or is below it. */
function isWithin(name: string, above: string): boolean {
    return name === above || name.endsWith(`.${above}`);
}

/** The closest name above, of this zone, that DNS delegates to other name servers. */
function delegatedElsewhere(zone: Zone, name: string): string | undefined {
    return [...zone.delegatedElsewhere.keys()].filter((cut) => isWithin(name, cut)).sort((a, b) => b.length - a.length)[0];
}

/** The records that a resolver sees at a name: a zone's own records below a delegation are ignored. */
export function findRecords(cloud: Cloud, name: string): { zone: Zone; record: DnsRecord }[] {
    const wanted = normalize(name);
    return [...cloud.cloudflare.zones.values()].flatMap((zone) =>
        delegatedElsewhere(zone, wanted) === undefined
            ? [...zone.records.values()].filter((record) => normalize(record.name) === wanted).map((record) => ({ zone, record }))
            : [],
    );
}

/** Whether API Gateway answers to this name in AWS's own DNS: a regional target, or an API's default endpoint. */
export function isGatewayName(cloud: Cloud, name: string): boolean {
    const wanted = normalize(name);
    const isTarget = [...cloud.aws.domains.values()].some((domain) => normalize(domain.targetDomainName) === wanted);
    const isEndpoint = [...cloud.aws.apis.values()].some((api) => defaultEndpoint(cloud, api.id) === wanted);
    return isTarget || isEndpoint;
}

export function defaultEndpoint(cloud: Cloud, apiId: string): string {
    return `${apiId.toLowerCase()}.execute-api.${cloud.aws.region}.amazonaws.com`;
}

/** Where a lookup of `name` leads; undefined if it leads nowhere. DNS-only CNAMEs are followed. */
export function resolve(cloud: Cloud, name: string): Resolution | undefined {
    let current = normalize(name);
    for (let hops = 0; hops < 8; hops++) {
        if (isGatewayName(cloud, current)) return { kind: "gateway", name: current };
        const found = findRecords(cloud, current);
        const proxied = found.find(({ record }) => record.proxied);
        if (proxied) return { kind: "edge", ...proxied };
        const alias = found.find(({ record }) => record.type === "CNAME");
        if (!alias) return undefined;
        current = normalize(alias.record.content);
    }
    return undefined;
}

/** Flags, tag and value of a CAA record's content, as Cloudflare writes it: `0 issue "amazon.com"`. */
function caaData(content: string): packet.CaaData | undefined {
    const [, flags, tag, value] = /^(\d+) (issue|issuewild|iodef) "?([^"]*)"?$/.exec(content) ?? [];
    return tag === undefined ? undefined : { flags: Number(flags), tag: tag as packet.CaaData["tag"], value: value ?? "" };
}

/** The records of one type at exactly this name, which is no alias. */
function answersAt(cloud: Cloud, name: string, type: string): packet.Answer[] {
    const found = findRecords(cloud, name);
    const matching = found.map(({ record }) => record).filter((record) => record.type === type && !record.proxied);
    if (type === "A" && found.some(({ record }) => record.proxied)) return [{ type, name, ttl: 300, data: edgeAddress }];
    if (type === "A" && isGatewayName(cloud, name)) return [{ type, name, ttl: 60, data: gatewayAddress }];
    if (type === "NS") {
        const zones = [...cloud.cloudflare.zones.values()];
        const elsewhere = zones.map((zone) => zone.delegatedElsewhere.get(name)).find((servers) => servers !== undefined);
        const servers =
            elsewhere ??
            zones.find((zone) => normalize(zone.name) === name)?.nameServers ??
            matching.map(({ content }) => normalize(content));
        return servers.map((data) => ({ type, name, ttl: 86_400, data }));
    }
    return matching.flatMap(({ ttl, content }): packet.Answer[] => {
        if (type === "A" || type === "AAAA" || type === "TXT") return [{ type, name, ttl, data: content }];
        const data = type === "CAA" ? caaData(content) : undefined;
        return data ? [{ type: "CAA", name, ttl, data }] : [];
    });
}

/** Whether the name, or one below it, has any record: without one the answer is NXDOMAIN, with one it may still be empty. */
function exists(cloud: Cloud, name: string): boolean {
    const zones = [...cloud.cloudflare.zones.values()];
    const known = [
        ...zones.flatMap((zone) => [zone.name, ...zone.delegatedElsewhere.keys()]),
        ...zones.flatMap((zone) =>
            [...zone.records.values()]
                .map((record) => record.name)
                .filter((recordName) => delegatedElsewhere(zone, normalize(recordName)) === undefined),
        ),
        ...[...cloud.aws.domains.values()].map(({ targetDomainName }) => targetDomainName),
        ...[...cloud.aws.apis.values()].map(({ id }) => defaultEndpoint(cloud, id)),
    ];
    return isWithin(name, "acm-validations.aws") || known.some((knownName) => isWithin(normalize(knownName), name));
}

/** A resolver's answer: follows aliases; the name exists if the last alias's target does. */
export function lookUp(cloud: Cloud, name: string, type: string): { answers: packet.Answer[]; exists: boolean } {
    const answers: packet.Answer[] = [];
    let current = normalize(name);
    for (let hops = 0; hops < 8; hops++) {
        const alias = findRecords(cloud, current).find(({ record }) => record.type === "CNAME" && !record.proxied)?.record;
        if (!alias) return { answers: [...answers, ...answersAt(cloud, current, type)], exists: exists(cloud, current) };
        const data = normalize(alias.content);
        answers.push({ type: "CNAME", name: current, ttl: alias.ttl, data });
        if (type === "CNAME") return { answers, exists: true };
        current = data;
    }
    return { answers, exists: true };
}

export async function startDns(cloud: Cloud): Promise<{ port: number; close(): Promise<void> }> {
    const socket = createSocket("udp4");
    socket.on("message", (message, peer) => {
        let query: packet.DecodedPacket;
        try {
            query = packet.decode(message);
        } catch {
            return;
        }
        const question = query.questions?.[0];
        if (!question || query.type === "response") return;
        const { answers, exists: known } = lookUp(cloud, question.name, question.type);
        const reply = packet.encode({
            type: "response",
            id: query.id,
            flags: packet.AUTHORITATIVE_ANSWER | (known ? 0 : 3),
            questions: [question],
            answers,
        });
        socket.send(reply, peer.port, peer.address);
    });
    await new Promise<void>((done, fail) => {
        socket.once("error", fail);
        socket.bind(0, "127.0.0.1", done);
    });
    return {
        port: (socket.address() as AddressInfo).port,
        close: () => new Promise((done) => socket.close(() => done())),
    };
}
