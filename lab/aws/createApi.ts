/** Resources that our programs do not deploy, written as the resource types would write them. */
import type { AcmCertificate, Cloud, GatewayDomain, HttpApi, LambdaFunction, MutualTls, Route, Stage } from "../cloud";
import { defaultEndpoint } from "../dns";

/** A function of one file, `index.js`, that has no permissions yet. */
export function createFunction(cloud: Cloud, name: string, source: string): LambdaFunction {
    const { region, accountId } = cloud.aws;
    const arn = `arn:aws:lambda:${region}:${accountId}:function:${name}`;
    const fn: LambdaFunction = {
        name,
        arn,
        invokeArn: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`,
        handler: "index.handler",
        files: { "index.js": source },
        timeoutSeconds: 3,
        environment: {},
        permissions: new Map(),
        versions: new Map(),
        aliases: new Map(),
        tags: {},
    };
    cloud.aws.functions.set(name, fn);
    return fn;
}

export interface ApiOptions {
    id: string;
    /** The function behind every route; the API may invoke it. */
    fn: LambdaFunction;
    /** Defaults to `$default` alone, open to anyone. */
    routes?: (Pick<Route, "routeKey"> & Partial<Route>)[];
    accessLog?: Stage["accessLog"];
}

/** An API whose stage `$default` deploys by itself, and whose default endpoint is off. */
export function createApi(cloud: Cloud, { id, fn, routes = [{ routeKey: "$default" }], accessLog }: ApiOptions): HttpApi {
    const sourceArn = `arn:aws:execute-api:${cloud.aws.region}:${cloud.aws.accountId}:${id}/*/*`;
    const allowed = { action: "lambda:InvokeFunction", principal: "apigateway.amazonaws.com", sourceArn };
    fn.permissions.set("api", { statementId: "api", qualifier: undefined, ...allowed });
    const integration = {
        id: "integration",
        integrationType: "AWS_PROXY",
        integrationUri: fn.invokeArn,
        integrationMethod: "POST",
        payloadFormatVersion: "2.0",
        timeoutMilliseconds: 30_000,
    };
    const target = `integrations/${integration.id}`;
    const open = { target, authorizationType: "NONE", authorizerId: undefined, authorizationScopes: [] };
    const shared = {
        disableExecuteApiEndpoint: true,
        integrations: new Map([[integration.id, integration]]),
        routes: new Map(routes.map((route, index) => [`route${index + 1}`, { id: `route${index + 1}`, ...open, ...route }])),
    };
    const stage: Stage = {
        name: "$default",
        autoDeploy: true,
        throttlingBurstLimit: undefined,
        throttlingRateLimit: undefined,
        accessLog,
        deployed: shared,
        tags: {},
    };
    const api: HttpApi = { id, name: id, ...shared, cors: undefined, stages: new Map([[stage.name, stage]]), tags: {} };
    cloud.aws.apis.set(id, api);
    return api;
}

/** A certificate that ACM has issued. `id` is the last part of its ARN. */
export async function createCertificate(cloud: Cloud, domainName: string, id = cloud.nextId("certificate")): Promise<AcmCertificate> {
    const arn = `arn:aws:acm:${cloud.aws.region}:${cloud.aws.accountId}:certificate/${id}`;
    const certificate: AcmCertificate = {
        arn,
        domainName,
        subjectAlternativeNames: [domainName],
        status: "ISSUED",
        validationRecords: [],
        ...(await cloud.webCa.issue([domainName])),
        tags: {},
    };
    cloud.aws.certificates.set(arn, certificate);
    return certificate;
}

export interface DomainOptions {
    domainName: string;
    apiId: string;
    /** Defaults to `$default`. */
    stage?: string;
    /** Left out, the domain asks for no client certificate. */
    mutualTls?: MutualTls;
    /** The last part of its certificate's ARN. */
    certificateId?: string;
}

/** A custom domain with a certificate of its own that is mapped to an API as a whole. */
export async function createDomain(cloud: Cloud, options: DomainOptions): Promise<GatewayDomain> {
    const { domainName, apiId, stage = "$default", mutualTls, certificateId } = options;
    const { arn } = await createCertificate(cloud, domainName, certificateId);
    const id = cloud.nextId("mapping");
    const domain: GatewayDomain = {
        domainName,
        certificateArn: arn,
        targetDomainName: defaultEndpoint(cloud, `d-${cloud.nextId("domain")}`),
        hostedZoneId: "ZLY8HYME6SFDD",
        mutualTls,
        mappings: new Map([[id, { id, apiId, stage, apiMappingKey: "" }]]),
        tags: {},
    };
    cloud.aws.domains.set(domainName, domain);
    return domain;
}
