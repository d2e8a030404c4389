import { expect } from "chai";
import { build, dependsOn } from "../support/component";

describe("the truststore", () => {
    it("keeps the truststore private, versioned, encrypted and behind TLS", async () => {
        const recorded = await build();
        expect(recorded.byName("orders-truststore-access-block").inputs).to.deep.include({
            blockPublicAcls: true,
            blockPublicPolicy: true,
            ignorePublicAcls: true,
            restrictPublicBuckets: true,
        });
        expect(recorded.byName("orders-truststore-versioning").inputs.versioningConfiguration).to.deep.equal({ status: "Enabled" });
        expect(recorded.byName("orders-truststore-encryption").inputs.rules).to.deep.equal([
            { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } },
        ]);
        const policy = JSON.parse(String(recorded.byName("orders-truststore-policy").inputs.policy)) as {
            Statement: { Effect: string; Condition: unknown }[];
        };
        expect(policy.Statement.map((statement) => [statement.Effect, statement.Condition])).to.deep.equal([
            ["Deny", { Bool: { "aws:SecureTransport": "false" } }],
        ]);
        expect(recorded.byName("orders-truststore-object").inputs.etag).to.match(/^[0-9a-f]{32}$/);
    });

    it("enables versioning before the truststore is written", async () => {
        expect(dependsOn(await build(), "orders-truststore-object", "orders-truststore-versioning")).to.equal(true);
    });
});
