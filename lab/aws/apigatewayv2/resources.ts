/** API Gateway v2, HTTP APIs only: API, stage, integration, route. The domain and its mappings are in gatewayDomain.ts. */
import type { Cloud, CorsConfiguration, HttpApi, Integration, Route, Stage } from "../../cloud";
import { domainTypes } from "./domainName";
import {
    broken,
    checkRegion,
    list,
    number,
    object,
    oneOf,
    optional,
    REGIONAL,
    tags,
    text,
    within,
    type Props,
    type ResourceType,
} from "../../shared/resourceType";

export function apiOf(cloud: Cloud, id: string): HttpApi {
    return cloud.aws.apis.get(id) ?? broken("api-exists", "apiId", `NotFoundException: no API ${id}`);
}

function deploy(api: HttpApi, stage: Stage): void {
    stage.deployed = {
        disableExecuteApiEndpoint: api.disableExecuteApiEndpoint,
        routes: structuredClone(api.routes),
        integrations: structuredClone(api.integrations),
    };
}

/** A change of the API reaches a stage by itself only with autoDeploy (facts 2.2). */
function autoDeploy(api: HttpApi): void {
    for (const stage of api.stages.values()) if (stage.autoDeploy) deploy(api, stage);
}

function writeApi(cloud: Cloud, id: string, inputs: Props): Props {
    const held = cloud.aws.apis.get(id);
    const api: HttpApi = {
        id,
        name: text(inputs, "name"),
        disableExecuteApiEndpoint: inputs.disableExecuteApiEndpoint === true,
        cors: object(inputs, "corsConfiguration") as CorsConfiguration | undefined,
        integrations: held?.integrations ?? new Map<string, Integration>(),
        routes: held?.routes ?? new Map<string, Route>(),
        stages: held?.stages ?? new Map<string, Stage>(),
        tags: tags(inputs),
    };
    cloud.aws.apis.set(id, held ? Object.assign(held, api) : api);
    autoDeploy(apiOf(cloud, id));
    return {
        apiEndpoint: `https://${id}.execute-api.${cloud.aws.region}.amazonaws.com`,
        arn: `arn:aws:apigateway:${cloud.aws.region}::/apis/${id}`,
        executionArn: `arn:aws:execute-api:${cloud.aws.region}:${cloud.aws.accountId}:${id}`,
        disableExecuteApiEndpoint: api.disableExecuteApiEndpoint,
        tagsAll: api.tags,
    };
}

const api: ResourceType = {
    token: "aws:apigatewayv2/api:Api",
    properties: {
        ...REGIONAL,
        name: "string",
        protocolType: "string! replace",
        description: "string",
        disableExecuteApiEndpoint: "boolean",
        ipAddressType: "string",
        corsConfiguration: [
            "object",
            {
                allowCredentials: "boolean",
                allowHeaders: "string[]",
                allowMethods: "string[]",
                allowOrigins: "string[]",
                exposeHeaders: "string[]",
                maxAge: "number",
            },
        ],
        tags: "map",
    },
    computed: ["apiEndpoint", "arn", "executionArn", "tagsAll"],
    autoname: { property: "name" },
    check(inputs, cloud) {
        checkRegion(inputs, cloud);
        oneOf(inputs, "protocolType", ["HTTP"], "api-http-only");
        oneOf(inputs, "ipAddressType", ["ipv4", "dualstack"], "api-ip-address-type");
    },
    create(cloud, inputs) {
        const id = cloud.nextId("api");
        return { id, outputs: writeApi(cloud, id, inputs) };
    },
    update(cloud, id, inputs) {
        apiOf(cloud, id);
        return writeApi(cloud, id, inputs);
    },
    read(cloud, id) {
        const held = cloud.aws.apis.get(id);
        return (
            held && {
                disableExecuteApiEndpoint: held.disableExecuteApiEndpoint,
                name: held.name,
                corsConfiguration: held.cors,
                tags: held.tags,
                tagsAll: held.tags,
            }
        );
    },
    delete(cloud, id) {
        const mapped = [...cloud.aws.domains.values()].find((domain) => [...domain.mappings.values()].some(({ apiId }) => apiId === id));
        if (mapped) {
            const reason = "BadRequestException: Please remove all API mappings for the API from your custom domain names";
            broken("api-mapped", "apiId", `${reason} (${mapped.domainName})`);
        }
        cloud.aws.apis.delete(id);
    },
};

