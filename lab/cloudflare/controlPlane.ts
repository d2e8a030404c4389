/** Cloudflare's API v4: the read-only calls about one zone. What it answers has the types of Cloudflare's own SDK. */
import { X509Certificate } from "node:crypto";
import type { RecordResponse } from "cloudflare/resources/dns/records";
import type { AuthenticatedOriginPull } from "cloudflare/resources/origin-tls-client-auth/hostnames";
import type { HostnameCertificateListResponse } from "cloudflare/resources/origin-tls-client-auth/hostname-certificates";
import type { SettingGetResponse as OriginPullSetting } from "cloudflare/resources/origin-tls-client-auth/settings";
import type { CustomTrustStore } from "cloudflare/resources/acm/custom-trust-store";
import type { OriginTLSComplianceModeGetResponse } from "cloudflare/resources/origin-tls-compliance-modes/origin-tls-compliance-modes";
import type { PhaseGetResponse } from "cloudflare/resources/rulesets/phases";
import type { Zone as ZoneResponse } from "cloudflare/resources/zones/zones";
import type { Cloud, DnsRecord, HostnameCertificate, Zone } from "../cloud";
import { normalize } from "../dns";
import { statusOf } from "./originPulls";
import { json, slice, type Api, type Call, type ControlRequest, type Reply } from "../shared/controlPlane";

const PAGE = 20;
const MAX_PAGE = 1000;

const good = (result: unknown, info?: object) =>
    json(200, { success: true, errors: [], messages: [], result, ...(info && { result_info: info }) });
const bad = (status: number, code: number, message: string) =>
    json(status, { success: false, errors: [{ code, message }], messages: [], result: null });

function listReply(request: ControlRequest, all: unknown[]): Reply {
    const size = Math.min(Number(request.query.get("per_page") ?? PAGE) || PAGE, MAX_PAGE);
    const page = Math.max(Number(request.query.get("page") ?? 1) || 1, 1);
    const { items } = slice(all, (page - 1) * size, size);
    const info = { page, per_page: size, count: items.length, total_count: all.length, total_pages: Math.ceil(all.length / size) };
    return good(items, info);
}

const zoneJson = (zone: Zone) =>
    ({
        id: zone.id,
        name: zone.name,
        status: zone.delegatedElsewhere.has(zone.name) ? "pending" : "active",
        paused: false,
        type: zone.type ?? "full",
        // A partial zone has none (docs/sources.md 13.13); the SDK types do not say so.
        name_servers: zone.type === "partial" ? [] : zone.nameServers,
        ...(zone.vanityNameServers && { vanity_name_servers: zone.vanityNameServers }),
    }) satisfies Partial<ZoneResponse>;

/** The SDK knows one type per kind of record, and no comment that is null, as Cloudflare answers it. */
type AnyRecord = Omit<Partial<RecordResponse.CNAMERecord>, "type" | "comment"> & { type: string; comment: string | null };

const recordJson = ({ id, name, type, content, ttl, proxied, comment }: DnsRecord) =>
    ({
        id,
        name: normalize(name),
        type,
        content,
        ttl,
        proxied,
        proxiable: ["A", "AAAA", "CNAME"].includes(type),
        comment: comment ?? null,
    }) satisfies AnyRecord;

function certificateJson(uploaded: HostnameCertificate): HostnameCertificateListResponse {
    const leaf = new X509Certificate(uploaded.certificatePem);
    return {
        id: uploaded.id,
        certificate: uploaded.certificatePem,
        issuer: uploaded.issuer || leaf.issuer.split("\n").join(","),
        serial_number: uploaded.serialNumber || BigInt(`0x${leaf.serialNumber}`).toString(),
        expires_on: uploaded.expiresOn || new Date(leaf.validTo).toISOString(),
        signature: leaf.publicKey.asymmetricKeyType === "rsa" ? "SHA256WithRSA" : "ECDSAWithSHA256",
        status: statusOf(uploaded),
    };
}

function associationReply(zone: Zone, hostname: string): Reply {
    const association = zone.associations.get(hostname);
    // UNCONFIRMED: the API's answer for a hostname without an association.
    if (!association) return bad(404, 1001, "no association for this hostname");
    const certificate = zone.hostnameCertificates.get(association.certId);
    const details: HostnameCertificateListResponse = certificate ? certificateJson(certificate) : { status: "deleted" };
    return good({
        ...details,
        id: undefined,
        hostname,
        cert_id: association.certId,
        enabled: association.enabled,
        cert_status: details.status,
    } satisfies AuthenticatedOriginPull & { id: undefined });
}

function rulesetReply(zone: Zone): Reply {
    const rule = zone.sslRule;
    if (!rule) return bad(404, 10003, "could not find entrypoint ruleset in the http_config_settings phase");
    return good({
        id: "lab-config-ruleset",
        kind: "zone",
        phase: "http_config_settings",
        name: "default",
        version: "1",
        last_updated: new Date(0).toISOString(),
        rules: [
            {
                id: "lab-config-rule",
                action: "set_config",
                action_parameters: { ssl: rule.value },
                description: rule.description,
                enabled: true,
                expression: `(http.host ${rule.hostname.startsWith("*") ? "wildcard" : "eq"} "${rule.hostname}")`,
                ref: "lab-config-rule",
                last_updated: new Date(0).toISOString(),
                version: "1",
            } satisfies PhaseGetResponse.SetConfigurationRule,
        ],
    } satisfies PhaseGetResponse);
}

