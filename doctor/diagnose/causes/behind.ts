/** What is behind the domain, ways around it that no setting shows, and what the doctor itself was not allowed to see. */
import { doctorCommand, regionOf, visitorCommand, type Rule } from "./rule";

/** The routes that take a GET of this path. */
const takes = (routeKey: string, path: string): boolean => {
    if (routeKey === "$default") return true;
    const [method, pattern] = routeKey.split(" ");
    if (!["GET", "ANY"].includes(method!) || pattern === undefined) return false;
    const expression = pattern
        .split(/(\{[^}/]+\})/)
        // Every other part is a parameter, a greedy one with a plus.
        .map((part, i) => (i % 2 === 0 ? part.replace(/[.*+?$^(){}|[\]\\]/g, "\\$&") : part.endsWith("+}") ? ".+" : "[^/]+"))
        .join("");
    return new RegExp(`^${expression}/?$`).test(path.split("?")[0]!);
};

export const BEHIND: Rule[] = [
    {
        id: "ROUTE-MISSING",
        title: "No route of the API takes the request",
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
                              : `no route of ${routes.map(({ routeKey }) => routeKey).join(", ")} takes GET ${path}`,
                      ];
            // Without AWS: only a request with our own certificate shows that it is the API that says so.
            return facts.probes("own-certificate").some(({ status }) => status === 404)
                ? ["API Gateway itself answers 404 to the edge's certificate"]
                : undefined;
        },
        refresh: "`pulumi refresh` sees a route that was deleted, and the next `up` makes it again.",
        fix: () =>
            "pulumi up --refresh   # makes a route again that was deleted\nOr run the doctor again with a path that the API has: --path /…",
        confirm: visitorCommand,
    },
    {
        id: "THROTTLED",
        title: "API Gateway throttles the requests",
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
        refresh:
            "A limit that was deployed is no difference; one that somebody changed in the console is seen if the program configures one.",
        fix: () =>
            [
                "pulumi up --refresh   # puts a limit back that was changed in the console",
                "If the configured limit is too low, and this is no attack (look at Cloudflare's Security, Analytics first):",
                "pulumi config set throttleRateLimit <requests a second> && pulumi config set throttleBurstLimit <requests> && pulumi up",
                "No limit is configured, and the evidence above shows one: it was set in the console, and Pulumi leaves it alone until one is configured, as above.",
                "No limit is configured, and the evidence shows none: it is the account's; ask for more in Service Quotas, API Gateway.",
            ].join("\n"),
        confirm: visitorCommand,
    },
    {
        id: "INTEGRATION-FAILING",
        title: "The request arrives, and what is behind the API fails",
        impact: "visitors-down",
        find: (facts) => {
            const status = [500, 502, 503, 504].find((one) => facts.visitor?.status === one && facts.visitor.answeredBy === "gateway");
            return status === undefined ? undefined : [`API Gateway answers HTTP ${status}: mutual TLS, mapping and route are passed`];
        },
        refresh: "Code and its errors are not in the state; a permission that was removed is seen by `refresh`.",
        fix: (facts) =>
            [
                `aws logs tail "$(pulumi stack output logGroupName)" ${regionOf(facts)} --since 10m   # the access log`,
                "If its integrationError speaks of permissions:",
                "pulumi up --refresh",
                "Otherwise the function or the backend fails: read its own log, and deploy the last version that worked.",
            ].join("\n"),
        confirm: visitorCommand,
    },
    {
        id: "ORIGIN-PORT-80-OPEN",
        title: "Something answers plain HTTP at the origin",
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
                "If it prints this one, run CONFIRM from another network: a proxy on the way from here may be what answers. If it answers from there too, tell AWS Support.",
            ].join("\n"),
        confirm: (facts) =>
            `curl -sS -o /dev/null -w '%{http_code}\\n' -H 'Host: ${facts.evidence.domainName}' http://${facts.evidence.targetDomainName ?? "<regional name>"}/\n# mended: 000 and a connection error`,
    },
    {
        id: "HOST-MISMATCH-ANSWERED",
        title: "A connection that was made for another name answers for this API's Host",
        impact: "bypass-open",
        find: (facts) => {
            if (facts.aws?.domain ? !facts.aws.domain.mutualTls : facts.certificateRequested === false) return undefined;
            const ways = ["sni-none", "sni-regional", "sni-default-endpoint", "sni-other-domain", "resumed-from-other-domain"].filter(
                (id) => facts.open(id),
            );
            return ways.length > 0 ? ways.map((id) => `${id}: HTTP ${facts.entry(id)?.status}`) : undefined;
        },
        refresh: "It is how the service routes, and no setting.",
        fix: () =>
            [
                "Let the handler answer 403 to every event without requestContext.authentication.clientCert (the sample handler does), and deploy. A backend behind httpUrl: let it demand a secret header that Cloudflare adds.",
                "Do not delete other custom domains for this. Open a case with AWS Support (service: API Gateway).",
            ].join("\n"),
        confirm: (facts) =>
            `${doctorCommand(facts)}\n# closed: each way that it names says HTTP 403, which is your handler; mended by AWS: it names none any more`,
    },
    {
        id: "ROLE-WITHOUT-SCOPE",
        title: "The AWS role may not read what the doctor must know",
        impact: "not-judged",
        find: ({ aws }) => (aws && aws.denied.length > 0 ? [`denied: ${aws.denied.join(", ")}`] : undefined),
        refresh: "",
        fix: ({ aws }) => `Allow ${aws?.denied.join(", ")} to the role or user that the doctor runs as`,
        confirm: doctorCommand,
    },
    {
        id: "TOKEN-WITHOUT-SCOPE",
        title: "The Cloudflare token may not read what the doctor must know",
        impact: "not-judged",
        find: ({ cloudflare }) => (cloudflare && cloudflare.denied.length > 0 ? [`denied: ${cloudflare.denied.join(", ")}`] : undefined),
        refresh: "",
        fix: ({ cloudflare }) => `Add ${cloudflare?.denied.join(", ")} for this zone to the token (My Profile, API Tokens)`,
        confirm: doctorCommand,
    },
];
