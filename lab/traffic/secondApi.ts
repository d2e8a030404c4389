import type { Cloud } from "../cloud";
import { defaultEndpoint } from "../dns";

const HANDLER = 'exports.handler = async () => ({ statusCode: 200, body: "sibling" });';

/** Adds another API of the same account on a domain without mutual TLS: the neighbour through which one might slip in. */
export async function addSibling(cloud: Cloud, domainName: string): Promise<void> {
    const { accountId, region, functions, apis, certificates, domains } = cloud.aws;
    const arn = `arn:aws:lambda:${region}:${accountId}:function:sibling`;
    const invokeArn = `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`;
    functions.set("sibling", {
        name: "sibling",
        arn,
        invokeArn,
        handler: "index.handler",
        files: { "index.js": HANDLER },
        timeoutSeconds: 3,
        environment: {},
        permissions: new Map([
            ["all", { statementId: "all", action: "lambda:InvokeFunction", principal: "apigateway.amazonaws.com", sourceArn: undefined }],
        ]),
        tags: {},
    });
    const apiId = cloud.nextId("sibling");
    const integrations = new Map([
        [
            "i",
            {
                id: "i",
                integrationType: "AWS_PROXY",
                integrationUri: invokeArn,
                integrationMethod: undefined,
                payloadFormatVersion: "2.0",
                timeoutMilliseconds: 30000,
            },
        ],
    ]);
    const routes = new Map([
        [
            "r",
            {
                id: "r",
                routeKey: "$default",
                target: "integrations/i",
                authorizationType: "NONE",
                authorizerId: undefined,
                authorizationScopes: [],
            },
        ],
    ]);
    const stage = {
        name: "$default",
        autoDeploy: true,
        throttlingBurstLimit: undefined,
        throttlingRateLimit: undefined,
        accessLog: undefined,
        deployed: { disableExecuteApiEndpoint: true, routes, integrations },
        tags: {},
    };
    apis.set(apiId, {
        id: apiId,
        name: "sibling",
        disableExecuteApiEndpoint: true,
        cors: undefined,
        integrations,
        routes,
        stages: new Map([["$default", stage]]),
        tags: {},
    });
    const certificateArn = `arn:aws:acm:${region}:${accountId}:certificate/sibling`;
    certificates.set(certificateArn, {
        arn: certificateArn,
        domainName,
        subjectAlternativeNames: [domainName],
        status: "ISSUED",
        validationRecords: [],
        ...(await cloud.webCa.issue([domainName])),
        tags: {},
    });
    domains.set(domainName, {
        domainName,
        certificateArn,
        targetDomainName: defaultEndpoint(cloud, `d-${apiId}`),
        hostedZoneId: "Z0000000SIBLING",
        mutualTls: undefined,
        mappings: new Map([["m", { id: "m", apiId, stage: "$default", apiMappingKey: "" }]]),
        tags: {},
    });
}
