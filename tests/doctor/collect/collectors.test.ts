import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { CloudflareProtectedHttpApi } from "../../../components";
import { collectAws, hasAwsCredentials } from "../../../doctor/collect/aws/collectAws";
import { collectCloudflare } from "../../../doctor/collect/cloudflare/collectCloudflare";
import type { Cloud, CloudEvent, GatewayDomain, Zone } from "../../../lab/cloud";
import { startControlPlane, type ControlPlane } from "../../../lab/controlPlane";
import { createCloud } from "../../../lab/createCloud";
import { Engine } from "../../../lab/engine/engine";
import { providers } from "../../../lab/providers";
import { createAuthority } from "../../../lab/pki/authority";
import { pooledKeys } from "../../support/keys";

const HOST = "api.example.com";
const KEY_ID = "AKIALABLABLABLABLAB1";
const SECRET = "kept-to-ourselves/aws-secret-access-key";
const TOKEN = "kept-to-ourselves_cloudflare-token";
const REGION = "eu-west-1";
const TIMEOUT = 5000;

/** Nothing of the machine that runs this may leak in: no profile, no configuration, no metadata service. */
const cleanEnvironment = (home: string): Record<string, string | undefined> => ({
    ...Object.fromEntries(
        Object.keys(process.env)
            .filter((name) => /^(AWS_|CLOUDFLARE_)/.test(name))
            .map((name) => [name, undefined]),
    ),
    HOME: home,
    USERPROFILE: home,
});

function setEnvironment(values: Record<string, string | undefined>): void {
    for (const [name, value] of Object.entries(values)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
    }
}

