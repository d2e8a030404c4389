import { expect } from "chai";
import { resourceTypes } from "../../../lab/providers";
import { ARCHIVE, ASSET, SIG, UNKNOWN, type Props } from "../../../lab/shared/propertyValues";
import { Calls, failure, type Resource } from "../../support/calls";
import { makeCloud, ZONE_ID } from "../../support/cloud";
import { API, BUCKET, DOMAIN, MAPPING, NAME, OBJECT, RECORD, domainInputs, issued, makePki, truststore } from "../resources";

describe("the lab's AWS resource types", () => {
    let calls: Calls;
    beforeEach(() => {
        calls = new Calls(makeCloud());
    });

    it("issues a certificate by an unproxied record only", async () => {
        const certificate = await calls.create("aws:acm/certificate:Certificate", { domainName: NAME, validationMethod: "DNS" });
        const validate = (): Promise<Resource> =>
            calls.create("aws:acm/certificateValidation:CertificateValidation", { certificateArn: certificate.id }, { timeout: 0.1 });
        expect(await failure(validate())).to.contain("[acm-validation-unproxied]");
        const [option] = certificate.outputs.domainValidationOptions as Record<string, string>[];
        const inputs = {
            zoneId: ZONE_ID,
            name: option?.resourceRecordName?.slice(0, -1),
            type: "CNAME",
            content: option?.resourceRecordValue?.slice(0, -1),
            ttl: 1,
        };
        const record = await calls.create(RECORD, { ...inputs, proxied: true });
        expect(await failure(validate())).to.contain("[acm-validation-unproxied]");
        await calls.update(record, { ...inputs, proxied: false });
        expect(await failure(validate())).to.equal("");
        const held = calls.cloud.aws.certificates.get(certificate.id)!;
        expect(held.status).to.equal("ISSUED");
        await calls.delete(record);
        expect(await failure(validate()), "it has been issued").to.equal("");
        for (const status of ["EXPIRED", "FAILED"] as const) {
            held.status = status;
            expect(await failure(validate()))
                .to.contain(`[acm-validation-final]`)
                .and.contain(status);
        }
    });
    it("empties a bucket on deletion only when told so", async () => {
        const bucket = await calls.create(BUCKET, {});
        await calls.create(OBJECT, { bucket: bucket.id, key: "a", content: "a" });
        expect(await failure(calls.delete(bucket))).to.contain("[bucket-not-empty]");
        expect(await failure(calls.delete(await calls.update(bucket, { ...bucket.inputs, forceDestroy: true })))).to.equal("");
    });
    it("versions an object with versioning only, and knows no version before the put", async () => {
        const { truststoreVersion } = await truststore(calls, "x", false);
        expect(truststoreVersion).to.equal("null");
        const bucket = [...calls.cloud.aws.buckets.values()][0];
        if (bucket) bucket.versioning = true;
        const held = await calls.create(OBJECT, { bucket: bucket?.name, key: "b", content: "1" });
        const inputs = { ...held.inputs, content: "2" };
        expect((await calls.update(held, inputs, true)).outputs.versionId).to.equal(UNKNOWN);
        expect((await calls.update(held, inputs)).outputs.versionId).not.to.equal(held.outputs.versionId);
    });
    it("refuses a log group below aws/, which is not /aws/", async () => {
        const create = (inputs: Props): Promise<string> => failure(calls.create("aws:cloudwatch/logGroup:LogGroup", inputs));
        for (const inputs of [{ name: "aws/orders" }, { namePrefix: "aws/orders-" }])
            expect(await create(inputs))
                .to.contain("[log-group-name]")
                .and.contain("aws/");
        for (const inputs of [{ name: "/aws/orders" }, { namePrefix: "awsorders/" }]) expect(await create(inputs)).to.equal("");
    });
    it("takes what is gone for deleted, for every type", async () => {
        const types = [...resourceTypes.values()].filter(({ token }) => token.startsWith("aws:"));
        expect(types.length).to.be.greaterThan(15);
        for (const type of types) {
            const gone = {
                token: type.token,
                id: "gone",
                inputs: {},
                outputs: { bucket: "gone", apiId: "gone", role: "gone", domainName: "gone" },
            };
            expect(await failure(calls.delete(gone)), type.token).to.equal("");
        }
    });
    it("needs an issued certificate that covers the domain", async () => {
        const pending = await calls.create("aws:acm/certificate:Certificate", { domainName: NAME, validationMethod: "DNS" });
        expect(await failure(calls.create(DOMAIN, domainInputs(pending)))).to.contain("[domain-certificate-issued]");
        expect(await failure(calls.create(DOMAIN, domainInputs(await issued(calls, "other.example.com"))))).to.contain(
            "[domain-certificate-covers]",
        );
        const domain = await calls.create(DOMAIN, domainInputs(await issued(calls, "*.example.com")));
        expect((domain.outputs.domainNameConfiguration as Props).targetDomainName).to.match(
            /^d-.*\.execute-api\.eu-west-1\.amazonaws\.com$/,
        );
        expect(await failure(calls.create(DOMAIN, domain.inputs))).to.contain("[domain-unique]");
    });
    it("imports a domain with inputs only, so that nothing is warned of", async () => {
        const domain = await calls.create(DOMAIN, domainInputs(await issued(calls)));
        const imported = await calls.import(DOMAIN, NAME);
        expect((await calls.check(DOMAIN, imported.inputs)).failures).to.deep.equal([]);
        expect(imported.inputs).to.have.property("domainName", NAME);
        expect(imported.outputs.domainNameConfiguration).to.deep.equal(domain.outputs.domainNameConfiguration);
    });
    it("plays regional domains with TLS_1_2 only", async () => {
        const configuration = { certificateArn: UNKNOWN, endpointType: "EDGE", securityPolicy: "TLS_1_2" };
        expect((await calls.check(DOMAIN, { domainName: NAME, domainNameConfiguration: configuration })).failures.join()).to.contain(
            "[domain-regional-only]",
        );
        const good = { ...configuration, endpointType: "REGIONAL" };
        expect((await calls.check(DOMAIN, { domainName: NAME, domainNameConfiguration: good })).failures).to.deep.equal([]);
    });
    it("copies the truststore's version and keeps the copy", async () => {
        const { ca } = await makePki(calls);
        const certificate = await issued(calls);
        const mutualTls = await truststore(calls, ca);
        const missing = { mutualTlsAuthentication: { ...mutualTls, truststoreVersion: "nope" } };
        expect(await failure(calls.create(DOMAIN, domainInputs(certificate, missing)))).to.contain("[truststore-version-exists]");
        const empty = { mutualTlsAuthentication: await truststore(calls, "no certificate") };
        expect(await failure(calls.create(DOMAIN, domainInputs(certificate, empty)))).to.contain("[truststore-pem]");
        const domain = await calls.create(DOMAIN, domainInputs(certificate, { mutualTlsAuthentication: mutualTls }));
        expect(calls.cloud.aws.domains.get(NAME)?.mutualTls).to.include({ pem: ca });
        calls.cloud.aws.buckets.forEach(({ objects }) => objects.clear());
        await calls.update(domain, { ...domain.inputs, tags: { a: "b" } });
        expect(calls.cloud.aws.domains.get(NAME)?.mutualTls).to.include({ pem: ca });
    });
    it("maps a key of a domain once, and keeps a mapped API", async () => {
        await calls.create(DOMAIN, domainInputs(await issued(calls)));
        const api = await calls.create(API, { protocolType: "HTTP" });
        const inputs = { apiId: api.id, domainName: NAME, stage: "$default" };
        expect(await failure(calls.create(MAPPING, inputs))).to.contain("[mapping-stage-exists]");
        await calls.create("aws:apigatewayv2/stage:Stage", { apiId: api.id, name: "$default", autoDeploy: true });
        const mapping = await calls.create(MAPPING, inputs);
        expect(await failure(calls.create(MAPPING, inputs))).to.contain("[mapping-key-unique]");
        expect(await failure(calls.delete(api))).to.contain("[api-mapped]");
        await calls.delete(mapping);
        expect(await failure(calls.delete(api))).to.equal("");
    });
    it("deploys a change by itself with autoDeploy only", async () => {
        const api = await calls.create(API, { protocolType: "HTTP" });
        for (const [name, autoDeploy] of [
            ["$default", true],
            ["manual", false],
        ]) {
            await calls.create("aws:apigatewayv2/stage:Stage", { apiId: api.id, name, autoDeploy });
        }
        await calls.update(api, { ...api.inputs, disableExecuteApiEndpoint: true });
        const stages = calls.cloud.aws.apis.get(api.id)?.stages;
        expect(stages?.get("$default")?.deployed?.disableExecuteApiEndpoint).to.equal(true);
        expect(stages?.get("manual")?.deployed).to.equal(undefined);
    });
    it("routes to an integration that exists, once per key", async () => {
        const api = await calls.create(API, { protocolType: "HTTP" });
        const ROUTE = "aws:apigatewayv2/route:Route";
        const broken = { apiId: api.id, routeKey: "GET /", target: "integrations/none" };
        expect(await failure(calls.create(ROUTE, broken))).to.contain("[route-target-exists]");
        const proxy = { apiId: api.id, integrationType: "HTTP_PROXY", integrationUri: "https://a.example", integrationMethod: "ANY" };
        const integration = await calls.create("aws:apigatewayv2/integration:Integration", proxy);
        const good = { ...broken, target: `integrations/${integration.id}` };
        await calls.create(ROUTE, good);
        expect(await failure(calls.create(ROUTE, good))).to.contain("[route-unique]");
        expect(await failure(calls.delete(integration))).to.contain("[integration-in-use]");
    });
    it("unpacks a function's archive, for a role that exists", async () => {
        const code = { [SIG]: ARCHIVE, assets: { "index.js": { [SIG]: ASSET, text: "exports.handler = 1;" } } };
        const inputs = {
            name: "f",
            role: "arn:aws:iam::123456789012:role/none",
            runtime: "nodejs22.x",
            handler: "index.handler",
            code,
        };
        const FUNCTION = "aws:lambda/function:Function";
        expect(await failure(calls.create(FUNCTION, inputs))).to.contain("[lambda-role-exists]");
        expect((await calls.check(FUNCTION, { ...inputs, runtime: "nodejs16.x" })).failures.join()).to.contain("[lambda-runtime]");
        const role = await calls.create("aws:iam/role:Role", { assumeRolePolicy: "{}" });
        const made = await calls.create(FUNCTION, { ...inputs, role: role.outputs.arn });
        expect(calls.cloud.aws.functions.get("f")?.files).to.deep.equal({ "index.js": "exports.handler = 1;" });
        const permission = { action: "lambda:InvokeFunction", function: made.id, principal: "apigateway.amazonaws.com" };
        await calls.create("aws:lambda/permission:Permission", {
            ...permission,
            sourceArn: "arn:aws:execute-api:eu-west-1:123456789012:api/*/*",
        });
        expect(calls.cloud.aws.functions.get("f")?.permissions.size).to.equal(1);
    });
});
