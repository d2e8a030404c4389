/** What is put into the account at moto, what happens to it then, and which causes the doctor must name. */
import { BUCKET, DOMAIN, type Account, type Deployment, type Variant } from "./account";

interface Case {
    variant?: Variant;
    /** What is done behind Pulumi's back, and to the evidence that the doctor must read. */
    change?: (deployment: Deployment, own: { account: Account; caPem: string; otherPem: string }) => unknown;
    /** Those that AWS's part of the evidence proves alone. */
    causes: string[];
}

const deleteVersion = ({ s3 }: Account, { objectKey, version }: Deployment): Promise<unknown> =>
    s3.deleteObject({ Bucket: BUCKET, Key: objectKey, VersionId: version });

export const CASES: Record<string, Case> = {
    "a domain without mutual TLS": { variant: { mutualTls: false }, causes: ["MTLS-REMOVED"] },
    "a default endpoint that nobody turned off": {
        variant: { disableExecuteApiEndpoint: undefined },
        causes: ["DEFAULT-ENDPOINT-OPEN"],
    },
    "a default endpoint that is on": { variant: { disableExecuteApiEndpoint: false }, causes: ["DEFAULT-ENDPOINT-OPEN"] },
    "a stage that is not deployed automatically": { variant: { autoDeploy: undefined }, causes: [] },
    "a truststore with Windows line ends, two CAs and words between them": {
        change: async ({ objectKey, evidence }, { account, caPem, otherPem }) => {
            const body = `orders\r\n${caPem.replace(/\n/g, "\r\n")}other\r\n${otherPem.replace(/\n/g, "\r\n")}`;
            evidence.truststore!.newestVersion = await account.putObject(objectKey, body);
            evidence.truststore!.newestPem = caPem + otherPem;
        },
        causes: [],
    },
    "a truststore that was overwritten": {
        change: async ({ objectKey, evidence }, { account, otherPem }) => {
            evidence.truststore!.newestVersion = await account.putObject(objectKey, otherPem);
            evidence.truststore!.newestPem = otherPem;
        },
        causes: [],
    },
    "a pinned version that is gone, below a newer one": {
        change: async (deployment, { account, otherPem }) => {
            const newestVersion = await account.putObject(deployment.objectKey, otherPem);
            await deleteVersion(account, deployment);
            deployment.evidence.truststore = { newestPem: otherPem, newestVersion, pinnedMissing: true };
        },
        causes: ["TRUSTSTORE-VERSION-DELETED"],
    },
    "a pinned version below a delete marker": {
        change: async (deployment, { account, caPem }) => {
            await account.s3.deleteObject({ Bucket: BUCKET, Key: deployment.objectKey });
            deployment.evidence.truststore = { pinnedPem: caPem, pinnedMissing: false };
        },
        causes: [],
    },
    "a truststore that is gone": {
        change: async (deployment, { account }) => {
            await deleteVersion(account, deployment);
            deployment.evidence.truststore = { pinnedMissing: true };
        },
        causes: ["TRUSTSTORE-VERSION-DELETED"],
    },
    "a bucket that is gone": {
        change: async (deployment, { account }) => {
            await deleteVersion(account, deployment);
            await account.s3.deleteBucket({ Bucket: BUCKET });
            deployment.evidence.truststore = { pinnedMissing: true };
        },
        causes: ["TRUSTSTORE-VERSION-DELETED"],
    },
    "a truststore that is not pinned": { variant: { pinned: false }, causes: [] },
    "a truststore in a bucket that keeps no more versions": { variant: { versioning: "Suspended" }, causes: [] },
    "a truststore in a bucket without versions": { variant: { versioning: "never" }, causes: [] },
    "a truststore whose name must be encoded in a URL": {
        variant: { objectKey: "trust stores/ä+b %41&c=d?e#f/ca.pem" },
        causes: [],
    },
    "a domain that is updated, with its message": {
        variant: { configuration: { DomainNameStatus: "UPDATING", DomainNameStatusMessage: "in progress" } },
        causes: ["DOMAIN-UPDATING"],
    },
    "a domain without a mapping": { variant: { mapped: false }, causes: ["MAPPING-MISSING"] },
    "a mapping to an API that is gone": {
        change: async ({ apiId, evidence }, { account }) => {
            await account.gateway.deleteApi({ ApiId: apiId });
            evidence.api = null;
        },
        causes: ["MAPPING-MISSING"],
    },
    "a certificate that is gone": {
        change: async ({ certificateArn, evidence }, { account }) => {
            await account.acm.deleteCertificate({ CertificateArn: certificateArn });
            evidence.certificate = null;
        },
        causes: ["SERVER-CERTIFICATE-GONE"],
    },
    "a mapping to another API, by another name": {
        variant: { mapped: false },
        change: async ({ evidence }, { account }) => {
            const other = await account.createApi({ disableExecuteApiEndpoint: true, autoDeploy: true });
            await account.map(DOMAIN, other.id, "orders/v2", "v2");
            evidence.domain!.mappings = [{ apiId: other.id, stage: "v2", key: "orders/v2" }];
            Object.assign(evidence, { api: other, otherDomains: [] });
        },
        causes: [],
    },
};
