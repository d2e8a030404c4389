import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { build, refusal } from "../../support/component";

const GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/orders";

describe("the destination of the access log", () => {
    const form = "accessLog.destinationArn must be the ARN of a CloudWatch log group, such as";
    const refused: [what: string, accessLog: object, text: string][] = [
        ["a name", { destinationArn: "/aws/vendedlogs/orders" }, form],
        ["a bucket", { destinationArn: "arn:aws:s3:::logs" }, form],
        ["a stream of a group", { destinationArn: `${GROUP}:log-stream:one` }, form],
        ["a delivery stream", { destinationArn: "arn:aws:firehose:eu-west-1:123456789012:deliverystream/amazon-apigateway-x" }, form],
        ["a late one that is none", { destinationArn: pulumi.output("orders") }, form],
        [
            "one of a log that is off",
            { enabled: false, destinationArn: GROUP },
            "accessLog.destinationArn must be left out while accessLog.enabled is false",
        ],
        [
            "a retention of it",
            { retentionInDays: 7, destinationArn: GROUP },
            "accessLog.retentionInDays must be left out with accessLog.destinationArn",
        ],
    ];
    for (const [what, accessLog, text] of refused)
        it(`must not be ${what}`, async () => {
            expect(await refusal({ accessLog })).to.contain(text);
        });

    it("may be a log group's ARN, with or without its :*", async () => {
        for (const destinationArn of [GROUP, `${GROUP}:*`, GROUP.replace("arn:aws:", "arn:aws-us-gov:")])
            expect((await build({ accessLog: { destinationArn } })).byName("orders-stage").inputs.accessLogSettings).to.include({
                destinationArn,
            });
    });
});
