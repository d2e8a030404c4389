/** Cloudflare's DNS records. */
import { isIPv4, isIPv6 } from "node:net";
import { inZonePath, overApi } from "./api";
import type { Cloud, DnsRecord, Zone } from "../cloud";
import type { RecordProperties } from "./requests";
import { broken, list, number, oneOf, optional, text, type Props, type ResourceType } from "../shared/resourceType";

export function zoneOf(cloud: Cloud, id: string): Zone {
    return cloud.cloudflare.zones.get(id) ?? broken("zone-exists", "zoneId", `no zone ${id}`);
}

export function inZone(zone: Zone, hostname: string): boolean {
    return hostname === zone.name || hostname.endsWith(`.${zone.name}`);
}

const HOST = ["A", "AAAA", "CNAME"];

function write(cloud: Cloud, id: string, inputs: Props): Props {
    const zone = zoneOf(cloud, text(inputs, "zoneId"));
    const record: DnsRecord = {
        id,
        name: text(inputs, "name"),
        type: text(inputs, "type"),
        content: text(inputs, "content"),
        ttl: number(inputs, "ttl") ?? 1,
        proxied: inputs.proxied === true,
        comment: optional(inputs, "comment"),
        // Every write sends both, so that what was set by hand is lost (docs/sources.md 12.6).
        tags: list(inputs, "tags"),
        settings: { flattenCname: false, ipv4Only: false, ipv6Only: false },
    };
    if (!inZone(zone, record.name)) broken("dns-name-in-zone", "name", `${record.name} is not within ${zone.name}`);
    for (const other of zone.records.values()) {
        if (other.id === id || other.name !== record.name) continue;
        const hosts = HOST.includes(other.type) && HOST.includes(record.type);
        if (hosts && (other.type === "CNAME" || record.type === "CNAME")) {
            broken("dns-host-unique", "name", "81053: An A, AAAA, or CNAME record with that host already exists.");
        }
        if (other.type === record.type && other.content === record.content)
            broken("dns-identical", "name", "81058: An identical record already exists.");
    }
    zone.records.set(id, record);
    const now = new Date().toISOString();
    return { createdOn: now, modifiedOn: now, proxied: record.proxied, proxiable: HOST.includes(record.type), settings: record.settings };
}

const record: ResourceType = {
    token: "cloudflare:index/dnsRecord:DnsRecord",
    importPart: 1,
    properties: {
        zoneId: "string! replace",
        name: "string!",
        type: "string! replace",
        ttl: "number!",
        content: "string!",
        proxied: "boolean",
        comment: "string",
        priority: "number",
        tags: "string[]",
    } satisfies RecordProperties,
    computed: ["createdOn", "modifiedOn", "proxiable", "settings"],
    check(inputs) {
        const type = optional(inputs, "type");
        const ttl = number(inputs, "ttl");
        oneOf(inputs, "type", [...HOST, "TXT", "CAA", "MX", "NS"], "dns-type");
        if (inputs.proxied === true) {
            if (ttl !== undefined && ttl !== 1) broken("dns-ttl-1-when-proxied", "ttl", "ttl must be set to 1 when proxied is true");
            if (type !== undefined && !HOST.includes(type)) broken("dns-proxiable", "proxied", `a ${type} record cannot be proxied`);
        }
        if (ttl !== undefined && ttl !== 1 && (ttl < 60 || ttl > 86_400)) broken("dns-ttl-range", "ttl", "1 (automatic) or 60 to 86400");
        for (const property of ["name", ...(type === "CNAME" ? ["content"] : [])]) {
            const value = text(inputs, property);
            if (value.endsWith(".")) broken("dns-no-trailing-dot", property, "Cloudflare drops the dot: a perpetual difference");
            if (value !== value.toLowerCase()) broken("dns-lower-case", property, "Cloudflare lower-cases it: a perpetual difference");
        }
        const content = optional(inputs, "content");
        if (content !== undefined && type === "A" && !isIPv4(content))
            broken("dns-address", "content", "9005: Content for A record must be a valid IPv4 address.");
        if (content !== undefined && type === "AAAA" && !isIPv6(content))
            broken("dns-address", "content", "9006: Content for AAAA record is invalid.");
    },
    create(cloud, inputs) {
        const id = cloud.nextId("record");
        return { id, outputs: write(cloud, id, inputs) };
    },
    update(cloud, id, inputs, state) {
        return { ...write(cloud, id, inputs), createdOn: state.createdOn };
    },
    read(cloud, id, state) {
        const existing = cloud.cloudflare.zones.get(text(state, "zoneId"))?.records.get(id);
        if (!existing) return undefined;
        const { name, type, content, ttl, proxied, comment } = existing;
        return { name, type, content, ttl, proxied, comment };
    },
    /** As the provider does: it fails at every try, until a refresh (docs/sources.md 12.2). */
    delete(cloud, id, state) {
        if (!zoneOf(cloud, text(state, "zoneId")).records.delete(id)) broken("dns-exists", "id", `404 Not Found: no record ${id}`);
    },
};

export const dnsRecord: ResourceType[] = [
    overApi(record, {
        permission: "DNS",
        path: (props, id) => inZonePath(props, "dns_records", id),
        create: "POST",
        update: "PUT",
        delete: "DELETE",
    }),
];
