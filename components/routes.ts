import * as apigatewayv2 from "@pulumi/aws/apigatewayv2";
import * as pulumi from "@pulumi/pulumi";
import type { HttpApiFunction, HttpApiRoute } from "./args";
import { invokeUri } from "./functionArn";
import { createFunctionTargets, type FunctionTarget } from "./functionTargets";
import { routeName } from "./routeName";
import { checkedLate } from "./validation/late";
import type { Region } from "./validation/region";
import { httpUrlProblems, scopeProblems } from "./validation/routes";

/** Integration and route of every route, and the permissions of the functions behind them. */
export function createRoutes(
    name: string,
    inputs: {
        apiId: pulumi.Input<string>;
        executionArn: pulumi.Input<string>;
        routes: HttpApiRoute[];
        functions: HttpApiFunction[];
        home: pulumi.Input<Region | undefined>;
    },
    opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): pulumi.Resource[] {
    const targets = createFunctionTargets(name, inputs, opts);
    return inputs.routes.flatMap((route, index) => {
        const integration = createIntegration(name, { apiId: inputs.apiId, route, index, target: targets[index] }, opts);
        return [
            integration,
            new apigatewayv2.Route(
                `${name}-route-${routeName(route.routeKey)}`,
                {
                    apiId: inputs.apiId,
                    routeKey: route.routeKey,
                    target: pulumi.interpolate`integrations/${integration.id}`,
                    authorizationType: route.authorizationType ?? "NONE",
                    authorizerId: route.authorizerId,
                    authorizationScopes:
                        route.authorizationScopes &&
                        checkedLate(opts.parent, route.authorizationScopes, (scopes) =>
                            scopeProblems(`routes[${index}].authorizationScopes`, scopes),
                        ),
                },
                opts,
            ),
        ];
    });
}

function createIntegration(
    name: string,
    inputs: { apiId: pulumi.Input<string>; route: HttpApiRoute; index: number; target: FunctionTarget | undefined },
    opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): apigatewayv2.Integration {
    const { apiId, route, index, target } = inputs;
    const childName = `${name}-integration-${routeName(route.routeKey)}`;
    if (target === undefined)
        return new apigatewayv2.Integration(
            childName,
            {
                apiId,
                integrationType: "HTTP_PROXY",
                integrationMethod: "ANY",
                integrationUri: checkedLate(opts.parent, route.httpUrl!, (url) => httpUrlProblems(`routes[${index}].httpUrl`, url)),
                payloadFormatVersion: "1.0",
            },
            opts,
        );
    return new apigatewayv2.Integration(
        childName,
        {
            apiId,
            integrationType: "AWS_PROXY",
            // A consumer's mocks may return no ARN.
            integrationUri: target.arn.apply((arn: string | undefined) => (arn === undefined ? "" : invokeUri(arn))),
            payloadFormatVersion: "2.0",
        },
        // The permission first, or the requests in between get a 500.
        target.permission ? { ...opts, dependsOn: [target.permission] } : opts,
    );
}
