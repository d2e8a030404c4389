/** API Gateway's read-only calls (v2, REST-JSON). */
import type { ApiMapping, Cloud, GatewayDomain, HttpApi, Stage } from "../../cloud";
import { json, slice, type Call, type ControlRequest, type Reply } from "../../shared/controlPlane";
import { failure } from "../caller";

/** API Gateway's page when the caller asks for none. */
const PAGE = 25;
const MAX_PAGE = 500;

function domainJson(domain: GatewayDomain): Record<string, unknown> {
    const { mutualTls } = domain;
    return {
        domainName: domain.domainName,
        apiMappingSelectionExpression: "$request.basepath",
        domainNameConfigurations: [
            {
                apiGatewayDomainName: domain.targetDomainName,
                certificateArn: domain.certificateArn,
                domainNameStatus: domain.status ?? "AVAILABLE",
                ...(domain.statusMessage !== undefined && { domainNameStatusMessage: domain.statusMessage }),
                endpointType: "REGIONAL",
                hostedZoneId: domain.hostedZoneId,
                ipAddressType: "ipv4",
                securityPolicy: "TLS_1_2",
            },
        ],
        routingMode: domain.routingMode ?? "API_MAPPING_ONLY",
        ...(mutualTls && {
            mutualTlsAuthentication: {
                truststoreUri: mutualTls.truststoreUri,
                ...(mutualTls.truststoreVersion !== undefined && { truststoreVersion: mutualTls.truststoreVersion }),
                ...(mutualTls.warnings.length > 0 && { truststoreWarnings: mutualTls.warnings }),
            },
        }),
        tags: domain.tags,
    };
}

const mappingJson = ({ id, apiId, stage, apiMappingKey }: ApiMapping) => ({ apiMappingId: id, apiId, stage, apiMappingKey });

const apiJson = (cloud: Cloud, api: HttpApi) => ({
    apiId: api.id,
    name: api.name,
    protocolType: "HTTP",
    // Returned even while that endpoint is off (docs/sources.md 2.3).
    apiEndpoint: `https://${api.id}.execute-api.${cloud.aws.region}.amazonaws.com`,
    disableExecuteApiEndpoint: api.disableExecuteApiEndpoint,
    tags: api.tags,
});

const stageJson = (stage: Stage) => ({
    stageName: stage.name,
    autoDeploy: stage.autoDeploy,
    defaultRouteSettings: {
        detailedMetricsEnabled: false,
        ...(stage.throttlingBurstLimit !== undefined && { throttlingBurstLimit: stage.throttlingBurstLimit }),
        ...(stage.throttlingRateLimit !== undefined && { throttlingRateLimit: stage.throttlingRateLimit }),
    },
    tags: stage.tags,
});

const routesJson = (api: HttpApi) =>
    [...api.routes.values()].map(({ id, routeKey, target, authorizationType }) => ({ routeId: id, routeKey, target, authorizationType }));

function listReply(request: ControlRequest, all: unknown[]): Reply {
    const size = Math.min(Number(request.query.get("maxResults") ?? PAGE) || PAGE, MAX_PAGE);
    const from = Number(Buffer.from(request.query.get("nextToken") ?? "", "base64url").toString() || 0);
    const { items, next } = slice(all, from, size);
    return json(200, { items, ...(next !== undefined && { nextToken: Buffer.from(String(next)).toString("base64url") }) });
}

/** The call that a request is. `here`: whether it is for the lab's region; in any other the account is empty. */
export function findGatewayCall(cloud: Cloud, request: ControlRequest, here: boolean): Call | undefined {
    const [version, collection, id, part, ...rest] = request.path;
    if (request.method !== "GET" || version !== "v2" || rest.length > 0) return undefined;
    const call = (operation: string, answer: () => Reply): Call => ({
        service: "apigatewayv2",
        operation,
        permission: "apigateway:GET",
        answer,
        deny: () => failure(request, 403, "AccessDeniedException", "User is not authorized to perform: apigateway:GET on resource"),
    });
    const domain = here && id !== undefined ? cloud.aws.domains.get(id) : undefined;
    const api = here && id !== undefined ? cloud.aws.apis.get(id) : undefined;
    const found = <T>(value: T | undefined, answer: (value: T) => Reply, what: string) =>
        value === undefined ? failure(request, 404, "NotFoundException", `Invalid ${what} identifier specified`) : answer(value);
    switch (`${collection}/${id === undefined ? "" : "id"}/${part ?? ""}`) {
        case "domainnames//":
            return call("GetDomainNames", () => listReply(request, here ? [...cloud.aws.domains.values()].map(domainJson) : []));
        case "domainnames/id/":
            return call("GetDomainName", () => found(domain, (item) => json(200, domainJson(item)), "domain name"));
        case "domainnames/id/apimappings":
            return call("GetApiMappings", () =>
                found(domain, ({ mappings }) => listReply(request, [...mappings.values()].map(mappingJson)), "domain name"),
            );
        case "apis/id/":
            return call("GetApi", () => found(api, (item) => json(200, apiJson(cloud, item)), "API"));
        case "apis/id/stages":
            return call("GetStages", () => found(api, ({ stages }) => listReply(request, [...stages.values()].map(stageJson)), "API"));
        case "apis/id/routes":
            return call("GetRoutes", () => found(api, (item) => listReply(request, routesJson(item)), "API"));
        default:
            return undefined;
    }
}
