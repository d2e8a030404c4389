import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import type { CloudflareProtectedHttpApiArgs } from "../../components";
import { build, dependsOn, LAMBDA } from "../support/component";
import type { Recorded } from "../support/recorder";

const permissionsOf = (recorded: Recorded<unknown>) =>
    recorded.registrations.filter(({ type }) => type === "aws:lambda/permission:Permission");
const namesOf = async (args: Partial<CloudflareProtectedHttpApiArgs>) =>
    permissionsOf(await build(args))
        .map(({ name }) => name)
        .sort();
const ORDERS = "orders-permission-lambda-123456789012-eu_2dwest_2d1-orders";

describe("a function's permission", () => {
    it("lets only this API call the function, on every stage and route", async () => {
        expect((await build()).byName(ORDERS).inputs).to.deep.include({
            action: "lambda:InvokeFunction",
            function: LAMBDA,
            principal: "apigateway.amazonaws.com",
            sourceArn: "arn:aws:execute-api:eu-west-1:123456789012:abc/*/*",
        });
    });

    it("has the alias or version apart, and the integration names it", async () => {
        const recorded = await build({ routes: [{ routeKey: "$default", lambdaArn: `${LAMBDA}:live` }] });
        expect(recorded.byName(`${ORDERS}-live`).inputs).to.deep.include({ function: LAMBDA, qualifier: "live" });
        expect(recorded.byName("orders-integration-default").inputs.integrationUri).to.equal(
            `arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${LAMBDA}:live/invocations`,
        );
        expect((await build()).byName(ORDERS).inputs).not.to.have.property("qualifier");
    });

    it("has the same parts if the ARN is known late", async () => {
        const recorded = await build({ routes: [{ routeKey: "GET /pets", lambdaArn: pulumi.output(`${LAMBDA}:7`) }] });
        expect(recorded.byName("orders-permission-get-pets").inputs).to.deep.include({ function: LAMBDA, qualifier: "7" });
    });

    it("is of the function's partition", async () => {
        const arn = "arn:aws-cn:lambda:cn-north-1:123456789012:function:orders";
        const recorded = await build({ routes: [{ routeKey: "$default", lambdaArn: `${arn}:live` }] });
        expect(permissionsOf(recorded)[0]!.inputs).to.deep.include({ function: arn, qualifier: "live" });
        expect(recorded.byName("orders-integration-default").inputs.integrationUri).to.equal(
            `arn:aws-cn:apigateway:cn-north-1:lambda:path/2015-03-31/functions/${arn}:live/invocations`,
        );
    });

    it("is there before an integration calls the function", async () => {
        const recorded = await build({
            routes: [
                { routeKey: "GET /a", lambdaArn: LAMBDA },
                { routeKey: "GET /b", lambdaArn: LAMBDA },
            ],
        });
        for (const route of ["get-a", "get-b"]) expect(dependsOn(recorded, `orders-integration-${route}`, ORDERS), route).to.equal(true);
    });

    it("is left to the user if asked for", async () => {
        const mine = { lambdaArn: LAMBDA, invokePermission: false };
        expect(await namesOf({ routes: [{ routeKey: "$default", ...mine }] })).to.deep.equal([]);
        expect(await namesOf({ routes: [{ routeKey: "$default", function: "f" }], functions: [{ name: "f", ...mine }] })).to.deep.equal([]);
    });
});

describe("routes of one function share its permission", () => {
    it("if they give the same plain ARN, whatever routes come and go", async () => {
        const route = (routeKey: string, lambdaArn: string) => ({ routeKey, lambdaArn });
        const first = [route("GET /b", LAMBDA), route("GET /c", `${LAMBDA}:live`)];
        expect(await namesOf({ routes: first })).to.deep.equal([ORDERS, `${ORDERS}-live`]);
        expect(await namesOf({ routes: [route("GET /a", LAMBDA), ...first, route("GET /d", `${LAMBDA}:live`)] })).to.deep.equal([
            ORDERS,
            `${ORDERS}-live`,
        ]);
        expect(await namesOf({ routes: [route("GET /a", `${LAMBDA}-live`), ...first] })).to.deep.equal([
            ORDERS,
            `${ORDERS}-live`,
            `${ORDERS}_2dlive`,
        ]);
    });

    it("if they name it, also when its ARN is known late", async () => {
        const routes = [
            { routeKey: "GET /a", function: "pets" },
            { routeKey: "GET /b", function: "pets" },
            { routeKey: "GET /c", lambdaArn: pulumi.output(LAMBDA) },
        ];
        const functions = [{ name: "pets", lambdaArn: pulumi.output(`${LAMBDA}:live`) }];
        for (const preview of [true, false]) {
            const recorded = await build({ routes, functions }, { preview });
            expect(
                permissionsOf(recorded)
                    .map(({ name }) => name)
                    .sort(),
            ).to.deep.equal(["orders-permission-function-pets", "orders-permission-get-c"]);
            const uri = (route: string) => recorded.byName(`orders-integration-${route}`).inputs.integrationUri;
            expect(uri("get-a")).to.equal(uri("get-b")).and.to.contain(`${LAMBDA}:live/`);
        }
    });

    it("if they give the ARN of a listed function", async () => {
        const { arn } = { arn: pulumi.output(LAMBDA) };
        expect(
            await namesOf({
                routes: [
                    { routeKey: "GET /a", function: "pets" },
                    { routeKey: "GET /b", lambdaArn: arn },
                ],
                functions: [{ name: "pets", lambdaArn: arn }],
            }),
        ).to.deep.equal(["orders-permission-function-pets"]);
    });

    it("under a statement id that Lambda takes, and no other statement has", async () => {
        const name = "a".repeat(44);
        const path = "/long".repeat(60);
        const recorded = await build(
            {
                routes: [
                    { routeKey: `GET ${path}`, lambdaArn: pulumi.output(LAMBDA) },
                    { routeKey: `PUT ${path}`, lambdaArn: pulumi.output(LAMBDA) },
                    { routeKey: "$default", lambdaArn: LAMBDA },
                    { routeKey: "GET /f", function: "f" },
                ],
                functions: [{ name: "f", lambdaArn: `${LAMBDA}:live` }],
            },
            { name },
        );
        const ids = permissionsOf(recorded).map(({ inputs }) => inputs.statementIdPrefix as string);
        expect(new Set(ids).size).to.equal(4);
        // The provider adds 26 characters.
        for (const id of ids) expect(id).to.match(/^[A-Za-z0-9_-]{1,74}$/);
    });
});
