/** AWS's control plane: the read-only calls of API Gateway (v2, REST-JSON), ACM (JSON 1.1) and S3 (REST) on one endpoint. */
import { X509Certificate } from "node:crypto";
import type { AcmCertificate, ApiMapping, Cloud, GatewayDomain, HttpApi, Stage } from "../cloud";
import { resolvesUnproxied } from "./acm/resources";
import { json, slice, type Api, type Call, type ControlRequest, type Reply } from "../shared/controlPlane";
import { findS3Call, s3Error } from "./s3/controlPlane";

/** The scope of a Signature Version 4: who signed, for which region and which service. */
const SCOPE = /Credential=([^/\s]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/;
/** API Gateway's page when the caller asks for none. */
const PAGE = 25;
const MAX_PAGE = 500;

interface Scope {
    accessKeyId: string;
    region: string;
    service: string;
}

function scopeOf(request: ControlRequest): Scope | undefined {
    const [, accessKeyId, region, service] = SCOPE.exec(request.headers.authorization ?? "") ?? [];
    return accessKeyId && region && service ? { accessKeyId, region, service } : undefined;
}

/** An error as the service of this request words it. */
function failure(request: ControlRequest, status: number, type: string, message: string): Reply {
    const service = scopeOf(request)?.service;
    if (service === "s3") return s3Error(status, type.replace(/Exception$/, ""), message);
    if (service === "acm") return json(status, { __type: type, message }, { "content-type": "application/x-amz-json-1.1" });
    return json(status, { message }, { "x-amzn-errortype": type });
}

function domainJson(domain: GatewayDomain): Record<string, unknown> {
    const { mutualTls } = domain;
    return {
        domainName: domain.domainName,
        apiMappingSelectionExpression: "$request.basepath",
        domainNameConfigurations: [
            {
                apiGatewayDomainName: domain.targetDomainName,
                certificateArn: domain.certificateArn,
                domainNameStatus: "AVAILABLE",
                endpointType: "REGIONAL",
                hostedZoneId: domain.hostedZoneId,
                ipAddressType: "ipv4",
                securityPolicy: "TLS_1_2",
            },
        ],
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
    // Says so even while that endpoint is off (facts 2.3).
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

function findGatewayCall(cloud: Cloud, request: ControlRequest, here: boolean): Call | undefined {
    const [version, collection, id, part, ...rest] = request.path;
    if (request.method !== "GET" || version !== "v2" || rest.length > 0) return undefined;
    const call = (operation: string, answer: () => Reply): Call => ({
        service: "apigatewayv2",
        operation,
        permission: "apigateway:GET",
        answer,
        deny: () => failure(request, 403, "AccessDeniedException", "User is not authorized to perform: apigateway:GET on resource"),
    });
    // Everything here is regional: in another region the same account is empty.
    const domain = here && id !== undefined ? cloud.aws.domains.get(id) : undefined;
    const api = here && id !== undefined ? cloud.aws.apis.get(id) : undefined;
    const found = <T>(value: T | undefined, answer: (value: T) => Reply, what: string) =>
        value === undefined ? failure(request, 404, "NotFoundException", `Invalid ${what} identifier specified`) : answer(value);
    switch (`${collection}/${id === undefined ? "" : "id"}/${part ?? ""}`) {
        case "domainnames//":
            return call("GetDomainNames", () => listReply(request, here ? [...cloud.aws.domains.values()].map(domainJson) : []));
        case "domainnames/id/":
            return call("GetDomainName", () => found(domain, (one) => json(200, domainJson(one)), "domain name"));
        case "domainnames/id/apimappings":
            return call("GetApiMappings", () =>
                found(domain, (one) => listReply(request, [...one.mappings.values()].map(mappingJson)), "domain name"),
            );
        case "apis/id/":
            return call("GetApi", () => found(api, (one) => json(200, apiJson(cloud, one)), "API"));
        case "apis/id/stages":
            return call("GetStages", () => found(api, (one) => listReply(request, [...one.stages.values()].map(stageJson)), "API"));
        case "apis/id/routes":
            return call("GetRoutes", () => found(api, (one) => listReply(request, routesJson(one)), "API"));
        default:
            return undefined;
    }
}

/** ACM tells times as seconds since the epoch. */
const seconds = (date: string) => Date.parse(date) / 1000;

function certificateJson(cloud: Cloud, held: AcmCertificate): Record<string, unknown> {
    const leaf = held.certificatePem === undefined ? undefined : new X509Certificate(held.certificatePem);
    const expired = held.status === "ISSUED" && leaf !== undefined && Date.parse(leaf.validTo) < Date.now();
    const validationOf = (record: AcmCertificate["validationRecords"][number]) => {
        if (held.status === "FAILED") return "FAILED";
        return held.status === "ISSUED" || held.status === "EXPIRED" || resolvesUnproxied(cloud, record) ? "SUCCESS" : "PENDING_VALIDATION";
    };
    return {
        CertificateArn: held.arn,
        DomainName: held.domainName,
        SubjectAlternativeNames: [...new Set([held.domainName, ...held.subjectAlternativeNames])],
        Status: expired ? "EXPIRED" : held.status,
        Type: "AMAZON_ISSUED",
        ...(held.failureReason !== undefined && { FailureReason: held.failureReason }),
        ...(held.renewal && {
            RenewalSummary: { RenewalStatus: held.renewal.status, UpdatedAt: Date.now() / 1000, DomainValidationOptions: [] },
        }),
        ...(leaf && { NotBefore: seconds(leaf.validFrom), NotAfter: seconds(leaf.validTo) }),
        DomainValidationOptions: held.validationRecords.map((record) => ({
            DomainName: record.domainName,
            ValidationDomain: record.domainName,
            ValidationMethod: "DNS",
            ValidationStatus: validationOf(record),
            ResourceRecord: { Name: record.name, Type: "CNAME", Value: record.value },
        })),
    };
}

function findAcmCall(cloud: Cloud, request: ControlRequest, here: boolean): Call | undefined {
    if (request.method !== "POST" || request.headers["x-amz-target"] !== "CertificateManager.DescribeCertificate") return undefined;
    return {
        service: "acm",
        operation: "DescribeCertificate",
        permission: "acm:DescribeCertificate",
        answer() {
            const arn = String((JSON.parse(request.body) as Record<string, unknown>).CertificateArn);
            const held = here ? cloud.aws.certificates.get(arn) : undefined;
            if (!held) return failure(request, 400, "ResourceNotFoundException", `Could not find certificate ${arn}.`);
            return json(200, { Certificate: certificateJson(cloud, held) }, { "content-type": "application/x-amz-json-1.1" });
        },
        deny: () =>
            failure(request, 400, "AccessDeniedException", "User is not authorized to perform: acm:DescribeCertificate on resource"),
    };
}

/** AWS's APIs; only `accessKeyId` is let in, if there is one. */
export function awsApi(accessKeyId: string | undefined): Api {
    return {
        reject(request) {
            const scope = scopeOf(request);
            if (!scope) return failure(request, 403, "MissingAuthenticationTokenException", "Missing Authentication Token");
            if (accessKeyId === undefined || scope.accessKeyId === accessKeyId) return undefined;
            if (scope.service === "s3")
                return s3Error(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.");
            const type = "UnrecognizedClientException";
            return failure(request, scope.service === "acm" ? 400 : 403, type, "The security token included in the request is invalid.");
        },
        find(cloud, request) {
            const scope = scopeOf(request);
            const here = scope?.region === cloud.aws.region;
            if (scope?.service === "apigateway") return findGatewayCall(cloud, request, here);
            if (scope?.service === "acm") return findAcmCall(cloud, request, here);
            if (scope?.service === "s3") return findS3Call(cloud, request);
            return undefined;
        },
        refuse: (request) =>
            request.method === "GET" || request.method === "HEAD"
                ? failure(request, 400, "BadRequestException", "the lab's control plane does not know this call")
                : failure(request, 405, "MethodNotAllowedException", "the lab's control plane is read-only"),
    };
}
