import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { VERIFICATION_SCRIPT } from "../../../components/verification/script";
import { build, dependsOn } from "../../support/component";
import { valueOf, type Recorded } from "../../support/recorder";

describe("the url", () => {
    const environmentOf = (recorded: Recorded<unknown>) =>
        recorded.byName("orders-verification").inputs.environment as Record<string, unknown>;

    it("comes after the verification, which runs the script in node with its settings in the environment", async () => {
        const recorded = await build();
        const verification = recorded.byName("orders-verification");
        expect(verification.inputs).to.deep.include({ interpreter: ["node", "-"], create: "check https://api.dev.example.com" });
        expect(verification.inputs.stdin).to.equal(VERIFICATION_SCRIPT);
        expect(Object.keys(verification.inputs)).not.to.include.members(["triggers", "update", "dir"]);
        expect(environmentOf(recorded)).to.deep.equal({
            NODE_OPTIONS: "",
            VERIFICATION_DOMAIN: "api.dev.example.com",
            VERIFICATION_TARGET: "d-1.execute-api.eu-west-1.amazonaws.com",
            VERIFICATION_API_ID: "orders-api-id",
            VERIFICATION_PATH: "/",
            VERIFICATION_TIMEOUT_SECONDS: "300",
            VERIFICATION_TRUSTSTORE_VERSION: "v1",
            VERIFICATION_CERTIFICATE_ARN: "arn:aws:acm:eu-west-1:123456789012:certificate/1",
            VERIFICATION_PRESENTED: "1",
            VERIFICATION_CERTIFICATE_ID: "orders-origin-pull-upload-1-id",
        });
        expect(dependsOn(recorded, "orders-verification", "orders-record")).to.equal(true);
    });

    it("is verified as configured, and its headers are always secret", async () => {
        const recorded = await build({
            verify: { path: pulumi.output("/health?deep=1"), timeoutSeconds: 60, headers: { "X-Token": "t" } },
        });
        const environment = environmentOf(recorded);
        expect(environment).to.include({ VERIFICATION_PATH: "/health?deep=1", VERIFICATION_TIMEOUT_SECONDS: "60" });
        expect(pulumi.runtime.isRpcSecret(environment.VERIFICATION_HEADERS)).to.equal(true);
        expect(JSON.stringify(environment.VERIFICATION_HEADERS)).to.contain('{\\"X-Token\\":\\"t\\"}');
        expect(pulumi.isSecret(recorded.result.url)).to.be.an.instanceOf(Promise);
        expect(await pulumi.isSecret(recorded.result.url)).to.equal(false);
    });

    it("is unverified only when asked for, and loudly, in previews too", async () => {
        for (const preview of [true, false]) {
            const recorded = await build({ verify: { enabled: false } }, { preview });
            expect(recorded.registrations.map((registration) => registration.name)).not.to.include("orders-verification");
            expect(recorded.warnings.join()).to.contain('verify is off for "orders"');
        }
        expect(await valueOf((await build({ verify: { enabled: false } })).result.url)).to.equal("https://api.dev.example.com");
    });
});
