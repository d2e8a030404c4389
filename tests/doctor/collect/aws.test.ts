/** The doctor's reading of AWS. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { hasAwsCredentials } from "../../../doctor/collect/aws/collectAws";
import type { GatewayDomain } from "../../../lab/cloud";
import { createAuthority } from "../../../lab/pki/authority";
import { HOST, KEY_ID, SECRET, REGION, setEnvironment, collectors } from "../../support/collectors";
import { pooledKeys } from "../../support/keys";

describe("the doctor's reading of AWS, with the real SDK on the lab's control plane,", function () {
    const lab = collectors();
    const { aws, calls, operations, objects, truststoreKey } = lab;

    it("tell of a deployment all that AWS knows of it", async () => {
        const certificate = lab.cloud.aws.certificates.get(lab.domain.certificateArn)!;
        const [record] = certificate.validationRecords;
        const evidence = await aws();
        expect(evidence.certificate?.notAfter).to.match(/^20\d\d-\d\d-\d\dT/);
        expect(evidence).to.deep.equal({
            region: REGION,
            denied: [],
            problems: [],
            domain: {
                status: "AVAILABLE",
                routingMode: "API_MAPPING_ONLY",
                targetDomainName: lab.domain.targetDomainName,
                certificateArn: lab.domain.certificateArn,
                mutualTls: true,
                truststoreUri: lab.domain.mutualTls!.truststoreUri,
                truststoreVersion: lab.domain.mutualTls!.truststoreVersion,
                truststoreWarnings: [],
                mappings: [{ apiId: lab.apiId, stage: "$default", key: "" }],
            },
            api: {
                id: lab.apiId,
                disableExecuteApiEndpoint: true,
                stages: [{ name: "$default", autoDeploy: true, throttlingRateLimit: 20, throttlingBurstLimit: 50 }],
                routes: [{ routeKey: "$default", target: [...lab.cloud.aws.apis.get(lab.apiId)!.routes.values()][0]!.target }],
            },
            otherDomains: [],
            truststore: {
                pinnedPem: lab.caPem,
                newestPem: lab.caPem,
                newestVersion: lab.domain.mutualTls!.truststoreVersion,
                pinnedMissing: false,
            },
            certificate: {
                arn: lab.domain.certificateArn,
                status: "ISSUED",
                domainName: HOST,
                subjectAlternativeNames: [HOST],
                notAfter: evidence.certificate?.notAfter,
                validationRecords: [{ name: record!.name, value: record!.value, status: "SUCCESS" }],
            },
        });
        // A name, unlike an address, could get the bucket's name before it, and lead nowhere.
        process.env.AWS_ENDPOINT_URL = lab.plane.awsEndpoint.replace("127.0.0.1", "localhost");
        expect((await aws()).truststore).to.deep.equal(evidence.truststore);
        const asked = ["DescribeCertificate", "GetApi", "GetApiMappings", "GetDomainName", "GetDomainNames", "GetObject", "GetRoutes"];
        expect(operations()).to.deep.equal([...asked, "GetStages", "HeadObject"]);
    });

    it("find every other domain that leads to the same API, over all pages", async () => {
        const copy = (name: string, to: string, mutualTls = lab.domain.mutualTls) => {
            const mappings: GatewayDomain["mappings"] = new Map([["m", { id: "m", apiId: to, stage: "$default", apiMappingKey: "v1" }]]);
            lab.cloud.aws.domains.set(name, { ...lab.domain, domainName: name, mutualTls, mappings });
        };
        for (let index = 0; index < 30; index++) copy(`other${index}.example.com`, "elsewhere");
        copy("*.example.com", lab.apiId, undefined);
        copy("twin.example.com", lab.apiId);
        lab.cloud.aws.domains.get("*.example.com")!.mutualTls = undefined;
        const mappings = [{ apiId: lab.apiId, stage: "$default", key: "v1" }];
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
            pinnedPem: lab.caPem,
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
        versions[0]!.versionId = lab.domain.mutualTls!.truststoreVersion!;
        versions[0]!.deleteMarker = true;
        expect((await aws()).truststore).to.deep.equal({ pinnedMissing: true });
        versions[0]!.deleteMarker = false;
        versions[0]!.body = `${lab.caPem}${"#".repeat(1024 * 1024)}`;
        const large = await aws();
        expect(large.truststore).to.not.have.any.keys("pinnedPem", "newestPem");
        expect(large.problems).to.deep.equal(["the truststore in S3 is larger than 1 MB and was not read"]);
        lab.domain.mutualTls!.truststoreVersion = undefined;
        versions[0]!.body = lab.caPem;
        lab.domain.mutualTls!.warnings = ["certificate 1 has expired"];
        const unpinned = await aws();
        expect(unpinned.truststore).to.have.all.keys("newestPem", "newestVersion");
        expect(unpinned.domain?.truststoreWarnings).to.deep.equal(["certificate 1 has expired"]);
    });

    it("tell an expired and a failed certificate as ACM does", async () => {
        const held = lab.cloud.aws.certificates.get(lab.domain.certificateArn)!;
        const past = { notBefore: new Date("2020-01-01T00:00:00Z"), notAfter: new Date("2021-01-01T00:00:00Z") };
        Object.assign(held, await lab.cloud.webCa.issue([HOST], past));
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
            lab.cloud.denied.add(permission);
            const evidence = await aws();
            expect(evidence.denied).to.deep.equal([permission]);
            expect(evidence.problems).to.deep.equal([]);
            expect(Object.keys(full).filter((key) => !(key in evidence))).to.have.members(missing);
        });
    }

    it("do not read one truststore for the other when the permission for one is missing", async () => {
        const whole = (await aws()).truststore;
        lab.cloud.denied.add("s3:GetObjectVersion");
        // The newest version says that it is the pinned one.
        expect((await aws()).truststore).to.deep.equal(whole);
        lab.cloud.denied.clear();
        const versions = objects().get(truststoreKey())!;
        versions.push({
            versionId: "intruder",
            body: (await createAuthority("CN=X", pooledKeys())).certificatePem,
            etag: "x",
            deleteMarker: false,
        });
        lab.cloud.denied.add("s3:GetObjectVersion");
        expect((await aws()).truststore).to.deep.equal({ newestPem: versions[1]!.body, newestVersion: "intruder" });
        lab.cloud.denied = new Set(["s3:GetObject"]);
        expect((await aws()).truststore).to.deep.equal({ pinnedPem: lab.caPem, pinnedMissing: false });
    });

    it("take region and credentials from a profile, as the AWS tools do", async () => {
        setEnvironment({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_DEFAULT_REGION: undefined });
        // A home of its own: the SDK remembers what it read of a file.
        const other = path.join(lab.home, "other");
        setEnvironment({ HOME: other, USERPROFILE: other });
        fs.mkdirSync(path.join(other, ".aws"), { recursive: true });
        const keys = `aws_access_key_id = ${KEY_ID}\naws_secret_access_key = ${SECRET}\n`;
        fs.writeFileSync(path.join(other, ".aws", "config"), `[profile work]\nregion = ${REGION}\n${keys}`);
        expect(hasAwsCredentials()).to.equal(true);
        expect(await aws({ profile: "work" })).to.deep.include({ region: REGION, denied: [], problems: [] });
        process.env.AWS_PROFILE = "work";
        expect((await aws()).domain).to.deep.include({ status: "AVAILABLE" });
    });
});