function writeStage(cloud: Cloud, inputs: Props): Props {
    const held = apiOf(cloud, text(inputs, "apiId"));
    const name = text(inputs, "name");
    const settings = object(inputs, "defaultRouteSettings");
    const before = held.stages.get(name);
    const log = object(inputs, "accessLogSettings");
    if (log) {
        const arn = text(log, "destinationArn").replace(/:\*$/, "");
        const exists = [...cloud.aws.logGroups.values()].some((group) => group.arn === arn);
        if (!exists) broken("stage-access-log-exists", "accessLogSettings.destinationArn", `no log group ${arn}`);
    }
    const stage: Stage = {
        name,
        autoDeploy: inputs.autoDeploy === true,
        throttlingBurstLimit: settings ? number(settings, "throttlingBurstLimit") : before?.throttlingBurstLimit,
        throttlingRateLimit: settings ? number(settings, "throttlingRateLimit") : before?.throttlingRateLimit,
        accessLog: log && { destinationArn: text(log, "destinationArn"), format: text(log, "format") },
        deployed: before?.deployed,
        tags: tags(inputs),
    };
    held.stages.set(name, stage);
    autoDeploy(held);
    const host = `https://${held.id}.execute-api.${cloud.aws.region}.amazonaws.com/`;
    return {
        arn: `arn:aws:apigateway:${cloud.aws.region}::/apis/${held.id}/stages/${name}`,
        executionArn: `arn:aws:execute-api:${cloud.aws.region}:${cloud.aws.accountId}:${held.id}/${name}`,
        invokeUrl: name === "$default" ? host : host + name,
        tagsAll: stage.tags,
    };
}

const stage: ResourceType = {
    token: "aws:apigatewayv2/stage:Stage",
    importPart: 1,
    properties: {
        ...REGIONAL,
        apiId: "string! replace",
        name: "string replace",
        description: "string",
        autoDeploy: "boolean",
        defaultRouteSettings: [
            "object",
            { throttlingBurstLimit: "number", throttlingRateLimit: "number", detailedMetricsEnabled: "boolean" },
        ],
        accessLogSettings: ["object", { destinationArn: "string!", format: "string!" }],
        tags: "map",
    },
    computed: ["arn", "executionArn", "invokeUrl", "tagsAll"],
    autoname: { property: "name" },
    check(inputs, cloud) {
        checkRegion(inputs, cloud);
        if (inputs.name !== undefined && !/^(\$default|[A-Za-z0-9_-]{1,128})$/.test(text(inputs, "name"))) {
            broken("stage-name", "name", "$default, or letters, digits, hyphens and underscores");
        }
    },
    /** Limits that the program says no more stay as they are: the provider takes a missing block for the same (its stage.go). */
    same: (property, _before, after) => property === "defaultRouteSettings" && after === undefined,
    create(cloud, inputs) {
        const name = text(inputs, "name");
        if (apiOf(cloud, text(inputs, "apiId")).stages.has(name))
            broken("stage-unique", "name", `ConflictException: stage ${name} already exists`);
        return { id: name, outputs: writeStage(cloud, inputs) };
    },
    update: (cloud, _id, inputs) => writeStage(cloud, inputs),
    read(cloud, id, state) {
        const held = cloud.aws.apis.get(text(state, "apiId"))?.stages.get(id);
        if (!held) return undefined;
        const { throttlingBurstLimit, throttlingRateLimit } = held;
        return {
            autoDeploy: held.autoDeploy,
            accessLogSettings: held.accessLog,
            // As for `same`: the provider does not look at them where the program says nothing of them.
            ...(state.defaultRouteSettings ? { defaultRouteSettings: { throttlingBurstLimit, throttlingRateLimit } } : {}),
            tags: held.tags,
            tagsAll: held.tags,
        };
    },
    delete(cloud, id, state) {
        cloud.aws.apis.get(text(state, "apiId"))?.stages.delete(id);
    },
};

