import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { build, refusal } from "../../support/component";

const many = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, i) => [`tag${i}`, "x"]));

describe("tags", () => {
    const refused: [what: string, tags: unknown, text: string][] = [
        ["51 of them", many(51), "tags must have at most 50 tags, AWS's limit for a resource; received 51"],
        ["51 of them, known late", pulumi.output(many(51)), "tags must have at most 50 tags"],
        ["a list", ["a"], "tags must map names to values; received a list"],
        [
            "a name that AWS keeps for itself",
            { "AWS:owner": "x" },
            'tags must have no name that begins with aws:, which AWS keeps for itself; received "AWS:owner"',
        ],
        ["a name without a character", { "": "x" }, "tags must have names of 1 to 128 characters; received one of 0"],
        ["a name of 129 characters", { ["a".repeat(129)]: "x" }, "tags must have names of 1 to 128 characters; received one of 129"],
        [
            "a name with another character",
            { "a*b": "x" },
            'tags must have only letters, digits, spaces and _ . : / = + - @ in names; received "a*b"',
        ],
        ["a value of 257 characters", { team: "a".repeat(257) }, 'tags["team"] must have at most 256 characters; received 257'],
        [
            "a value with another character",
            { team: "a<b" },
            'tags["team"] must have only letters, digits, spaces and _ . : / = + - @; received another character',
        ],
        ["a value that is a number", { team: 5 }, 'tags["team"] must be a string; received a value of type number'],
        ["a late value with another character", { team: pulumi.output("a<b") }, 'tags["team"] must have only letters'],
    ];
    for (const [what, tags, text] of refused)
        it(`must not be ${what}, and no value is shown`, async () => {
            expect(await refusal({ tags: tags as Record<string, string> }))
                .to.contain(text)
                .and.not.to.contain("a<b");
        });

    it("may be 50, of every script, with empty values, known late or not", async () => {
        const tags = { ...many(47), "Größe/名 _.:=+-@": "", late: pulumi.output("x".repeat(256)), ["n".repeat(128)]: "x" };
        for (const each of [tags, pulumi.output(tags)]) {
            const seen = (await build({ tags: each })).byName("orders-api").inputs.tags as object;
            expect(Object.keys(seen)).to.have.length(50);
        }
    });

    it("stay off the truststore's object, and so do a provider's", async () => {
        const { inputs } = (await build({ tags: many(50) })).byName("orders-truststore-object");
        expect(inputs).not.to.have.property("tags");
        expect(inputs.overrideProvider).to.deep.equal({ defaultTags: { tags: {} } });
    });
});
