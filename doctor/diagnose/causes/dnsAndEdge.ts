/** From the name to the edge: delegation, record, the visitor's TLS, and what the edge does before it contacts the origin. */
import { described } from "../facts";
import { doctorCommand, visitorCommand, type Rule } from "./rule";

const DEFAULT_ENDPOINT = /^(?!d-)[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com$/i;

export const DNS_AND_EDGE: Rule[] = [
    {
        id: "ZONE-WRONG",
        title: "The name is not served by this Cloudflare zone",
        place: "dns",
        // Requests that arrive go through a zone that this token does not see.
        impact: ({ cloudflare, visitorUp }) => (visitorUp && cloudflare?.zone === null ? "not-judged" : "visitors-down"),
        find: ({ cloudflare, evidence: { domainName, dns }, delegatedToCloudflare, visitor }) => {
            const zone = cloudflare?.zone;
            if (zone === null) return ["Cloudflare has no zone for the name, or this token may not see it"];
            if (zone && domainName !== zone.name && !domainName.endsWith(`.${zone.name}`))
                return [`the zone is ${zone.name}, which does not contain ${domainName}`];
            // A zone may have name servers of its own name, and of a partial or secondary zone others answer (docs/sources.md 13.13).
            const servers = [...(zone?.nameServers ?? []), ...(zone?.vanityNameServers ?? [])].map((server) => server.toLowerCase());
            const delegated = zone && (zone.type ?? "full") === "full" && servers.length > 0;
            if (delegated && dns.nameServers && !dns.nameServers.some((server) => servers.includes(server)))
                return [
                    `DNS delegates ${dns.zoneName} to ${dns.nameServers.join(", ")}`,
                    `the zone's name servers are ${zone.nameServers.join(", ")}`,
                ];
            if (zone && zone.status !== "active" && zone.status !== "") return [`Cloudflare reports the zone as ${zone.status}`];
            // A guess from outside would move the name servers of a zone that has its own.
            if (delegated && !zone.vanityNameServers && delegatedToCloudflare === false && visitor?.outcome === "unresolved")
                return [`the name does not resolve, and ${dns.zoneName} is delegated to ${dns.nameServers?.join(", ")}, not to Cloudflare`];
            return undefined;
        },
        refresh: "Cloudflare accepts records of a zone that is not delegated to it, and returns them unchanged.",
        fix: ({ cloudflare, evidence: { domainName, dns } }) => {
            const zone = cloudflare?.zone;
            if (zone === null) return "Find the zone's id on its overview page, and check that the token includes it (Zone Read)";
            if (dns.zoneName !== undefined && (zone ? dns.zoneName !== zone.name : dns.zoneName.split(".").length > 2))
                return [
                    `${dns.zoneName} is delegated away, to ${dns.nameServers?.join(", ")}. First find out who owns that delegation: it serves every name under ${dns.zoneName}.`,
                    `If it is not needed: delete the NS records named ${dns.zoneName} in its parent zone.`,
                    `Otherwise: choose a name outside it for the API, or create a Cloudflare zone for ${dns.zoneName} and deploy a second component with its id (the zone of a live API cannot be changed).`,
                ].join("\n");
            return [
                `At your registrar, change the name servers of ${dns.zoneName ?? domainName} to ${zone?.nameServers.join(" and ") ?? "those on the zone's overview page in Cloudflare"}.`,
                "Copy all its records, including mail, into Cloudflare first: this moves the whole domain and may take two days.",
            ].join("\n");
        },
        confirm: ({ cloudflare, evidence: { dns, domainName } }) => {
            const zone = cloudflare?.zone;
            // A part of the zone that is delegated away has its own name servers, or none.
            const within = dns.zoneName !== undefined && zone && dns.zoneName !== zone.name;
            const servers = zone?.nameServers.join(" and ") || "names that end in .ns.cloudflare.com";
            return `dig +short NS ${dns.zoneName ?? domainName}\n# fixed: ${within ? "nothing" : servers}; resolvers cache the old ones for a while`;
        },
        explains: ["RECORD-MISSING"],
    },
    {
        id: "RECORD-MISSING",
        title: "The name has no DNS record",
        place: "dns",
        impact: "visitors-down",
        find: ({ cloudflare, evidence: { dns }, visitor, delegatedToCloudflare }) => {
            if (cloudflare?.records) return cloudflare.records.length === 0 ? ["the zone has no record with this name"] : undefined;
            // An alias is a record: its target does not resolve.
            if (visitor?.outcome !== "unresolved" || !delegatedToCloudflare || dns.aliases.length > 0) return undefined;
            // A failing, slow or broken server does not prove that there is none.
            if (dns.problem !== "ENOTFOUND" && dns.problem !== "ENODATA") return undefined;
            return ["the name does not resolve", `its zone ${dns.zoneName} is delegated to Cloudflare`];
        },
        refresh: "`pulumi refresh` detects it, and the next `pulumi up` recreates the record.",
        fix: () => "pulumi up --refresh",
        confirm: visitorCommand,
    },
    {
        id: "RECORD-TO-DEFAULT-ENDPOINT",
        title: "The record points at the API's default endpoint instead of the custom domain",
        place: "dns",
        impact: "visitors-down",
        find: ({ cloudflare, evidence: { dns } }) => {
            const wrong = cloudflare?.records?.find(({ content }) => DEFAULT_ENDPOINT.test(content));
            if (wrong)
                return [`the record's content is ${wrong.content}; it must be the custom domain's regional name, which starts with d-`];
            const alias = dns.aliases.find((name) => DEFAULT_ENDPOINT.test(name));
            return alias === undefined ? undefined : [`DNS shows an alias to ${alias}`];
        },
        refresh: "`pulumi refresh` detects it, and the next `pulumi up` restores the content.",
        fix: ({ evidence: { targetDomainName } }) =>
            `pulumi up --refresh\nOr by hand: set the record's content to ${targetDomainName ?? "the output targetDomainName"}`,
        confirm: visitorCommand,
    },
    {
        id: "RECORD-DNS-ONLY",
        title: "The record is DNS only: visitors connect to AWS directly, without a client certificate",
        place: "dns",
        impact: "visitors-down",
        find: ({ cloudflare, evidence: { dns } }) => {
            const records = cloudflare?.records;
            if (records && records.length > 0)
                return records.some(({ proxied }) => !proxied) ? ["the record exists, but is DNS only"] : undefined;
            const alias = dns.aliases.find((name) => name.startsWith("d-") && name.includes(".execute-api."));
            return alias === undefined ? undefined : [`DNS shows the origin itself, ${alias}, which a proxied record would hide`];
        },
        refresh: "`pulumi refresh` detects it, and the next `pulumi up` proxies the record again.",
        fix: () => "pulumi up --refresh",
        confirm: visitorCommand,
    },
    {
        id: "NAME-TOO-DEEP",
        title: "The edge has no certificate for a name this deep in its zone",
        place: "edge",
        impact: "visitors-down",
        find: (facts) => {
            const tries = facts.probes("visitor");
            const refused = tries.length > 0 && tries.every(({ outcome, serverVerified }) => outcome === "handshake" && !serverVerified);
            const { depth } = facts;
            if (!refused || depth === undefined || depth < 2) return undefined;
            if (facts.cloudflare?.records?.every(({ proxied }) => !proxied)) return undefined;
            return [
                "the edge ends every visitor's TLS handshake",
                `the name is ${depth} labels below its zone, and Universal SSL covers one`,
            ];
        },
        refresh: "No resource of this stack is wrong: the edge's certificates belong to the zone.",
        fix: () =>
            "Order an advanced certificate for the name (SSL/TLS, Edge Certificates, Advanced; it costs money).\nOr deploy a second component with a name one label below the zone: deletionProtection stops a rename",
        confirm: visitorCommand,
    },
    {
        id: "CHALLENGE-PAGE",
        title: "Cloudflare answers with a challenge instead of the API",
        place: "edge",
        impact: "visitors-down",
        find: ({ visitor }) =>
            visitor?.answeredBy === "challenge"
                ? [`the edge answered HTTP ${visitor.status} with the header cf-mitigated: only browsers pass`]
                : undefined,
        refresh: "Security rules are not part of this stack.",
        fix: () =>
            [
                "In Security, Analytics, find the rule that challenged the request. It may be stopping an attack: ask before you change it.",
                "Then let API clients pass: skip the rule for this hostname and for something that they send, e.g. a header.",
                "If only the doctor was challenged: let its header through, and run it again with --header-env <header>=<environment variable that holds the value>",
            ].join("\n"),
        confirm: doctorCommand,
    },
    {
        id: "SSL-OVERRIDDEN-BY-RULE",
        title: "A configuration rule sets an SSL/TLS mode in which no client certificate is presented",
        place: "edge",
        impact: "visitors-down",
        find: ({ ssl, visitor }) =>
            ssl?.plain && ssl.rule
                ? [
                      ssl.rule.certain
                          ? `the rule "${ssl.rule.description}" sets ${ssl.value} for this request`
                          : `the rule "${ssl.rule.description}" sets ${ssl.value} for some requests, and a visitor's request fails: ${visitor ? described(visitor) : "no answer"}`,
                      "origin pulls apply only in Full and Full (strict)",
                  ]
                : undefined,
        refresh: "The zone's setting is correct; rules are not part of this stack, and strictTls does not read them.",
        fix: ({ ssl, evidence: { domainName } }) =>
            [
                `In Rules, Configuration Rules, edit "${ssl?.rule?.description}" so that its expression excludes this name:`,
                // Not on its own line: foreign text in parentheses would be a command to a shell.
                `In the dashboard, not in a shell, set its expression to: (${ssl?.rule?.expression}) and http.host ne "${domainName}"`,
                "Do not delete it: another host may need it.",
            ].join("\n"),
        confirm: visitorCommand,
    },
    {
        id: "SSL-MODE-PLAIN",
        title: "The zone's SSL/TLS mode makes the edge use plain HTTP to the origin",
        place: "edge",
        impact: "visitors-down",
        find: ({ ssl }) =>
            ssl?.plain && !ssl.rule
                ? [`the zone's mode is ${ssl.value}`, "API Gateway listens on port 443 only, and origin pulls need Full or Full (strict)"]
                : undefined,
        refresh: "With `strictTls: Check` only the next `preview` or `up` looks the setting up; `refresh` does not.",
        fix: ({ evidence: { domainName } }) =>
            [
                `For this hostname only: Rules, Configuration Rules: hostname equals ${domainName}, SSL = Full (strict). strictTls Check reads only the zone's mode and would still refuse it, so also run:`,
                "pulumi config set strictTls Off && pulumi up",
                "For the whole zone, if every other proxied origin in it has a valid certificate (the others would answer 525 or 526):",
                "pulumi config set strictTls Zone && pulumi up",
            ].join("\n"),
        confirm: visitorCommand,
    },
];
