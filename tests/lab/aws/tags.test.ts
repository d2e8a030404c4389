import { expect } from "chai";
import { Calls, failure } from "../../support/calls";
import { makeCloud } from "../../support/cloud";

const many = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, i) => [`tag${i}`, "x"]));

describe("the lab's tags", () => {
    let calls: Calls;
    beforeEach(() => (calls = new Calls(makeCloud())));

    for (const [rule, tags] of [
        ["aws-fifty-tags", many(51)],
        ["aws-tag-prefix", { "aws:x": "y" }],
        ["aws-tag-length", { a: "b".repeat(257) }],
        ["aws-tag-characters", { a: "<" }],
    ] as const)
        it(`are refused by ${rule}`, async () => {
            expect(await failure(calls.create("aws:s3/bucket:Bucket", { tags }))).to.contain(`[${rule}]`);
            expect(await failure(calls.create("aws:s3/bucket:Bucket", { tags: many(50) }))).to.equal("");
        });

    it("are ten on an object, with the provider's, unless it overrides them", async () => {
        const bucket = await calls.create("aws:s3/bucket:Bucket", {});
        const put = (tags: object, more: object = {}) =>
            failure(calls.create("aws:s3/bucketObjectv2:BucketObjectv2", { bucket: bucket.id, key: "k", content: "c", tags, ...more }));
        expect(await put(many(11))).to.contain("[object-ten-tags]");
        expect(await put(many(10))).to.equal("");
        calls.cloud.aws.defaultTags = { owner: "x" };
        expect(await put(many(10))).to.contain("[object-ten-tags]");
        expect(await put(many(10), { overrideProvider: { defaultTags: { tags: {} } } })).to.equal("");
    });
});
