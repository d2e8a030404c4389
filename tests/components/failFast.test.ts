/** A consumer's unit test ends whatever its mocks do: with values, or with the reason. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { CloudflareProtectedHttpApi, type CloudflareProtectedHttpApiArgs } from "../../components";
import { valueOf } from "../support/recorder";

const OUTPUTS = ["url", "domainName", "apiId", "targetDomainName", "certificateArn", "truststorePem", "presentedAuthority"] as const;

interface Ended {
    outputs: string[];
    /** Every message that a test runner would see. */
    rejections: string[];
}

/** Runs a consumer's program under its mocks to its end: if anything waits for ever, so does this. */
async function run(
    mocks: Partial<pulumi.runtime.Mocks>,
    args: (handler: aws.lambda.Function) => Partial<CloudflareProtectedHttpApiArgs> = () => ({}),
    { preview = false, ask = OUTPUTS }: { preview?: boolean; ask?: readonly (typeof OUTPUTS)[number][] } = {},
): Promise<Ended> {
    const reasons: unknown[] = [];
    const listeners = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", (reason) => reasons.push(reason));
    try {
        const echo: pulumi.runtime.Mocks = { newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }), call: () => ({}) };
        await pulumi.runtime.setMocks({ ...echo, ...mocks }, "project", "test", preview);
        const handler = new aws.lambda.Function("orders", { role: "role" });
        const api = new CloudflareProtectedHttpApi("orders", {
            domainName: "api.example.com",
            zoneId: "zone1",
            routes: [{ routeKey: "$default", lambdaArn: handler.arn }],
            ...args(handler),
        });
        const outputs = await Promise.all(
            ask.map(async (name) => `${name}: ${await valueOf(api[name]).catch((error: Error) => `! ${error.message}`)}`),
        );
        await pulumi.runtime.disconnect();
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
        return { outputs, rejections: reasons.map((reason) => (reason as Error).message) };
    } finally {
        process.removeAllListeners("unhandledRejection");
        for (const listener of listeners) process.on("unhandledRejection", listener as (reason: unknown) => void);
    }
}

const throwFor = (part: string): Partial<pulumi.runtime.Mocks> => ({
    newResource: ({ type, name, inputs }) => {
        if (type.includes(part)) throw new Error(`no mock for ${part}`);
        return { id: name, state: inputs as object };
    },
});

describe("a unit test of a consumer ends", () => {
    for (const preview of [false, true])
        for (const [what, mocks] of [
            ["echo", {}],
            ["return nothing", { newResource: ({ name }) => ({ id: name, state: {} }) }],
            [
                "return an ARN",
                {
                    newResource: ({ name, inputs }) => ({
                        id: name,
                        state: { ...(inputs as object), arn: "arn:aws:lambda:eu-west-1:123456789012:function:f" },
                    }),
                },
            ],
        ] as [string, Partial<pulumi.runtime.Mocks>][])
            it(`with values, if its mocks ${what}, preview ${preview}`, async () => {
                const { outputs, rejections } = await run(mocks, undefined, { preview });
                expect(rejections).to.deep.equal([]);
                expect(outputs)
                    .to.include("url: https://api.example.com")
                    .and.include(
                        // In a preview nobody knows what a resource will say that says nothing.
                        `presentedAuthority: ${preview && what === "return nothing" ? "undefined" : "1"}`,
                    );
                expect(outputs.join()).not.to.contain("!");
            });

    const failing: [
        string,
        Partial<pulumi.runtime.Mocks>,
        string,
        ((handler: aws.lambda.Function) => Partial<CloudflareProtectedHttpApiArgs>)?,
    ][] = [
        [
            "an ARN that is none",
            { newResource: ({ name, inputs }) => ({ id: name, state: { ...(inputs as object), arn: "some-arn" } }) },
            'routes[0].lambdaArn must be the ARN of a Lambda function; received "some-arn"',
        ],
        [
            "a look-up that throws",
            {
                call: () => {
                    throw new Error("unexpected call");
                },
            },
            "the client certificate orders-origin-",
        ],
        ["a custom child that throws", throwFor("integration:"), "no mock for integration:"],
        ["the API that throws", throwFor("api:Api"), "no mock for api:Api"],
        ["a component of ours that throws", throwFor("OriginPullIdentity"), "no mock for OriginPullIdentity"],
        ["the deployment record that throws", throwFor("DeploymentRecord"), "no mock for DeploymentRecord"],
        ["the component itself that throws", throwFor("CloudflareProtectedHttpApi"), "no mock for CloudflareProtectedHttpApi"],
        ["an argument that rejects", {}, "no such zone", () => ({ zoneId: Promise.reject(new Error("no such zone")) })],
        [
            "a zone in the wrong mode",
            { call: ({ token }) => (token.includes("getZoneSetting") ? { value: "off" } : {}) },
            'strictTls must find the zone in Full or Full (strict); received "off"',
        ],
    ];
    for (const [what, mocks, reason, args] of failing)
        it(`with one error, which is the reason, after ${what}`, async () => {
            const { outputs, rejections } = await run(mocks, args);
            expect(outputs.join("\n")).to.contain(reason);
            // The SDK would put "error serializing property" before the message at each resource that it passes.
            expect(new Set(outputs.filter((output) => output.includes("!")).map((output) => output.replace(/^\w+: ! /, ""))).size).to.equal(
                1,
            );
            expect(outputs.join()).not.to.contain("error serializing property");
            // A runner prints each of them: the SDK alone leaves more than a hundred behind.
            expect(rejections.filter((rejection) => !rejection.includes(reason))).to.deep.equal([]);
            expect(rejections.length).to.be.at.most(what === "an argument that rejects" ? 1 : 0);
        });

    for (const ask of [[], ["apiId"]] as const)
        it(`with one unhandled rejection, which is the reason, if nothing fails that it looks at: ${ask.join() || "nothing"}`, async () => {
            const { outputs, rejections } = await run(throwFor("route:Route"), undefined, { ask });
            expect(outputs).to.deep.equal(ask.map((name) => `${name}: orders-api`));
            expect(rejections).to.have.length(1);
            expect(rejections[0]).to.contain("no mock for route:Route");
        });

    it("with an error that refers to no resource: vitest would print all that hangs on one", async () => {
        await pulumi.runtime.setMocks({ newResource: ({ name }) => ({ id: name, state: {} }), call: () => ({}) });
        const api = new CloudflareProtectedHttpApi("orders", {
            domainName: "api.example.com",
            zoneId: "zone1",
            routes: [{ routeKey: "$default", lambdaArn: pulumi.output("nonsense") }],
        });
        const error: unknown = await valueOf(api.url).catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(Error).and.not.to.have.property("resource");
        await pulumi.runtime.disconnect();
    });
});

describe("each component that has children", () => {
    it("watches over them", () => {
        const folder = path.join(__dirname, "..", "..", "components");
        const files = fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
        const sources = files.map((file) => [file, fs.readFileSync(path.join(folder, file), "utf8")] as const);
        const components = sources.filter(([, text]) => /extends pulumi\.ComponentResource \{/.test(text) && /parent: this/.test(text));
        expect(components.map(([file]) => file)).to.include("cloudflareProtectedHttpApi.ts");
        for (const [file, text] of components)
            expect(text, file)
                .to.match(/failFast\(/)
                .and.match(/\.settle\(this\)/);
    });
});
