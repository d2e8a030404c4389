import { expect } from "chai";
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { resourceTypes } from "../../lab/providers";
import { ARCHIVE, ASSET, SIG, UNKNOWN, type Props } from "../../lab/shared/propertyValues";
import { Calls, failure, type Resource } from "../support/calls";
import { makeCloud, ZONE_ID } from "../support/cloud";

const API = "aws:apigatewayv2/api:Api";
const BUCKET = "aws:s3/bucket:Bucket";
const OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2";
const DOMAIN = "aws:apigatewayv2/domainName:DomainName";
const MAPPING = "aws:apigatewayv2/apiMapping:ApiMapping";
const RECORD = "cloudflare:index/dnsRecord:DnsRecord";
const SETTING = "cloudflare:index/zoneSetting:ZoneSetting";
const CERT = "cloudflare:index/authenticatedOriginPullsHostnameCertificate:AuthenticatedOriginPullsHostnameCertificate";
const PULLS = "cloudflare:index/authenticatedOriginPulls:AuthenticatedOriginPulls";
const NAME = "api.example.com";

interface Pki {
    ca: string;
    leaf: string;
    key: string;
}

async function makePki(calls: Calls): Promise<Pki> {
    const key = async (): Promise<string> =>
        String((await calls.create("tls:index/privateKey:PrivateKey", { algorithm: "ECDSA", ecdsaCurve: "P256" })).outputs.privateKeyPem);
    const caKey = await key();
    const leafKey = await key();
    const ca = await calls.create("tls:index/selfSignedCert:SelfSignedCert", {
        privateKeyPem: caKey,
        subject: { commonName: "Lab CA" },
        isCaCertificate: true,
        validityPeriodHours: 100,
        allowedUses: ["cert_signing"],
    });
    const request = await calls.create("tls:index/certRequest:CertRequest", {
        privateKeyPem: leafKey,
        subject: { commonName: "leaf" },
        dnsNames: [NAME],
    });
    const leaf = await calls.create("tls:index/locallySignedCert:LocallySignedCert", {
        certRequestPem: request.outputs.certRequestPem,
        caCertPem: ca.outputs.certPem,
        caPrivateKeyPem: caKey,
        validityPeriodHours: 10,
        allowedUses: ["digital_signature", "client_auth"],
    });
    return { ca: String(ca.outputs.certPem), leaf: String(leaf.outputs.certPem), key: leafKey };
}

async function issued(calls: Calls, domainName = NAME): Promise<Resource> {
    const certificate = await calls.create("aws:acm/certificate:Certificate", { domainName, validationMethod: "DNS" });
    const [option] = certificate.outputs.domainValidationOptions as Record<string, string>[];
    const bare = (value = ""): string => value.replace(/\.$/, "");
    await calls.create(RECORD, {
        zoneId: ZONE_ID,
        name: bare(option?.resourceRecordName),
        type: "CNAME",
        content: bare(option?.resourceRecordValue),
        ttl: 60,
    });
    await calls.create("aws:acm/certificateValidation:CertificateValidation", { certificateArn: certificate.id });
    return certificate;
}

async function truststore(calls: Calls, content: string, versioned = true): Promise<Props> {
    const bucket = await calls.create(BUCKET, { bucket: calls.cloud.nextId("bucket") });
    if (versioned)
        await calls.create("aws:s3/bucketVersioning:BucketVersioning", {
            bucket: bucket.id,
            versioningConfiguration: { status: "Enabled" },
        });
    const held = await calls.create(OBJECT, { bucket: bucket.id, key: "truststore.pem", content });
    return { truststoreUri: `s3://${bucket.id}/truststore.pem`, truststoreVersion: held.outputs.versionId };
}

const domainInputs = (certificate: Resource, more: Props = {}): Props => ({
    domainName: NAME,
    domainNameConfiguration: { certificateArn: certificate.id, endpointType: "REGIONAL", securityPolicy: "TLS_1_2" },
    ...more,
});