type ZoneAnswer = { operation: string; permission: string; answer: (zone: Zone) => Reply };

/** The call that the rest of a path below `/zones/<id>` is. */
function findZoneAnswer(request: ControlRequest, rest: string[]): ZoneAnswer | undefined {
    const [first = "", second, third, fourth] = rest;
    const origin = "SSL and Certificates Read";
    switch (rest.length) {
        case 0:
            return { operation: "zones.get", permission: "Zone Read", answer: (zone) => good(zoneJson(zone)) };
        case 1: {
            if (first !== "dns_records") return undefined;
            const name = request.query.get("name.exact") ?? request.query.get("name");
            const matches = (record: DnsRecord) => name === null || normalize(record.name) === normalize(name);
            const answer = (zone: Zone) => listReply(request, [...zone.records.values()].filter(matches).map(recordJson));
            return { operation: "dns.records.list", permission: "DNS Read", answer };
        }
        case 2:
            if (first === "acm" && second === "custom_trust_store") {
                const stored = (zone: Zone) =>
                    (zone.originTrustStore ?? []).map(
                        (issuer, index) => ({ id: String(index), issuer, status: "active" }) satisfies Partial<CustomTrustStore>,
                    );
                return { operation: "acm.customTrustStore.list", permission: origin, answer: (zone) => listReply(request, stored(zone)) };
            }
            if (first === "settings" && second === "origin_tls_compliance_modes")
                return {
                    operation: "originTLSComplianceModes.get",
                    permission: "Zone Settings Read",
                    answer: (zone) =>
                        good({ id: second, value: zone.originTlsModes ?? [], editable: true } satisfies OriginTLSComplianceModeGetResponse),
                };
            if (first === "settings" && second !== undefined) {
                const answer = (zone: Zone) => {
                    const value = zone.settings.get(second);
                    return value === undefined
                        ? bad(400, 1006, `Unrecognized zone setting name ${second}`)
                        : good({ id: second, value, editable: true });
                };
                return { operation: "zones.settings.get", permission: "Zone Settings Read", answer };
            }
            if (first !== "origin_tls_client_auth" || second !== "settings") return undefined;
            return {
                operation: "originTLSClientAuth.settings.get",
                permission: origin,
                answer: (zone) => good({ enabled: zone.zoneOriginPull.enabled } satisfies OriginPullSetting),
            };
        case 3: {
            if (first !== "origin_tls_client_auth" || second !== "hostnames" || third === undefined) return undefined;
            if (third === "certificates") {
                const answer = (zone: Zone) => good([...zone.hostnameCertificates.values()].map(certificateJson));
                return { operation: "originTLSClientAuth.hostnameCertificates.list", permission: origin, answer };
            }
            const answer = (zone: Zone) => associationReply(zone, third);
            return { operation: "originTLSClientAuth.hostnames.get", permission: origin, answer };
        }
        case 4:
            if (first !== "rulesets" || second !== "phases" || third !== "http_config_settings" || fourth !== "entrypoint")
                return undefined;
            return { operation: "rulesets.phases.get", permission: "Config Rules Read", answer: rulesetReply };
        default:
            return undefined;
    }
}

function findCall(cloud: Cloud, request: ControlRequest): Call | undefined {
    const [client, version, collection, zoneId, ...rest] = request.path;
    if (request.method !== "GET" || client !== "client" || version !== "v4" || collection !== "zones") return undefined;
    const shared = { service: "cloudflare", deny: () => bad(403, 10000, "Authentication error") };
    const { zones } = cloud.cloudflare;
    if (zoneId === undefined) {
        const name = request.query.get("name");
        const answer = () => listReply(request, [...zones.values()].filter((zone) => name === null || zone.name === name).map(zoneJson));
        return { ...shared, operation: "zones.list", permission: "Zone Read", answer };
    }
    const found = findZoneAnswer(request, rest);
    if (!found) return undefined;
    const zone = zones.get(zoneId);
    return { ...shared, ...found, answer: () => (zone ? found.answer(zone) : bad(404, 1001, "Invalid zone identifier")) };
}

/** Cloudflare's API; with `token`, any other token is refused. */
export function cloudflareApi(token: string | undefined): Api {
    return {
        reject(request) {
            const [, given] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "") ?? [];
            if (given === undefined) return bad(400, 6003, "Invalid request headers");
            return token === undefined || given === token ? undefined : bad(403, 9109, "Invalid access token");
        },
        find: findCall,
        refuse: (request) =>
            request.method === "GET" ? bad(400, 7000, "No route for that URI") : bad(405, 10405, "Method not allowed for this endpoint"),
    };
}
