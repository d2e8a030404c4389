import { expect } from "chai";
import { build } from "../support/component";

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
});
