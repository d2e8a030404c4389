import { expect } from "chai";
import { CloudflareProtectedHttpApi, type OriginPullArgs } from "../../components";
import { Engine, type RunResult } from "../../lab/engine/engine";
import type { Provider } from "../../lab/shared/provider";
import { createCloud } from "../../lab/createCloud";
import { providers } from "../../lab/providers";
import type { Cloud } from "../../lab/cloud";
import { pooledKeys } from "../support/keys";

const PROJECT = "cloudflare-protected-http-api";

const api = (originPull: OriginPullArgs, name = "orders", domainName = "api.example.com") =>
    new CloudflareProtectedHttpApi(name, {
        domainName,
        zoneId: "zone1",
        routes: [{ routeKey: "$default", httpUrl: "https://backend.example.org/" }],
        originPull,
        deletionProtection: false,
        strictTls: "Off",
        // No data plane runs here.
        verify: { enabled: false },
    });
const trusting = (names: string[], presented: string): OriginPullArgs => ({ authorities: names.map((name) => ({ name })), presented });

describe("the change guard on the lab's engine", () => {
    let cloud: Cloud;
    let engine: Engine;
    let broken: string | undefined;
    const run = (originPull: OriginPullArgs, options: { preview?: boolean; breakGlass?: string } = {}): Promise<RunResult> =>
        engine.run(() => void api(originPull), {
            preview: options.preview,
            config: options.breakGlass ? { [`${PROJECT}:breakGlass`]: options.breakGlass } : {},
        });
    const moved = (result: RunResult) => result.steps.filter(({ op }) => op !== "same").map(({ op, name }) => `${op} ${name}`);
    const presentedIssuer = () => {
        const zone = cloud.cloudflare.zones.get("zone1")!;
        return zone.hostnameCertificates.get([...zone.associations.values()][0]!.certId)!.issuer;
    };

    beforeEach(async () => {
        cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }], activationDelayMs: 0 });
        broken = undefined;
        const made: Record<string, Provider> = providers(cloud);
        // Fails the resource whose name is in `broken`.
        for (const provider of Object.values(made))
            for (const method of ["create", "update"]) {
                const effect = provider.impl[method]!;
                provider.impl[method] = (call, cb) => {
                    const urn = (call.request as { getUrn(): string }).getUrn();
                    if (broken !== undefined && urn.endsWith(`::${broken}`)) cb(new Error(`the cloud said no to ${broken}`));
                    else effect.call(provider.impl, call, cb);
                };
            }
        engine = new Engine(made);
        expect((await run(trusting(["1"], "1"))).errors).to.deep.equal([]);
    });

    it("is never dropped in silence: an engine without hooks ends the deployment, and says so", async () => {
        const result = await engine.run(() => void api(trusting(["1", "2"], "1")), { without: ["resourceHooks"] });
        expect(result.ok).to.equal(false);
        expect(result.errors.join("\n")).to.contain("does not support resource hooks").and.contain("update the Pulumi CLI");
        expect(moved(result).filter((step) => step.includes("ca-2"))).to.deep.equal([]);
    });

    it("refuses a swap of CAs in preview and in up, before anything moves", async () => {
        const before = presentedIssuer();
        for (const preview of [true, false]) {
            const result = await run(trusting(["2"], "2"), { preview });
            expect(result.ok).to.equal(false);
            expect(result.errors[0]).to.contain('originPull.authorities must keep "1" while the edge presents it').and.contain("Fix:");
            expect(moved(result).filter((step) => !step.includes("Stack"))).to.deep.equal([]);
        }
        expect(presentedIssuer()).to.equal(before);
    });

    it("accepts a rotation in three deployments", async () => {
        for (const step of [trusting(["1", "2"], "1"), trusting(["1", "2"], "2"), trusting(["2"], "2")])
            expect((await run(step)).errors).to.deep.equal([]);
        expect(presentedIssuer()).to.contain("pull CA 2");
        expect([...cloud.cloudflare.zones.get("zone1")!.hostnameCertificates.values()]).to.have.length(1);
    });

    it("after a failed step asks to finish first, lets the same be tried again and the presentation be rolled back", async () => {
        await run(trusting(["1", "2"], "1"));
        broken = "orders-association";
        expect((await run(trusting(["1", "2"], "2"))).errors.join()).to.contain("the cloud said no");
        broken = undefined;
        const drop = await run(trusting(["2"], "2"));
        expect(drop.errors[0]).to.contain("the last deployment did not finish").and.contain("finish the last deployment first");
        expect((await run(trusting(["1", "2"], "1"))).errors).to.deep.equal([]);
        expect((await run(trusting(["1", "2"], "2"))).errors).to.deep.equal([]);
        expect((await run(trusting(["2"], "2"))).errors).to.deep.equal([]);
    });

    it("judges every component for itself", async () => {
        const both = (first: OriginPullArgs, second: OriginPullArgs) => () => {
            api(first);
            api(second, "pets", "pets.example.com");
        };
        expect((await engine.run(both(trusting(["1"], "1"), trusting(["1"], "1")))).errors).to.deep.equal([]);
        const result = await engine.run(both(trusting(["1", "2"], "1"), trusting(["2"], "2")), { preview: true });
        expect(result.errors.join()).to.contain('CloudflareProtectedHttpApi "pets"').and.not.contain('CloudflareProtectedHttpApi "orders"');
    });

    it("uses break-glass for the named component only, and warns at every run", async () => {
        const other = await run(trusting(["2"], "2"), { breakGlass: "pets: leaked" });
        expect(other.ok).to.equal(false);
        const wrong = await run(trusting(["2"], "2"), { breakGlass: "orders" });
        expect(wrong.errors.join()).to.contain('breakGlass must be "<component name>: <reason>"');
        const swap = await run(trusting(["2"], "2"), { breakGlass: "orders: CA 1 leaked" });
        expect(swap.errors).to.deep.equal([]);
        expect(swap.diagnostics.join()).to.contain('Break-glass is in use for "orders" (CA 1 leaked)');
        expect(presentedIssuer()).to.contain("pull CA 2");
    });
});
