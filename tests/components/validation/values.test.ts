/** What AWS or Cloudflare refuses is refused in preview; beside each stands a neighbour that is taken. */
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import type { CloudflareProtectedHttpApiArgs } from "../../../components";
import { argsProblems, argsWarnings } from "../../../components/validation/validation";
import { ARGS, build, LAMBDA, refusal } from "../../support/component";

type Args = Partial<CloudflareProtectedHttpApiArgs>;
const judge = (args: object, region?: string): string[] =>
    argsProblems("orders", { ...ARGS, ...args }, new Date(0), region).map(({ path, message }) => `${path} ${message}`);

const throttle = (burstLimit: unknown, rateLimit: unknown) => ({ throttle: { burstLimit, rateLimit } });
const days = (retentionInDays: unknown) => ({ accessLog: { retentionInDays } });
const cors = (more: object) => ({ cors: { allowOrigins: ["https://app.example.com"], ...more } });
const certificate = (arn: string) => ({ certificateArn: arn });
const route = (lambdaArn: string) => ({ routes: [{ routeKey: "$default", lambdaArn }] });
const ARN = "arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-0123456789ab";

/** What is wrong, the arguments, what is said, and a neighbour without a problem. */
const CASES: [string, object, string, object][] = [
    ["a negative burst", throttle(-1, 5), "throttle.burstLimit must be a whole number of requests, 0 or more; received -1", throttle(1, 5)],
    ["half a request", throttle(1.5, 5), "throttle.burstLimit must be a whole number", throttle(1, 0.5)],
    ["a burst above an integer", throttle(2 ** 31, 5), "throttle.burstLimit must be", throttle(2 ** 31 - 1, 5)],
    [
        "a text as burst",
        throttle("50", 5),
        'throttle.burstLimit must be a whole number of requests, 0 or more; received "50"',
        throttle(50, 5),
    ],
    ["a negative rate", throttle(5, -0.1), "throttle.rateLimit must be a number of requests per second, 0 or more", throttle(5, 0.1)],
    ["no number as rate", throttle(5, Number.NaN), "throttle.rateLimit must be", throttle(5, 100)],
    ["a text as rate", throttle(5, "fast"), "throttle.rateLimit must be", throttle(5, 1)],
    ["17 days", days(17), "accessLog.retentionInDays must be one of CloudWatch's numbers of days, 0, 1, 3, 5, 7, 14", days(14)],
    ["days as a text", days("30"), 'received "30"', days(0)],
    ["11 years", days(4018), "accessLog.retentionInDays must be", days(3653)],
    [
        "every origin with credentials",
        { cors: { allowOrigins: ["*"], allowCredentials: true } },
        "cors.allowOrigins must list the origins by name while allowCredentials is true",
        { cors: { allowOrigins: ["*"], allowCredentials: false } },
    ],
    ["an origin without a scheme", cors({ allowOrigins: ["app.example.com"] }), 'cors.allowOrigins[0] must be "*", or http://', cors({})],
    [
        "an origin with a path",
        cors({ allowOrigins: ["https://a.example/"] }),
        "without a path",
        cors({ allowOrigins: ["https://a.example:8443"] }),
    ],
    [
        "an app's origin",
        cors({ allowOrigins: ["capacitor://localhost"] }),
        "cors.allowOrigins[0]",
        cors({ allowOrigins: ["http://localhost:3000"] }),
    ],
    [
        "origins that are no list",
        cors({ allowOrigins: "*" }),
        'cors.allowOrigins must be a list; received "*"',
        cors({ allowOrigins: ["*"] }),
    ],
    [
        "a method of routes",
        cors({ allowMethods: ["ANY"] }),
        "cors.allowMethods[0] must be one of *, GET",
        cors({ allowMethods: ["*", "GET"] }),
    ],
    ["a method in lower case", cors({ allowMethods: ["get"] }), 'received "get"', cors({ allowMethods: ["OPTIONS"] })],
    [
        "a header with a space",
        cors({ allowHeaders: ["x y"] }),
        "cors.allowHeaders[0] must be the name of a header, or *",
        cors({ allowHeaders: ["x-y", "*"] }),
    ],
    ["a header's value", cors({ exposeHeaders: ["x: y"] }), "cors.exposeHeaders[0]", cors({ exposeHeaders: ["Date"] })],
    [
        "a day and a second",
        cors({ maxAge: 86_401 }),
        "cors.maxAge must be a whole number of seconds, at most 86400, or -1",
        cors({ maxAge: 86_400 }),
    ],
    ["less than no age", cors({ maxAge: -2 }), "cors.maxAge", cors({ maxAge: -1 })],
    ["an age as a text", cors({ maxAge: "60" }), "cors.maxAge", cors({ maxAge: 60 })],
    [
        "credentials as a text",
        cors({ allowCredentials: "true" }),
        "cors.allowCredentials must be a boolean",
        cors({ allowCredentials: true }),
    ],
    ["no ARN", certificate("mine"), "certificateArn must be the ARN of an ACM certificate", certificate(ARN)],
    [
        "an IAM server certificate",
        certificate("arn:aws:iam::123456789012:server-certificate/a"),
        "certificateArn must be",
        certificate(ARN),
    ],
    ["an ARN without a region", certificate("arn:aws:acm::123456789012:certificate/1"), "certificateArn must be", certificate(ARN)],
    [
        "a certificate of another region than the function's",
        certificate(ARN.replace("eu-west-1", "us-east-1")),
        "routes[0].lambdaArn must be in the API's region, us-east-1 (certificateArn); received one in eu-west-1",
        certificate(ARN),
    ],
    [
        "functions of two regions",
        { routes: [...ARGS.routes, { routeKey: "GET /a", lambdaArn: LAMBDA.replace("eu-west-1", "eu-west-2") }] },
        "routes[1].lambdaArn must be in the API's region, eu-west-1 (routes[0].lambdaArn); received one in eu-west-2",
        { routes: [...ARGS.routes, { routeKey: "GET /a", lambdaArn: LAMBDA }] },
    ],
    [
        "a zone's name",
        { zoneId: "example.com" },
        '32 hexadecimal digits; received "example.com", which looks like the zone\'s name',
        { zoneId: "0".repeat(32) },
    ],
    ["a zone's id that is too long", { zoneId: "0".repeat(33) }, "zoneId must be the id", { zoneId: "zone1" }],
    ["a last label of one character", { domainName: "a.b" }, "domainName must be a full domain name", { domainName: "a.de" }],
    [
        "a name beyond ASCII",
        { domainName: "bücher.example" },
        "Write an international name in its ASCII form, xn--",
        { domainName: "xn--bcher-kva.example" },
    ],
    ["an underscore", { domainName: "my_api.example.com" }, "domainName must be", { domainName: "my-api.example.com" }],
    [
        "a label of 64 characters",
        { domainName: `${"a".repeat(60)}${"b".repeat(4)}` },
        "domainName must be",
        { domainName: "API.Example.com." },
    ],
    ["two dots at the end", { domainName: "api.example.com.." }, "domainName must be", { domainName: "api.example.com." }],
    ["an address", { domainName: "192.0.2.1" }, "domainName must be", { domainName: "192.0.2.example.com" }],
];

