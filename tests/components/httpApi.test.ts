import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { build } from "../support/component";
import { valueOf } from "../support/recorder";

describe("the API and its stage", () => {
    it("turns the default endpoint off", async () => {
        expect((await build()).byName("orders-api").inputs.disableExecuteApiEndpoint).to.equal(true);
    });

    it("deploys changes of the API by itself", async () => {
        expect((await build()).byName("orders-stage").inputs).to.deep.include({ name: "$default", autoDeploy: true });
    });
});

describe("the access log", () => {
    it("is kept for 30 days unless asked otherwise", async () => {
        const daysOf = async (accessLog?: { retentionInDays?: number }) =>
            (await build({ accessLog })).byName("orders-access-log").inputs.retentionInDays;
        expect([await daysOf(), await daysOf({}), await daysOf({ retentionInDays: 90 })]).to.deep.equal([30, 30, 90]);
    });

    it("has a group under /aws/vendedlogs/, named for the component", async () => {
        const recorded = await build();
        expect(recorded.byName("orders-access-log").inputs)
            .to.include({ namePrefix: "/aws/vendedlogs/orders-" })
            .and.not.to.have.property("name");
    });

    it("goes to a group of the user's, and then there is none of ours", async () => {
        const arn = "arn:aws-cn:logs:cn-north-1:123456789012:log-group:/aws/vendedlogs/mine";
        for (const destinationArn of [arn, pulumi.output(`${arn}:*`)]) {
            const recorded = await build({ accessLog: { destinationArn } });
            expect(recorded.registrations.map(({ name }) => name)).not.to.include("orders-access-log");
            expect((recorded.byName("orders-stage").inputs.accessLogSettings as { destinationArn: string }).destinationArn).to.match(
                /mine(:\*)?$/,
            );
            expect(await valueOf(recorded.result.logGroupName)).to.equal("/aws/vendedlogs/mine");
        }
    });
});
