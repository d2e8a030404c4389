/** What API Gateway reports: the domain and its mappings, its API, and every other domain of the same API. */
import type { ApiGatewayV2, ApiMapping, DomainName } from "@aws-sdk/client-apigatewayv2";
import type { AwsDomain, AwsEvidence } from "../../evidence";
import { allPages, complete, type Ask } from "./ask";

type Domain = NonNullable<AwsEvidence["domain"]>;
type Api = NonNullable<AwsEvidence["api"]>;

const SERVICE = "API Gateway";
const PERMISSION = "apigateway:GET";
/** Concurrent calls for other domains: API Gateway's control plane allows few per second. */
const AT_ONCE = 4;

const mappingOf = ({ ApiId, Stage, ApiMappingKey }: ApiMapping) => ({ apiId: ApiId ?? "", stage: Stage ?? "", key: ApiMappingKey ?? "" });
const hasMutualTls = (domain: Pick<DomainName, "MutualTlsAuthentication">): boolean =>
    Boolean(domain.MutualTlsAuthentication?.TruststoreUri);

function askMappings(ask: Ask, gateway: ApiGatewayV2, name: string): Promise<AwsDomain["mappings"] | null | undefined> {
    return ask(SERVICE, PERMISSION, async (options) => {
        const pages = await allPages((NextToken) => gateway.getApiMappings({ DomainName: name, NextToken }, options));
        return pages.map(mappingOf);
    });
}

/** The domain with its mappings; `null` if this region has none with that name. */
export async function askDomain(ask: Ask, gateway: ApiGatewayV2, name: string): Promise<Domain | null | undefined> {
    const [domain, mappings] = await Promise.all([
        ask(SERVICE, PERMISSION, async (options) => complete(await gateway.getDomainName({ DomainName: name }, options), "DomainName")),
        askMappings(ask, gateway, name),
    ]);
    if (!domain) return domain;
    const configuration = domain.DomainNameConfigurations?.[0];
    const tls = domain.MutualTlsAuthentication;
    return {
        status: configuration?.DomainNameStatus ?? "",
        ...(configuration?.DomainNameStatusMessage && { statusMessage: configuration.DomainNameStatusMessage }),
        ...(domain.RoutingMode && { routingMode: domain.RoutingMode }),
        targetDomainName: configuration?.ApiGatewayDomainName ?? "",
        certificateArn: configuration?.CertificateArn ?? "",
        mutualTls: hasMutualTls(domain),
        ...(tls?.TruststoreUri && { truststoreUri: tls.TruststoreUri }),
        ...(tls?.TruststoreVersion && { truststoreVersion: tls.TruststoreVersion }),
        truststoreWarnings: tls?.TruststoreWarnings ?? [],
        ...(mappings && { mappings }),
    };
}

/** The API with its stages and routes; `null` if it is gone. */
export async function askApi(ask: Ask, gateway: ApiGatewayV2, id: string): Promise<Api | null | undefined> {
    const ApiId = id;
    const [api, stages, routes] = await Promise.all([
        ask(SERVICE, PERMISSION, async (options) => complete(await gateway.getApi({ ApiId }, options), "ApiId")),
        ask(SERVICE, PERMISSION, (options) => allPages((NextToken) => gateway.getStages({ ApiId, NextToken }, options))),
        ask(SERVICE, PERMISSION, (options) => allPages((NextToken) => gateway.getRoutes({ ApiId, NextToken }, options))),
    ]);
    if (!api) return api;
    return {
        id,
        disableExecuteApiEndpoint: api.DisableExecuteApiEndpoint === true,
        ...(stages && {
            stages: stages.map(({ StageName, AutoDeploy, DefaultRouteSettings: limits }) => ({
                name: StageName ?? "",
                autoDeploy: AutoDeploy === true,
                ...(limits?.ThrottlingRateLimit !== undefined && { throttlingRateLimit: limits.ThrottlingRateLimit }),
                ...(limits?.ThrottlingBurstLimit !== undefined && { throttlingBurstLimit: limits.ThrottlingBurstLimit }),
            })),
        }),
        ...(routes && { routes: routes.map(({ RouteKey, Target }) => ({ routeKey: RouteKey ?? "", target: Target ?? "" })) }),
    };
}

/** The API that a path leads to: that of the longest key that begins it. */
export function mappedApi(mappings: AwsDomain["mappings"], path: string): string | undefined {
    const wanted = `${path.replace(/^\//, "").split("?")[0]}/`;
    const fitting = mappings.filter(({ key }) => key === "" || wanted.startsWith(`${key}/`)).sort((a, b) => b.key.length - a.key.length);
    return (fitting[0] ?? mappings[0])?.apiId;
}

/** Whether the default endpoint is off of every API that the domain is mapped to, but for one; those that did not answer are left out. */
export async function askEndpoints(
    ask: Ask,
    gateway: ApiGatewayV2,
    mappings: AwsDomain["mappings"],
    but: string | undefined,
): Promise<NonNullable<AwsEvidence["otherApis"]>> {
    const rest = [...new Set(mappings.map(({ apiId }) => apiId))].filter((id) => id !== but);
    const found: NonNullable<AwsEvidence["otherApis"]> = [];
    const work = async () => {
        for (let ApiId = rest.shift(); ApiId !== undefined; ApiId = rest.shift()) {
            const id = ApiId;
            const api = await ask(SERVICE, PERMISSION, async (options) => complete(await gateway.getApi({ ApiId: id }, options), "ApiId"));
            // One that is gone answers nobody.
            if (api !== undefined) found.push({ id, disableExecuteApiEndpoint: api === null || api.DisableExecuteApiEndpoint === true });
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Every other domain of the account in this region, with its mappings; `complete` if no answer is missing. */
export async function askOtherDomains(ask: Ask, gateway: ApiGatewayV2, name: string): Promise<{ domains: AwsDomain[]; complete: boolean }> {
    const all = await ask(SERVICE, PERMISSION, (options) => allPages((NextToken) => gateway.getDomainNames({ NextToken }, options)));
    if (!all) return { domains: [], complete: false };
    const rest = all.filter(({ DomainName: other }) => other !== undefined && other !== name);
    const domains: AwsDomain[] = [];
    let complete = true;
    const work = async () => {
        for (let domain = rest.shift(); domain !== undefined; domain = rest.shift()) {
            const other = domain.DomainName ?? "";
            const mappings = await askMappings(ask, gateway, other);
            if (mappings) domains.push({ name: other, mutualTls: hasMutualTls(domain), mappings });
            // `null`: deleted meanwhile.
            else if (mappings === undefined) complete = false;
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return { domains: domains.sort((a, b) => (a.name < b.name ? -1 : 1)), complete };
}
