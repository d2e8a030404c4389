/** Settings of the zone that change how the edge reaches the origin, and that no resource of this stack holds. */
import type { OriginTLSComplianceModeUpdateParams } from "cloudflare/resources/origin-tls-compliance-modes/origin-tls-compliance-modes";
import type { Facts } from "../facts";
import { cloudflareApi, visitorCommand, zoneOf, type Rule } from "./rule";

const NOT_IN_STATE = "It is a setting of the zone that this stack neither makes nor reads.";
const plainHttp = (facts: Facts): boolean => [521, 522].some((status) => facts.visitorSays(status, "edge"));

export const ORIGIN_TLS: Rule[] = [
    {
        id: "CUSTOM-ORIGIN-TRUST-STORE",
        title: "The zone trusts only its own CAs for origins, and ACM's certificate is from another",
        place: "edge",
        impact: "visitors-down",
        // Cloudflare then ignores all public CAs (docs/sources.md 13.5).
        find: (facts) => {
            const store = facts.cloudflare?.originTrustStore ?? [];
            return store.length > 0 && facts.visitorSays(526, "edge") && facts.origin?.serverVerified !== false
                ? [
                      `the zone's custom origin trust store contains ${store.join("; ")}`,
                      "the edge answers HTTP 526: it refuses the origin's certificate",
                  ]
                : undefined;
        },
        refresh: NOT_IN_STATE,
        fix: () =>
            [
                "Other origins in the zone may need these CAs: ask who uploaded them.",
                "Add Amazon's root CAs (https://www.amazontrust.com/repository/) to the store, in SSL/TLS, Origin Server, Custom Origin Trust Store. If nothing needs the store, delete its certificates.",
            ].join("\n"),
        confirm: visitorCommand,
    },
    {
        id: "ORIGIN-TLS-COMPLIANCE",
        title: "The zone allows only key exchanges that API Gateway does not offer",
        place: "edge",
        impact: "visitors-down",
        // docs/sources.md 13.6
        find: (facts) =>
            facts.cloudflare?.originTlsModes?.includes("pqh") && facts.visitorSays(525, "edge")
                ? [
                      `the zone's compliance modes for TLS to origins: ${facts.cloudflare.originTlsModes.join(", ")}`,
                      "pqh allows post-quantum hybrid groups only, and the edge answers HTTP 525: the handshake fails",
                  ]
                : undefined,
        refresh: NOT_IN_STATE,
        fix: (facts) =>
            [
                'The mode may be required by policy: ask first. It applies to the whole zone, and API Gateway cannot satisfy it. Without it (the token needs Zone Settings Write; it must print "success":true):',
                cloudflareApi(
                    "PUT",
                    `/zones/${zoneOf(facts)}/settings/origin_tls_compliance_modes`,
                    JSON.stringify({
                        value: (facts.cloudflare?.originTlsModes ?? []).filter((mode) => mode !== "pqh"),
                    } satisfies Omit<OriginTLSComplianceModeUpdateParams, "zone_id">),
                ),
                "If it must stay: use a name in another zone for the API.",
            ].join("\n"),
        confirm: visitorCommand,
    },
    {
        id: "ORIGIN-OVERRIDDEN-BY-RULE",
        title: "A page rule or an origin rule changes where or how the edge connects",
        place: "edge",
        impact: "visitors-down",
        // What is left if mode and configuration rules are right (docs/sources.md 13.14).
        find: (facts) => {
            const { cloudflare, ssl } = facts;
            if (!plainHttp(facts) || !cloudflare?.sslRules || !ssl || ssl.plain || !cloudflare.records?.length) return undefined;
            // Any other record leads elsewhere by itself.
            if (cloudflare.records.some(({ content }) => content !== facts.evidence.targetDomainName)) return undefined;
            return [
                `the edge answers HTTP ${facts.visitor?.status}: it found nothing at the port or address that it tried`,
                `the zone's mode is ${ssl.value}, no configuration rule changes it, and the record leads to the regional name`,
            ];
        },
        refresh: "Page rules and origin rules are not part of this stack.",
        fix: () =>
            [
                "In Rules, Trace, enter the URL: it names the page rule (SSL, Resolve Override) or the origin rule (port, Host, SNI, DNS record) that applies.",
                "Exclude this hostname from it; other hosts may need it.",
            ].join("\n"),
        confirm: visitorCommand,
    },
];
