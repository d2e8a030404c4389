/** API Gateway v2, HTTP APIs only: API and stage. The other types are in files of their own. */
import type { Cloud, CorsConfiguration, HttpApi, Integration, Route, Stage } from "../../cloud";
import { apiOf, autoDeploy } from "./apiState";
import { domainTypes } from "./domainName";
import { routeTypes } from "./routeResources";
import { broken, checkRegion, number, object, oneOf, REGIONAL, tags, text, type Props, type ResourceType } from "../../shared/resourceType";

function writeApi(cloud: Cloud, id: string, inputs: Props): Props {
    const existing = cloud.aws.apis.get(id);
    const api: HttpApi = {
        id,
        name: text(inputs, "name"),
        disableExecuteApiEndpoint: inputs.disableExecuteApiEndpoint === true,
        cors: object(inputs, "corsConfiguration") as CorsConfiguration | undefined,
        integrations: existing?.integrations ?? new Map<string, Integration>(),
        routes: existing?.routes ?? new Map<string, Route>(),
        stages: existing?.stages ?? new Map<string, Stage>(),
        tags: tags(inputs),
    };
    cloud.aws.apis.set(id, existing ? Object.assign(existing, api) : api);
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
        const existing = cloud.aws.apis.get(id);
        return (
            existing && {
                disableExecuteApiEndpoint: existing.disableExecuteApiEndpoint,
                name: existing.name,
                corsConfiguration: existing.cors,
                tags: existing.tags,
                tagsAll: existing.tags,
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
    const api = apiOf(cloud, text(inputs, "apiId"));
    const name = text(inputs, "name");
    const settings = object(inputs, "defaultRouteSettings");
    const before = api.stages.get(name);
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
    api.stages.set(name, stage);
    autoDeploy(api);
    const host = `https://${api.id}.execute-api.${cloud.aws.region}.amazonaws.com/`;
    return {
        arn: `arn:aws:apigateway:${cloud.aws.region}::/apis/${api.id}/stages/${name}`,
        executionArn: `arn:aws:execute-api:${cloud.aws.region}:${cloud.aws.accountId}:${api.id}/${name}`,
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
    /** Limits removed from the program stay as they are: the provider treats a missing block as unchanged (its stage.go). */
    same: (property, _before, after) => property === "defaultRouteSettings" && after === undefined,
    create(cloud, inputs) {
        const name = text(inputs, "name");
        if (apiOf(cloud, text(inputs, "apiId")).stages.has(name))
            broken("stage-unique", "name", `ConflictException: stage ${name} already exists`);
        return { id: name, outputs: writeStage(cloud, inputs) };
    },
    update: (cloud, _id, inputs) => writeStage(cloud, inputs),
    read(cloud, id, state) {
        const existing = cloud.aws.apis.get(text(state, "apiId"))?.stages.get(id);
        if (!existing) return undefined;
        const { throttlingBurstLimit, throttlingRateLimit } = existing;
        return {
            autoDeploy: existing.autoDeploy,
            accessLogSettings: existing.accessLog,
            // As for `same`: the provider ignores limits that the program does not set.
            ...(state.defaultRouteSettings ? { defaultRouteSettings: { throttlingBurstLimit, throttlingRateLimit } } : {}),
            tags: existing.tags,
            tagsAll: existing.tags,
        };
    },
    delete(cloud, id, state) {
        cloud.aws.apis.get(text(state, "apiId"))?.stages.delete(id);
    },
};

export const apigatewayv2: ResourceType[] = [api, stage, ...routeTypes, ...domainTypes];
