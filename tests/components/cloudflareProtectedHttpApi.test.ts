import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { VERIFICATION_SCRIPT } from "../../components/verification/script";
import * as pulumi from "@pulumi/pulumi";
import { CloudflareProtectedHttpApi, OriginPullMode, StrictTls, type CloudflareProtectedHttpApiArgs } from "../../components";
import { record, valueOf, type Recorded } from "../support/recorder";

const LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
const ARGS: CloudflareProtectedHttpApiArgs = {
    domainName: "api.dev.example.com",
    zoneId: "zone1",
    routes: [{ routeKey: "$default", lambdaArn: LAMBDA }],
    tags: { team: "orders" },
};
const realDir = path.join(__dirname, "..", "..");
const sharedCa = fs.readFileSync(path.join(realDir, "certs", "cloudflare-origin-pull-ca.pem"), "utf8");

/** The mocked tls provider makes no real certificates, so that the tests of the graph say when theirs ends. */
const build = (
    args: Partial<CloudflareProtectedHttpApiArgs> = {},
    options: Parameters<typeof record>[1] = {},
): Promise<Recorded<CloudflareProtectedHttpApi>> =>
    record(() => new CloudflareProtectedHttpApi("orders", { ...ARGS, ...args } as CloudflareProtectedHttpApiArgs), {
        computed: { "tls:index/locallySignedCert:LocallySignedCert": () => ({ certPem: sharedCa }) },
        ...options,
    });

const dependsOn = (recorded: Recorded<unknown>, name: string, other: string) =>
    recorded.byName(name).dependencies.some((urn) => urn.endsWith(`::${other}`));

const refusal = async (args: Partial<CloudflareProtectedHttpApiArgs>, options?: Parameters<typeof record>[1]): Promise<string> => {
    try {
        await build(args, options);
    } catch (error) {
        return (error as Error).message;
    }
    return "nothing was refused";
};

describe("the component closes every way around the edge", () => {
    it("turns the default endpoint off", async () => {
        expect((await build()).byName("orders-api").inputs.disableExecuteApiEndpoint).to.equal(true);
    });

    it("asks for a client certificate of the pinned truststore version", async () => {
        const recorded = await build();
        const domain = recorded.byName("orders-domain").inputs;
        expect(domain.mutualTlsAuthentication).to.deep.equal({
            truststoreUri: "s3://orders-truststore-1234567/truststore.pem",
            truststoreVersion: "v1",
        });
        expect(domain.domainNameConfiguration).to.include({ endpointType: "REGIONAL", securityPolicy: "TLS_1_2" });
    });

    it("lets only this API call the function, on every stage and route", async () => {
        expect((await build()).byName("orders-permission-default").inputs).to.deep.include({
            action: "lambda:InvokeFunction",
            principal: "apigateway.amazonaws.com",
            sourceArn: "arn:aws:execute-api:eu-west-1:123456789012:abc/*/*",
        });
    });

    it("proxies the record, with the only ttl that Cloudflare takes for it", async () => {
        expect((await build()).byName("orders-record").inputs).to.deep.include({
            name: "api.dev.example.com",
            type: "CNAME",
            content: "d-1.execute-api.eu-west-1.amazonaws.com",
            proxied: true,
            ttl: 1,
        });
    });

    it("deploys changes of the API by itself", async () => {
        expect((await build()).byName("orders-stage").inputs).to.deep.include({ name: "$default", autoDeploy: true });
    });

    it("keeps the truststore private, versioned, encrypted and behind TLS", async () => {
        const recorded = await build();
        expect(recorded.byName("orders-truststore-access-block").inputs).to.deep.include({
            blockPublicAcls: true,
            blockPublicPolicy: true,
            ignorePublicAcls: true,
            restrictPublicBuckets: true,
        });
        expect(recorded.byName("orders-truststore-versioning").inputs.versioningConfiguration).to.deep.equal({ status: "Enabled" });
        expect(recorded.byName("orders-truststore-encryption").inputs.rules).to.deep.equal([
            { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } },
        ]);
        const policy = JSON.parse(String(recorded.byName("orders-truststore-policy").inputs.policy)) as {
            Statement: { Effect: string; Condition: unknown }[];
        };
        expect(policy.Statement.map((one) => [one.Effect, one.Condition])).to.deep.equal([
            ["Deny", { Bool: { "aws:SecureTransport": "false" } }],
        ]);
        expect(recorded.byName("orders-truststore-object").inputs.etag).to.match(/^[0-9a-f]{32}$/);
    });
});

