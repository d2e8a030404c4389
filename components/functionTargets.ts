import * as crypto from "node:crypto";
import * as lambda from "@pulumi/aws/lambda";
import * as pulumi from "@pulumi/pulumi";
import type { HttpApiFunction, HttpApiRoute } from "./args";
import { parseFunctionArn } from "./functionArn";
import { encodedName, routeName } from "./routeName";
import { lambdaArnProblems } from "./validation/functions";
import { checkedLate } from "./validation/late";
import { outsideProblems, type Region } from "./validation/region";

/** The function behind a route: its ARN, and what allows this API to invoke it. */
export interface FunctionTarget {
    arn: pulumi.Output<string>;
    /** Undefined if the user grants the permission. */
    permission: lambda.Permission | undefined;
}

interface Inputs {
    executionArn: pulumi.Input<string>;
    routes: HttpApiRoute[];
    functions: HttpApiFunction[];
    /** The API's region, as far as it is known. */
    home: pulumi.Input<Region | undefined>;
}
type Options = pulumi.CustomResourceOptions & { parent: pulumi.Resource };

/** What stands for a plain ARN in the name of its permission. */
function plainName(arn: string): string {
    const { accountId, region, name, qualifier } = parseFunctionArn(arn);
    return ["lambda", accountId, region, name, ...(qualifier === undefined ? [] : [qualifier])].map(encodedName).join("-");
}

/**
 * The targets of the routes, by the routes' index. Functions that are known to be the same share one permission: a policy of a function
 * is at most 20 KB long, which one statement per route soon fills (docs/sources.md 13.10).
 */
export function createFunctionTargets(name: string, inputs: Inputs, opts: Options): (FunctionTarget | undefined)[] {
    const targets = new Map<string, FunctionTarget>();
    const target = (key: string, arn: pulumi.Input<string>, path: string, granted: boolean): FunctionTarget => {
        const existing = targets.get(key);
        if (existing) return existing;
        const checked = checkedLate(opts.parent, pulumi.all([arn, inputs.home]), ([known, home]) =>
            // A consumer's mocks may lack it.
            known === undefined ? [] : [...lambdaArnProblems(path, known), ...outsideProblems(path, known, home)],
        ).apply(([known]) => known);
        const created = { arn: checked, permission: granted ? createPermission(name, key, { ...inputs, arn: checked }, opts) : undefined };
        targets.set(key, created);
        return created;
    };
    return inputs.routes.map((route, index) => {
        const listed = inputs.functions.findIndex(
            ({ name: listedName, lambdaArn }) =>
                listedName === route.function || (route.lambdaArn !== undefined && lambdaArn === route.lambdaArn),
        );
        if (listed >= 0) {
            const { name: listedName, lambdaArn, invokePermission } = inputs.functions[listed]!;
            return target(`function-${listedName}`, lambdaArn, `functions[${listed}].lambdaArn`, invokePermission ?? true);
        }
        if (route.lambdaArn === undefined) return undefined;
        // Whether two Outputs are the same function is not known in a preview, so each has a permission of its own.
        const key = typeof route.lambdaArn === "string" ? plainName(route.lambdaArn) : routeName(route.routeKey);
        return target(key, route.lambdaArn, `routes[${index}].lambdaArn`, route.invokePermission ?? true);
    });
}

function createPermission(
    name: string,
    key: string,
    inputs: { arn: pulumi.Output<string>; executionArn: pulumi.Input<string> },
    opts: Options,
): lambda.Permission {
    const childName = `${name}-permission-${key}`;
    const digest = crypto.createHash("sha256").update(childName).digest("hex").slice(0, 16);
    // A consumer's mocks may return no ARN.
    const parts = inputs.arn.apply((arn: string | undefined) => (arn === undefined ? undefined : parseFunctionArn(arn)));
    return new lambda.Permission(
        childName,
        {
            action: "lambda:InvokeFunction",
            // Apart from its qualifier, or the provider replaces the permission at every run (docs/sources.md 13.10).
            function: parts.apply((arn) => arn?.functionArn ?? ""),
            qualifier: parts.apply((arn) => arn?.qualifier) as pulumi.Output<string>,
            principal: "apigateway.amazonaws.com",
            // The provider adds 26 characters, and AWS takes 100. Unique, since a replacement is granted before the old one goes.
            statementIdPrefix: `${name}-${digest}-`,
            // Stage and route: a third star would not match the `$default` route.
            sourceArn: pulumi.interpolate`${inputs.executionArn}/*/*`,
        },
        opts,
    );
}
