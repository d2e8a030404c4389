import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { CloudflareProtectedHttpApi, StrictTls, type CloudflareProtectedHttpApiArgs } from "../../../components";
import { ARGS, LAMBDA, refusal, SHARED_CA } from "../../support/component";
import { record } from "../../support/recorder";

describe("bad arguments are refused, all at once, before the first child", () => {
    it("reports every problem in one error", async () => {
        const text = await refusal({ domainName: "localhost", routes: [], strictTls: "Maybe" as StrictTls });
        expect(text)
            .to.contain("domainName must be a full domain name")
            .and.to.contain("routes must have at least one route")
            .and.to.contain("strictTls must be one of");
    });

    const route = (routes: unknown[]) => ({ routes }) as Partial<CloudflareProtectedHttpApiArgs>;
    const pull = (originPull: unknown) => ({ originPull }) as Partial<CloudflareProtectedHttpApiArgs>;
    const cases: [string, Partial<CloudflareProtectedHttpApiArgs>, string][] = [
        ["a wildcard", { domainName: "*.example.com" }, "domainName must be a single name, not a wildcard"],
        [
            "a name that is too long",
            { domainName: `${"a".repeat(60)}.example.com` },
            "domainName must be at most 64 characters; received 72",
        ],
        [
            "an Output as domain",
            { domainName: pulumi.output("a.b") as unknown as string },
            "domainName must be a plain string; received an Output",
        ],
        [
            "two targets",
            route([{ routeKey: "$default", lambdaArn: LAMBDA, httpUrl: "https://a.example" }]),
            "must have exactly one target, lambdaArn, function or httpUrl; received lambdaArn and httpUrl",
        ],
        ["no target", route([{ routeKey: "$default" }]), "must have exactly one target, lambdaArn, function or httpUrl; received none"],
        ["a URL without TLS", route([{ routeKey: "$default", httpUrl: "http://a.example" }]), "routes[0].httpUrl must be an https:// URL"],
        [
            "an authorizer that is missing",
            route([{ routeKey: "$default", lambdaArn: LAMBDA, authorizationType: "JWT" }]),
            "authorizerId must be set for JWT and CUSTOM",
        ],
        [
            "a VPC link, until there is one",
            route([{ routeKey: "$default", vpcLink: {} }]),
            "routes[0].vpcLink must be left out: this version does not support it",
        ],
        [
            "an existing API, until there is one",
            { existingApi: {} } as never,
            "existingApi must be left out: this version does not support it",
        ],
        ["a group that is a text", { originPull: "Shared" } as never, 'originPull must be a plain object; received "Shared"'],
        ["a group that is null", { originPull: null } as never, "originPull must be a plain object; received null"],
        [
            "an authority that is null",
            { originPull: { authorities: [null] } } as never,
            "authorities[0] must be a plain object; received null",
        ],
        [
            "a misspelt field of a group",
            { accessLog: { retention: 5 } } as never,
            "accessLog.retention must be one of enabled, retentionInDays",
        ],
        ["a misspelt field of a route", route([{ routeKey: "$default", lambda: LAMBDA }]), "routes[0].lambda must be one of routeKey,"],
        ["half a throttle", { throttle: { rateLimit: 5 } } as never, "throttle.burstLimit must be set; received nothing"],
        ["CORS without origins", { cors: {} } as never, "cors.allowOrigins must be set; received nothing"],
        ["a zone that is a number", { zoneId: 5 } as never, "zoneId must be a string or an Output of one; received a value of type number"],
        ["a zone that is blank", { zoneId: " " }, "zoneId must be the id of the Cloudflare zone"],
        [
            "a key that is no text, without showing it",
            { originPull: { authorities: [{ name: "1", privateKeyPem: { pem: "SECRET" } }] } } as never,
            "privateKeyPem must be a string or an Output of one; received a value of type object",
        ],
        ["a check that is not plain", { verify: pulumi.output({}) } as never, "verify must be a plain object; received an Output"],
        [
            "an unknown part of the check",
            { verify: { timeout: 5 } } as never,
            "verify.timeout must be one of enabled, path, timeoutSeconds, headers",
        ],
        ["a check that is late on or off", { verify: { enabled: pulumi.output(true) } } as never, "verify.enabled must be a plain boolean"],
        ["a relative path", { verify: { path: "health" } }, 'verify.path must start with / and contain no space or #; received "health"'],
        ["a path with a line break", { verify: { path: "/a\r\nx: y" } }, "verify.path must start with /"],
        [
            "no time at all",
            { verify: { timeoutSeconds: 0 } },
            "verify.timeoutSeconds must be a plain number above 0 and at most 3600; received 0",
        ],
        ["hours and hours", { verify: { timeoutSeconds: 3601 } }, "verify.timeoutSeconds must be a plain number above 0 and at most 3600"],
        ["a header that is no name", { verify: { headers: { "a b": "x" } } }, "verify.headers must have valid HTTP header names"],
        ["another Host", { verify: { headers: { Host: "other.example.com" } } }, "verify.headers.Host must be left out"],
        ["a header of two lines", { verify: { headers: { "x-token": "a\nb" } } }, "verify.headers.x-token must be a single line of text"],
        ["an unknown argument", { domian: "x" } as never, "domian must be one of domainName"],
        [
            "mode Zone, until there is one",
            pull({ mode: "Zone" }),
            "originPull.mode must be Hostname or Shared: this version does not support Zone",
        ],
        ["no authorities", pull({ authorities: [] }), "originPull.authorities must have at least one authority"],
        [
            "duplicate authorities",
            pull({ authorities: [{ name: "1" }, { name: "1" }], presented: "1" }),
            "originPull.authorities must have unique names",
        ],
        [
            "no word on who is presented",
            pull({ authorities: [{ name: "1" }, { name: "2" }] }),
            "originPull.presented must name one of 1, 2; received nothing",
        ],
        ["an unknown presented authority", pull({ presented: "2" }), 'originPull.presented must name one of 1; received "2"'],
        [
            "the shared CA as one's own",
            pull({ authorities: [{ name: "1", caCertificatePem: SHARED_CA, certificateId: "x" }] }),
            "must be your own CA to be presented",
        ],
        [
            "a PEM that is no certificate",
            pull({ authorities: [{ name: "1", caCertificatePem: "hello", certificateId: "x" }] }),
            "originPull.authorities[0].caCertificatePem must",
        ],
    ];
    for (const [what, args, text] of cases)
        it(`refuses ${what}`, async () => {
            expect(await refusal(args)).to.contain(text);
        });

    it("refuses a component name that cannot be part of a bucket's", async () => {
        const failure = await record(() => new CloudflareProtectedHttpApi("Orders_API", ARGS)).then(
            () => "nothing was refused",
            (error: Error) => error.message,
        );
        expect(failure).to.contain("name must be 1 to 44 characters of a-z, 0-9 and -");
    });

    it("refuses a bad value known only later, and names it", async () => {
        expect(await refusal({ routes: [{ routeKey: "$default", lambdaArn: pulumi.output("nonsense") }] })).to.contain(
            "routes[0].lambdaArn must be the ARN of a Lambda function",
        );
    });

    it("refuses a path and headers known only later, without printing a header's value", async () => {
        expect(await refusal({ verify: { path: pulumi.output("health") } })).to.contain("verify.path must start with /");
        const text = await refusal({ verify: { headers: pulumi.output({ "x-token": "c2VjcmV0\n" }) } });
        expect(text).to.contain("verify.headers.x-token must be a single line of text").and.not.to.contain("c2VjcmV0");
    });

    it("never echoes a private key", async () => {
        const key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----";
        const text = await refusal(pull({ authorities: [{ name: "1", caCertificatePem: key, certificatePem: key, privateKeyPem: key }] }));
        expect(text).to.contain("originPull.authorities[0].caCertificatePem must").and.not.to.contain("c2VjcmV0");
    });
});
