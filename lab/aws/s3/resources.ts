/** S3: buckets, their settings and objects with versions. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Cloud, S3Bucket, S3ObjectVersion } from "../../cloud";
import {
    broken,
    checkRegion,
    object,
    oneOf,
    optional,
    REGIONAL,
    tags,
    text,
    type Props,
    type ResourceType,
    type Table,
} from "../../shared/resourceType";

export function bucketOf(cloud: Cloud, name: string, property = "bucket"): S3Bucket {
    return cloud.aws.buckets.get(name) ?? broken("bucket-exists", property, `NoSuchBucket: ${name}`);
}

const bucket: ResourceType = {
    token: "aws:s3/bucket:Bucket",
    properties: { ...REGIONAL, bucket: "string replace", forceDestroy: "boolean", tags: "map" },
    computed: ["arn", "bucketDomainName", "bucketRegionalDomainName", "bucketRegion", "hostedZoneId", "tagsAll"],
    autoname: { property: "bucket", lowerCase: true },
    check(inputs, cloud) {
        checkRegion(inputs, cloud);
        if (inputs.bucket !== undefined && !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text(inputs, "bucket"))) {
            broken("bucket-name", "bucket", "3 to 63 lower-case letters, digits, dots and hyphens");
        }
    },
    create(cloud, inputs) {
        const name = text(inputs, "bucket");
        if (cloud.aws.buckets.has(name)) broken("bucket-unique", "bucket", `BucketAlreadyExists: ${name}`);
        cloud.aws.buckets.set(name, {
            name,
            region: cloud.aws.region,
            versioning: false,
            publicAccessBlock: undefined,
            encryption: undefined,
            policy: undefined,
            objects: new Map(),
            tags: tags(inputs),
        });
        return {
            id: name,
            outputs: {
                arn: `arn:aws:s3:::${name}`,
                bucketDomainName: `${name}.s3.amazonaws.com`,
                bucketRegionalDomainName: `${name}.s3.${cloud.aws.region}.amazonaws.com`,
                bucketRegion: cloud.aws.region,
                hostedZoneId: "Z1BKCTXD74EZPE",
                tagsAll: tags(inputs),
            },
        };
    },
    update(cloud, id, inputs) {
        bucketOf(cloud, id).tags = tags(inputs);
        return { tagsAll: tags(inputs) };
    },
    read(cloud, id) {
        const bucket = cloud.aws.buckets.get(id);
        return bucket && { tags: bucket.tags, tagsAll: bucket.tags };
    },
    delete(cloud, id, state) {
        const bucket = cloud.aws.buckets.get(id);
        if (!bucket) return; // Like the provider: a missing bucket counts as deleted.
        if (bucket.objects.size > 0 && state.forceDestroy !== true) broken("bucket-not-empty", "forceDestroy", `BucketNotEmpty: ${id}`);
        cloud.aws.buckets.delete(id);
    },
};

/** A resource that only sets something on a bucket: its id is the bucket's name. */
function setting(
    token: string,
    properties: Table,
    set: (bucket: S3Bucket, inputs: Props | undefined) => void,
    read: (bucket: S3Bucket, state: Props) => Props | undefined,
    check?: (inputs: Props) => void,
): ResourceType {
    return {
        token,
        properties: { ...REGIONAL, bucket: "string! replace", ...properties },
        computed: [],
        check(inputs, cloud) {
            checkRegion(inputs, cloud);
            check?.(inputs);
        },
        create(cloud, inputs) {
            const bucket = bucketOf(cloud, text(inputs, "bucket"));
            set(bucket, inputs);
            return { id: bucket.name, outputs: {} };
        },
        update(cloud, id, inputs) {
            set(bucketOf(cloud, id), inputs);
            return {};
        },
        read(cloud, id, state) {
            const bucket = cloud.aws.buckets.get(id);
            return bucket && read(bucket, state);
        },
        delete(cloud, id) {
            const bucket = cloud.aws.buckets.get(id);
            if (bucket) set(bucket, undefined);
        },
    };
}

const BLOCKS = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"];

const publicAccessBlock = setting(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    Object.fromEntries(BLOCKS.map((name) => [name, "boolean"])),
    (bucket, inputs) => {
        bucket.publicAccessBlock = inputs && Object.fromEntries(BLOCKS.map((name) => [name, inputs[name] === true]));
    },
    (bucket) => bucket.publicAccessBlock,
);

const withAlgorithm = (rule: Props, sseAlgorithm: string): Props => ({
    ...rule,
    applyServerSideEncryptionByDefault: { ...object(rule, "applyServerSideEncryptionByDefault"), sseAlgorithm },
});

const encryption = setting(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    {
        rules: [
            "object[]!",
            {
                applyServerSideEncryptionByDefault: ["object!", { sseAlgorithm: "string!", kmsMasterKeyId: "string" }],
                bucketKeyEnabled: "boolean",
            },
        ],
    },
    (bucket, inputs) => {
        const rule = (inputs?.rules as Props[] | undefined)?.[0];
        bucket.encryption = rule && optional(object(rule, "applyServerSideEncryptionByDefault") ?? {}, "sseAlgorithm");
    },
    ({ encryption }, { rules }) =>
        encryption === undefined ? undefined : { rules: (rules as Props[]).map((rule) => withAlgorithm(rule, encryption)) },
    (inputs) => {
        for (const rule of (inputs.rules as (Props | undefined)[] | undefined) ?? []) {
            const byDefault = object(rule ?? {}, "applyServerSideEncryptionByDefault") ?? {};
            oneOf(byDefault, "sseAlgorithm", ["AES256"], "bucket-sse-s3", "rules.applyServerSideEncryptionByDefault.sseAlgorithm");
        }
    },
);

