/** The lab's DNS: what a name of the two clouds resolves to, as a pure function and as a UDP server that `dig` can ask. */
import { createSocket } from "node:dgram";
import type { AddressInfo } from "node:net";
import * as packet from "dns-packet";
import type { Cloud, DnsRecord, Zone } from "./cloud";

export type Resolution = { kind: "edge"; zone: Zone; record: DnsRecord } | { kind: "gateway"; name: string };

/** Addresses of documentation networks: they say which of the two clouds a name leads to, and route nowhere. */
export const edgeAddress = "192.0.2.1";
export const gatewayAddress = "198.51.100.1";

export function normalize(name: string): string {
    return name.toLowerCase().replace(/\.$/, "");
}

export function findRecords(cloud: Cloud, name: string): { zone: Zone; record: DnsRecord }[] {
    const wanted = normalize(name);
    return [...cloud.cloudflare.zones.values()].flatMap((zone) =>
        [...zone.records.values()].filter((record) => normalize(record.name) === wanted).map((record) => ({ zone, record })),
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

/** Where a client that looks `name` up ends; undefined when nowhere. Grey CNAMEs are followed. */
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

/** The records that answer a question for A or CNAME. */
function answersTo(cloud: Cloud, name: string): packet.Answer[] {
    const answers: packet.Answer[] = [];
    let current = normalize(name);
    for (let hops = 0; hops < 8; hops++) {
        const found = findRecords(cloud, current);
        const alias = found.find(({ record }) => record.type === "CNAME" && !record.proxied);
        if (found.some(({ record }) => record.proxied)) {
            answers.push({ type: "A", name: current, ttl: 300, data: edgeAddress });
        } else if (isGatewayName(cloud, current)) {
            answers.push({ type: "A", name: current, ttl: 60, data: gatewayAddress });
        } else if (alias) {
            const target = normalize(alias.record.content);
            answers.push({ type: "CNAME", name: current, ttl: alias.record.ttl, data: target });
            current = target;
            continue;
        } else {
            const address = found.find(({ record }) => record.type === "A");
            if (address) answers.push({ type: "A", name: current, ttl: address.record.ttl, data: address.record.content });
        }
        break;
    }
    return answers;
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
        const all = answersTo(cloud, question.name);
        const answers = all.filter((answer) => answer.type === "CNAME" || answer.type === question.type);
        const nxdomain = all.length === 0 && findRecords(cloud, question.name).length === 0;
        const reply = packet.encode({
            type: "response",
            id: query.id,
            flags: packet.AUTHORITATIVE_ANSWER | (nxdomain ? 3 : 0),
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