describe("the order of creation is in the graph", () => {
    it("enables versioning before the truststore is written", async () => {
        expect(dependsOn(await build(), "orders-truststore-object", "orders-truststore-versioning")).to.equal(true);
    });

    it("trusts the leaf before the edge presents it, and lets visitors in last", async () => {
        const recorded = await build();
        expect(dependsOn(recorded, "orders-association", "orders-domain")).to.equal(true);
        expect(dependsOn(recorded, "orders-record", "orders-association")).to.equal(true);
        expect(dependsOn(recorded, "orders-record", "orders-mapping")).to.equal(true);
    });

    it("replaces what is unique by name only after deleting it", async () => {
        const recorded = await build();
        for (const name of ["orders-domain", "orders-mapping", "orders-record"])
            expect(recorded.byName(name).deleteBeforeReplace, name).to.equal(true);
    });
});

describe("the server certificate", () => {
    it("is validated by an unproxied record at its full name, without the trailing dot", async () => {
        const recorded = await build();
        expect(recorded.byName("orders-certificate-validation").inputs).to.deep.include({
            name: "_x1.api.dev.example.com",
            content: "_y1.acm-validations.aws",
            proxied: false,
        });
        expect(dependsOn(recorded, "orders-domain", "orders-certificate-issued")).to.equal(true);
    });

    it("may be bring-your-own", async () => {
        const arn = "arn:aws:acm:eu-west-1:123456789012:certificate/mine";
        const recorded = await build({ certificateArn: arn });
        expect(recorded.registrations.map((one) => one.name)).not.to.include("orders-certificate");
        expect((recorded.byName("orders-domain").inputs.domainNameConfiguration as { certificateArn: string }).certificateArn).to.equal(
            arn,
        );
    });
});

describe("the client certificate", () => {
    it("is our own, for this hostname, signed for client authentication only", async () => {
        const recorded = await build();
        expect(recorded.byName("orders-origin-pull-ca-1-key").inputs).to.deep.include({ algorithm: "RSA", rsaBits: 4096 });
        expect(recorded.byName("orders-origin-pull-leaf-1-1-key").inputs).to.deep.include({ algorithm: "RSA", rsaBits: 2048 });
        expect(recorded.byName("orders-origin-pull-leaf-1-1-request").inputs.dnsNames).to.deep.equal(["api.dev.example.com"]);
        expect(recorded.byName("orders-origin-pull-leaf-1-1-certificate").inputs).to.deep.include({
            allowedUses: ["digital_signature", "client_auth"],
            earlyRenewalHours: 720,
        });
        expect(recorded.byName("orders-association").inputs.configs).to.deep.equal([
            { hostname: "api.dev.example.com", certId: "orders-origin-pull-upload-1-id", enabled: true },
        ]);
    });

    it("travels as a secret", async () => {
        expect((await build()).byName("orders-origin-pull-upload-1").secretInputs).to.include("privateKey");
    });

    it("is Cloudflare's shared one only when asked for, and loudly", async () => {
        const quiet = await build();
        expect(quiet.registrations.map((one) => one.name)).not.to.include("orders-tls-client-auth");
        expect(quiet.warnings).to.deep.equal([]);
        const recorded = await build({ originPull: { mode: OriginPullMode.Shared } });
        expect(recorded.byName("orders-tls-client-auth").inputs).to.deep.include({ settingId: "tls_client_auth", value: "on" });
        expect(recorded.byName("orders-truststore-object").inputs.content).to.equal(sharedCa.trim() + "\n");
        expect(recorded.warnings.join()).to.contain("2029-11-01").and.to.contain("Any Cloudflare customer");
    });

    it("comes from the presented authority, while every listed one is trusted", async () => {
        const recorded = await build({ originPull: { authorities: [{ name: "1" }, { name: "2" }], presented: "2" } });
        expect((recorded.byName("orders-association").inputs.configs as { certId: string }[])[0]!.certId).to.equal(
            "orders-origin-pull-upload-2-id",
        );
        expect(String(recorded.byName("orders-truststore-object").inputs.content))
            .to.contain("ca-1")
            .and.to.contain("ca-2");
        expect(recorded.byName("orders-origin-pull-ca-2-certificate").protect).to.equal(true);
        expect(recorded.byName("orders-origin-pull-ca-1-certificate").protect).to.equal(false);
    });
});

