import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import type { CloudflareProtectedHttpApiArgs } from "../../../components";
import { build, LAMBDA, refusal } from "../../support/component";

type Args = Partial<CloudflareProtectedHttpApiArgs>;
const arn = (lambdaArn: unknown): Args => ({ routes: [{ routeKey: "$default", lambdaArn }] }) as Args;
const named = (functions: unknown, ...routes: unknown[]): Args => ({ functions, routes }) as Args;
const PETS = { name: "pets", lambdaArn: LAMBDA };
const ROUTE = { routeKey: "$default", function: "pets" };

const permissions = ({ registrations }: Awaited<ReturnType<typeof build>>) =>
    registrations
        .filter(({ type }) => type === "aws:lambda/permission:Permission")
        .map(({ inputs }) => [inputs.function, inputs.qualifier]);

describe("a function's ARN", () => {
    const LATEST = "must not end in :$LATEST, because Lambda takes no permission for it";
    const refused: [what: string, args: Args, text: string][] = [
        ["one of $LATEST", arn(`${LAMBDA}:$LATEST`), `routes[0].lambdaArn ${LATEST}`],
        ["one of $LATEST that is known late", arn(pulumi.output(`${LAMBDA}:$LATEST`)), `routes[0].lambdaArn ${LATEST}`],
        ["one of $LATEST in functions", named([{ ...PETS, lambdaArn: `${LAMBDA}:$LATEST` }], ROUTE), `functions[0].lambdaArn ${LATEST}`],
        [
            "a late one in functions",
            named([{ ...PETS, lambdaArn: pulumi.output("pets") }], ROUTE),
            "functions[0].lambdaArn must be the ARN of a Lambda function",
        ],
        ["another qualifier with $", arn(`${LAMBDA}:$live`), "routes[0].lambdaArn must be the ARN of a Lambda function"],
        ["a name alone", arn("orders"), "routes[0].lambdaArn must be the ARN of a Lambda function"],
        [
            "a name of 65 characters",
            arn(`arn:aws:lambda:eu-west-1:123456789012:function:${"a".repeat(65)}`),
            "must be the ARN of a Lambda function",
        ],
        [
            "an invoke ARN",
            arn(`arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${LAMBDA}/invocations`),
            "this is an invoke ARN: pass the function's `arn`",
        ],
    ];
    for (const [what, args, text] of refused)
        it(`refuses ${what}`, async () => {
            expect(await refusal(args)).to.contain(text);
        });

    for (const partition of ["aws", "aws-cn", "aws-us-gov"])
        it(`may be of partition ${partition}, with an alias or a version`, async () => {
            const base = `arn:${partition}:lambda:eu-west-1:123456789012:function:orders`;
            for (const qualifier of [undefined, "live", "12"])
                expect(permissions(await build(arn(qualifier === undefined ? base : `${base}:${qualifier}`)))).to.deep.equal([
                    [base, qualifier],
                ]);
        });
});

describe("functions that routes name", () => {
    const refused: [what: string, args: Args, text: string][] = [
        ["a list that is none", named({}, ROUTE), "functions must be a plain list; received {}"],
        ["an Output", named(pulumi.output([PETS]), ROUTE), "functions must be a plain list; received an Output"],
        ["an entry that is none", named([null], ROUTE), "functions[0] must be a plain object; received null"],
        ["one without an ARN", named([{ name: "pets" }], ROUTE), "functions[0].lambdaArn must be set; received nothing"],
        ["a misspelt field", named([{ ...PETS, arn: LAMBDA }], ROUTE), "functions[0].arn must be one of name, lambdaArn, invokePermission"],
        [
            "a late name",
            named([{ ...PETS, name: pulumi.output("pets") }], ROUTE),
            "functions[0].name must be a plain string; received an Output",
        ],
        [
            "a name in upper case",
            named([{ ...PETS, name: "Pets" }], { ...ROUTE, function: "Pets" }),
            "functions[0].name must be 1 to 40 characters of a-z, 0-9 and -",
        ],
        [
            "a name twice",
            named([PETS, { ...PETS, lambdaArn: `${LAMBDA}:live` }], ROUTE),
            'functions[1].name must be unique; received "pets" twice',
        ],
        [
            "an ARN twice",
            named([PETS, { ...PETS, name: "cats" }], ROUTE, { routeKey: "GET /", function: "cats" }),
            "functions[1].lambdaArn must be listed once",
        ],
        [
            "one that no route names",
            named([PETS], { routeKey: "$default", lambdaArn: LAMBDA }),
            'functions[0].name must be the `function` of a route; received "pets", which no route names',
        ],
        [
            "a route that names none of them",
            named([PETS], ROUTE, { routeKey: "GET /", function: "cats" }),
            'routes[1].function must be the name of one of `functions` (pets); received "cats"',
        ],
        [
            "a route that names one where there is none",
            named(undefined, ROUTE),
            "routes[0].function must be the name of one of `functions` (there are none)",
        ],
        [
            "a route with two targets",
            named([PETS], { ...ROUTE, lambdaArn: LAMBDA }),
            "must have exactly one target, lambdaArn, function or httpUrl; received lambdaArn and function",
        ],
        [
            "a permission that is turned off on a route",
            named([PETS], { ...ROUTE, invokePermission: false }),
            "routes[0].invokePermission must be set in `functions`",
        ],
        [
            "a permission without a function",
            named(undefined, { routeKey: "$default", httpUrl: "https://a.example", invokePermission: false }),
            "routes[0].invokePermission must be left out without a lambdaArn",
        ],
        [
            "a late permission",
            named([{ ...PETS, invokePermission: pulumi.output(false) }], ROUTE),
            "functions[0].invokePermission must be a plain boolean",
        ],
        [
            "routes of one function that disagree",
            named(undefined, { routeKey: "GET /a", lambdaArn: LAMBDA }, { routeKey: "GET /b", lambdaArn: LAMBDA, invokePermission: false }),
            "routes[1].invokePermission must be the same everywhere for one function; received false after true",
        ],
        [
            "a route that disagrees with the listed function",
            named([PETS], ROUTE, { routeKey: "GET /b", lambdaArn: LAMBDA, invokePermission: false }),
            "routes[1].invokePermission must be the same everywhere for one function; received false after true",
        ],
    ];
    for (const [what, args, text] of refused)
        it(`refuse ${what}`, async () => {
            expect(await refusal(args)).to.contain(text);
        });

    it("may be named by several routes", async () => {
        expect(permissions(await build(named([PETS], ROUTE, { routeKey: "GET /", function: "pets" })))).to.deep.equal([
            [LAMBDA, undefined],
        ]);
    });
});