describe("values that a cloud refuses", () => {
    for (const [what, args, text, neighbour] of CASES)
        it(`are refused in preview: ${what}`, () => {
            expect(judge(args).join("\n")).to.contain(text);
            expect(judge(neighbour)).to.deep.equal([]);
        });

    it("are compared with the provider's region, if the configuration names it", () => {
        expect(judge({}, "eu-west-1")).to.deep.equal([]);
        expect(judge(certificate(ARN), "us-east-1")).to.deep.equal([
            "certificateArn must be in the API's region, us-east-1 (aws:region); received one in eu-west-1",
            "routes[0].lambdaArn must be in the API's region, us-east-1 (aws:region); received one in eu-west-1",
        ]);
        expect(judge(route(LAMBDA.replace("eu-west-1", "us-east-1")), "us-east-1")).to.deep.equal([]);
    });

    const late: [string, Args, string][] = [
        ["a throttle", { throttle: { burstLimit: pulumi.output(-1), rateLimit: 1 } }, "throttle.burstLimit must be"],
        ["a retention", { accessLog: { retentionInDays: pulumi.output(17) } }, "accessLog.retentionInDays must be"],
        ["an origin", { cors: { allowOrigins: [pulumi.output("app.example.com")] } }, "cors.allowOrigins[0] must be"],
        ["origins", { cors: { allowOrigins: pulumi.output(["*"]), allowCredentials: true } }, "cors.allowOrigins must list the origins"],
        ["a certificate", { certificateArn: pulumi.output("mine") }, "certificateArn must be the ARN of an ACM certificate"],
    ];
    for (const [what, args, text] of late)
        it(`are refused when they are known: ${what}`, async () => {
            expect(await refusal(args)).to.contain(text);
        });

    it("reach the cloud as they were given, plain or late", async () => {
        for (const late of [(value: number) => value, (value: number) => pulumi.output(value)]) {
            const recorded = await build({
                throttle: { burstLimit: late(5), rateLimit: late(2) },
                cors: { allowOrigins: ["*"], maxAge: late(60) },
                accessLog: { retentionInDays: late(14) },
                certificateArn: pulumi.output(ARN),
            });
            expect(recorded.byName("orders-stage").inputs.defaultRouteSettings).to.deep.equal({
                throttlingBurstLimit: 5,
                throttlingRateLimit: 2,
            });
            expect(recorded.byName("orders-api").inputs.corsConfiguration).to.deep.equal({ allowOrigins: ["*"], maxAge: 60 });
            expect(recorded.byName("orders-access-log").inputs.retentionInDays).to.equal(14);
        }
    });
});

describe("values that are legal and surely not meant", () => {
    it("are warnings", () => {
        const warnings = (args: object): string => argsWarnings({ ...ARGS, ...args }).join();
        expect(warnings(throttle(0, 5))).to.contain("throttle has a limit of 0");
        expect(warnings(cors({ allowCredentials: true, allowHeaders: ["*"] }))).to.contain('cors.allowHeaders holds "*"');
        expect(warnings({ ...throttle(1, 5), ...cors({ allowHeaders: ["*"] }) })).to.equal("");
    });
});
