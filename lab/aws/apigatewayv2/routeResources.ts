/** API Gateway v2, HTTP APIs only: integrations, and the routes that lead to them. */
import type { Cloud, Integration } from "../../cloud";
import {
    broken,
    checkRegion,
    list,
    number,
    oneOf,
    optional,
    REGIONAL,
    text,
    within,
    type Props,
    type ResourceType,
} from "../../shared/resourceType";
import { apiOf, autoDeploy } from "./apiState";
import { checkRouteIsNew, checkRouteKey } from "./routeKey";

function writeIntegration(cloud: Cloud, id: string, inputs: Props): Props {
    const api = apiOf(cloud, text(inputs, "apiId"));
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
    api.integrations.set(id, integration);
    autoDeploy(api);
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
        const existing = cloud.aws.apis.get(text(state, "apiId"))?.integrations.get(id);
        if (!existing) return undefined;
        const { integrationType, integrationUri, integrationMethod, payloadFormatVersion, timeoutMilliseconds } = existing;
        return { integrationType, integrationUri, integrationMethod, payloadFormatVersion, timeoutMilliseconds };
    },
    delete(cloud, id, state) {
        const api = cloud.aws.apis.get(text(state, "apiId"));
        if (!api) return;
        const route = [...api.routes.values()].find(({ target }) => target === `integrations/${id}`);
        if (route) broken("integration-in-use", "apiId", `ConflictException: route ${route.routeKey} refers to integration ${id}`);
        api.integrations.delete(id);
        autoDeploy(api);
    },
};

function writeRoute(cloud: Cloud, id: string, inputs: Props): Props {
    const api = apiOf(cloud, text(inputs, "apiId"));
    const routeKey = text(inputs, "routeKey");
    const target = text(inputs, "target");
    checkRouteIsNew(api, id, routeKey);
    if (!api.integrations.has(target.replace(/^integrations\//, ""))) broken("route-target-exists", "target", `no integration ${target}`);
    const authorizationType = optional(inputs, "authorizationType") ?? "NONE";
    const authorizerId = optional(inputs, "authorizerId");
    if (["JWT", "CUSTOM"].includes(authorizationType) && !authorizerId)
        broken("route-authorizer", "authorizerId", `${authorizationType} needs one`);
    api.routes.set(id, {
        id,
        routeKey,
        target,
        authorizationType,
        authorizerId,
        authorizationScopes: list(inputs, "authorizationScopes"),
    });
    autoDeploy(api);
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
        if (inputs.routeKey !== undefined) checkRouteKey(text(inputs, "routeKey"));
        if (inputs.target !== undefined && !text(inputs, "target").startsWith("integrations/"))
            broken("route-target", "target", "integrations/<id>");
    },
    create(cloud, inputs) {
        const id = cloud.nextId("route");
        return { id, outputs: writeRoute(cloud, id, inputs) };
    },
    update: (cloud, id, inputs) => writeRoute(cloud, id, inputs),
    read(cloud, id, state) {
        const existing = cloud.aws.apis.get(text(state, "apiId"))?.routes.get(id);
        if (!existing) return undefined;
        const { routeKey, target, authorizationType, authorizerId, authorizationScopes: scopes } = existing;
        return { routeKey, target, authorizationType, authorizerId, authorizationScopes: scopes.length ? scopes : undefined };
    },
    delete(cloud, id, state) {
        const api = cloud.aws.apis.get(text(state, "apiId"));
        api?.routes.delete(id);
        if (api) autoDeploy(api);
    },
};

export const routeTypes: ResourceType[] = [integration, route];
