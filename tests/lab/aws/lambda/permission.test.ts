import { expect } from "chai";
import { mayInvoke, findTarget, codeOf } from "../../../../lab/aws/apigatewayv2/routing";
import { createApi, createFunction } from "../../../../lab/aws/createApi";
import type { Cloud, LambdaFunction } from "../../../../lab/cloud";
import { Calls, failure } from "../../../support/calls";
import { makeCloud } from "../../../support/cloud";

const PERMISSION = "aws:lambda/permission:Permission";

describe("the lab's permissions to invoke a function", () => {
    let cloud: Cloud;
    let calls: Calls;
    let fn: LambdaFunction;
    let granted: Record<string, string>;
    beforeEach(() => {
        cloud = makeCloud();
        calls = new Calls(cloud);
        fn = createFunction(cloud, "orders", "exports.handler = async () => 1;");
        fn.aliases.set("live", "$LATEST");
        granted = { action: "lambda:InvokeFunction", function: fn.arn, principal: "apigateway.amazonaws.com", statementId: "a" };
    });

    const broken: [rule: string, change: Record<string, string>][] = [
        ["permission-statement-id", { statementId: "a".repeat(101) }],
        ["permission-statement-id", { statementId: "a.b" }],
        ["permission-statement-id", { statementIdPrefix: "a" }],
        ["permission-latest", { qualifier: "$LATEST" }],
        ["permission-qualifier", { qualifier: "a b" }],
        ["permission-qualifier-exists", { qualifier: "none" }],
        ["permission-function-exists", { function: "arn:aws:lambda:eu-west-1:123456789012:function:none" }],
    ];
    for (const [rule, change] of broken)
        it(`refuse ${JSON.stringify(change).slice(0, 40)} by ${rule}`, async () => {
            expect(await failure(calls.create(PERMISSION, { ...granted, ...change }))).to.contain(`[${rule}]`);
            expect(await failure(calls.create(PERMISSION, { ...granted, statementId: "a".repeat(100) }))).to.equal("");
        });

    it("get an id of their own from a prefix, so that one can be added before another goes", async () => {
        const { statementId, ...rest } = granted;
        expect(statementId).to.equal("a");
        const ids: string[] = [];
        for (const statementIdPrefix of ["a".repeat(74), "a".repeat(74)])
            ids.push((await calls.create(PERMISSION, { ...rest, statementIdPrefix })).id);
        expect(new Set(ids).size).to.equal(2);
        const refused = await failure(calls.create(PERMISSION, { ...rest, statementIdPrefix: "a".repeat(75) }));
        expect(refused).to.contain("[permission-statement-id]");
    });

    it("are replaced at every run if the ARN holds the qualifier, and stay if it is apart", async () => {
        const whole = { ...granted, function: `${fn.arn}:live` };
        const created = await calls.create(PERMISSION, whole);
        expect(created.outputs).to.include({ function: fn.arn, qualifier: "live" });
        expect((await calls.diff(created, created.inputs)).replaces).to.deep.equal(["function"]);
        const apart = await calls.create(PERMISSION, { ...granted, qualifier: "live", statementId: "b" });
        expect((await calls.diff(apart, apart.inputs)).diffs).to.deep.equal([]);
        expect([...fn.permissions.keys()]).to.deep.equal(["live/a", "live/b"]);
        await calls.delete(created);
        expect([...fn.permissions.keys()]).to.deep.equal(["live/b"]);
    });

    it("fill a policy of 20 KB, each alias its own", async () => {
        const add = (index: number, qualifier?: string) =>
            calls.create(PERMISSION, {
                ...granted,
                statementId: `${index}-${"a".repeat(90)}`,
                sourceArn: `arn:aws:execute-api:eu-west-1:123456789012:abcdefghij/${"a".repeat(300)}`,
                ...(qualifier === undefined ? {} : { qualifier }),
            });
        let index = 0;
        let refused = "";
        while (refused === "" && index < 100) refused = await failure(add(++index));
        expect(refused).to.contain("[permission-policy-size]");
        expect(index).to.be.within(20, 60);
        expect(await failure(add(index, "live"))).to.equal("");
    });

    it("count for the alias that the integration names, and only for it", async () => {
        const api = createApi(cloud, { id: "abc", fn });
        const [stage] = api.stages.values();
        const [route] = api.routes.values();
        const allowed = (arn: string) => {
            const target = findTarget(cloud, fn.invokeArn.replace(fn.arn, arn))!;
            return mayInvoke(cloud, target, { api, stage: stage!, route: route!, method: "GET" });
        };
        expect([allowed(fn.arn), allowed(`${fn.arn}:live`)]).to.deep.equal([true, false]);
        await calls.create(PERMISSION, { ...granted, qualifier: "live" });
        fn.permissions.delete("api");
        expect([allowed(fn.arn), allowed(`${fn.arn}:live`)]).to.deep.equal([false, true]);
    });

    it("are for code that an alias keeps while the function moves on", async () => {
        const { handler, timeoutSeconds, environment } = fn;
        fn.versions.set("1", { handler, timeoutSeconds, environment, files: { "index.js": "old" } });
        const alias = await calls.create("aws:lambda/alias:Alias", { name: "stable", functionName: "orders", functionVersion: "1" });
        const codeBehind = (arn: string) => codeOf(findTarget(cloud, arn)!)?.files["index.js"];
        expect(codeBehind(String(alias.outputs.arn))).to.equal("old");
        expect(codeBehind(fn.arn)).to.equal("exports.handler = async () => 1;");
        expect(codeBehind(`${fn.arn}:none`)).to.equal(undefined);
        expect(
            await failure(calls.create("aws:lambda/alias:Alias", { name: "b", functionName: "orders", functionVersion: "2" })),
        ).to.contain("[alias-version-exists]");
        await calls.create(PERMISSION, { ...granted, qualifier: "stable" });
        await calls.delete(alias);
        expect(fn.permissions.size).to.equal(0);
    });
});
