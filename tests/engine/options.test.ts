/** docs/component.md, "Resource options", on the real engine: it, and not the SDK, hands some of them on to the children. */
import { expect } from "chai";
import * as aws from "@pulumi/aws";
import type { ComponentResourceOptions, ResourceTransform } from "@pulumi/pulumi";
import { CloudflareProtectedHttpApi, type CloudflareProtectedHttpApiArgs } from "../../components";
import { createCloud } from "../../lab/createCloud";
import { providers } from "../../lab/providers";
import { HANDLER_ARN, addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { needsPulumi } from "../support/needsPulumi";
import { CliHost } from "./cliHost";

/** A resource in the state. */
interface State {
    urn: string;
    custom: boolean;
    provider?: string;
    dependencies?: string[];
    ignoreChanges?: string[];
    retainOnDelete?: boolean;
    deletedWith?: string;
    protect?: boolean;
}
const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

describe("resource options on the real engine", function () {
    let host: CliHost;
    before(async function () {
        needsPulumi(this);
        const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }], activationDelayMs: 0 });
        addHandler(cloud);
        host = await CliHost.open(providers(cloud));
    });
    after(() => host?.close());

    const routed = (routeKey: string, more: Partial<CloudflareProtectedHttpApiArgs> = {}) => ({
        routes: [{ routeKey, lambdaArn: HANDLER_ARN }],
        ...more,
    });
    const program =
        (name: string, opts: ComponentResourceOptions, args: Partial<CloudflareProtectedHttpApiArgs> = {}) =>
        (): void => {
            const group = new aws.cloudwatch.LogGroup("other", {});
            const tags = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`tag${i}`, "x"]));
            const provider = new aws.Provider("tagged", { region: "eu-central-1", defaultTags: { tags } });
            new CloudflareProtectedHttpApi(
                name,
                {
                    domainName: "api.example.com",
                    zoneId: "zone1",
                    deletionProtection: false,
                    verify: { enabled: false },
                    ...routed("GET /pets/{id}"),
                    ...args,
                },
                { providers: [provider], dependsOn: [group], deletedWith: group, ...opts },
            );
        };

    it("are handed on as documented, to a provider with more default tags than an object takes", async () => {
        const done = await host.up(program("orders", { retainOnDelete: true, ignoreChanges: ["*"] }));
        expect(done.ok, done.text).to.equal(true);
        const { resources } = (await host.exported()) as { resources: State[] };
        const children = resources.filter(({ urn }) => nameOf(urn).startsWith("orders-"));
        expect(children.length).to.be.greaterThan(20);
        for (const child of children) {
            const name = nameOf(child.urn);
            expect(child.retainOnDelete, name).to.equal(true);
            expect(nameOf(child.deletedWith ?? ""), name).to.equal("other");
            expect(child.dependencies?.map(nameOf) ?? [], name).not.to.include("other");
            expect(child.ignoreChanges, name).to.deep.equal(/-ca-1-/.test(name) ? ["*"] : undefined);
            if (/\$aws:/.test(child.urn)) expect(child.provider, name).to.contain("::tagged::");
        }
    });

    it("leave the change guard as it is", async () => {
        const swapped = program("orders", { retainOnDelete: true, ignoreChanges: ["*"] }, { originPull: { authorities: [{ name: "2" }] } });
        const refused = await host.preview(swapped);
        expect(refused.ok).to.equal(false);
        expect(refused.text).to.contain("the change guard refused this change");
    });

    it("rename the component by an alias, without touching what serves", async () => {
        const done = await host.up(program("sales", { retainOnDelete: false, aliases: [{ name: "orders" }] }));
        expect(done.ok, done.text).to.equal(true);
        const permission = "permission-lambda-123456789012-eu_2dcentral_2d1-orders";
        expect(done.steps).to.deep.equal([
            "delete orders-access-log",
            `delete orders-${permission}`,
            "replace sales-access-log",
            `replace sales-${permission}`,
            "update sales-stage",
        ]);
    });

    it("rename a path variable by an alias; without one API Gateway refuses the second route", async () => {
        const renamed = routed("GET /pets/{pet}");
        const refused = await host.up(program("sales", {}, renamed));
        expect(refused.ok).to.equal(false);
        expect(refused.text).to.contain("[route-conflict]");
        const asBefore: ResourceTransform = ({ name, props, opts }) =>
            name === "sales-route-get-pets-_7bpet_7d"
                ? { props, opts: { ...opts, aliases: [{ name: "sales-route-get-pets-_7bid_7d" }] } }
                : undefined;
        const done = await host.up(program("sales", { transforms: [asBefore] }, renamed));
        expect(done.ok, done.text).to.equal(true);
        expect(done.steps).to.include("update sales-route-get-pets-_7bpet_7d");
    });

    it("stop a renewal of the leaf, if `protect` is among them", async () => {
        const renamed = routed("GET /pets/{pet}");
        expect((await host.up(program("sales", { protect: true }, renamed))).ok).to.equal(true);
        const { resources } = (await host.exported()) as { resources: State[] };
        const open = resources.filter(({ urn, protect }) => nameOf(urn).startsWith("sales") && protect !== true);
        expect(open.map(({ urn }) => nameOf(urn))).to.deep.equal([]);
        const leaf = { ...renamed, originPull: { authorities: [{ name: "1", leaf: "2" }] } };
        const refused = await host.preview(program("sales", { protect: true }, leaf));
        expect(refused.ok).to.equal(false);
        expect(refused.text).to.match(/unable to replace resource[^]*sales-origin-pull-upload-1/);
        // In a deployment of its own: the old leaf, which the program no longer names, would stay protected.
        for (const step of [renamed, leaf]) {
            const done = await host.up(program("sales", {}, step));
            expect(done.ok, done.text).to.equal(true);
        }
    });
});
