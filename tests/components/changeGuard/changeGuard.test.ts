import { expect } from "chai";
import { unprotectCommands } from "../../../components/changeGuard/protectedResources";
import { readDeployed, refusals, type Deployed, type Facts } from "../../../components/changeGuard/changeGuard";

/** `facts("1", "2*")`: trusts 1 and 2, presents 2; `1=b` stands for other key material under the name 1. */
function facts(...authorities: string[]): Facts {
    const parts = authorities.map((authority) => {
        const [name = "", key = `key-${authority.replace("*", "")}`] = authority.replace("*", "").split("=");
        return [name, [key]] as [string, string[]];
    });
    const presented = parts[authorities.findIndex((authority) => authority.endsWith("*"))]?.[0] ?? "";
    return { domainName: "api.example.com", zoneId: "zone1", mode: "Hostname", authorities: Object.fromEntries(parts), presented };
}
/** A deployment of these facts that finished; undefined if it did not. */
const finished = ({ domainName, zoneId, authorities }: Facts, presented: string | undefined): Deployed | undefined =>
    presented === undefined ? undefined : { domainName, zoneId, presented, trusted: Object.keys(authorities) };
const rules = (old: Facts, next: Facts, presented: string | undefined) =>
    refusals(old, next, finished(old, presented)).map(({ rule }) => rule);

describe("the change guard", () => {
    const UNKNOWN = "1=unknown*";
    const table: [title: string, old: string[], next: string[], presented: string | undefined, expected: string[]][] = [
        ["lets nothing new pass", ["1*"], ["1*"], "1", []],
        ["lets an authority be added", ["1*"], ["1*", "2"], "1", []],
        ["lets a trusted authority be presented", ["1*", "2"], ["1", "2*"], "1", []],
        ["lets an authority go once it is no longer presented", ["1", "2*"], ["2*"], "2", []],
        ["refuses a swap in one step", ["1*"], ["2*"], "1", ["drop-presented", "present-untrusted"]],
        ["refuses to add and present at once", ["1*"], ["1", "2*"], "1", ["present-untrusted"]],
        ["refuses to drop the presented one though another is presented now", ["1*", "2"], ["2*"], "1", ["drop-presented"]],
        ["refuses another key under the presented name", ["1*"], ["1=b*"], "1", ["other-key"]],
        ["refuses another key under the name that is presented next", ["1*", "2"], ["1", "2=b*"], "1", ["present-untrusted"]],
        ["lets an idle authority change its key", ["1*", "2"], ["1*", "2=b"], "1", []],
        ["refuses a drop after a failure", ["1", "2*"], ["2*"], undefined, ["unfinished"]],
        ["lets the same be tried again after a failure", ["1", "2*"], ["1", "2*"], undefined, []],
        ["lets the presentation be rolled back after a failure", ["1", "2*"], ["1*", "2"], undefined, []],
        ["refuses to present a new one after a failure", ["1*"], ["1", "2*"], undefined, ["present-untrusted"]],
        ["refuses to drop one that is called as what every object has", ["constructor*", "2"], ["2*"], "constructor", ["drop-presented"]],
        ["counts an unknown key as another", ["1*"], [UNKNOWN], "1", ["other-key"]],
    ];
    for (const [title, old, next, presented, expected] of table)
        it(title, () => {
            const to = facts(...next);
            if (next[0] === UNKNOWN) (to.authorities as Record<string, unknown>)["1"] = { unknown: true };
            expect(rules(facts(...old), to, presented)).to.deep.equal(expected);
        });

    it("names what to unprotect whatever an authority is called, and whatever stands for a key that is not known yet", () => {
        const urn = "urn:pulumi:dev::p::a:b:Api$a:b:DeploymentRecord::orders-deployment-record";
        for (const [from, to] of [
            [facts("constructor=issued*", "2"), facts("2*")],
            [facts("1=issued*"), { ...facts("1*"), authorities: { "1": { unknown: true } as unknown as string[] } }],
        ] as const)
            expect(unprotectCommands(urn, "orders", from, to).join("\n")).to.contain(`orders-origin-pull-ca-${from.presented}-key`);
        expect(unprotectCommands(urn, "orders", facts("1=issued*", "2"), facts("1=issued", "2*"))).to.deep.equal([]);
    });

    it("keeps the name and the zone of a live API, and says how to move", () => {
        const old = facts("1*");
        const [moved] = refusals(old, { ...old, domainName: "other.example.com" }, finished(old, "1"));
        expect(moved).to.include({ rule: "other-name", path: "domainName" });
        expect(moved!.fix).to.contain("second component");
        expect(rules(old, { ...old, zoneId: "zone2" }, "1")).to.deep.equal(["other-name"]);
        const unknownZone = { ...old, zoneId: undefined as unknown as string };
        expect(refusals(old, unknownZone, finished(old, "1"))[0]!.message).to.contain("not known yet");
        expect(refusals(old, { ...old, zoneId: "zone2" }, undefined)[0]!.fix).to.contain("pulumi destroy");
    });

    it("names path, rule, received value and fix, in a sentence each", () => {
        const [drop, present] = refusals(facts("1*"), facts("2*"), finished(facts("1*"), "1"));
        expect(drop!.message).to.equal('must keep "1" while the edge presents it; received "2"');
        expect(drop!.fix).to.equal('three deployments: authorities "2", "1" with presented "1"; then presented "2"; then without "1"');
        expect(present!.fix).to.contain('"2" in originPull.authorities and presented "1" first');
    });
});

