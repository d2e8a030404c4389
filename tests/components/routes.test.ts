import { expect } from "chai";
import { build } from "../support/component";

describe("a route", () => {
    it("lets only this API call the function, on every stage and route", async () => {
        expect((await build()).byName("orders-permission-default").inputs).to.deep.include({
            action: "lambda:InvokeFunction",
            principal: "apigateway.amazonaws.com",
            sourceArn: "arn:aws:execute-api:eu-west-1:123456789012:abc/*/*",
        });
    });
});
