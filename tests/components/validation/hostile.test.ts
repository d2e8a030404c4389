/** What a careless or hostile caller passes: nothing crashes, nothing is silently dropped, and nothing secret is in a message. */
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import type { CloudflareProtectedHttpApiArgs } from "../../../components";
import { argsProblems, problemText } from "../../../components/validation/validation";
import { ARGS, LAMBDA, refusal } from "../../support/component";

const judge = (args: object, name: unknown = "orders"): string =>
    problemText(
        "args",
        argsProblems(name as string, { ...ARGS, ...args } as unknown as CloudflareProtectedHttpApiArgs, new Date(0), undefined),
    );
const NOTHING = problemText("args", []);

const KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
const TOKEN = "c2VjcmV0_".repeat(5);

/** Every place of the arguments, with a value in it. */
const places = (value: unknown): [place: string, args: object][] => {
    const route = (field: string) => ({ routes: [{ routeKey: "$default", lambdaArn: LAMBDA, [field]: value }] });
    const authority = (field: string) => ({ originPull: { authorities: [{ name: "1", [field]: value }] } });
    const name = String(value);
    return [
        ...Object.keys({ ...ARGS, originPull: 0, cors: 0, throttle: 0, accessLog: 0, verify: 0, functions: 0 }),
        "strictTls",
        "certificateArn",
        "deletionProtection",
        "existingApi",
    ]
        .map((field): [string, object] => [field, { [field]: value }])
        .concat(
            [
                "routeKey",
                "lambdaArn",
                "function",
                "httpUrl",
                "invokePermission",
                "authorizationType",
                "authorizerId",
                "authorizationScopes",
            ].map((field) => [`route.${field}`, route(field)]),
            ["name", "leaf", "caCertificatePem", "certificatePem", "privateKeyPem", "certificateId"].map((field) => [
                `authority.${field}`,
                authority(field),
            ]),
            ["mode", "authorities", "presented"].map((field) => [`originPull.${field}`, { originPull: { [field]: value } }]),
            ["path", "headers", "timeoutSeconds", "enabled"].map((field) => [`verify.${field}`, { verify: { [field]: value } }]),
            ["enabled", "retentionInDays", "destinationArn"].map((field) => [`accessLog.${field}`, { accessLog: { [field]: value } }]),
            ["burstLimit", "rateLimit"].map((field) => [
                `throttle.${field}`,
                { throttle: { burstLimit: 1, rateLimit: 1, [field]: value } },
            ]),
            ["allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders", "allowCredentials", "maxAge"].flatMap((field) => [
                [`cors.${field}`, { cors: { allowOrigins: ["*"], [field]: value } }] as [string, object],
                [`cors.${field}[0]`, { cors: { allowOrigins: ["*"], [field]: [value] } }] as [string, object],
            ]),
            ["name", "lambdaArn", "invokePermission"].map((field) => [
                `functions.${field}`,
                { functions: [{ name: "f", lambdaArn: LAMBDA, [field]: value }] },
            ]),
            [
                ["routes[0]", { routes: [value] }],
                ["functions[0]", { functions: [value] }],
                ["authorities[0]", { originPull: { authorities: [value] } }],
                ["an unknown argument", { [name]: 1 }],
                ["an unknown part of a group", { verify: { [name]: 1 } }],
                ["a tag's name", { tags: { [name]: "x" } }],
                ["a tag's value", { tags: { team: value } }],
                ["a header's name", { verify: { headers: { [name]: "x" } } }],
                ["a header's value", { verify: { headers: { "x-token": value } } }],
            ],
        );
};

describe("a message about a bad argument", () => {
    it("holds no private key, wherever in the arguments it stands, nor in a list or an object there", () => {
        for (const value of [KEY, [KEY], { pem: KEY }])
            for (const [place, args] of places(value)) expect(judge(args), place).not.to.contain("c2VjcmV0");
    });

    it("holds no API token in the place of an id, and no text as long as a key", () => {
        const long = "c2VjcmV0".repeat(50);
        for (const args of [
            { zoneId: TOKEN },
            { originPull: { authorities: [{ name: "1", caCertificatePem: "x", certificateId: TOKEN }] } },
        ])
            expect(judge(args)).to.contain("received 45 characters, as long as an API token").and.not.to.contain(TOKEN);
        for (const [place, args] of places(long)) expect(judge(args), place).not.to.contain(long.slice(0, 201));
    });

    it("holds no credentials and no query of a URL", () => {
        for (const url of [
            "http://user:c2VjcmV0@a.example/",
            "http://user:c2V/jcm@V0c2VjcmV0@a.example/",
            "user:c2VjcmV0@a.example",
            "ftp://a.example/?token=c2VjcmV0",
            "ftp://a.example/#c2VjcmV0",
        ])
            for (const args of [
                { routes: [{ routeKey: "$default", httpUrl: url }] },
                { verify: { path: url } },
                { domainName: url },
                { cors: { allowOrigins: [url] } },
            ])
                expect(judge(args)).to.contain("must").and.not.to.contain("c2VjcmV0");
    });

    it("shows nothing that a terminal obeys or hides", () => {
        // eslint-disable-next-line no-control-regex -- the point of it
        const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/;
        for (const [place, args] of places("\u001b[31m\u009b2J\u202eabc\u2028\r")) expect(judge(args), place).not.to.match(obeyed);
    });

    it("does not quote a header's name, which may be the token in its place", () => {
        expect(judge({ verify: { headers: { ok: "x", "Bearer c2VjcmV0": "authorization" } } }))
            .to.contain("verify.headers must have valid HTTP header names; received another as number 2")
            .and.not.to.contain("c2VjcmV0");
    });

    it("shows numbers as they are", () => {
        expect(judge({ throttle: { burstLimit: Number.NaN, rateLimit: Infinity } }))
            .to.contain("received NaN")
            .and.contain("received Infinity");
    });

    const late: [what: string, args: (value: pulumi.Output<string>) => object, path: string][] = [
        ["an ARN", (lambdaArn) => ({ routes: [{ routeKey: "$default", lambdaArn }] }), "routes[0].lambdaArn must be the ARN"],
        ["a URL", (httpUrl) => ({ routes: [{ routeKey: "$default", httpUrl }] }), "routes[0].httpUrl must be an https:// URL"],
        ["a certificate's ARN", (certificateArn) => ({ certificateArn }), "certificateArn must be the ARN"],
        ["a zone", (zoneId) => ({ zoneId }), "zoneId must be the id"],
        ["a path", (path) => ({ verify: { path } }), "verify.path must start with /"],
        ["a log group", (destinationArn) => ({ accessLog: { destinationArn } }), "accessLog.destinationArn must be the ARN"],
        ["an origin", (origin) => ({ cors: { allowOrigins: [origin] } }), "cors.allowOrigins[0] must be"],
    ];
    for (const [what, args, path] of late)
        it(`holds no secret that is only known late: ${what}`, async () => {
            expect(await refusal(args(pulumi.secret("c2Vj cmV0"))))
                .to.contain(path)
                .and.contain("received a secret value")
                .and.not.to.contain("c2Vj");
            expect(await refusal(args(pulumi.output("c2Vj cmV0"))))
                .to.contain(path)
                .and.contain('received "c2Vj cmV0"');
        });
});

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
