/** A consumer's unit tests, as docs/component.md shows them: some pass, and some must fail with a reason. */

/** What a test's title begins with, and what its one error must hold; undefined if it passes. */
export const EXPECTED: Record<string, string | undefined> = {
    "mocks that echo": undefined,
    "mocks that return nothing": undefined,
    "a late refusal": 'routes[0].lambdaArn must be the ARN of a Lambda function; received "nonsense"',
    "a mock's unusable ARN": 'routes[0].lambdaArn must be the ARN of a Lambda function; received "some-arn"',
    "a mock that throws in call": "the client certificate orders-origin-pull-upload-1 must be readable at Cloudflare",
    "a mock that throws for one resource": "no mock for aws:apigatewayv2/api:Api",
    "a mock that throws for every resource": "no mock for cloudflare-protected-http-api:index:CloudflareProtectedHttpApi",
    "a mock that returns undefined": "failed to register new resource orders",
    "an output that nobody waits for": "no mock for aws:s3/bucketPolicy:BucketPolicy",
    "a refusal that is expected": undefined,
};

const HEADERS = {
    commonjs: `
const pulumi = require("@pulumi/pulumi");
const aws = require("@pulumi/aws");
const { CloudflareProtectedHttpApi } = require("cloudflare-protected-http-api");`,
    esm: `
import { afterEach, it } from "vitest";
import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";
import { CloudflareProtectedHttpApi } from "cloudflare-protected-http-api";`,
};

const BODY = `
const ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
const echo = ({ name, inputs }) => ({ id: name, state: inputs });
const throwing = (part) => (args) => {
    if (args.type.includes(part)) throw new Error("no mock for " + args.type);
    return echo(args);
};
const valueOf = (output) => output.promise();

async function deploy(mocks, lambdaArn = () => ARN, preview = false) {
    await pulumi.runtime.setMocks({ newResource: echo, call: () => ({}), ...mocks }, "project", "stack", preview);
    return new CloudflareProtectedHttpApi("orders", {
        domainName: "api.example.com",
        zoneId: "zone1",
        routes: [{ routeKey: "$default", lambdaArn: lambdaArn() }],
    });
}

async function answers(api) {
    const url = await valueOf(api.url);
    if (url !== "https://api.example.com") throw new Error("url must be the domain's; received " + url);
}

// What a test leaves undone would go on in the next one's mocks.
afterEach(() => pulumi.runtime.disconnect());

const late = () => pulumi.output("nonsense");
const named = () => new aws.lambda.Function("orders", { role: "role" }).arn;
const unusable = ({ name, inputs }) => ({ id: name, state: { ...inputs, arn: "some-arn" } });
const refusing = () => {
    throw new Error("unexpected call");
};

for (const preview of [false, true]) {
    const title = (text) => text + (preview ? ", preview" : "");
    const test = (text, mocks, lambdaArn) => it(title(text), async () => answers(await deploy(mocks, lambdaArn, preview)));
    test("mocks that echo", {});
    test("mocks that return nothing", { newResource: ({ name }) => ({ id: name, state: {} }) });
    test("a late refusal", {}, late);
    test("a mock's unusable ARN", { newResource: unusable }, named);
    // A preview asks no more than the zone's mode, and a look-up that is not allowed is a warning.
    if (!preview) test("a mock that throws in call", { call: refusing });
    test("a mock that throws for one resource", { newResource: throwing("api:Api") });
    test("a mock that throws for every resource", { newResource: throwing("") });
    test("a mock that returns undefined", { newResource: () => undefined });
    it(title("an output that nobody waits for"), async () => {
        await deploy({ newResource: throwing("bucketPolicy") }, undefined, preview);
        await pulumi.runtime.disconnect();
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    });
    it(title("a refusal that is expected"), async () => {
        const api = await deploy({}, late, preview);
        const reason = await valueOf(api.url).catch((error) => error.message);
        if (!String(reason).includes("must be the ARN of a Lambda function")) throw new Error("received " + reason);
    });
    test("mocks that echo, at the end", {});
}
`;

export const unitTests = (format: keyof typeof HEADERS): string => `${HEADERS[format]}\n${BODY}`;