const versioning = setting(
    "aws:s3/bucketVersioning:BucketVersioning",
    { versioningConfiguration: ["object!", { status: "string!", mfaDelete: "string" }] },
    (bucket, inputs) => {
        bucket.versioning = (inputs?.versioningConfiguration as Props | undefined)?.status === "Enabled";
    },
    (bucket, state) => ({
        versioningConfiguration: { ...object(state, "versioningConfiguration"), status: bucket.versioning ? "Enabled" : "Suspended" },
    }),
    (inputs) => {
        const path = "versioningConfiguration.status";
        oneOf(
            object(inputs, "versioningConfiguration") ?? {},
            "status",
            ["Enabled", "Suspended", "Disabled"],
            "bucket-versioning-status",
            path,
        );
    },
);

const policy = setting(
    "aws:s3/bucketPolicy:BucketPolicy",
    { policy: "any!" },
    (bucket, inputs) => {
        bucket.policy = inputs && (typeof inputs.policy === "string" ? inputs.policy : JSON.stringify(inputs.policy));
    },
    (bucket) => (bucket.policy === undefined ? undefined : { policy: bucket.policy }),
    (inputs) => {
        if (typeof inputs.policy !== "string") return;
        try {
            JSON.parse(inputs.policy);
        } catch {
            broken("policy-json", "policy", "MalformedPolicy: not JSON");
        }
    },
);

function bodyOf(inputs: Props): string {
    const source = object(inputs, "source");
    if (typeof inputs.content === "string") return inputs.content;
    if (typeof inputs.contentBase64 === "string") return Buffer.from(inputs.contentBase64, "base64").toString("utf8");
    if (typeof source?.text === "string") return source.text;
    if (typeof source?.path === "string") return readFileSync(source.path, "utf8");
    return broken("object-body", "content", "content, contentBase64 or source is needed");
}

function put(cloud: Cloud, inputs: Props): Props {
    const bucket = bucketOf(cloud, text(inputs, "bucket"));
    const key = text(inputs, "key");
    const body = bodyOf(inputs);
    const etag = createHash("md5").update(body).digest("hex");
    const version: S3ObjectVersion = { versionId: bucket.versioning ? cloud.nextId("version") : "null", body, etag, deleteMarker: false };
    const before = (bucket.objects.get(key) ?? []).filter(({ versionId }) => versionId !== version.versionId);
    bucket.objects.set(key, [...before, version]);
    return { arn: `arn:aws:s3:::${bucket.name}/${key}`, versionId: version.versionId, etag, tagsAll: tags(inputs) };
}

const BODY = ["content", "contentBase64", "source", "sourceHash", "etag", "contentType"];
const bodyChanged = (inputs: Props, state: Props): boolean =>
    BODY.some((name) => inputs[name] !== undefined && JSON.stringify(inputs[name]) !== JSON.stringify(state[name]));

const bucketObject: ResourceType = {
    token: "aws:s3/bucketObjectv2:BucketObjectv2",
    properties: {
        ...REGIONAL,
        bucket: "string! replace",
        key: "string replace",
        content: "string",
        contentBase64: "string",
        contentType: "string",
        source: "asset",
        sourceHash: "string",
        etag: "string",
        forceDestroy: "boolean",
        serverSideEncryption: "string",
        overrideProvider: ["object", { defaultTags: ["object", { tags: "map" }] }],
        tags: "map",
    },
    computed: ["arn", "versionId", "etag", "tagsAll"],
    autoname: { property: "key" },
    check(inputs, cloud) {
        checkRegion(inputs, cloud);
        const override = object(object(inputs, "overrideProvider") ?? {}, "defaultTags");
        const defaults = override ? (object(override, "tags") ?? {}) : cloud.aws.defaultTags;
        const count = Object.keys({ ...defaults, ...tags(inputs) }).length;
        if (count > 10) broken("object-ten-tags", "tags", `BadRequest: Object tags cannot be greater than 10, and there are ${count}`);
    },
    create: (cloud, inputs) => ({ id: `${text(inputs, "bucket")}/${text(inputs, "key")}`, outputs: put(cloud, inputs) }),
    update: (cloud, _id, inputs, state) => (bodyChanged(inputs, state) ? put(cloud, inputs) : { tagsAll: tags(inputs) }),
    recomputed: (inputs, state) => (bodyChanged(inputs, state) ? ["versionId", "etag"] : []),
    read(cloud, _id, state) {
        const latest = cloud.aws.buckets.get(text(state, "bucket"))?.objects.get(text(state, "key"))?.at(-1);
        return latest && !latest.deleteMarker ? { versionId: latest.versionId, etag: latest.etag } : undefined;
    },
    delete(cloud, _id, state) {
        cloud.aws.buckets.get(text(state, "bucket"))?.objects.delete(text(state, "key"));
    },
};

export const s3: ResourceType[] = [bucket, publicAccessBlock, encryption, versioning, policy, bucketObject];
