import { expect } from "chai";
import { OriginPullMode } from "../../components";
import { build, refusal, SHARED_CA } from "../support/component";

describe("the client certificate", () => {
    it("is our own, for this hostname, signed for client authentication only", async () => {
        const recorded = await build();
        expect(recorded.byName("orders-origin-pull-ca-1-key").inputs).to.deep.include({ algorithm: "RSA", rsaBits: 4096 });
        expect(recorded.byName("orders-origin-pull-leaf-1-1-key").inputs).to.deep.include({ algorithm: "RSA", rsaBits: 2048 });
        expect(recorded.byName("orders-origin-pull-leaf-1-1-request").inputs.dnsNames).to.deep.equal(["api.dev.example.com"]);
        expect(recorded.byName("orders-origin-pull-leaf-1-1-certificate").inputs).to.deep.include({
            allowedUses: ["digital_signature", "client_auth"],
            earlyRenewalHours: 720,
        });
        expect(recorded.byName("orders-association").inputs.configs).to.deep.equal([
            { hostname: "api.dev.example.com", certId: "orders-origin-pull-upload-1-id", enabled: true },
        ]);
    });

    it("travels as a secret", async () => {
        expect((await build()).byName("orders-origin-pull-upload-1").secretInputs).to.include("privateKey");
    });

    it("is associated anew when the domain changes, not in place", async () => {
        const { replacementTrigger } = (await build()).byName("orders-association");
        expect(replacementTrigger).to.equal("api.dev.example.com");
    });

    it("is associated only once Cloudflare has deployed it, and never waited for in a preview", async () => {
        const statuses = ["initializing", "pending_deployment", "active"];
        let asked = 0;
        const certificateStatus = (): string => statuses[asked++]!;
        const updated = await build({}, { certificateStatus });
        expect(asked, "times that the certificate's status was asked for").to.equal(statuses.length);
        expect(updated.byName("orders-association").inputs.configs).to.deep.include.members([
            { hostname: "api.dev.example.com", certId: "orders-origin-pull-upload-1-id", enabled: true },
        ]);
        await build({}, { certificateStatus, preview: true });
        expect(asked, "times, after a preview").to.equal(statuses.length);
    });

    it("is associated with no certificate that Cloudflare deletes", async () => {
        const told = await refusal({}, { certificateStatus: () => "pending_deletion" });
        expect(told).to.contain("must become active within").and.to.contain("received status pending_deletion");
    });

    it("is Cloudflare's shared one only when asked for, and loudly", async () => {
        const quiet = await build();
        expect(quiet.registrations.map((registration) => registration.name)).not.to.include("orders-tls-client-auth");
        expect(quiet.warnings).to.deep.equal([]);
        const recorded = await build({ originPull: { mode: OriginPullMode.Shared } });
        expect(recorded.byName("orders-tls-client-auth").inputs).to.deep.include({ settingId: "tls_client_auth", value: "on" });
        expect(recorded.byName("orders-truststore-object").inputs.content).to.equal(SHARED_CA.trim() + "\n");
        expect(recorded.warnings.join()).to.contain("2029-11-01").and.to.contain("Any Cloudflare customer");
    });

    it("comes from the presented authority, while every listed one is trusted", async () => {
        const recorded = await build({ originPull: { authorities: [{ name: "1" }, { name: "2" }], presented: "2" } });
        expect((recorded.byName("orders-association").inputs.configs as { certId: string }[])[0]!.certId).to.equal(
            "orders-origin-pull-upload-2-id",
        );
        expect(String(recorded.byName("orders-truststore-object").inputs.content))
            .to.contain("ca-1")
            .and.to.contain("ca-2");
        expect(recorded.byName("orders-origin-pull-ca-2-certificate").protect).to.equal(true);
        expect(recorded.byName("orders-origin-pull-ca-1-certificate").protect).to.equal(false);
    });
});
