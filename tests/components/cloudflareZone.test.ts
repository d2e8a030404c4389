import { expect } from "chai";
import { StrictTls } from "../../components";
import { build, refusal } from "../support/component";

describe("the record", () => {
    it("proxies the record, with the only ttl that Cloudflare takes for it", async () => {
        expect((await build()).byName("orders-record").inputs).to.deep.include({
            name: "api.dev.example.com",
            type: "CNAME",
            content: "d-1.execute-api.eu-west-1.amazonaws.com",
            proxied: true,
            ttl: 1,
        });
    });
});

describe("the zone's SSL/TLS mode", () => {
    it("is refused when the edge would present nothing, and accepted when it would", async () => {
        expect(await refusal({}, { sslMode: "flexible" })).to.contain(
            'strictTls must find the zone in Full or Full (strict); received "flexible"',
        );
        expect(await refusal({}, { sslMode: "off" })).to.contain('received "off"');
        expect((await build({}, { sslMode: "strict" })).byName("orders-record").inputs.proxied).to.equal(true);
    });

    it("is a warning that names the permission when it cannot be read", async () => {
        const recorded = await build({}, { sslMode: new Error("403") });
        expect(recorded.warnings.join()).to.contain("Zone Settings Read");
    });

    it("is set for the whole zone only when asked for", async () => {
        expect((await build({ strictTls: StrictTls.Zone })).byName("orders-ssl").inputs).to.deep.include({
            settingId: "ssl",
            value: "strict",
        });
        expect((await build({ strictTls: StrictTls.Off }, { sslMode: "flexible" })).registrations.map((one) => one.name)).not.to.include(
            "orders-ssl",
        );
    });
});
