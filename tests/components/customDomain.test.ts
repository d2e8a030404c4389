import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { pinnedPem } from "../../components/customDomain";
import { valueOf } from "../support/recorder";
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

describe("the truststore that the domain has pinned", () => {
    const pinned = (truststoreVersion: string | undefined) =>
        valueOf(
            pinnedPem(
                { uri: pulumi.output("s3://b/k"), version: pulumi.output("v2"), content: pulumi.output("PEM") } as never,
                { mutualTlsAuthentication: pulumi.output(truststoreVersion && { truststoreVersion }) } as never,
            ),
        );

    it("is what was uploaded as that version, and nothing if the domain has another one", async () => {
        expect(await pinned("v2")).to.equal("PEM");
        expect(await pinned("v1")).to.equal("");
        expect(await pinned(undefined)).to.equal("");
    });
});
