import * as crypto from "node:crypto";
import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";

/** The truststore in S3: its location, and the version that API Gateway must use. */
export interface Truststore {
    uri: pulumi.Output<string>;
    version: pulumi.Output<string>;
    /** What was uploaded as that version; undefined if the state does not hold it. */
    content: pulumi.Output<string | undefined>;
}

/** A private, versioned bucket with the CA certificates that API Gateway trusts. */
export function createTruststore(
    name: string,
    inputs: { pem: pulumi.Input<string>; protect: true | undefined; tags: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined },
    opts: pulumi.CustomResourceOptions,
): Truststore {
    const bucket = new s3.Bucket(
        `${name}-truststore`,
        // Old versions stay for a rollback: only an unprotected bucket may be emptied and deleted.
        { forceDestroy: !inputs.protect, tags: inputs.tags },
        { ...opts, protect: inputs.protect },
    );
    const accessBlock = new s3.BucketPublicAccessBlock(
        `${name}-truststore-access-block`,
        { bucket: bucket.bucket, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
        opts,
    );
    const encryption = new s3.BucketServerSideEncryptionConfiguration(
        `${name}-truststore-encryption`,
        { bucket: bucket.bucket, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
        opts,
    );
    const versioning = new s3.BucketVersioning(
        `${name}-truststore-versioning`,
        { bucket: bucket.bucket, versioningConfiguration: { status: "Enabled" } },
        opts,
    );
    const policy = new s3.BucketPolicy(
        `${name}-truststore-policy`,
        {
            bucket: bucket.bucket,
            // Denies plain HTTP and nothing else: API Gateway reads as the deploying principal, over TLS.
            policy: pulumi.jsonStringify({
                Version: "2012-10-17",
                Statement: [
                    {
                        Sid: "TlsOnly",
                        Effect: "Deny",
                        Principal: "*",
                        Action: "s3:*",
                        Resource: [bucket.arn, pulumi.interpolate`${bucket.arn}/*`],
                        Condition: { Bool: { "aws:SecureTransport": "false" } },
                    },
                ],
            }),
        },
        // S3 refuses concurrent changes of a bucket's access.
        { ...opts, dependsOn: [accessBlock] },
    );
    const object = new s3.BucketObjectv2(
        `${name}-truststore-object`,
        {
            bucket: bucket.bucket,
            key: "truststore.pem",
            content: inputs.pem,
            contentType: "application/x-pem-file",
            // Without an etag the provider never notices that the object was overwritten.
            etag: pulumi.output(inputs.pem).apply((pem) => crypto.createHash("md5").update(pem).digest("hex")),
            // An object takes ten tags at most, and a provider's default tags count: it has none (docs/sources.md 13.9).
            overrideProvider: { defaultTags: { tags: {} } },
        },
        // An object from before versioning has no version to pin.
        { ...opts, dependsOn: [versioning, encryption, policy] },
    );
    return { uri: pulumi.interpolate`s3://${object.bucket}/${object.key}`, version: object.versionId, content: object.content };
}