describe("the doctor's collectors, with the real SDK clients on the lab's control planes", function () {
    let saved: NodeJS.ProcessEnv;
    let home: string;
    let cloud: Cloud;
    let plane: ControlPlane;
    let zone: Zone;
    let domain: GatewayDomain;
    let apiId: string;
    let caPem: string;
    let events: CloudEvent[];
    let told: string[];

    const aws = async (more: Partial<Parameters<typeof collectAws>[0]> = {}) => {
        const evidence = await collectAws({ domainName: HOST, timeoutMs: TIMEOUT, ...more });
        told.push(JSON.stringify(evidence));
        return evidence;
    };
    const cloudflare = async (more: Partial<Parameters<typeof collectCloudflare>[0]> = {}) => {
        const options = { domainName: HOST, token: TOKEN, baseUrl: plane.cloudflareBaseUrl, timeoutMs: TIMEOUT, ...more };
        const evidence = await collectCloudflare(options);
        told.push(JSON.stringify(evidence));
        return evidence;
    };
    const calls = (action: string) => events.filter((event) => event.source === "control-plane" && event.action === action);
    const operations = () => [...new Set(calls("call").map(({ detail }) => String(detail.operation)))].sort();
    /** A cloud that gives one answer to everything. */
    const withServer = async <T>(listener: http.RequestListener, work: (url: string) => Promise<T>): Promise<T> => {
        const server = http.createServer(listener).listen(0, "127.0.0.1");
        await new Promise((done) => server.once("listening", done));
        try {
            return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
        } finally {
            server.closeAllConnections();
            server.close();
        }
    };
    const objects = () => cloud.aws.buckets.get(/^s3:\/\/([^/]+)/.exec(domain.mutualTls!.truststoreUri)![1]!)!.objects;
    const truststoreKey = () => [...objects().keys()][0]!;

    before(() => {
        saved = { ...process.env };
        home = fs.mkdtempSync(path.join(os.tmpdir(), "lab-home-"));
    });

    beforeEach(async () => {
        setEnvironment(cleanEnvironment(home));
        cloud = await createCloud({
            keys: pooledKeys(),
            region: REGION,
            zones: [{ id: "zone1", name: "example.com" }],
            activationDelayMs: 0,
        });
        const run = await new Engine(providers(cloud)).run(
            () =>
                void new CloudflareProtectedHttpApi("orders", {
                    domainName: HOST,
                    zoneId: "zone1",
                    routes: [{ routeKey: "$default", httpUrl: "https://backend.example.org/" }],
                    throttle: { burstLimit: 50, rateLimit: 20 },
                    strictTls: "Off",
                    // No data plane runs here.
                    verify: { enabled: false },
                }),
            { config: { "aws:region": REGION } },
        );
        expect(run.errors).to.deep.equal([]);
        zone = cloud.cloudflare.zones.get("zone1")!;
        domain = cloud.aws.domains.get(HOST)!;
        apiId = [...cloud.aws.apis.keys()][0]!;
        caPem = domain.mutualTls!.pem;
        events = [];
        told = [];
        cloud.events.on("event", (event) => events.push(event));
        plane = await startControlPlane(cloud, { awsAccessKeyId: KEY_ID, cloudflareToken: TOKEN });
        setEnvironment({
            AWS_ENDPOINT_URL: plane.awsEndpoint,
            AWS_ACCESS_KEY_ID: KEY_ID,
            AWS_SECRET_ACCESS_KEY: SECRET,
            AWS_DEFAULT_REGION: REGION,
        });
    });

    afterEach(async () => {
        await plane.close();
        setEnvironment({ ...cleanEnvironment(home), ...saved });
        const all = [...told, JSON.stringify(events)].join("\n");
        for (const secret of [TOKEN, SECRET, "PRIVATE KEY"]) expect(all).to.not.contain(secret);
        expect(calls("refused"), "only calls that the lab knows, all of them read-only").to.deep.equal([]);
    });

    after(() => fs.rmSync(home, { recursive: true, force: true }));

    it("tell of a deployment all that AWS knows of it", async () => {
        const certificate = cloud.aws.certificates.get(domain.certificateArn)!;
        const [record] = certificate.validationRecords;
        const evidence = await aws();
        expect(evidence.certificate?.notAfter).to.match(/^20\d\d-\d\d-\d\dT/);
        expect(evidence).to.deep.equal({
            region: REGION,
            denied: [],
            problems: [],
            domain: {
                status: "AVAILABLE",
                targetDomainName: domain.targetDomainName,
                certificateArn: domain.certificateArn,
                mutualTls: true,
                truststoreUri: domain.mutualTls!.truststoreUri,
                truststoreVersion: domain.mutualTls!.truststoreVersion,
                truststoreWarnings: [],
                mappings: [{ apiId, stage: "$default", key: "" }],
            },
            api: {
                id: apiId,
                disableExecuteApiEndpoint: true,
                stages: [{ name: "$default", autoDeploy: true, throttlingRateLimit: 20, throttlingBurstLimit: 50 }],
                routes: [{ routeKey: "$default", target: [...cloud.aws.apis.get(apiId)!.routes.values()][0]!.target }],
            },
            otherDomains: [],
            truststore: {
                pinnedPem: caPem,
                newestPem: caPem,
                newestVersion: domain.mutualTls!.truststoreVersion,
                pinnedMissing: false,
            },
            certificate: {
                arn: domain.certificateArn,
                status: "ISSUED",
                domainName: HOST,
                subjectAlternativeNames: [HOST],
                notAfter: evidence.certificate?.notAfter,
                validationRecords: [{ name: record!.name, value: record!.value, status: "SUCCESS" }],
            },
        });
        // A name, unlike an address, could get the bucket's name before it, and lead nowhere.
        process.env.AWS_ENDPOINT_URL = plane.awsEndpoint.replace("127.0.0.1", "localhost");
        expect((await aws()).truststore).to.deep.equal(evidence.truststore);
        const asked = ["DescribeCertificate", "GetApi", "GetApiMappings", "GetDomainName", "GetDomainNames", "GetObject", "GetRoutes"];
        expect(operations()).to.deep.equal([...asked, "GetStages", "HeadObject"]);
    });

    it("tell of a deployment all that Cloudflare knows of it, with the zone found by the name", async () => {
        const [record] = cloud.aws.certificates.get(domain.certificateArn)!.validationRecords;
        const [held] = [...zone.hostnameCertificates.values()];
        const evidence = await cloudflare({ validationNames: Promise.resolve([record!.name]) });
        expect(evidence).to.deep.equal({
            denied: [],
            problems: [],
            zone: { id: "zone1", name: "example.com", status: "active", nameServers: zone.nameServers },
            ssl: "strict",
            globalOriginPull: false,
            zoneOriginPull: false,
            association: { certId: held!.id, enabled: true, certStatus: "active" },
            hostnameCertificates: [
                { id: held!.id, status: "active", certificatePem: held!.certificatePem, issuer: held!.issuer, expiresOn: held!.expiresOn },
            ],
            records: [{ type: "CNAME", content: domain.targetDomainName, proxied: true }],
            validationRecords: [
                {
                    name: record!.name.replace(/\.$/, ""),
                    type: "CNAME",
                    content: evidence.validationRecords?.[0]?.content,
                    proxied: false,
                },
            ],
        });
        expect(record!.value).to.contain(evidence.validationRecords?.[0]?.content);
        expect(await cloudflare({ zoneId: "zone1" })).to.deep.include({ zone: evidence.zone, association: evidence.association });
    });

    it("show what has changed: SSL mode and its rule, all three levels, a certificate that is not active, DNS-only and missing records", async () => {
        zone.settings.set("ssl", "full").set("tls_client_auth", "on");
        zone.sslRule = { hostname: HOST, value: "flexible", description: "legacy" };
        zone.zoneOriginPull.enabled = true;
        for (const association of zone.associations.values()) association.enabled = false;
        for (const held of zone.hostnameCertificates.values()) held.activeAt = Date.now() + 3_600_000;
        for (const record of zone.records.values()) record.proxied = false;
        const evidence = await cloudflare({ validationNames: ["_gone.example.com."] });
        expect(evidence).to.deep.include({
            ssl: "full",
            sslRules: [{ value: "flexible", description: "legacy", expression: `(http.host eq "${HOST}")`, certain: true }],
            globalOriginPull: true,
            zoneOriginPull: true,
            records: [{ type: "CNAME", content: domain.targetDomainName, proxied: false }],
            validationRecords: [],
        });
        expect(evidence.association).to.deep.include({ enabled: false, certStatus: "pending_deployment" });
        expect(evidence.hostnameCertificates?.[0]?.status).to.equal("pending_deployment");
        // A rule for another host is not ours.
        zone.sslRule.hostname = `v2-${HOST}`;
        zone.associations.clear();
        const other = await cloudflare();
        expect(other).to.not.have.property("sslRules");
        expect(other.association).to.equal(null);
    });

    it("find no zone, no domain, no API and no certificate where there is none, and do not take it for a denial", async () => {
        expect(await cloudflare({ domainName: "api.example.org" })).to.deep.equal({ denied: [], problems: [], zone: null });
        expect(await cloudflare({ zoneId: "zone9" })).to.deep.equal({ denied: [], problems: [], zone: null });
        expect(await aws({ region: "us-east-1" })).to.deep.equal({ region: "us-east-1", denied: [], problems: [], domain: null });
        cloud.aws.apis.clear();
        cloud.aws.certificates.clear();
        expect(await aws()).to.deep.include({ api: null, certificate: null, denied: [], problems: [] });
    });

    it("find every other domain that leads to the same API, over all pages", async () => {
        const copy = (name: string, to: string, mutualTls = domain.mutualTls) => {
            const mappings: GatewayDomain["mappings"] = new Map([["m", { id: "m", apiId: to, stage: "$default", apiMappingKey: "v1" }]]);
            cloud.aws.domains.set(name, { ...domain, domainName: name, mutualTls, mappings });
        };
        for (let index = 0; index < 30; index++) copy(`other${index}.example.com`, "elsewhere");
        copy("*.example.com", apiId, undefined);
        copy("twin.example.com", apiId);
        cloud.aws.domains.get("*.example.com")!.mutualTls = undefined;
        const mappings = [{ apiId, stage: "$default", key: "v1" }];
        expect((await aws()).otherDomains).to.deep.equal([
            { name: "*.example.com", mutualTls: false, mappings },
            { name: "twin.example.com", mutualTls: true, mappings },
        ]);
        expect(calls("call").filter(({ detail }) => detail.operation === "GetDomainNames")).to.have.length(2);
    });

    it("tell the pinned truststore from an overwritten one, and from a deleted one", async () => {
        const versions = objects().get(truststoreKey())!;
        const stranger = await createAuthority("CN=Stranger", pooledKeys());
        // Anything else in that object, even a key, is not evidence.
        const body = `${stranger.certificatePem}${stranger.privateKeyPem}`;
        versions.push({ versionId: "intruder", body, etag: "x", deleteMarker: false });
        expect((await aws()).truststore).to.deep.equal({
            pinnedPem: caPem,
            newestPem: stranger.certificatePem,
            newestVersion: "intruder",
            pinnedMissing: false,
        });
        versions.shift();
        expect((await aws()).truststore).to.deep.equal({
            newestPem: stranger.certificatePem,
            newestVersion: "intruder",
            pinnedMissing: true,
        });
        versions[0]!.versionId = domain.mutualTls!.truststoreVersion!;
        versions[0]!.deleteMarker = true;
        expect((await aws()).truststore).to.deep.equal({ pinnedMissing: true });
        versions[0]!.deleteMarker = false;
        versions[0]!.body = `${caPem}${"#".repeat(1024 * 1024)}`;
        const large = await aws();
        expect(large.truststore).to.not.have.any.keys("pinnedPem", "newestPem");
        expect(large.problems).to.deep.equal(["the truststore in S3 is larger than 1 MB and was not read"]);
        domain.mutualTls!.truststoreVersion = undefined;
        versions[0]!.body = caPem;
        domain.mutualTls!.warnings = ["certificate 1 has expired"];
        const unpinned = await aws();
        expect(unpinned.truststore).to.have.all.keys("newestPem", "newestVersion");
        expect(unpinned.domain?.truststoreWarnings).to.deep.equal(["certificate 1 has expired"]);
    });

    it("tell an expired and a failed certificate as ACM does", async () => {
        const held = cloud.aws.certificates.get(domain.certificateArn)!;
        const past = { notBefore: new Date("2020-01-01T00:00:00Z"), notAfter: new Date("2021-01-01T00:00:00Z") };
        Object.assign(held, await cloud.webCa.issue([HOST], past));
        expect((await aws()).certificate).to.deep.include({ status: "EXPIRED", notAfter: "2021-01-01T00:00:00.000Z" });
        Object.assign(held, { status: "FAILED", failureReason: "CAA_ERROR", certificatePem: undefined });
        const { certificate } = await aws();
        expect(certificate).to.deep.include({ status: "FAILED", failureReason: "CAA_ERROR" });
        expect(certificate?.validationRecords[0]?.status).to.equal("FAILED");
    });

    const lost: Record<string, string[]> = {
        "apigateway:GET": ["api", "certificate", "domain", "otherDomains", "truststore"],
        "acm:DescribeCertificate": ["certificate"],
        "s3:GetObjectVersion": [],
        "s3:GetObject": [],
    };
    for (const [permission, missing] of Object.entries(lost)) {
        it(`name ${permission} when it is missing, and tell the rest`, async () => {
            const full = await aws();
            cloud.denied.add(permission);
            const evidence = await aws();
            expect(evidence.denied).to.deep.equal([permission]);
            expect(evidence.problems).to.deep.equal([]);
            expect(Object.keys(full).filter((key) => !(key in evidence))).to.have.members(missing);
        });
    }

    it("do not read one truststore for the other when the permission for one is missing", async () => {
        const versions = objects().get(truststoreKey())!;
        versions.push({
            versionId: "intruder",
            body: (await createAuthority("CN=X", pooledKeys())).certificatePem,
            etag: "x",
            deleteMarker: false,
        });
        cloud.denied.add("s3:GetObjectVersion");
        expect((await aws()).truststore).to.deep.equal({ newestPem: versions[1]!.body, newestVersion: "intruder" });
        cloud.denied = new Set(["s3:GetObject"]);
        expect((await aws()).truststore).to.deep.equal({ pinnedPem: caPem, pinnedMissing: false });
    });

    const hidden: Record<string, string[]> = {
        "Zone Read": ["zone"],
        "Zone Settings Read": ["ssl", "globalOriginPull"],
        "SSL and Certificates Read": ["zoneOriginPull", "association", "hostnameCertificates"],
        "DNS Read": ["records", "validationRecords"],
        "Config Rules Read": ["sslRules"],
    };
    for (const [permission, missing] of Object.entries(hidden)) {
        it(`name ${permission} when it is missing, and tell the rest`, async () => {
            zone.sslRule = { hostname: HOST, value: "full", description: "" };
            const options = { zoneId: "zone1", validationNames: ["_x.example.com"] };
            const full = await cloudflare(options);
            cloud.denied.add(permission);
            const evidence = await cloudflare(options);
            expect(evidence.denied).to.deep.equal([permission]);
            expect(evidence.problems).to.deep.equal([]);
            expect(Object.keys(full).filter((key) => !(key in evidence))).to.have.members(missing);
        });
    }

    it("end at once, with the permission's name, when no zone may be looked for", async () => {
        cloud.denied.add("Zone Read");
        expect(await cloudflare()).to.deep.equal({ denied: ["Zone Read"], problems: [] });
    });

    it("say that a token or a key is not valid, without telling it", async () => {
        const not = { denied: [], problems: ["the token is not valid"] };
        expect(await cloudflare({ token: "kept-to-ourselves_another" })).to.deep.equal(not);
        const odd = await cloudflare({ token: `${TOKEN}\nX-Other: 1` });
        expect(odd).to.deep.equal({ denied: [], problems: ["the token is not valid: it contains spaces or control characters"] });
        expect((await cloudflare({ token: `${TOKEN}\n` })).problems).to.deep.equal([]);
        process.env.AWS_ACCESS_KEY_ID = "AKIAANOTHERANOTHER12";
        const evidence = await aws();
        expect(evidence).to.deep.equal({
            region: REGION,
            denied: [],
            problems: ["AWS does not accept the credentials (UnrecognizedClientException)"],
        });
        expect(told.join()).to.not.contain("another");
    });

    it("report an endpoint that refuses connections or never answers, within the time limit", async () => {
        const nobody = await withServer(
            () => undefined,
            (url) => Promise.resolve(url),
        );
        process.env.AWS_ENDPOINT_URL = nobody;
        expect((await aws()).problems).to.deep.equal(["API Gateway cannot be reached (ECONNREFUSED)"]);
        expect((await cloudflare({ baseUrl: nobody })).problems).to.deep.equal(["Cloudflare cannot be reached (ECONNREFUSED)"]);
        await withServer(
            () => undefined,
            async (url) => {
                process.env.AWS_ENDPOINT_URL = url;
                const [one, other] = await Promise.all([aws({ timeoutMs: 400 }), cloudflare({ baseUrl: url, timeoutMs: 400 })]);
                expect(one.problems).to.deep.equal(["API Gateway did not answer within 400 ms"]);
                expect(other.problems).to.deep.equal(["Cloudflare did not answer within 400 ms"]);
            },
        );
    });

    it("keep what they know when names that AWS was to tell never come", async () => {
        const evidence = await cloudflare({ validationNames: new Promise(() => undefined), timeoutMs: 3000 });
        expect(evidence).to.not.have.property("validationRecords");
        expect(evidence).to.deep.include({ ssl: "strict", denied: [], problems: [] });
    });

    const answers: [string, number, string][] = [
        ["ExpiredTokenException", 403, "the AWS credentials have expired"],
        ["TooManyRequestsException", 429, "API Gateway throttles this account's calls: try again later"],
        ["InternalFailure", 500, "API Gateway answered InternalFailure (HTTP 500)"],
    ];
    for (const [type, status, sentence] of answers) {
        it(`say in a sentence what ${type} means`, async () => {
            const listener: http.RequestListener = (_req, res) => {
                res.writeHead(status, { "x-amzn-errortype": type, "content-type": "application/json" });
                res.end(JSON.stringify({ message: `your key is ${SECRET}` }));
            };
            await withServer(listener, async (url) => {
                process.env.AWS_ENDPOINT_URL = url;
                expect(await aws()).to.deep.equal({ region: REGION, denied: [], problems: [sentence] });
            });
        });
    }

    it("say what Cloudflare's other answers mean", async () => {
        for (const [status, sentence] of [
            [429, "Cloudflare throttles this token's calls: try again later"],
            [502, "Cloudflare answered HTTP 502"],
            [401, "the token is not valid"],
        ] as const) {
            const listener: http.RequestListener = (_req, res) =>
                void res
                    .writeHead(status, { "retry-after-ms": "1", "content-type": "application/json" })
                    .end(JSON.stringify({ said: TOKEN }));
            const evidence = await withServer(listener, (url) => cloudflare({ baseUrl: url }));
            expect(evidence).to.deep.equal({ denied: [], problems: [sentence] });
        }
    });

    it("need credentials and a region, say which is missing, and look for no instance's metadata", async () => {
        expect(hasAwsCredentials()).to.equal(true);
        setEnvironment({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined });
        expect(hasAwsCredentials()).to.equal(false);
        let asked = 0;
        const metadata = (_request: unknown, response: http.ServerResponse): void => void response.writeHead(404).end(String(++asked));
        await withServer(metadata, async (url) => {
            setEnvironment({ AWS_EC2_METADATA_SERVICE_ENDPOINT: url });
            expect((await aws()).problems[0]).to.contain("no AWS credentials were found");
        });
        expect(asked).to.equal(0);
        expect(process.env).to.not.have.property("AWS_EC2_METADATA_DISABLED");
        expect((await aws({ profile: "nobody" })).problems).to.deep.equal(["the AWS profile nobody has no credentials"]);
        delete process.env.AWS_DEFAULT_REGION;
        expect((await aws()).problems).to.deep.equal(["no AWS region is set: set AWS_REGION, or pass --region"]);
    });

    it("take region and credentials from a profile, as the AWS tools do", async () => {
        setEnvironment({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_DEFAULT_REGION: undefined });
        // A home of its own: the SDK remembers what it read of a file.
        const other = path.join(home, "other");
        setEnvironment({ HOME: other, USERPROFILE: other });
        fs.mkdirSync(path.join(other, ".aws"), { recursive: true });
        const keys = `aws_access_key_id = ${KEY_ID}\naws_secret_access_key = ${SECRET}\n`;
        fs.writeFileSync(path.join(other, ".aws", "config"), `[profile work]\nregion = ${REGION}\n${keys}`);
        expect(hasAwsCredentials()).to.equal(true);
        expect(await aws({ profile: "work" })).to.deep.include({ region: REGION, denied: [], problems: [] });
        process.env.AWS_PROFILE = "work";
        expect((await aws()).domain).to.deep.include({ status: "AVAILABLE" });
    });

    it("refuse and tell every write and every call that they do not know", async () => {
        const { S3 } = await import("@aws-sdk/client-s3");
        const { ApiGatewayV2 } = await import("@aws-sdk/client-apigatewayv2");
        const s3 = new S3({ region: REGION, forcePathStyle: true });
        const gateway = new ApiGatewayV2({ region: REGION });
        const client = async (method: string, where: string) => {
            const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
            const answer = await fetch(`${plane.cloudflareBaseUrl}/${where}`, { method, headers, ...(method !== "GET" && { body: "{}" }) });
            if (!answer.ok) throw new Error(await answer.text());
        };
        const before = JSON.stringify([...cloud.aws.domains.values(), ...zone.associations.values()]);
        const writes = [
            s3.putObject({ Bucket: "b", Key: "k", Body: "x" }),
            s3.getBucketPolicy({ Bucket: "b" }),
            gateway.deleteDomainName({ DomainName: HOST }),
            gateway.getVpcLinks({}),
            client("PUT", "zones/zone1/origin_tls_client_auth/hostnames"),
            client("PATCH", "zones/zone1/settings/ssl"),
            client("GET", "user/tokens/verify"),
        ];
        const ended = await Promise.allSettled(writes);
        expect(ended.map(({ status }) => status)).to.deep.equal(writes.map(() => "rejected"));
        expect(calls("refused").map(({ detail }) => detail.method)).to.have.members(["PUT", "GET", "DELETE", "GET", "PUT", "PATCH", "GET"]);
        expect(calls("call")).to.deep.equal([]);
        expect(JSON.stringify([...cloud.aws.domains.values(), ...zone.associations.values()])).to.equal(before);
        events = [];
    });
});