describe("the zone's SSL/TLS mode", () => {
    it("is refused when the edge would present nothing, and accepted when it would", async () => {
        expect(await refusal({}, { sslMode: "flexible" })).to.contain(
            'strictTls must find the zone in Full or Full (strict); received "flexible"',
        );
        expect(await refusal({}, { sslMode: "off" })).to.contain('received "off"');
        expect((await build({}, { sslMode: "strict" })).byName("orders-record").inputs.proxied).to.equal(true);
    });

    it("is a warning that names the permission when it cannot be read", async () => {
        const recorded = await build({}, { sslMode: new Error("403") });
        expect(recorded.warnings.join()).to.contain("Zone Settings Read");
    });

    it("is set for the whole zone only when asked for", async () => {
        expect((await build({ strictTls: StrictTls.Zone })).byName("orders-ssl").inputs).to.deep.include({
            settingId: "ssl",
            value: "strict",
        });
        expect((await build({ strictTls: StrictTls.Off }, { sslMode: "flexible" })).registrations.map((one) => one.name)).not.to.include(
            "orders-ssl",
        );
    });
});

describe("the access log", () => {
    it("is kept for 30 days unless asked otherwise", async () => {
        const daysOf = async (accessLog?: { retentionInDays?: number }) =>
            (await build({ accessLog })).byName("orders-access-log").inputs.retentionInDays;
        expect([await daysOf(), await daysOf({}), await daysOf({ retentionInDays: 90 })]).to.deep.equal([30, 30, 90]);
    });
});

describe("every child", () => {
    it("has a parent in the component and a name that starts with its name", async () => {
        const recorded = await build();
        for (const one of recorded.registrations.filter((each) => each.type !== "pulumi:pulumi:Stack" && each.name !== "orders")) {
            expect(one.parent, one.name).to.match(/CloudflareProtectedHttpApi/);
            expect(one.name).to.match(/^orders-/);
        }
    });

    it("carries the tags, where AWS has them", async () => {
        const recorded = await build();
        for (const name of ["certificate", "truststore", "truststore-object", "api", "stage", "domain", "access-log"])
            expect(recorded.byName(`orders-${name}`).inputs.tags, name).to.deep.equal({ team: "orders" });
    });

    it("is registered in a preview as in an update", async () => {
        const names = async (preview: boolean) => (await build({}, { preview })).registrations.map((one) => one.name).sort();
        expect(await names(true)).to.deep.equal(await names(false));
    });

    it("that a live API needs is protected, unless that is turned off", async () => {
        const names = async (deletionProtection?: boolean) =>
            (await build({ deletionProtection })).registrations
                .filter((one) => one.protect)
                .map((one) => one.name)
                .sort();
        expect(await names()).to.deep.equal([
            "orders-association",
            "orders-certificate",
            "orders-deployment-record",
            "orders-domain",
            "orders-origin-pull-ca-1-certificate",
            "orders-origin-pull-ca-1-key",
            "orders-record",
            "orders-truststore",
        ]);
        expect(await names(false)).to.deep.equal([]);
    });
});

describe("outputs", () => {
    it("are those of the record, the domain and the identity", async () => {
        const { result } = await build();
        expect(await valueOf(result.url)).to.equal("https://api.dev.example.com");
        expect(await valueOf(result.truststoreVersion)).to.equal("v1");
        expect(await valueOf(result.presentedAuthority)).to.equal("1");
        expect(await valueOf(result.logGroupName)).to.equal("orders-access-log");
    });

    it("normalise the domain's case and trailing dot", async () => {
        const { result } = await build({ domainName: "API.Dev.Example.com." });
        expect(await valueOf(result.url)).to.equal("https://api.dev.example.com");
    });
});

