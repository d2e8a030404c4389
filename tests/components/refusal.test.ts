import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { refusal } from "../../components/refusal";

describe("a refusal", () => {
    const stack = { name: "a resource" } as unknown as pulumi.Resource;

    // What a stack costs in Pulumi's program host: refusal.lab.test.ts.
    it("has a message and no stack, early and late", () => {
        for (const error of [refusal("must be so"), refusal("must be so", stack)])
            expect([error.message, error.stack]).to.deep.equal(["must be so", undefined]);
    });

    it("is of the kinds that Pulumi prints without a stack of its own", () => {
        const [early, late] = [refusal("must be so"), refusal("must be so", stack)];
        expect(pulumi.RunError.isInstance(early)).to.equal(true);
        expect(pulumi.ResourceError.isInstance(late) && [late.resource, late.hideStack]).to.deep.equal([stack, true]);
    });
});
