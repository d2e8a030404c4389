/** What a careless or hostile caller passes: nothing crashes, and nothing is silently dropped. */
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { problemText } from "../../../components/validation/validation";
import { ARGS, LAMBDA, refusal } from "../../support/component";
import { judge, places } from "../../support/badArguments";

const NOTHING = problemText("args", []);

const CA = { name: "1", caCertificatePem: pulumi.output("x") };
const OWN = { ...CA, certificatePem: pulumi.output("x"), privateKeyPem: pulumi.output("x") };

describe("a bad argument", () => {
    it("crashes nothing, whatever it is", () => {
        const circular: Record<string, unknown> = {};
        circular.self = circular;
        for (const value of [5n, Symbol("x"), () => 1, circular, new Date(0), new Map([["a", "b"]]), [undefined], new Array(1), null, NaN])
            for (const [place, args] of places(value)) expect(() => judge(args), `${place} = ${typeof value}`).not.to.throw();
    });

    const refused: [what: string, args: object, text: string, neighbour: object][] = [
        ["a hole in the routes", { routes: Object.assign(new Array(2), { 1: ARGS.routes[0] }) }, "routes[0] must be a plain object", ARGS],
        [
            "a hole in the authorities",
            { originPull: { authorities: new Array(1) } },
            "originPull.authorities[0] must be a plain object",
            ARGS,
        ],
        [
            "an undefined origin",
            { cors: { allowOrigins: ["*", undefined] } },
            "cors.allowOrigins[1] must be",
            { cors: { allowOrigins: ["*"] } },
        ],
        ["a Map of tags", { tags: new Map([["a", "b"]]) }, "tags must map names to values; received a Map", { tags: { a: "b" } }],
        [
            "a Map of headers",
            { verify: { headers: new Map() } },
            "verify.headers must map header names to values",
            { verify: { headers: {} } },
        ],
        ["a Map as a group", { verify: new Map() }, "verify must be a plain object; received a Map", { verify: {} }],
        [
            "a header twice",
            { verify: { headers: { "X-Token": "1", "x-token": "2" } } },
            "verify.headers.x-token must be there once, in whatever case",
            { verify: { headers: { "X-Token": "1", "y-token": "2" } } },
        ],
        [
            "a URL with a space",
            { routes: [{ routeKey: "$default", httpUrl: "https://a.example/x y" }] },
            "routes[0].httpUrl must be an https:// URL, with a host and without spaces",
            { routes: [{ routeKey: "$default", httpUrl: "https://${stageVariables.host}/{proxy}?x=1" }] },
        ],
        [
            "a URL with a line break at its end",
            { routes: [{ routeKey: "$default", httpUrl: "https://a.example\n" }] },
            "routes[0].httpUrl must",
            { routes: [{ routeKey: "$default", httpUrl: "HTTPS://a.example" }] },
        ],
        [
            "a URL without a host",
            { routes: [{ routeKey: "$default", httpUrl: "https://?x" }] },
            "routes[0].httpUrl must",
            { routes: [{ routeKey: "$default", httpUrl: "https://a.example?x" }] },
        ],
        [
            "an empty authorizer",
            { routes: [{ ...ARGS.routes[0], authorizationType: "JWT", authorizerId: "" }] },
            "routes[0].authorizerId must be set for JWT and CUSTOM; received nothing",
            { routes: [{ ...ARGS.routes[0], authorizationType: "JWT", authorizerId: "a1" }] },
        ],
        [
            "scopes without JWT",
            { routes: [{ ...ARGS.routes[0], authorizationScopes: ["read"] }] },
            'routes[0].authorizationScopes must be left out unless authorizationType is JWT; received scopes with "NONE"',
            { routes: [{ ...ARGS.routes[0], authorizationScopes: ["read"], authorizationType: "JWT", authorizerId: "a1" }] },
        ],
        [
            "a scope that is nothing",
            { routes: [{ ...ARGS.routes[0], authorizationScopes: [undefined], authorizationType: "JWT", authorizerId: "a1" }] },
            "routes[0].authorizationScopes[0] must have 1 to 64 characters; received nothing",
            { routes: [{ ...ARGS.routes[0], authorizationScopes: [], authorizationType: "JWT", authorizerId: "a1" }] },
        ],
        [
            "a leaf's number beside a CA of one's own",
            { originPull: { authorities: [{ name: "1", caCertificatePem: pulumi.output("x"), certificateId: "x", leaf: "2" }] } },
            "originPull.authorities[0].leaf must be left out with a caCertificatePem",
            { originPull: { authorities: [{ name: "1", leaf: "2" }] } },
        ],
        [
            "the name of the shared CA",
            { originPull: { authorities: [{ name: "cloudflare-shared" }] } },
            "originPull.authorities[0].name must not be the name reserved for Cloudflare's shared CA",
            { originPull: { authorities: [{ name: "cloudflare" }] } },
        ],
        [
            "a leaf and the id of one",
            { originPull: { authorities: [{ ...OWN, certificateId: "x" }] } },
            "originPull.authorities[0] must have either certificatePem or certificateId; received both",
            { originPull: { authorities: [OWN] } },
        ],
        [
            "a leaf without its key",
            { originPull: { authorities: [{ ...OWN, privateKeyPem: undefined }] } },
            "originPull.authorities[0] must have both certificatePem and privateKeyPem, or neither",
            { originPull: { authorities: [OWN] } },
        ],
        [
            "a CA without a leaf as the presented one",
            { originPull: { authorities: [CA, { name: "2" }], presented: "1" } },
            "originPull.authorities[0] must have a leaf (certificatePem or certificateId) to be presented",
            { originPull: { authorities: [CA, { name: "2" }], presented: "2" } },
        ],
        [
            "a presented authority in mode Shared",
            { originPull: { mode: "Shared", presented: "1" } },
            "originPull.presented must be left out in mode Shared",
            { originPull: { mode: "Shared" } },
        ],
        [
            "a header that the verification sets",
            { verify: { headers: { "User-Agent": "x" } } },
            "verify.headers.User-Agent must be left out: the verification sets it",
            { verify: { headers: { "x-agent": "x" } } },
        ],
        [
            "two leaves of one name",
            {
                originPull: {
                    authorities: [
                        { name: "a", leaf: "b-c" },
                        { name: "a-b", leaf: "c" },
                    ],
                    presented: "a",
                },
            },
            "originPull.authorities[1] must not name its children as authorities[0] does",
            {
                originPull: {
                    authorities: [
                        { name: "a", leaf: "b-c" },
                        { name: "a-b", leaf: "d" },
                    ],
                    presented: "a",
                },
            },
        ],
        [
            "a function of another region",
            {
                routes: [...ARGS.routes, { routeKey: "GET /a", function: "a" }],
                functions: [{ name: "a", lambdaArn: LAMBDA.replace("eu-west-1", "us-east-1") }],
            },
            "functions[0].lambdaArn must be in the API's region, eu-west-1 (routes[0].lambdaArn); received one in us-east-1",
            { routes: [...ARGS.routes, { routeKey: "GET /a", function: "a" }], functions: [{ name: "a", lambdaArn: `${LAMBDA}-a` }] },
        ],
    ];
    for (const [what, args, text, neighbour] of refused)
        it(`is refused: ${what}`, () => {
            expect(judge(args)).to.contain(text);
            expect(judge(neighbour)).to.equal(NOTHING);
        });

    it("is refused once", () => {
        for (const args of [{ zoneId: null }, { certificateArn: 5 }, { accessLog: { destinationArn: null } }])
            expect(judge(args).split("\n"), judge(args)).to.have.length(2);
    });

    it("is refused as the component's name: none, a number, and what S3 keeps for itself", () => {
        for (const name of [null, 5, "xn--a", "sthree-a", "amzn-s3-demo-a"])
            expect(judge({}, name), String(name)).to.contain("- name must");
        for (const name of ["xn-a", "sthree", "amzn-s3"]) expect(judge({}, name)).to.equal(NOTHING);
    });

    const nothings: [what: string, args: (value: pulumi.Output<string>) => object, path: string][] = [
        ["an ARN", (lambdaArn) => ({ routes: [{ routeKey: "$default", lambdaArn }] }), "routes[0].lambdaArn must be the ARN"],
        ["a URL", (httpUrl) => ({ routes: [{ routeKey: "$default", httpUrl }] }), "routes[0].httpUrl must be an https:// URL"],
        ["a zone", (zoneId) => ({ zoneId }), "zoneId must be the id"],
        ["a log group", (destinationArn) => ({ accessLog: { destinationArn } }), "accessLog.destinationArn must be the ARN"],
        [
            "a scope",
            (scope) => ({ routes: [{ ...ARGS.routes[0], authorizationScopes: [scope], authorizationType: "JWT", authorizerId: "a" }] }),
            "routes[0].authorizationScopes[0] must have 1 to 64 characters",
        ],
        [
            "a CA",
            (caCertificatePem) => ({ originPull: { authorities: [{ name: "1", caCertificatePem, certificateId: "x" }] } }),
            "originPull.authorities[0].caCertificatePem must",
        ],
        [
            "a key",
            (privateKeyPem) => ({
                originPull: { authorities: [{ name: "1", caCertificatePem: "x", certificatePem: "x", privateKeyPem }] },
            }),
            "originPull.authorities[0]",
        ],
    ];
    for (const [what, args, path] of nothings)
        it(`is refused when it is known late, and null or empty: ${what}`, async () => {
            for (const value of [null as unknown as string, ""]) expect(await refusal(args(pulumi.output(value)))).to.contain(path);
        });
});
