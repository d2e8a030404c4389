/** Routes and integrations, bypasses that no setting shows, and what the doctor was not allowed to read. */
import { doctorCommand, regionOf, visitorCommand, type Rule } from "./rule";

/** Whether a route matches a GET of this path. */
const takes = (routeKey: string, path: string): boolean => {
    if (routeKey === "$default") return true;
    const [method, pattern] = routeKey.split(" ");
    if (!["GET", "ANY"].includes(method!) || pattern === undefined) return false;
    const expression = pattern
        .split(/(\{[^}/]+\})/)
        // Every second part is a parameter, greedy if it ends with a plus.
        .map((part, i) => (i % 2 === 0 ? part.replace(/[.*+?$^(){}|[\]\\]/g, "\\$&") : part.endsWith("+}") ? ".+" : "[^/]+"))
        .join("");
    return new RegExp(`^${expression}/?$`).test(path.split("?")[0]!);
};

export const BEHIND: Rule[] = [
    {
        id: "ROUTE-MISSING",
        title: "No route of the API matches the request",
        place: "handler",
        impact: "visitors-down",
        find: (facts) => {
            if (!facts.visitorSays(404, "gateway")) return undefined;
            const { path } = facts.evidence;
            const routes = facts.aws?.api?.routes;
            if (routes)
                return routes.some(({ routeKey }) => takes(routeKey, path))
                    ? undefined
                    : [
                          routes.length === 0
                              ? "the API has no routes"
                              : `no route of ${routes.map(({ routeKey }) => routeKey).join(", ")} matches GET ${path}`,
                      ];
            // Without AWS only a request with our own certificate proves that the answer is the API's.
            return facts.probes("own-certificate").some(({ status }) => status === 404)
                ? ["API Gateway itself answers 404 to the edge's certificate"]
                : undefined;
        },
        refresh: "`pulumi refresh` detects a deleted route, and the next `up` recreates it.",
        fix: () => "pulumi up --refresh   # recreates a deleted route\nOr run the doctor again with a path that the API has: --path /…",
        confirm: visitorCommand,
    },
    {
        id: "THROTTLED",
        title: "API Gateway throttles the requests",
        place: "gateway",
        impact: "visitors-down",
        find: (facts) => {
            if (!facts.visitorSays(429, "gateway")) return undefined;
            const stage = facts.aws?.api?.stages?.[0];
            return [
                "API Gateway answers HTTP 429",
                ...(stage?.throttlingRateLimit === undefined
                    ? []
                    : [`the stage allows ${stage.throttlingRateLimit} requests a second, with a burst of ${stage.throttlingBurstLimit}`]),
            ];
        },
        refresh: "A deployed limit is not a difference; one changed in the console is detected if the program configures a limit.",
        fix: () =>
            [
                "pulumi up --refresh   # restores a limit that was changed in the console",
                "If the configured limit is too low, and this is not an attack (check Security, Analytics in Cloudflare first):",
                "pulumi config set throttleRateLimit <requests a second> && pulumi config set throttleBurstLimit <requests> && pulumi up",
                "If no limit is configured, but the evidence above shows one: it was set in the console, and Pulumi ignores it until you configure one, as above.",
                "If no limit is configured, and the evidence shows none: the account's limit applies; request an increase in Service Quotas, API Gateway.",
            ].join("\n"),
        confirm: visitorCommand,
    },
    {
        id: "INTEGRATION-FAILING",
        title: "The request reaches the API, and its integration fails",
        place: "handler",
        impact: "visitors-down",
        find: (facts) => {
            const status = [500, 502, 503, 504].find((code) => facts.visitor?.status === code && facts.visitor.answeredBy === "gateway");
            return status === undefined
                ? undefined
                : [`API Gateway answers HTTP ${status}: the request passed mutual TLS, mapping and route`];
        },
        refresh: "Code and its errors are not in the state; `refresh` detects a removed permission.",
        fix: (facts) =>
            [
                `aws logs tail "$(pulumi stack output logGroupName)" ${regionOf(facts)} --since 10m   # the access log`,
                "If its integrationError mentions permissions:",
                "pulumi up --refresh",
                "Otherwise the function or the backend fails: read its log, and deploy the last working version.",
            ].join("\n"),
        confirm: visitorCommand,
    },
    {
        id: "ORIGIN-PORT-80-OPEN",
        title: "Something answers plain HTTP at the origin",
        place: "bypass",
        impact: "bypass-open",
        find: (facts) => {
            const entry = facts.entry("plain-http-origin");
            return entry
                ? [`port 80 of ${facts.evidence.targetDomainName} answered HTTP ${entry.status}; API Gateway listens on 443 only`]
                : undefined;
        },
        refresh: "No resource of this stack listens there.",
        fix: (facts) =>
            [
                `aws apigatewayv2 get-domain-name ${regionOf(facts)} --domain-name ${facts.evidence.domainName} --query 'DomainNameConfigurations[].ApiGatewayDomainName' --output text`,
                `It must print ${facts.evidence.targetDomainName}. If it prints another name:`,
                "pulumi up --refresh",
                "If it prints this one, run CONFIRM from another network: a proxy near you may be answering. If it answers there too, contact AWS Support.",
            ].join("\n"),
        confirm: (facts) =>
            `curl -sS -o /dev/null -w '%{http_code}\\n' -H 'Host: ${facts.evidence.domainName}' http://${facts.evidence.targetDomainName ?? "<regional name>"}/\n# fixed: 000 and a connection error`,
    },
    {
        id: "HOST-MISMATCH-ANSWERED",
        title: "A connection opened for another name answers for this API's Host",
        place: "bypass",
        impact: "bypass-open",
        find: (facts) => {
            if (facts.aws?.domain ? !facts.aws.domain.mutualTls : facts.certificateRequested === false) return undefined;
            // Whoever needs no certificate at our own name needs no other name either.
            if (facts.open("no-certificate") || facts.open("stranger")) return undefined;
            const ways = ["sni-none", "sni-regional", "sni-default-endpoint", "sni-other-domain", "resumed-from-other-domain"].filter(
                (id) => facts.open(id),
            );
            return ways.length > 0 ? ways.map((id) => `${id}: HTTP ${facts.entry(id)?.status}`) : undefined;
        },
        refresh: "It is how the service routes requests, not a setting.",
        fix: () =>
            [
                "Make the handler answer 403 to every event without requestContext.authentication.clientCert (the sample handler does), and deploy. Make a backend behind httpUrl require a secret header that Cloudflare adds.",
                "Do not delete other custom domains because of this. Open a case with AWS Support (service: API Gateway).",
            ].join("\n"),
        confirm: (facts) =>
            `${doctorCommand(facts)}\n# closed: each bypass it names says HTTP 403, which is your handler; fixed by AWS: it names none`,
    },
    {
        id: "ROLE-WITHOUT-SCOPE",
        title: "The AWS role lacks permissions that the doctor needs",
        place: undefined,
        impact: "not-judged",
        find: ({ aws }) => (aws && aws.denied.length > 0 ? [`denied: ${aws.denied.join(", ")}`] : undefined),
        refresh: "",
        fix: ({ aws }) => `Allow ${aws?.denied.join(", ")} for the role or user that runs the doctor`,
        confirm: doctorCommand,
    },
    {
        id: "TOKEN-WITHOUT-SCOPE",
        title: "The Cloudflare token lacks permissions that the doctor needs",
        place: undefined,
        impact: "not-judged",
        find: ({ cloudflare }) => (cloudflare && cloudflare.denied.length > 0 ? [`denied: ${cloudflare.denied.join(", ")}`] : undefined),
        refresh: "",
        fix: ({ cloudflare }) => `Add ${cloudflare?.denied.join(", ")} for this zone to the token (My Profile, API Tokens)`,
        confirm: doctorCommand,
    },
];
