/** Changes made in a dashboard, behind Pulumi's back, to each kind of resource that the component makes. */
import type { Cloud, DnsRecord } from "../../lab/cloud";
import { BRING_YOUR_OWN_ARN, NAME } from "./programs";
import { isNeighbour } from "./summary";

const first = <T>(map: Map<string, T>): T => [...map.values()][0]!;
const api = (cloud: Cloud) => [...cloud.aws.apis.values()].find(({ id }) => !isNeighbour(id))!;
const stage = (cloud: Cloud) => first(api(cloud).stages);
const bucket = (cloud: Cloud) => first(cloud.aws.buckets);
const domain = (cloud: Cloud) => cloud.aws.domains.get(NAME)!;
const handler = (cloud: Cloud) => [...cloud.aws.functions.values()].find(({ name }) => name === "orders")!;
const zone = (cloud: Cloud) => first(cloud.cloudflare.zones);
const record = (cloud: Cloud, validation: boolean): DnsRecord =>
    [...zone(cloud).records.values()].find(({ name }) => name.startsWith("_") === validation)!;
const object = (cloud: Cloud) => first(bucket(cloud).objects);

/** The API deploys by itself, as with autoDeploy. */
function deploy(cloud: Cloud): void {
    const { disableExecuteApiEndpoint, routes, integrations } = api(cloud);
    stage(cloud).deployed = structuredClone({ disableExecuteApiEndpoint, routes, integrations });
}

/** The permission of the function that `$default` leads to. */
const PERMISSION = "permission-lambda-123456789012-eu_2dcentral_2d1-orders";

export interface DriftCase {
    title: string;
    /** The changed resource, by the end of its name. */
    role: string;
    /** Other resources that must move. */
    also?: string[];
    act: (cloud: Cloud) => void;
}

export const DRIFT_CASES: DriftCase[] = [
    { title: "default endpoint on", role: "api", act: (c) => ((api(c).disableExecuteApiEndpoint = false), deploy(c)) },
    { title: "CORS for any origin", role: "api", act: (c) => (api(c).cors = { allowOrigins: ["*"] }) },
    { title: "tags of the API", role: "api", act: (c) => (api(c).tags.owner = "nobody") },
    { title: "autoDeploy off", role: "stage", act: (c) => (stage(c).autoDeploy = false) },
    { title: "no throttle", role: "stage", act: (c) => Object.assign(stage(c), { throttlingBurstLimit: 1, throttlingRateLimit: 1 }) },
    { title: "no access log", role: "stage", act: (c) => (stage(c).accessLog = undefined) },
    { title: "another access log format", role: "stage", act: (c) => (stage(c).accessLog!.format = "$context.requestId") },
    {
        title: "a route that needs IAM",
        role: "route-default",
        act: (c) => ((first(api(c).routes).authorizationType = "AWS_IAM"), deploy(c)),
    },
    { title: "no route", role: "route-default", act: (c) => (api(c).routes.clear(), deploy(c)) },
    {
        title: "requests go to another function",
        role: "integration-default",
        act: (c) => ((first(api(c).integrations).integrationUri = "arn:aws:lambda:eu-central-1:123456789012:function:other"), deploy(c)),
    },
    {
        title: "a smaller payload format",
        role: "integration-default",
        act: (c) => ((first(api(c).integrations).payloadFormatVersion = "1.0"), deploy(c)),
    },
    { title: "no permission to invoke", role: PERMISSION, act: (c) => handler(c).permissions.clear() },
    {
        title: "a permission for every API",
        role: PERMISSION,
        act: (c) => (first(handler(c).permissions).sourceArn = "arn:aws:execute-api:eu-central-1:123456789012:*"),
    },
    { title: "no log group", role: "access-log", also: ["stage"], act: (c) => c.aws.logGroups.clear() },
    { title: "logs kept for a day", role: "access-log", act: (c) => (first(c.aws.logGroups).retentionInDays = 1) },
    { title: "mutual TLS off", role: "domain", act: (c) => (domain(c).mutualTls = undefined) },
    { title: "truststore not pinned", role: "domain", act: (c) => (domain(c).mutualTls!.truststoreVersion = undefined) },
    {
        title: "another server certificate",
        role: "domain",
        act: (c) => (domain(c).certificateArn = BRING_YOUR_OWN_ARN),
    },
    { title: "no mapping", role: "mapping", act: (c) => domain(c).mappings.clear() },
    { title: "a mapping of a path only", role: "mapping", act: (c) => (first(domain(c).mappings).apiMappingKey = "v1") },
    { title: "tags of the certificate", role: "certificate", act: (c) => (c.aws.certificates.get(domain(c).certificateArn)!.tags.a = "b") },
    { title: "validation record proxied", role: "certificate-validation", act: (c) => (record(c, true).proxied = true) },
    {
        title: "no validation record",
        role: "certificate-validation",
        act: (c) => zone(c).records.delete(record(c, true).id),
    },
    { title: "record DNS-only", role: "record", act: (c) => (record(c, false).proxied = false) },
    { title: "record elsewhere", role: "record", act: (c) => (record(c, false).content = "elsewhere.example.net") },
    { title: "no record", role: "record", act: (c) => zone(c).records.delete(record(c, false).id) },
    { title: "no access block", role: "truststore-access-block", act: (c) => (bucket(c).publicAccessBlock = undefined) },
    {
        title: "one switch of the access block off",
        role: "truststore-access-block",
        act: (c) => (bucket(c).publicAccessBlock!.blockPublicPolicy = false),
    },
    { title: "another encryption", role: "truststore-encryption", act: (c) => (bucket(c).encryption = "aws:kms") },
    { title: "versioning suspended", role: "truststore-versioning", act: (c) => (bucket(c).versioning = false) },
    { title: "no bucket policy", role: "truststore-policy", act: (c) => (bucket(c).policy = undefined) },
    {
        title: "a public bucket policy",
        role: "truststore-policy",
        act: (c) => (bucket(c).policy = JSON.stringify({ Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:*" }] })),
    },
    { title: "tags of the bucket", role: "truststore", act: (c) => (bucket(c).tags.public = "yes") },
    {
        title: "another truststore",
        role: "truststore-object",
        also: ["domain", "verification"],
        act: (c) => object(c).push({ ...object(c).at(-1)!, versionId: "intruder", body: c.webCa.certificatePem, etag: "0".repeat(32) }),
    },
    {
        title: "the truststore deleted",
        role: "truststore-object",
        also: ["domain", "verification"],
        act: (c) => object(c).push({ ...object(c).at(-1)!, versionId: "deleted", deleteMarker: true }),
    },
    { title: "SSL flexible", role: "ssl", act: (c) => zone(c).settings.set("ssl", "flexible") },
];
