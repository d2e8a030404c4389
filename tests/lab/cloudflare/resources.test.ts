import { expect } from "chai";
import type { Props } from "../../../lab/shared/propertyValues";
import { Calls, failure, type Resource } from "../../support/calls";
import { makeCloud, ZONE_ID } from "../../support/cloud";
import { CERT, NAME, PULLS, RECORD, SETTING, makePki } from "../resources";

describe("the lab's Cloudflare resource types", () => {
    let calls: Calls;
    beforeEach(() => {
        calls = new Calls(makeCloud());
    });

    const record = { zoneId: ZONE_ID, name: NAME, type: "CNAME", content: "a.example.net", ttl: 1, proxied: true };
    const broken: [rule: string, change: Props][] = [
        ["dns-ttl-1-when-proxied", { ttl: 300 }],
        ["dns-ttl-range", { ttl: 5, proxied: false }],
        ["dns-name-in-zone", { name: "api.example.org" }],
        ["dns-no-trailing-dot", { content: "a.example.net." }],
        ["zone-exists", { zoneId: "other" }],
    ];
    for (const [rule, change] of broken) {
        it(`refuses a record by ${rule}`, async () => {
            expect(await failure(calls.create(RECORD, { ...record, ...change }))).to.contain(`[${rule}]`);
            expect(await failure(calls.create(RECORD, record))).to.equal("");
            expect(await failure(calls.create(RECORD, record)))
                .to.contain("81053")
                .and.contain("[dns-host-unique]");
        });
    }
    it("takes a leaf with its key, once, ten of them", async () => {
        const pki = await makePki(calls);
        const other = await makePki(calls);
        const upload = (certificate: string, privateKey: string): Promise<Resource> =>
            calls.create(CERT, { zoneId: ZONE_ID, certificate, privateKey });
        expect(await failure(upload(pki.ca, pki.key))).to.contain("missing leaf certificate");
        expect(await failure(upload(pki.leaf, other.key))).to.contain("[origin-cert-key-fits]");
        expect((await upload(pki.leaf, pki.key)).outputs).to.include({ status: "active", issuer: "CN=Lab CA" });
        expect(await failure(upload(pki.leaf, pki.key))).to.contain("[origin-cert-once-per-zone]");
        const held = calls.cloud.cloudflare.zones.get(ZONE_ID)?.hostnameCertificates;
        const [first] = [...(held?.values() ?? [])];
        for (let n = 0; first && n < 9; n++) held?.set(String(n), first);
        expect(await failure(upload(other.leaf, other.key))).to.contain("[origin-cert-ten-per-zone]");
    });
    it("associates one hostname with a certificate that exists, and keeps a certificate in use", async () => {
        const { leaf, key } = await makePki(calls);
        const certificate = await calls.create(CERT, { zoneId: ZONE_ID, certificate: leaf, privateKey: key });
        const config = { hostname: NAME, certId: certificate.id, enabled: true };
        const associate = (...configs: Props[]): Promise<Resource> => calls.create(PULLS, { zoneId: ZONE_ID, configs });
        expect(await failure(associate(config, config))).to.contain("[origin-pull-one-config]");
        expect(await failure(associate({ ...config, certId: "gone" })))
            .to.contain("1415")
            .and.contain("[origin-pull-cert-exists]");
        const pulls = await associate(config);
        const moved = { ...pulls.inputs, configs: [{ ...config, hostname: "b.example.com" }] };
        const { diffs, replaces } = await calls.diff(pulls, moved);
        expect(diffs).to.have.length(15).and.include.members(["configs", "certId", "privateKey", "updatedAt"]).and.not.include("hostname");
        expect(replaces).to.deep.equal([]);
        expect(await failure(calls.delete(certificate))).to.contain("[origin-cert-in-use]");
        await calls.delete(pulls);
        expect(await failure(calls.delete(certificate))).to.equal("");
    });
    it("fails to delete what is gone, and to void an association without its certificate", async () => {
        const { leaf, key } = await makePki(calls);
        const certificate = await calls.create(CERT, { zoneId: ZONE_ID, certificate: leaf, privateKey: key });
        const configs = [{ hostname: NAME, certId: certificate.id, enabled: true }];
        const pulls = await calls.create(PULLS, { zoneId: ZONE_ID, configs });
        const held = calls.cloud.cloudflare.zones.get(ZONE_ID)!;
        held.hostnameCertificates.clear();
        expect(await failure(calls.delete(certificate)))
            .to.contain("404 Not Found")
            .and.contain("[origin-cert-exists]");
        expect(await failure(calls.delete(pulls)))
            .to.contain("1415")
            .and.contain("[origin-pull-cert-exists]");
        expect(held.associations.size).to.equal(1);
        calls.cloud.variants.voidWithoutCertificate = "accepted";
        expect(await failure(calls.delete(pulls))).to.equal("");
        expect(held.associations.size).to.equal(0);
        const made = await calls.create(RECORD, record);
        expect(await failure(calls.delete(made))).to.equal("");
        expect(await failure(calls.delete(made)))
            .to.contain("404 Not Found")
            .and.contain("[dns-exists]");
    });
    it("imports an association without its configs, which one PUT then mends", async () => {
        const { leaf, key } = await makePki(calls);
        const certificate = await calls.create(CERT, { zoneId: ZONE_ID, certificate: leaf, privateKey: key });
        const inputs = { zoneId: ZONE_ID, configs: [{ hostname: NAME, certId: certificate.id, enabled: true }] };
        await calls.create(PULLS, inputs);
        const imported = await calls.import(PULLS, `${ZONE_ID}/${NAME}`);
        expect(imported).to.deep.include({ id: NAME, inputs: { zoneId: ZONE_ID } });
        expect((await calls.check(PULLS, imported.inputs)).failures.join())
            .to.contain("configs: ")
            .and.contain("[missing-property]");
        const { diffs, replaces } = await calls.diff(imported, inputs);
        expect([diffs.includes("configs"), replaces]).to.deep.equal([true, []]);
        calls.cloud.api.tries = [];
        const mended = await calls.update(imported, inputs);
        expect(calls.cloud.api.tries).to.deep.equal([`PUT zones/${ZONE_ID}/origin_tls_client_auth/hostnames`]);
        expect((await calls.diff(mended, inputs)).diffs).to.deep.equal([]);
    });
    it("replaces a record whose type changes, and writes settings and tags each time", async () => {
        const made = await calls.create(RECORD, record);
        expect((await calls.diff(made, { ...record, type: "A", content: "192.0.2.1" })).replaces).to.deep.equal(["type"]);
        expect((await calls.diff(made, { ...record, content: "b.example.net" })).replaces).to.deep.equal([]);
        const held = () => calls.cloud.cloudflare.zones.get(ZONE_ID)!.records.get(made.id)!;
        held().tags = ["team:orders"];
        await calls.update(made, { ...record, content: "b.example.net" });
        expect(held().tags).to.deep.equal([]);
        expect(held().settings).to.deep.equal({ flattenCname: false, ipv4Only: false, ipv6Only: false });
    });
    it("refuses a token of another form without printing it", async () => {
        const short = "cf-token-0123456789abcdef";
        for (const apiToken of [short, `${"x".repeat(39)}!`, "x".repeat(81)]) {
            const failures = await calls.checkConfig("cloudflare", { apiToken });
            expect(failures.join()).to.contain("40 to 80 characters").and.contain("[api-token-form]").and.not.contain(apiToken);
        }
        for (const apiToken of ["x".repeat(40), `a-B_9${"0".repeat(75)}`])
            expect(await calls.checkConfig("cloudflare", { apiToken })).to.deep.equal([]);
        expect(await calls.checkConfig("cloudflare", {})).to.deep.equal([]);
    });
    it("knows its settings by their own ids, and keeps one that is deleted", async () => {
        expect((await calls.check(SETTING, { zoneId: ZONE_ID, settingId: "tlsClientAuth", value: "on" })).failures.join()).to.contain(
            "[zone-setting-id]",
        );
        expect((await calls.check(SETTING, { zoneId: ZONE_ID, settingId: "ssl", value: "on" })).failures.join()).to.contain(
            "[zone-setting-value]",
        );
        await calls.delete(await calls.create(SETTING, { zoneId: ZONE_ID, settingId: "ssl", value: "strict" }));
        const got = await calls.invoke("cloudflare:index/getZoneSetting:getZoneSetting", { zoneId: ZONE_ID, settingId: "ssl" });
        expect(got.value).to.equal("strict");
    });
});
