import { expect } from "chai";
import { build, dependsOn } from "../support/component";

describe("the server certificate", () => {
    it("is validated by an unproxied record at its full name, without the trailing dot", async () => {
        const recorded = await build();
        expect(recorded.byName("orders-certificate-validation").inputs).to.deep.include({
            name: "_x1.api.dev.example.com",
            content: "_y1.acm-validations.aws",
            proxied: false,
        });
        expect(dependsOn(recorded, "orders-domain", "orders-certificate-issued")).to.equal(true);
    });

    it("may be bring-your-own", async () => {
        const arn = "arn:aws:acm:eu-west-1:123456789012:certificate/mine";
        const recorded = await build({ certificateArn: arn });
        expect(recorded.registrations.map((registration) => registration.name)).not.to.include("orders-certificate");
        expect((recorded.byName("orders-domain").inputs.domainNameConfiguration as { certificateArn: string }).certificateArn).to.equal(
            arn,
        );
    });
});