describe("the url", () => {
    const environmentOf = (recorded: Recorded<unknown>) =>
        recorded.byName("orders-verification").inputs.environment as Record<string, unknown>;

    it("comes after the verification, which runs the script in node with its settings in the environment", async () => {
        const recorded = await build();
        const verification = recorded.byName("orders-verification");
        expect(verification.inputs).to.deep.include({ interpreter: ["node", "-"], create: "check https://api.dev.example.com" });
        expect(verification.inputs.stdin).to.equal(VERIFICATION_SCRIPT);
        expect(Object.keys(verification.inputs)).not.to.include.members(["triggers", "update", "dir"]);
        expect(environmentOf(recorded)).to.deep.equal({
            NODE_OPTIONS: "",
            VERIFICATION_DOMAIN: "api.dev.example.com",
            VERIFICATION_TARGET: "d-1.execute-api.eu-west-1.amazonaws.com",
            VERIFICATION_API_ID: "orders-api-id",
            VERIFICATION_PATH: "/",
            VERIFICATION_TIMEOUT_SECONDS: "300",
            VERIFICATION_TRUSTSTORE_VERSION: "v1",
            VERIFICATION_CERTIFICATE_ARN: "arn:aws:acm:eu-west-1:123456789012:certificate/1",
            VERIFICATION_PRESENTED: "1",
            VERIFICATION_CERTIFICATE_ID: "orders-origin-pull-upload-1-id",
        });
        expect(dependsOn(recorded, "orders-verification", "orders-record")).to.equal(true);
    });

    it("is verified as configured, and its headers are always secret", async () => {
        const recorded = await build({
            verify: { path: pulumi.output("/health?deep=1"), timeoutSeconds: 60, headers: { "X-Token": "t" } },
        });
        const environment = environmentOf(recorded);
        expect(environment).to.include({ VERIFICATION_PATH: "/health?deep=1", VERIFICATION_TIMEOUT_SECONDS: "60" });
        expect(pulumi.runtime.isRpcSecret(environment.VERIFICATION_HEADERS)).to.equal(true);
        expect(JSON.stringify(environment.VERIFICATION_HEADERS)).to.contain('{\\"X-Token\\":\\"t\\"}');
        expect(pulumi.isSecret(recorded.result.url)).to.be.an.instanceOf(Promise);
        expect(await pulumi.isSecret(recorded.result.url)).to.equal(false);
    });

    it("is unverified only when asked for, and loudly, in previews too", async () => {
        for (const preview of [true, false]) {
            const recorded = await build({ verify: { enabled: false } }, { preview });
            expect(recorded.registrations.map((one) => one.name)).not.to.include("orders-verification");
            expect(recorded.warnings.join()).to.contain('verify is off for "orders"');
        }
        expect(await valueOf((await build({ verify: { enabled: false } })).result.url)).to.equal("https://api.dev.example.com");
    });
});

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
        ["a duplicate route key", route([...ARGS.routes, ...ARGS.routes]), "routes[1].routeKey must be listed once"],
        [
            "route keys of one resource name",
            route([
                { routeKey: "GET /a/b", lambdaArn: LAMBDA },
                { routeKey: "GET /a-b", lambdaArn: LAMBDA },
            ]),
            "must map to a unique resource name",
        ],
        [
            "a malformed route key",
            route([{ routeKey: "FETCH /", lambdaArn: LAMBDA }]),
            "routes[0].routeKey must be $default or a method and a path",
        ],
        [
            "two targets",
            route([{ routeKey: "$default", lambdaArn: LAMBDA, httpUrl: "https://a.example" }]),
            "must have exactly one target, lambdaArn or httpUrl; received lambdaArn and httpUrl",
        ],
        ["no target", route([{ routeKey: "$default" }]), "must have exactly one target, lambdaArn or httpUrl; received none"],
        [
            "an invoke ARN",
            route([
                { routeKey: "$default", lambdaArn: `arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${LAMBDA}/invocations` },
            ]),
            "this is an invoke ARN",
        ],
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
            pull({ authorities: [{ name: "1", caCertificatePem: sharedCa, certificateId: "x" }] }),
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
