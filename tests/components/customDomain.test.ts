import { expect } from "chai";
import { build } from "../support/component";

describe("the custom domain", () => {
    it("asks for a client certificate of the pinned truststore version", async () => {
        const recorded = await build();
        const domain = recorded.byName("orders-domain").inputs;
        expect(domain.mutualTlsAuthentication).to.deep.equal({
            truststoreUri: "s3://orders-truststore-1234567/truststore.pem",
            truststoreVersion: "v1",
        });
        expect(domain.domainNameConfiguration).to.include({ endpointType: "REGIONAL", securityPolicy: "TLS_1_2" });
    });
});
