import * as apigatewayv2 from "@pulumi/aws/apigatewayv2";
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";
import type { AccessLogArgs, CorsArgs, ThrottleArgs } from "./args";
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

/** The `$default` stage, deployed automatically, with its access log. */
export function createStage(
    name: string,
    inputs: { apiId: pulumi.Input<string>; throttle: ThrottleArgs | undefined; accessLog: AccessLogArgs | undefined; tags: Tags },
    opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): { stage: apigatewayv2.Stage; logGroupName: pulumi.Output<string> | undefined } {
    const logs =
        (inputs.accessLog?.enabled ?? true)
            ? new cloudwatch.LogGroup(
                  `${name}-access-log`,
                  {
                      retentionInDays: checkedLate(opts.parent, inputs.accessLog?.retentionInDays ?? 30, retentionProblems),
                      tags: inputs.tags,
                  },
                  opts,
              )
            : undefined;
    const throttle = checkedIfLate(opts.parent, inputs.throttle, throttleProblems);
    const stage = new apigatewayv2.Stage(
        `${name}-stage`,
        {
            apiId: inputs.apiId,
            name: "$default",
            // Without it changes, including the disabled default endpoint, have no effect until a deployment.
            autoDeploy: true,
            defaultRouteSettings: throttle && { throttlingBurstLimit: throttle.burstLimit, throttlingRateLimit: throttle.rateLimit },
            accessLogSettings: logs && { destinationArn: logs.arn, format: JSON.stringify(ACCESS_LOG_FIELDS) },
            tags: inputs.tags,
        },
        opts,
    );
    return { stage, logGroupName: logs?.name };
}
