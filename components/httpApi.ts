import * as apigatewayv2 from "@pulumi/aws/apigatewayv2";
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";
import type { AccessLogArgs, CorsArgs, ThrottleArgs } from "./args";
import { destinationArnProblems } from "./validation/accessLog";
import { checkedIfLate, checkedLate } from "./validation/late";
import { corsProblems, retentionProblems, throttleProblems } from "./validation/values";

/** Tags for every AWS resource. */
export type Tags = pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;

const ACCESS_LOG_FIELDS = {
    requestId: "$context.requestId",
    requestTime: "$context.requestTime",
    sourceIp: "$context.identity.sourceIp",
    domainName: "$context.domainName",
    httpMethod: "$context.httpMethod",
    path: "$context.path",
    routeKey: "$context.routeKey",
    status: "$context.status",
    responseLength: "$context.responseLength",
    integrationError: "$context.integrationErrorMessage",
    clientCertSubjectDN: "$context.identity.clientCert.subjectDN",
    clientCertIssuerDN: "$context.identity.clientCert.issuerDN",
    clientCertSerialNumber: "$context.identity.clientCert.serialNumber",
    clientCertNotBefore: "$context.identity.clientCert.validity.notBefore",
    clientCertNotAfter: "$context.identity.clientCert.validity.notAfter",
};

/** The API without its default endpoint. */
export function createApi(
    name: string,
    inputs: { cors: CorsArgs | undefined; tags: Tags },
    opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): apigatewayv2.Api {
    return new apigatewayv2.Api(
        `${name}-api`,
        {
            protocolType: "HTTP",
            // Mutual TLS never applies to the execute-api endpoint: left on, it bypasses everything.
            disableExecuteApiEndpoint: true,
            corsConfiguration: checkedIfLate(opts.parent, inputs.cors, corsProblems),
            tags: inputs.tags,
        },
        opts,
    );
}

interface AccessLog {
    destinationArn: pulumi.Output<string>;
    groupName: pulumi.Output<string>;
}

/** Where the access log goes: a group of the user's, or one of its own. */
function createAccessLog(
    name: string,
    inputs: { accessLog: AccessLogArgs | undefined; tags: Tags },
    opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): AccessLog | undefined {
    const { enabled = true, retentionInDays = 30, destinationArn: given } = inputs.accessLog ?? {};
    if (!enabled) return undefined;
    if (given !== undefined) {
        const destinationArn = checkedLate(opts.parent, given, destinationArnProblems);
        // A consumer's mocks may return no ARN.
        const groupName = destinationArn.apply((arn: string | undefined) => (arn ?? "").replace(/^.*:log-group:/, "").replace(/:\*$/, ""));
        return { destinationArn, groupName };
    }
    const group = new cloudwatch.LogGroup(
        `${name}-access-log`,
        // Elsewhere the delivery needs room in one policy of the whole account (docs/sources.md 13.11).
        {
            namePrefix: `/aws/vendedlogs/${name}-`,
            retentionInDays: checkedLate(opts.parent, retentionInDays, retentionProblems),
            tags: inputs.tags,
        },
        opts,
    );
    return { destinationArn: group.arn, groupName: group.name };
}

/** The `$default` stage, deployed automatically, with its access log. */
export function createStage(
    name: string,
    inputs: { apiId: pulumi.Input<string>; throttle: ThrottleArgs | undefined; accessLog: AccessLogArgs | undefined; tags: Tags },
    opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): { stage: apigatewayv2.Stage; logGroupName: pulumi.Output<string> | undefined } {
    const log = createAccessLog(name, inputs, opts);
    const throttle = checkedIfLate(opts.parent, inputs.throttle, throttleProblems);
    const stage = new apigatewayv2.Stage(
        `${name}-stage`,
        {
            apiId: inputs.apiId,
            name: "$default",
            // Without it changes, including the disabled default endpoint, have no effect until a deployment.
            autoDeploy: true,
            defaultRouteSettings: throttle && { throttlingBurstLimit: throttle.burstLimit, throttlingRateLimit: throttle.rateLimit },
            accessLogSettings: log && { destinationArn: log.destinationArn, format: JSON.stringify(ACCESS_LOG_FIELDS) },
            tags: inputs.tags,
        },
        opts,
    );
    return { stage, logGroupName: log?.groupName };
}
