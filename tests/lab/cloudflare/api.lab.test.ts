/** What the component does when Cloudflare's API refuses, fails or does not answer (docs/component.md, look-ups; docs/recovery.md). */
import { expect } from "chai";
import type { ApiRequest } from "../../../lab/cloud";
import type { Done } from "../../engine/host";
import { LabHost } from "../../engine/labHost";
import { leaf, program, trusting } from "../../engine/programs";
import { ResettableLab } from "../../engine/resettableLab";

const isSetting = ({ path }: ApiRequest): boolean => path.endsWith("settings/ssl");
const isUpload = ({ method, path }: ApiRequest): boolean => method === "POST" && path.endsWith("hostnames/certificates");

describe("Cloudflare's API", () => {
    let stage: ResettableLab<LabHost>;
    let host: LabHost;
    before(async () => {
        stage = await ResettableLab.open((traffic) => Promise.resolve(new LabHost(traffic.providers())));
        ({ host } = stage);
    });
    const at = async (title?: string) => {
        const { cloud } = stage.traffic;
        cloud.api = { tries: [], waitedMs: 0 };
        await stage.at(title);
        cloud.api.tries = [];
        return { cloud, zone: cloud.cloudflare.zones.get("zone1")! };
    };
    after(() => stage.close());
    const passes = async (work: Promise<Done>): Promise<Done> => {
        const done = await work;
        expect(done.ok, done.text).to.equal(true);
        return done;
    };
    const refuses = async (work: Promise<Done>): Promise<Done> => {
        const done = await work;
        expect(done.ok, done.text).to.equal(false);
        return done;
    };

    it("is not asked with a token of another form: the preview is refused, and the token is not printed", async () => {
        const { cloud } = await at();
        const apiToken = "cf-token-0123456789abcdef";
        const { text } = await refuses(host.preview(program(), { config: { "cloudflare:apiToken": apiToken } }));
        expect(text).to.contain("40 to 80 characters").and.not.contain(apiToken);
        expect(cloud.api.tries).to.deep.equal([]);
        await passes(host.preview(program(), { config: { "cloudflare:apiToken": "x".repeat(40) } }));
    });

    it("knows no such zone: the preview is refused with the real error", async () => {
        await at();
        const { text } = await refuses(host.preview(program({ zoneId: "nope" })));
        expect(text).to.contain("the SSL/TLS mode of zone nope must be readable at Cloudflare").and.contain("404 Not Found");
        expect(text).to.contain("Check zoneId");
        await passes(host.preview(program()));
    });

    it("does not let the token read the setting: a warning with the permission and the real error", async () => {
        const { cloud } = await at();
        cloud.denied.add("Zone Settings Read");
        const { text } = await passes(host.preview(program()));
        expect(text).to.contain("Zone Settings Read").and.contain("403 Forbidden").and.contain("Authentication error");
    });

    it("does not answer: nothing is created that depends on it, after ten tries and three minutes", async () => {
        const { cloud } = await at();
        cloud.api.disturb = (request) => (isSetting(request) ? { status: 500 } : undefined);
        const { text } = await refuses(host.preview(program()));
        expect(text).to.contain("500 Internal Server Error").and.contain("run `pulumi up` again when it does");
        expect(cloud.api.tries.filter((tried) => tried.endsWith("settings/ssl"))).to.have.length(10);
        expect(cloud.api.waitedMs).to.equal(180_000);
    });

    it("does not answer: a change that touches nothing of it deploys, one that does is refused", async () => {
        const { cloud } = await at("an authority added");
        const both = trusting(["1", "2"], "1");
        cloud.api.disturb = () => ({ status: 503 });
        const quiet = await passes(host.up(program({ ...both, accessLog: { retentionInDays: 90 } })));
        expect(quiet.steps).to.deep.equal(["update orders-access-log"]);
        expect(quiet.text).to.contain("the SSL/TLS mode of zone zone1").and.contain("503 Service Unavailable");
        expect(quiet.text).to.match(/the client certificate \S+ must be readable/);
        const { text } = await refuses(host.up(program(trusting(["1", "2"], "2"))));
        expect(text).to.contain("503 Service Unavailable").and.contain("run `pulumi up` again when it does");
        expect(cloud.api.tries.filter((tried) => !tried.startsWith("GET"))).to.deep.equal([]);
        cloud.api.disturb = undefined;
        await passes(host.up(program(trusting(["1", "2"], "2"))));
    });

    it("fails now and then: the provider tries again, and waits as long as it is told", async () => {
        const { cloud } = await at("the first up");
        let left = 9;
        cloud.api.disturb = (request) => (isSetting(request) && left-- > 0 ? { status: 429, retryAfterMs: 1000 } : undefined);
        const { text } = await passes(host.up(program()));
        expect(text).not.to.contain("429");
        expect(cloud.api.waitedMs).to.equal(9000);
    });

    it("loses the answer to an upload: it is sent again, fails as a duplicate, and passes once the orphan is deleted", async () => {
        const { cloud, zone } = await at("the first up");
        const [first] = [...zone.hostnameCertificates.keys()];
        let lost = false;
        cloud.api.disturb = (request) => (isUpload(request) && !lost ? ((lost = true), "lost") : undefined);
        const { text } = await refuses(host.up(program(leaf("2"))));
        expect(text).to.contain("already exists for this zone");
        expect(cloud.api.tries.filter((tried) => tried.startsWith("POST"))).to.have.length(2);
        const orphans = [...zone.hostnameCertificates.keys()].filter((id) => id !== first);
        expect(orphans).to.have.length(1);
        expect([...zone.associations.values()].map(({ certId }) => certId)).to.deep.equal([first]);
        zone.hostnameCertificates.delete(orphans[0]!);
        await passes(host.up(program(leaf("2")), { refresh: true }));
        expect([...zone.hostnameCertificates.keys()])
            .to.have.length(1)
            .and.not.include(first);
    });

    it("deletes a certificate for ever: a refresh keeps it, the message names a new leaf, and that heals", async () => {
        const { zone } = await at("the first up");
        const [held] = [...zone.hostnameCertificates.values()];
        held!.pendingDeletion = true;
        for (const refresh of [false, true]) {
            const { text } = await refuses(host.up(program(), { refresh }));
            expect(text)
                .to.contain("received status pending_deletion")
                .and.contain("It never becomes active: give the authority another `leaf`");
        }
        await passes(host.up(program(leaf("2"))));
        await stage.traffic.visit("after the new leaf");
        expect(stage.traffic.dropped).to.deep.equal([]);
    });

    it("has no certificate any more: the message names a refresh, and that heals", async () => {
        const { zone } = await at("the first up");
        zone.hostnameCertificates.clear();
        zone.associations.clear();
        const { text } = await refuses(host.up(program()));
        expect(text).to.contain("404 Not Found").and.contain("run `pulumi refresh`, then `pulumi up`");
        await passes(host.up(program(), { refresh: true }));
        await stage.traffic.visit("after the refresh");
        expect(stage.traffic.dropped).to.deep.equal([]);
    });
});