describe("the lab's resource types", () => {
    let calls: Calls;
    beforeEach(() => {
        calls = new Calls(makeCloud());
    });

    describe("all of them", () => {
        it("refuse a type that the lab does not know", async () => {
            expect((await calls.check("aws:sns/topic:Topic", {})).failures.join()).to.contain("[unknown-type]");
        });
        it("refuse an unknown, a missing and a mistyped property by name", async () => {
            const { failures } = await calls.check(API, { protocolTyp: "HTTP", name: 3 });
            expect(failures.join("\n")).to.match(/protocolTyp: .*\[unknown-property\][^]*name: .*\[wrong-type\]/);
            expect(failures.join("\n")).to.match(/protocolType: .*\[missing-property\]/);
            expect((await calls.check(API, { protocolType: "HTTP" })).failures).to.deep.equal([]);
        });
        it("know in a preview what the inputs say and nothing else", async () => {
            const { outputs } = await calls.create(API, { protocolType: "HTTP", name: UNKNOWN }, { preview: true });
            expect(outputs).to.include({ protocolType: "HTTP", name: UNKNOWN, executionArn: UNKNOWN });
            expect(calls.cloud.aws.apis.size).to.equal(0);
        });
        it("keep a generated name, and replace for the properties that say so", async () => {
            const first = await calls.check(BUCKET, {});
            expect(first.inputs.bucket).to.match(/^thing-[0-9a-f]{7}$/);
            expect((await calls.check(BUCKET, {}, { bucket: "thing-kept" })).inputs.bucket).to.equal("thing-kept");
            const bucket = await calls.create(BUCKET, {});
            expect((await calls.diff(bucket, { ...bucket.inputs, bucket: "other" })).replaces).to.deep.equal(["bucket"]);
            expect((await calls.diff(bucket, { ...bucket.inputs, forceDestroy: true })).replaces).to.deep.equal([]);
        });
        it("take secrets and outputs out of their wrappers", async () => {
            const secret = { [SIG]: "1b47061264138c4ac30d75fd1eb44270", value: "HTTP" };
            expect((await calls.create(API, { protocolType: secret })).outputs.protocolType).to.equal("HTTP");
        });
        it("tell of every change", async () => {
            const events: string[] = [];
            calls.cloud.events.on("event", ({ source, action }) => events.push(`${action} ${source}`));
            await calls.delete(await calls.create(BUCKET, {}));
            expect(events).to.deep.equal([`create ${BUCKET}`, `delete ${BUCKET}`]);
        });
        it("take no property that the SDK does not declare", () => {
            for (const { token, properties } of resourceTypes.values()) {
                const [pkg, path = "", type] = token.split(":");
                const module = path.includes("/") ? path.replace("index/", "") : `${path}/${type?.toLowerCase()}`;
                const file = `node_modules/@pulumi/${pkg}/${module}.d.ts`;
                expect(existsSync(file), file).to.equal(true);
                const body = new RegExp(`export interface ${type}Args \\{([^]*?)\n\\}`).exec(readFileSync(file, "utf8"))?.[1] ?? "";
                const declared = [...body.matchAll(/^ {4}(\w+)\??:/gm)].map((match) => match[1]);
                expect(declared, token).to.include.members(Object.keys(properties));
            }
        });
    });

    describe("AWS", () => {
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

    describe("Cloudflare", () => {
        const record = { zoneId: ZONE_ID, name: NAME, type: "CNAME", content: "a.example.net", ttl: 1, proxied: true };
        const broken: [rule: string, change: Props][] = [
            ["dns-ttl-1-when-proxied", { ttl: 300 }],
            ["dns-ttl-range", { ttl: 5, proxied: false }],
            ["dns-name-in-zone", { name: "api.example.org" }],
            ["dns-no-trailing-dot", { content: "a.example.net." }],
            ["zone-exists", { zoneId: "other" }],
        ];
        for (const [rule, change] of broken) {
            it(`refuses a record by ${rule}`, async () => {
                expect(await failure(calls.create(RECORD, { ...record, ...change }))).to.contain(`[${rule}]`);
                expect(await failure(calls.create(RECORD, record))).to.equal("");
                expect(await failure(calls.create(RECORD, record)))
                    .to.contain("81053")
                    .and.contain("[dns-host-unique]");
            });
        }
        it("takes a leaf with its key, once, ten of them", async () => {
            const pki = await makePki(calls);
            const other = await makePki(calls);
            const upload = (certificate: string, privateKey: string): Promise<Resource> =>
                calls.create(CERT, { zoneId: ZONE_ID, certificate, privateKey });
            expect(await failure(upload(pki.ca, pki.key))).to.contain("missing leaf certificate");
            expect(await failure(upload(pki.leaf, other.key))).to.contain("[origin-cert-key-fits]");
            expect((await upload(pki.leaf, pki.key)).outputs).to.include({ status: "active", issuer: "CN=Lab CA" });
            expect(await failure(upload(pki.leaf, pki.key))).to.contain("[origin-cert-once-per-zone]");
            const held = calls.cloud.cloudflare.zones.get(ZONE_ID)?.hostnameCertificates;
            const [first] = [...(held?.values() ?? [])];
            for (let n = 0; first && n < 9; n++) held?.set(String(n), first);
            expect(await failure(upload(other.leaf, other.key))).to.contain("[origin-cert-ten-per-zone]");
        });
        it("associates one hostname with a certificate that exists, and keeps a certificate in use", async () => {
            const { leaf, key } = await makePki(calls);
            const certificate = await calls.create(CERT, { zoneId: ZONE_ID, certificate: leaf, privateKey: key });
            const config = { hostname: NAME, certId: certificate.id, enabled: true };
            const associate = (...configs: Props[]): Promise<Resource> => calls.create(PULLS, { zoneId: ZONE_ID, configs });
            expect(await failure(associate(config, config))).to.contain("[origin-pull-one-config]");
            expect(await failure(associate({ ...config, certId: "gone" })))
                .to.contain("1415")
                .and.contain("[origin-pull-cert-exists]");
            const pulls = await associate(config);
            const moved = { ...pulls.inputs, configs: [{ ...config, hostname: "b.example.com" }] };
            expect(await calls.diff(pulls, moved)).to.deep.equal({ diffs: ["configs"], replaces: [], paths: ["configs[0].hostname"] });
            expect(await failure(calls.delete(certificate))).to.contain("[origin-cert-in-use]");
            await calls.delete(pulls);
            expect(await failure(calls.delete(certificate))).to.equal("");
        });
        it("knows its settings by their own ids, and keeps one that is deleted", async () => {
            expect((await calls.check(SETTING, { zoneId: ZONE_ID, settingId: "tlsClientAuth", value: "on" })).failures.join()).to.contain(
                "[zone-setting-id]",
            );
            expect((await calls.check(SETTING, { zoneId: ZONE_ID, settingId: "ssl", value: "on" })).failures.join()).to.contain(
                "[zone-setting-value]",
            );
            await calls.delete(await calls.create(SETTING, { zoneId: ZONE_ID, settingId: "ssl", value: "strict" }));
            const got = await calls.invoke("cloudflare:index/getZoneSetting:getZoneSetting", { zoneId: ZONE_ID, settingId: "ssl" });
            expect(got.value).to.equal("strict");
        });
    });

    describe("tls", () => {
        it("signs a leaf that its CA verifies", async () => {
            const { ca, leaf } = await makePki(calls);
            const [root, end] = [new X509Certificate(ca), new X509Certificate(leaf)];
            expect([root.ca, end.ca, end.checkIssued(root), end.verify(root.publicKey)]).to.deep.equal([true, false, true, true]);
            expect(end.subjectAltName).to.equal(`DNS:${NAME}`);
            expect(end.keyUsage).to.deep.equal(["1.3.6.1.5.5.7.3.2"]);
        });
        it("needs a curve, and the CA's own key", async () => {
            const { failures } = await calls.check("tls:index/privateKey:PrivateKey", { algorithm: "ECDSA" });
            expect(failures.join()).to.contain("[tls-ecdsa-curve]");
        });
        it("is replaced within its early renewal hours", async () => {
            const key = await calls.create("tls:index/privateKey:PrivateKey", { algorithm: "RSA" });
            const inputs = {
                privateKeyPem: key.outputs.privateKeyPem,
                validityPeriodHours: 10,
                allowedUses: ["cert_signing"],
                earlyRenewalHours: 1,
            };
            const made = await calls.create("tls:index/selfSignedCert:SelfSignedCert", inputs);
            expect((await calls.diff(made, inputs)).replaces).to.deep.equal([]);
            expect((await calls.diff(made, { ...inputs, earlyRenewalHours: 11 })).replaces).to.deep.equal(["readyForRenewal"]);
        });
    });
});
