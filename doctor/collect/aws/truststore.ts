/** The truststore in S3: the version that the domain pins, and the newest. */
import type { GetObjectCommandOutput, S3 } from "@aws-sdk/client-s3";
import type { AwsEvidence } from "../../evidence";
import type { Hindrances } from "../hindrances";
import { complete, type Ask } from "./ask";

type Truststore = NonNullable<AwsEvidence["truststore"]>;

const SERVICE = "S3";
/** A truststore is a handful of certificates: anything larger is not one, and is not read. */
const MAX_BYTES = 1024 * 1024;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** Only the certificates: a key may be stored with them, and evidence contains no secrets. */
function certificatesOf(text: string): string {
    const blocks = text.match(CERTIFICATE) ?? [];
    return blocks.map((block) => `${block.split(/\s*\n\s*/).join("\n")}\n`).join("");
}

type Stored = { text: string | undefined; version: string | undefined };

async function readBody(output: GetObjectCommandOutput): Promise<string | undefined> {
    const body = output.Body as (NodeJS.ReadableStream & { destroy?(): void }) | undefined;
    if (body === undefined) return "";
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
        size += chunk.length;
        // Leaving the loop aborts the download.
        if (size > MAX_BYTES) return undefined;
        chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
}

/** Reads both versions, each with its own permission. If they are the same, its body is read once if possible. */
export async function askTruststore(
    ask: Ask,
    hindrances: Hindrances,
    s3: S3,
    uri: string,
    pinned: string | undefined,
): Promise<Truststore> {
    const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
    if (Bucket === undefined || Key === undefined) {
        hindrances.problems.add("the domain's truststore is not an S3 object");
        return {};
    }
    const get = (VersionId: string | undefined): Promise<Stored | null | undefined> =>
        ask(SERVICE, VersionId === undefined ? "s3:GetObject" : "s3:GetObjectVersion", async (options) => {
            let output: GetObjectCommandOutput;
            try {
                output = await s3.getObject({ Bucket, Key, VersionId }, options);
            } catch (error) {
                // A delete marker answers this: it is not a truststore.
                if ((error as Error).name === "MethodNotAllowed") throw Object.assign(new Error(), { name: "NoSuchVersion" });
                throw error;
            }
            const text = await readBody(complete(output, "ETag"));
            if (text === undefined) hindrances.problems.add("the truststore in S3 is larger than 1 MB and was not read");
            return { text, version: output.VersionId };
        });
    const [held, head] = await Promise.all([
        pinned === undefined ? undefined : get(pinned),
        // A refusal or an absence has no body here, and names nothing: the same read with a body follows, and says what it is.
        ask(SERVICE, "s3:GetObject", (options) => s3.headObject({ Bucket, Key }, options).catch(() => undefined)),
    ]);
    const same = head?.VersionId !== undefined && head.VersionId === pinned;
    const newest = same && held ? held : await get(undefined);
    const both = held ?? (pinned !== undefined && newest?.version === pinned ? newest : undefined);
    const newestVersion = newest?.version ?? head?.VersionId;
    return {
        ...(both?.text !== undefined && { pinnedPem: certificatesOf(both.text) }),
        ...(newest?.text !== undefined && { newestPem: certificatesOf(newest.text) }),
        ...(newestVersion !== undefined && { newestVersion }),
        ...(pinned !== undefined && (held !== undefined || both !== undefined) && { pinnedMissing: held === null }),
    };
}
