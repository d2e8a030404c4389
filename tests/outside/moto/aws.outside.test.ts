/**
 * moto's server as AWS: what was put in through AWS's own SDK is what the doctor reads, and it names what is wrong with it. What moto does not
 * do as AWS does is listed in docs/lab.md; that part is judged by the lab's control plane alone.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { S3 } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { examine } from "../../../doctor";
import { createAsk } from "../../../doctor/collect/aws/ask";
import { collectAws } from "../../../doctor/collect/aws/collectAws";
import { askTruststore } from "../../../doctor/collect/aws/truststore";
import { diagnose } from "../../../doctor/diagnose/diagnose";
import type { AwsEvidence } from "../../../doctor/evidence";
import { createAuthority, generateKeys } from "../../../lab/pki/authority";
import { startDeadline } from "../../../probes";
import { cleanEnvironment, setEnvironment } from "../../support/collectors";
import { needsTool } from "../../support/outsideTool";
import { Account, BUCKET, DOMAIN } from "./account";
import { CASES } from "./cases";
import { REGION, startMoto, type Keys, type Moto } from "./moto";

/** Time enough for a busy machine. */
const LONG_MS = 60_000;
/** A certificate that waits for longer than any test runs. */
const FOR_EVER_S = 1_000_000;

describe("moto as AWS", function () {
    let executable: string;
    let moto: Moto;
    let account: Account;
    let caPem: string;
    let otherPem: string;
    let saved: NodeJS.ProcessEnv;
    const home = fs.mkdtempSync(path.join(os.tmpdir(), "moto-home-"));

    const useKeys = ({ accessKeyId, secretAccessKey, sessionToken }: Keys): void =>
        setEnvironment({ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken });

    before(async function () {
        saved = { ...process.env };
        executable = needsTool(this, "moto");
        setEnvironment({ ...cleanEnvironment(home), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" });
        moto = await startMoto(executable);
        account = new Account(moto.endpoint);
        caPem = (await createAuthority("CN=orders pull CA", generateKeys)).certificatePem;
        otherPem = (await createAuthority("CN=other pull CA", generateKeys)).certificatePem;
    });
    beforeEach(async () => {
        await moto.reset();
        setEnvironment({ AWS_ENDPOINT_URL: moto.endpoint, AWS_REGION: REGION });
        useKeys({ accessKeyId: "test", secretAccessKey: "test" });
    });
    after(async () => {
        setEnvironment({ ...cleanEnvironment(home), ...saved });
        fs.rmSync(home, { recursive: true, force: true });
        account?.close();
        await moto?.close();
    });

    const read = (more: Partial<Parameters<typeof collectAws>[0]> = {}): Promise<AwsEvidence> =>
        collectAws({ domainName: DOMAIN, timeoutMs: LONG_MS, ...more });
    /** The causes that AWS's part of the evidence proves alone. */
    const causesOf = (aws: AwsEvidence): string[] => {
        const dns = { domainName: DOMAIN, aliases: [], addresses: ["192.0.2.1"] };
        const evidence = { domainName: DOMAIN, path: "/", now: new Date(), dns, probes: [], aws };
        return diagnose(evidence, new Date(), 0).causes.map(({ id }) => id);
    };

    it("differs from AWS where docs/lab.md says so", async () => {
        const { apiId } = await account.deploy(caPem);
        const { gateway } = account;
        await account.createDomain("*.example.org", {});
        expect(await gateway.getDomainNames({ MaxResults: "1" }))
            .to.have.property("Items")
            .with.lengthOf(2);
        expect((await gateway.getApiMappings({ DomainName: "nobody.example.org" })).Items).to.deep.equal([]);
        const failure = (call: Promise<unknown>): Promise<string> =>
            call.then(
                () => "none",
                ({ name }: Error) => name,
            );
        expect(await failure(gateway.getDomainName({ DomainName: "*.example.org" }))).to.equal("NotFoundException");
        const update = gateway.updateDomainName({ DomainName: DOMAIN, MutualTlsAuthentication: { TruststoreUri: "" } });
        expect(await failure(update)).not.to.equal("none");
        expect(await failure(gateway.deleteApi({ ApiId: apiId }))).to.equal("none");
        const elsewhere = new S3({ endpoint: moto.endpoint, region: "us-west-2", forcePathStyle: true });
        expect(await failure(elsewhere.headBucket({ Bucket: BUCKET }))).to.equal("none");
        elsewhere.destroy();
    });

    describe("is read by the doctor:", () => {
        it("all that was put into a healthy deployment", async () => {
            const { evidence } = await account.deploy(caPem);
            expect(await read()).to.deep.equal(evidence);
            expect(causesOf(evidence)).to.deep.equal([]);
            const { checks } = await examine({
                domainName: DOMAIN,
                timeoutMs: LONG_MS,
                network: { dnsServers: ["127.0.0.1:1"], connectTo: [":443:127.0.0.1:1", ":80:127.0.0.1:1"] },
            });
            const seen = Object.fromEntries(checks.filter(({ hop }) => hop === "aws").map(({ id, verdict }) => [id, verdict]));
            expect(seen).to.deep.equal({ read: "ok", domain: "ok", truststore: "ok", api: "ok", acm: "ok" });
        });

        for (const [title, { variant, change, causes }] of Object.entries(CASES))
            it(title, async () => {
                const deployment = await account.deploy(caPem, variant);
                await change?.(deployment, { account, caPem, otherPem });
                const evidence = await read();
                expect(evidence).to.deep.equal(deployment.evidence);
                expect(causesOf(evidence)).to.deep.equal(causes);
            });

        it("no domain where there is none, and none in another region", async () => {
            const nothing = { denied: [], problems: [], domain: null };
            expect(await read()).to.deep.equal({ region: REGION, ...nothing });
            await account.deploy(caPem);
            expect(await read({ region: "us-east-1" })).to.deep.equal({ region: "us-east-1", ...nothing });
            expect(await read({ domainName: "other.example.com" })).to.deep.equal({ region: REGION, ...nothing });
            expect(causesOf(await read({ region: "us-east-1" }))).to.deep.equal(["DOMAIN-MISSING"]);
        });

        it("every other domain of the API among many, with and without mutual TLS, and the API that was named", async () => {
            const { apiId, evidence } = await account.deploy(caPem);
            const other = await account.createApi({ disableExecuteApiEndpoint: true });
            for (let index = 0; index < 60; index++) await account.createDomain(`d${index}.example.org`, {});
            for (const name of ["d7.example.org", "d44.example.org"]) await account.map(name, other.id);
            const truststore = { TruststoreUri: `s3://${BUCKET}/truststore.pem` };
            await account.createDomain("all.example.net", {});
            await account.map("all.example.net", other.id, "other");
            await account.map("all.example.net", apiId, "orders/v2");
            await account.createDomain("twin.example.net", {}, truststore);
            await account.map("twin.example.net", apiId);
            const otherDomains = [
                {
                    name: "all.example.net",
                    mutualTls: false,
                    mappings: [
                        { apiId: other.id, stage: "$default", key: "other" },
                        { apiId, stage: "$default", key: "orders/v2" },
                    ],
                },
                { name: "twin.example.net", mutualTls: true, mappings: [{ apiId, stage: "$default", key: "" }] },
            ];
            const found = await read();
            expect(found).to.deep.equal({ ...evidence, otherDomains });
            expect(causesOf(found)).to.deep.equal(["MAPPING-WITHOUT-MTLS"]);
            const named = await read({ apiId: other.id });
            expect(named.api).to.deep.equal(other);
            expect(named.otherApis).to.deep.equal([{ id: apiId, disableExecuteApiEndpoint: true }]);
            expect(named.otherDomains?.map(({ name }) => name)).to.deep.equal([
                "all.example.net",
                "d44.example.org",
                "d7.example.org",
                "twin.example.net",
            ]);
        });

        it("the API of the longest key that begins the path, and whether the others' default endpoints are off", async () => {
            const { apiId, evidence } = await account.deploy(caPem);
            const orders = await account.createApi({ disableExecuteApiEndpoint: true });
            const second = await account.createApi({ disableExecuteApiEndpoint: false });
            await account.map(DOMAIN, orders.id, "orders");
            await account.map(DOMAIN, second.id, "orders/v2");
            const paths = {
                "/": evidence.api,
                "/orders": orders,
                "/orders/v20?v2": orders,
                "/orders/v2/1": second,
                "/ordersv2": evidence.api,
            };
            const off = { [apiId]: true, [orders.id]: true, [second.id]: false };
            for (const [asked, api] of Object.entries(paths)) {
                const seen = await read({ path: asked });
                expect(seen.api, asked).to.deep.equal(api);
                const others = Object.entries(off)
                    .filter(([id]) => id !== api!.id)
                    .map(([id, disableExecuteApiEndpoint]) => ({ id, disableExecuteApiEndpoint }));
                expect(seen.otherApis, asked).to.have.deep.members(others);
                expect(causesOf(seen), asked).to.deep.equal(["DEFAULT-ENDPOINT-OPEN"]);
            }
        });

        it("an imported certificate, which has no validation records", async () => {
            const { evidence } = await account.deploy(caPem, { mapped: false });
            const names = ["own.example.com", "*.own.example.com"];
            const imported = await account.importCertificate(names);
            await account.createDomain("own.example.com", { CertificateArn: imported.arn, DomainNameStatus: "AVAILABLE" });
            const { certificate } = await read({ domainName: "own.example.com" });
            expect(certificate).to.deep.equal(imported);
            expect(evidence.certificate).to.have.property("validationRecords").with.lengthOf(2);
        });

        it("a certificate that waits for its validation", async () => {
            const waiting = await startMoto(executable, FOR_EVER_S);
            const itsAccount = new Account(waiting.endpoint);
            try {
                process.env.AWS_ENDPOINT_URL = waiting.endpoint;
                const { evidence } = await itsAccount.deploy(caPem);
                expect(evidence.certificate?.status).to.equal("PENDING_VALIDATION");
                expect(await read()).to.deep.equal(evidence);
                expect(causesOf(evidence)).to.deep.equal(["SERVER-CERTIFICATE-PENDING"]);
            } finally {
                itsAccount.close();
                await waiting.close();
            }
        });

        const GATEWAY_AND_ACM = ["apigateway:*", "acm:*"];
        const allow = (...Action: string[]): object[] => [{ Effect: "Allow", Action, Resource: "*" }];

        it("the same as a user, and as a session of a role, with no more than the permissions that it asks", async () => {
            const { evidence } = await account.deploy(caPem);
            const statements = allow(...GATEWAY_AND_ACM, "s3:GetObject", "s3:GetObjectVersion");
            const callers = [await moto.createUser(statements), await moto.assumeRole(statements)];
            await moto.judgeCallers();
            for (const keys of callers) {
                useKeys(keys);
                expect(await read()).to.deep.equal(evidence);
            }
        });

        const lost: Record<string, { allowed: string[]; left: (evidence: AwsEvidence) => void }> = {
            "s3:GetObjectVersion": { allowed: ["s3:GetObject"], left: () => undefined },
            "s3:GetObject": {
                allowed: ["s3:GetObjectVersion"],
                left: (evidence) => (evidence.truststore = { pinnedPem: caPem, pinnedMissing: false }),
            },
        };
        for (const [permission, { allowed, left }] of Object.entries(lost))
            it(`all but what needs ${permission} as a role that lacks it, which is named`, async () => {
                const { evidence } = await account.deploy(caPem);
                const keys = await moto.assumeRole(allow(...GATEWAY_AND_ACM, ...allowed));
                await moto.judgeCallers();
                useKeys(keys);
                left(evidence);
                const seen = await read();
                expect(seen).to.deep.equal({ ...evidence, denied: [permission] });
                expect(causesOf(seen)).to.deep.equal(["ROLE-WITHOUT-SCOPE"]);
            });

        it("keys that S3 refuses, as no missing permission and no absence", async () => {
            const { evidence, version } = await account.deploy(caPem);
            const { truststoreUri } = evidence.domain!;
            const statements = allow("s3:GetObject", "s3:GetObjectVersion");
            const [user, session] = [await moto.createUser(statements), await moto.assumeRole(statements)];
            await moto.judgeCallers();
            const callers: Record<string, Keys> = {
                InvalidAccessKeyId: { ...user, accessKeyId: "AKIAIOSFODNN7EXAMPLE" },
                SignatureDoesNotMatch: { ...user, secretAccessKey: "another" },
                InvalidToken: { ...session, sessionToken: "another" },
            };
            const ask = async (credentials: Keys) => {
                const hindrances = { denied: new Set<string>(), problems: new Set<string>() };
                const limit = startDeadline(LONG_MS);
                const s3 = new S3({ endpoint: moto.endpoint, region: REGION, forcePathStyle: true, credentials });
                const truststore = await askTruststore(createAsk(limit, hindrances, undefined), hindrances, s3, truststoreUri!, version);
                limit.clear();
                s3.destroy();
                return { truststore, denied: [...hindrances.denied], problems: [...hindrances.problems] };
            };
            expect(await ask(user)).to.deep.equal({ truststore: evidence.truststore, denied: [], problems: [] });
            for (const [code, keys] of Object.entries(callers))
                expect(await ask(keys)).to.deep.equal({
                    truststore: {},
                    denied: [],
                    problems: [`AWS does not accept the credentials (${code})`],
                });
        });

        it("keys refused in words that are not AWS's, as no missing permission and no absence", async () => {
            await account.deploy(caPem);
            const user = await moto.createUser(allow("*"));
            await moto.judgeCallers();
            // API Gateway's and ACM's refusals are XML at moto, without AWS's code in a header.
            useKeys({ ...user, secretAccessKey: "another" });
            const seen = await read();
            expect(seen).to.deep.equal({
                region: REGION,
                denied: [],
                problems: ["API Gateway's answer is not in AWS's format (HTTP 403): a proxy or another server may have sent it"],
            });
            expect(causesOf(seen)).to.deep.equal([]);
            useKeys(user);
            expect((await read()).problems).to.deep.equal([]);
        });
    });
});
