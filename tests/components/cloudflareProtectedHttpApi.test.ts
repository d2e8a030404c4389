import { expect } from "chai";
import { build, dependsOn } from "../support/component";
import { valueOf } from "../support/recorder";

describe("the order of creation is in the graph", () => {
    it("trusts the leaf before the edge presents it, and lets visitors in last", async () => {
        const recorded = await build();
        expect(dependsOn(recorded, "orders-association", "orders-domain")).to.equal(true);
        expect(dependsOn(recorded, "orders-record", "orders-association")).to.equal(true);
        expect(dependsOn(recorded, "orders-record", "orders-mapping")).to.equal(true);
    });

    it("replaces what is unique by name only after deleting it", async () => {
        const recorded = await build();
        for (const name of ["orders-domain", "orders-mapping", "orders-record"])
            expect(recorded.byName(name).deleteBeforeReplace, name).to.equal(true);
    });
});

describe("every child", () => {
    it("has a parent in the component and a name that starts with its name", async () => {
        const recorded = await build();
        const children = recorded.registrations.filter((each) => each.type !== "pulumi:pulumi:Stack" && each.name !== "orders");
        expect(children.length).to.be.greaterThan(20);
        for (const child of children) {
            expect(child.parent, child.name).to.match(/CloudflareProtectedHttpApi/);
            expect(child.name).to.match(/^orders-/);
        }
    });

    it("carries the tags, where AWS has them", async () => {
        const recorded = await build();
        for (const name of ["certificate", "truststore", "api", "stage", "domain", "access-log"])
            expect(recorded.byName(`orders-${name}`).inputs.tags, name).to.deep.equal({ team: "orders" });
    });

    it("is registered in a preview as in an update", async () => {
        const names = async (preview: boolean) =>
            (await build({}, { preview })).registrations.map((registration) => registration.name).sort();
        expect(await names(true)).to.deep.equal(await names(false));
    });

    it("that a live API needs is protected, unless that is turned off", async () => {
        const names = async (deletionProtection?: boolean) =>
            (await build({ deletionProtection })).registrations
                .filter((registration) => registration.protect)
                .map((registration) => registration.name)
                .sort();
        expect(await names()).to.deep.equal([
            "orders-association",
            "orders-certificate",
            "orders-deployment-record",
            "orders-domain",
            "orders-origin-pull-ca-1-certificate",
            "orders-origin-pull-ca-1-key",
            "orders-record",
            "orders-truststore",
        ]);
        expect(await names(false)).to.deep.equal([]);
    });

    it("is protected by the component's own `protect`, whatever deletionProtection says", async () => {
        for (const deletionProtection of [false, true]) {
            const { registrations } = await build({ deletionProtection }, {}, { protect: true });
            const ours = registrations.filter(({ type }) => type !== "pulumi:pulumi:Stack");
            expect(ours.filter((registration) => !registration.protect).map(({ name }) => name)).to.deep.equal([]);
        }
    });
});

describe("outputs", () => {
    it("are those of the record, the domain and the identity", async () => {
        const { result } = await build();
        expect(await valueOf(result.url)).to.equal("https://api.dev.example.com");
        expect(await valueOf(result.truststoreVersion)).to.equal("v1");
        expect(await valueOf(result.presentedAuthority)).to.equal("1");
        expect(await valueOf(result.logGroupName)).to.equal("orders-access-log");
    });

    it("normalise the domain's case and trailing dot", async () => {
        const { result } = await build({ domainName: "API.Dev.Example.com." });
        expect(await valueOf(result.url)).to.equal("https://api.dev.example.com");
    });
});
