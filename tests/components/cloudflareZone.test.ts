import { expect } from "chai";
import { StrictTls } from "../../components";
import { modeProblem } from "../../components/cloudflareZone";
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

    it("is refused on an engine when the answer has none, which only a consumer's mocks may give", () => {
        for (const none of [undefined, null, "", 5]) {
            expect(modeProblem("z", none, false), String(none)).to.contain("the SSL/TLS mode of zone z must be in Cloudflare's answer");
            expect(modeProblem("z", none, true)).to.equal(undefined);
        }
        expect(modeProblem("z", "strict", false)).to.equal(undefined);
        expect(modeProblem("z", "off", true)).to.contain('received "off"');
    });

    const failing = (message: string): Error => Object.assign(new Error(message), { details: message });
    const answer = (status: string): string =>
        `failed to make http request: GET "https://api.cloudflare.com/client/v4/zones/zone1/settings/ssl": ${status} {"success":false}`;

    it("is a warning with the permission and the real error when the token may not read it", async () => {
        const recorded = await build({}, { sslMode: failing(answer("403 Forbidden")) });
        expect(recorded.warnings.join()).to.contain('the API token needs "Zone Settings Read"').and.contain("403 Forbidden");
        expect(recorded.byName("orders-record").inputs.proxied).to.equal(true);
    });

    it("is refused with the real error when anything else is wrong", async () => {
        for (const wrong of [
            "404 Not Found",
            "400 Bad Request",
            "401 Unauthorized",
            "403 Forbidden Invalid access token",
            "500 Internal Server Error",
        ])
            expect(await refusal({}, { sslMode: failing(answer(wrong)) }))
                .to.contain("the SSL/TLS mode of zone zone1 must be readable at Cloudflare; received: ")
                .and.contain(wrong);
    });

    it("is a warning when a consumer's mock throws, whose message the SDK drops", async () => {
        expect((await build({}, { sslMode: new Error("no such call") })).warnings.join()).to.contain("could not be read");
    });

    it("is set for the whole zone only when asked for", async () => {
        expect((await build({ strictTls: StrictTls.Zone })).byName("orders-ssl").inputs).to.deep.include({
            settingId: "ssl",
            value: "strict",
        });
        expect(
            (await build({ strictTls: StrictTls.Off }, { sslMode: "flexible" })).registrations.map((registration) => registration.name),
        ).not.to.include("orders-ssl");
    });
});