function writeIntegration(cloud: Cloud, id: string, inputs: Props): Props {
    const held = apiOf(cloud, text(inputs, "apiId"));
    const integrationType = text(inputs, "integrationType");
    const uri = text(inputs, "integrationUri");
    const lambda = integrationType === "AWS_PROXY";
    if (lambda && !/^arn:aws:(lambda|apigateway):/.test(uri)) broken("integration-uri", "integrationUri", "AWS_PROXY needs a Lambda ARN");
    if (!lambda && !/^https?:\/\//.test(uri)) broken("integration-uri", "integrationUri", "HTTP_PROXY needs a URL");
    if (!lambda && inputs.integrationMethod === undefined) broken("integration-method", "integrationMethod", "HTTP_PROXY needs a method");
    const integration: Integration = {
        id,
        integrationType,
        integrationUri: uri,
        integrationMethod: optional(inputs, "integrationMethod"),
        payloadFormatVersion: optional(inputs, "payloadFormatVersion") ?? "1.0",
        timeoutMilliseconds: number(inputs, "timeoutMilliseconds") ?? 30_000,
    };
    if (!lambda && integration.payloadFormatVersion !== "1.0")
        broken("integration-payload", "payloadFormatVersion", "HTTP_PROXY takes 1.0 only");
    held.integrations.set(id, integration);
    autoDeploy(held);
    return { payloadFormatVersion: integration.payloadFormatVersion, timeoutMilliseconds: integration.timeoutMilliseconds };
}

const integration: ResourceType = {
    token: "aws:apigatewayv2/integration:Integration",
    importPart: 1,
    properties: {
        ...REGIONAL,
        apiId: "string! replace",
        integrationType: "string! replace",
        integrationUri: "string!",
        integrationMethod: "string",
        connectionType: "string",
        description: "string",
        payloadFormatVersion: "string",
        timeoutMilliseconds: "number",
    },
    computed: [],
    check(inputs, cloud) {
        checkRegion(inputs, cloud);
        oneOf(inputs, "integrationType", ["AWS_PROXY", "HTTP_PROXY"], "integration-type");
        oneOf(inputs, "connectionType", ["INTERNET"], "integration-internet-only");
        oneOf(inputs, "payloadFormatVersion", ["1.0", "2.0"], "integration-payload");
        within(inputs, "timeoutMilliseconds", 50, 30_000, "integration-timeout");
    },
    create(cloud, inputs) {
        const id = cloud.nextId("integration");
        return { id, outputs: writeIntegration(cloud, id, inputs) };
    },
    update: (cloud, id, inputs) => writeIntegration(cloud, id, inputs),
    read(cloud, id, state) {
        const held = cloud.aws.apis.get(text(state, "apiId"))?.integrations.get(id);
        if (!held) return undefined;
        const { integrationType, integrationUri, integrationMethod, payloadFormatVersion, timeoutMilliseconds } = held;
        return { integrationType, integrationUri, integrationMethod, payloadFormatVersion, timeoutMilliseconds };
    },
    delete(cloud, id, state) {
        const held = cloud.aws.apis.get(text(state, "apiId"));
        if (!held) return;
        const route = [...held.routes.values()].find(({ target }) => target === `integrations/${id}`);
        if (route) broken("integration-in-use", "apiId", `ConflictException: route ${route.routeKey} refers to integration ${id}`);
        held.integrations.delete(id);
        autoDeploy(held);
    },
};

function writeRoute(cloud: Cloud, id: string, inputs: Props): Props {
    const held = apiOf(cloud, text(inputs, "apiId"));
    const routeKey = text(inputs, "routeKey");
    const target = text(inputs, "target");
    const twin = [...held.routes.values()].some((route) => route.id !== id && route.routeKey === routeKey);
    if (twin) broken("route-unique", "routeKey", `ConflictException: Route with key ${routeKey} already exists for this API`);
    if (!held.integrations.has(target.replace(/^integrations\//, ""))) broken("route-target-exists", "target", `no integration ${target}`);
    const authorizationType = optional(inputs, "authorizationType") ?? "NONE";
    const authorizerId = optional(inputs, "authorizerId");
    if (["JWT", "CUSTOM"].includes(authorizationType) && !authorizerId)
        broken("route-authorizer", "authorizerId", `${authorizationType} needs one`);
    held.routes.set(id, {
        id,
        routeKey,
        target,
        authorizationType,
        authorizerId,
        authorizationScopes: list(inputs, "authorizationScopes"),
    });
    autoDeploy(held);
    return { authorizationType };
}

const route: ResourceType = {
    token: "aws:apigatewayv2/route:Route",
    importPart: 1,
    properties: {
        ...REGIONAL,
        apiId: "string! replace",
        routeKey: "string!",
        target: "string!",
        authorizationType: "string",
        authorizerId: "string",
        authorizationScopes: "string[]",
        operationName: "string",
    },
    computed: [],
    check(inputs, cloud) {
        checkRegion(inputs, cloud);
        oneOf(inputs, "authorizationType", ["NONE", "AWS_IAM", "JWT", "CUSTOM"], "route-authorization-type");
        const method = "(ANY|GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE)";
        if (inputs.routeKey !== undefined && !new RegExp(`^(\\$default|${method} /.*)$`).test(text(inputs, "routeKey"))) {
            broken("route-key", "routeKey", "$default, or a method and a path");
        }
        if (inputs.target !== undefined && !text(inputs, "target").startsWith("integrations/"))
            broken("route-target", "target", "integrations/<id>");
    },
    create(cloud, inputs) {
        const id = cloud.nextId("route");
        return { id, outputs: writeRoute(cloud, id, inputs) };
    },
    update: (cloud, id, inputs) => writeRoute(cloud, id, inputs),
    read(cloud, id, state) {
        const held = cloud.aws.apis.get(text(state, "apiId"))?.routes.get(id);
        if (!held) return undefined;
        const { routeKey, target, authorizationType, authorizerId, authorizationScopes: scopes } = held;
        return { routeKey, target, authorizationType, authorizerId, authorizationScopes: scopes.length ? scopes : undefined };
    },
    delete(cloud, id, state) {
        const held = cloud.aws.apis.get(text(state, "apiId"));
        held?.routes.delete(id);
        if (held) autoDeploy(held);
    },
};

export const apigatewayv2: ResourceType[] = [api, stage, integration, route, ...domainTypes];
