/** S3's object reads, path style: GET and HEAD of the newest or of a named version. */
import type { Cloud, S3ObjectVersion } from "../../cloud";
import type { Call, ControlRequest, Reply } from "../../shared/controlPlane";

const escapeXml = (text: string) => text.replace(/[<>&]/g, (sign) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;" })[sign] ?? sign);

export function s3Error(status: number, code: string, message: string): Reply {
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`;
    return { status, headers: { "content-type": "application/xml" }, body };
}

function objectReply(version: S3ObjectVersion): Reply {
    const headers = { "content-type": "binary/octet-stream", etag: `"${version.etag}"`, "x-amz-version-id": version.versionId };
    return { status: 200, headers, body: version.body };
}

function read(cloud: Cloud, bucketName: string, key: string, versionId: string | null): Reply {
    const bucket = cloud.aws.buckets.get(bucketName);
    if (!bucket) return s3Error(404, "NoSuchBucket", "The specified bucket does not exist");
    const versions = bucket.objects.get(key) ?? [];
    if (versionId !== null) {
        const version = versions.find((candidate) => candidate.versionId === versionId);
        if (!version) return s3Error(404, "NoSuchVersion", "The specified version does not exist.");
        return version.deleteMarker
            ? s3Error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
            : objectReply(version);
    }
    const newest = versions.at(-1);
    return newest && !newest.deleteMarker ? objectReply(newest) : s3Error(404, "NoSuchKey", "The specified key does not exist.");
}

/** The object read in a request. Any other query names a subresource: a bucket's policy, an object's tags, … */
export function findS3Call(cloud: Cloud, request: ControlRequest): Call | undefined {
    const [bucket, ...rest] = request.path;
    const subresource = [...request.query.keys()].some((name) => name !== "versionId" && name !== "x-id");
    if (!["GET", "HEAD"].includes(request.method) || bucket === undefined || rest.length === 0 || subresource) return undefined;
    const versionId = request.query.get("versionId");
    const permission = versionId === null ? "s3:GetObject" : "s3:GetObjectVersion";
    return {
        service: "s3",
        operation: request.method === "HEAD" ? "HeadObject" : "GetObject",
        permission,
        answer() {
            const reply = read(cloud, bucket, rest.join("/"), versionId);
            // HEAD: the body's length, without the body.
            return { ...reply, headers: { ...reply.headers, "content-length": String(Buffer.byteLength(reply.body)) } };
        },
        deny: () => s3Error(403, "AccessDenied", `User is not authorized to perform: ${permission} on resource`),
    };
}
