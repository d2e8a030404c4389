import * as apigatewayv2 from "@pulumi/aws/apigatewayv2";
import * as lambda from "@pulumi/aws/lambda";
import * as pulumi from "@pulumi/pulumi";
import type { HttpApiRoute } from "./args";
import { routeName } from "./routeName";
import { checkedLate } from "./validation/late";
import { httpUrlProblems, lambdaArnProblems } from "./validation/routes";

// A consumer's mocks may return no ARN.
const invokeArn = (functionArn: string | undefined): string => {
    if (functionArn === undefined) return "";
    const [, partition, , region] = functionArn.split(":");
    return `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
};

/** Integration, route and permission of every route, in that order. */
export function createRoutes(
    name: string,
    inputs: { apiId: pulumi.Input<string>; executionArn: pulumi.Input<string>; routes: HttpApiRoute[] },
    opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): pulumi.Resource[] {
    return inputs.routes.flatMap((route, index) => {
        const slug = routeName(route.routeKey);
        const children: pulumi.Resource[] = [];
        const lambdaArn =
            route.lambdaArn === undefined
                ? undefined
                : checkedLate(opts.parent, route.lambdaArn, (arn) => lambdaArnProblems(`routes[${index}].lambdaArn`, arn));
        const integration = new apigatewayv2.Integration(
            `${name}-integration-${slug}`,
            lambdaArn
                ? {
                      apiId: inputs.apiId,
                      integrationType: "AWS_PROXY",
                      integrationUri: lambdaArn.apply(invokeArn),
                      payloadFormatVersion: "2.0",
                  }
                : {
                      apiId: inputs.apiId,
                      integrationType: "HTTP_PROXY",
                      integrationMethod: "ANY",
                      integrationUri: checkedLate(opts.parent, route.httpUrl!, (url) => httpUrlProblems(`routes[${index}].httpUrl`, url)),
                      payloadFormatVersion: "1.0",
                  },
            opts,
        );
        children.push(
            integration,
            new apigatewayv2.Route(
                `${name}-route-${slug}`,
                {
                    apiId: inputs.apiId,
                    routeKey: route.routeKey,
                    target: pulumi.interpolate`integrations/${integration.id}`,
                    authorizationType: route.authorizationType ?? "NONE",
                    authorizerId: route.authorizerId,
                    authorizationScopes: route.authorizationScopes,
                },
                opts,
            ),
        );
        if (lambdaArn)
            children.push(
                new lambda.Permission(
                    `${name}-permission-${slug}`,
                    {
                        action: "lambda:InvokeFunction",
                        function: lambdaArn,
                        principal: "apigateway.amazonaws.com",
                        // Stage and route: a third star would not match the `$default` route.
                        sourceArn: pulumi.interpolate`${inputs.executionArn}/*/*`,
                    },
                    opts,
                ),
            );
        return children;
    });
}