describe("what the deployment record tells of what is deployed", () => {
    const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const outputs = {
        domainName: "api.example.com",
        zoneId: "zone1",
        presents: "certificate1",
        certificateIds: { "1": "certificate1", "2": "certificate2" },
        authorities: { "1": ["key1"], "2": ["key2"] },
        truststore: ["key1", "key2"],
    };
    const whole: Deployed = { domainName: "api.example.com", zoneId: "zone1", presented: "1", trusted: ["1", "2"] };

    it("is the authority whose certificate the edge presents, and those whose keys are pinned", () => {
        expect(readDeployed(outputs)).to.deep.equal(whole);
        expect(readDeployed({ ...outputs, presents: "certificate2" })).to.deep.equal({ ...whole, presented: "2" });
        expect(readDeployed({ ...outputs, truststore: ["key1"] })).to.deep.equal({ ...whole, trusted: ["1"] });
        const shared = { presents: "cloudflare-shared", authorities: { "cloudflare-shared": ["key1"] } };
        expect(readDeployed({ ...outputs, ...shared })).to.deep.equal({
            ...whole,
            presented: "cloudflare-shared",
            trusted: ["cloudflare-shared"],
        });
    });

    it("takes an authority that is not deployed yet for one that is not trusted", () => {
        const third = {
            certificateIds: { ...outputs.certificateIds, "3": UNKNOWN },
            authorities: { ...outputs.authorities, "3": UNKNOWN },
        };
        const deployed = readDeployed({ ...outputs, ...third });
        expect(deployed).to.deep.equal(whole);
        // The program's word was saved by a refresh: it says that 3 is trusted.
        const old = facts("1*", "2", "3");
        expect(refusals(old, facts("1", "2", "3*"), deployed).map(({ rule }) => rule)).to.deep.equal(["present-untrusted"]);
        expect(refusals(old, facts("1", "2*", "3"), deployed)).to.deep.equal([]);
    });

    for (const [title, part] of [
        ["a certificate of no authority", { presents: "certificate9" }],
        ["an unknown certificate", { presents: UNKNOWN }],
        ["no certificate", { presents: "" }],
        ["a certificate without an id", { presents: undefined }],
        ["ids that are unknown", { certificateIds: { "1": UNKNOWN, "2": UNKNOWN } }],
        ["two values that are both unknown", { presents: UNKNOWN, certificateIds: { "1": UNKNOWN } }],
        ["a truststore that is unknown", { truststore: UNKNOWN }],
        ["a truststore that the state does not hold", { truststore: [] }],
        ["a truststore without the presented authority", { truststore: ["key2"] }],
        ["a domain that is unknown", { domainName: UNKNOWN }],
        ["a zone that is unknown", { zoneId: UNKNOWN }],
    ] as [string, object][])
        it(`is nothing, as after a deployment that did not finish, with ${title}`, () => {
            expect(readDeployed({ ...outputs, ...part })).to.equal(undefined);
        });

    it("is nothing without outputs, and in a record of another version", () => {
        for (const before of [undefined, {}, { presentedAuthority: "1" }]) expect(readDeployed(before)).to.equal(undefined);
    });
});
