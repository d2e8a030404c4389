/** What people do to a stack besides `up`: refresh, `--target`, destroy, a dashboard behind its back, and mistakes. */
import * as fs from "node:fs";
import * as path from "node:path";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { expect } from "chai";
import type { Cloud } from "../../lab/cloud";
import { FAULTS } from "../../lab/faults";
import { CliHost } from "./cliHost";
import type { Done } from "./host";
import { NAME, leaf, program, trusting } from "./programs";
import { ResettableLab } from "./resettableLab";
import { isNeighbour, summary } from "./summary";
import type { TrafficMonitor } from "./trafficMonitor";
import { needsPulumi } from "../support/needsPulumi";

describe("operations on the real engine", () => {
    let stage: ResettableLab<CliHost> | undefined;
    let cloud: Cloud;
    let traffic: TrafficMonitor;
    let host: CliHost;
    let made: ReturnType<TrafficMonitor["watched"]>;
    let during: (operation: string) => Promise<void>;

    before(async function () {
        needsPulumi(this);
        stage = await ResettableLab.open((opened) => CliHost.open((made = opened.watched((operation) => during(operation)))));
    });
    beforeEach(async () => {
        during = () => Promise.resolve();
        ({ traffic, host } = stage!);
        ({ cloud } = traffic);
        await stage!.at("the first up");
    });
    let another: CliHost | undefined;
    afterEach(async () => {
        await another?.close();
        another = undefined;
    });
    after(() => stage?.close());
    const up = async (...args: Parameters<CliHost["up"]>) => {
        const done = await host.up(...args);
        expect(done.ok, done.text).to.equal(true);
        return done;
    };
    const resources = async () =>
        ((await host.exported()) as { resources: { urn: string; inputs: unknown; outputs: unknown }[] }).resources;

    it("sees no drift where there is none", async () => {
        // By name: a refresh works in parallel, and writes the state down in the order in which it ends.
        const inputs = async () => Object.fromEntries((await resources()).map((resource) => [resource.urn, resource.inputs]));
        const before = await inputs();
        const refreshed = await host.refresh(program());
        expect(refreshed.ok, refreshed.text).to.equal(true);
        expect(await inputs()).to.deep.equal(before);
        expect(await host.preview(program())).to.deep.include({ ok: true, steps: [] });
    });

    it("restores an overwritten truststore, and never pins the attacker's version", async () => {
        const object = () => [...cloud.aws.buckets.values()].flatMap(({ objects }) => [...objects.values()])[0]!;
        const attacker = traffic.attacker;
        object().push({ ...object().at(-1)!, versionId: "intruder", body: attacker.caPem, etag: "d41d8cd98f00b204e9800998ecf8427e" });
        const pinned: (string | undefined)[] = [];
        during = () => Promise.resolve(void pinned.push(cloud.aws.domains.get(NAME)?.mutualTls?.truststoreVersion));
        expect((await host.refresh(program())).ok).to.equal(true);
        expect((await up(program())).steps).to.deep.equal([
            "update orders-domain",
            "update orders-truststore-object",
            "update orders-verification",
        ]);
        expect(pinned).to.have.length.greaterThan(0);
        expect(pinned).not.to.include("intruder");
        expect(object().at(-1)!.body).not.to.contain(attacker.caPem);
        expect(traffic.entered).to.deep.equal([]);
        await traffic.visit("after");
        expect(traffic.dropped).to.deep.equal([]);
    });

    // The provider never reads the association back (docs/sources.md 7.2): a new leaf is what makes it write.
    it("does not see an association that was turned off, and turns it on with the next leaf", async () => {
        const { caPem } = traffic.attacker;
        await FAULTS["association-off"]!.apply({ cloud, domainName: NAME, zoneId: "zone1", strangerCaPem: caPem });
        expect((await host.refresh(program())).ok).to.equal(true);
        expect((await up(program())).steps).to.deep.equal([]);
        await up(program(leaf("2")));
        await traffic.visit("after a new leaf");
        expect([traffic.entered, traffic.dropped]).to.deep.equal([[], []]);
    });

    it("is not destroyed while it is protected, and names the fix; unprotected it is deleted", async () => {
        const args = (deletionProtection: boolean) => program({ deletionProtection });
        await up(args(true));
        const before = summary(cloud);
        const held = await host.destroy();
        expect(held.ok).to.equal(false);
        expect(held.text).to.contain("orders-record").and.contain("protect");
        expect(summary(cloud)).to.deep.equal(before);
        // The change guard still has its record.
        const swap = await host.preview(program({ deletionProtection: true, ...trusting(["2"], "2") }));
        expect(swap.text).to.contain("[drop-presented]");
        await traffic.visit("after the refused destroy");
        expect(traffic.dropped).to.deep.equal([]);
        await up(args(false));
        expect((await host.destroy()).ok).to.equal(true);
        const { domains, apis, buckets } = summary(cloud) as Record<string, unknown[]>;
        expect([domains, apis, buckets]).to.deep.equal([[], [], []]);
        expect(traffic.entered).to.deep.equal([]);
    });

    it("with --target moves that one resource", async () => {
        const changed = program({ throttle: { burstLimit: 5, rateLimit: 5 }, cors: { allowOrigins: ["https://app.example.com"] } });
        expect((await up(changed, { target: ["orders-stage"] })).steps).to.deep.equal(["update orders-stage"]);
        expect((await up(changed)).steps).to.deep.equal(["update orders-api"]);
    });

    it("imports an existing domain and bucket, and recreates neither", async () => {
        const domain = cloud.aws.domains.get(NAME);
        const [bucket] = [...cloud.aws.buckets.keys()];
        const target = domain!.targetDomainName;
        // Left by another stack whose state is lost: a domain with its certificate, and a bucket.
        domain!.mappings.clear();
        for (const id of [...cloud.aws.apis.keys()]) if (!isNeighbour(id)) cloud.aws.apis.delete(id);
        cloud.aws.logGroups.clear();
        const zone = cloud.cloudflare.zones.get("zone1")!;
        for (const part of [zone.records, zone.associations, zone.hostnameCertificates]) part.clear();
        host = another = await CliHost.open(made);
        const file = path.join(host.folder, "import.json");
        expect((await host.preview(program(), { importFile: file })).ok).to.equal(true);
        const plan = JSON.parse(fs.readFileSync(file, "utf8")) as { resources: { name: string; id: string; component?: boolean }[] };
        const ids: Record<string, string> = { "orders-domain": NAME, "orders-truststore": bucket! };
        plan.resources = plan.resources.flatMap((resource) =>
            resource.component ? [resource] : ids[resource.name] ? [{ ...resource, id: ids[resource.name]! }] : [],
        );
        fs.writeFileSync(file, JSON.stringify(plan));
        await host.cli(["import", "--file", file, "--generate-code=false", "--protect=false", "--yes", "--skip-preview"]);
        const { steps } = await up(program());
        expect(steps).to.include("update orders-domain").and.to.include("create orders-certificate");
        expect(steps.filter((step) => /^(create|replace|delete) orders-(domain|truststore)$/.test(step))).to.deep.equal([]);
        expect(
            [cloud.aws.domains.get(NAME)!].map(({ targetDomainName, mutualTls }) => [targetDomainName, mutualTls !== undefined]),
        ).to.deep.equal([[target, true]]);
        expect([...cloud.aws.buckets.keys()]).to.deep.equal([bucket]);
        await traffic.visit("after the import");
        expect([traffic.entered, traffic.dropped]).to.deep.equal([[], []]);
    });

    it("runs one deployment of a stack at a time, and loses nothing of the first", async () => {
        let second = "";
        during = async (operation) => {
            if (operation !== "create orders-api") return;
            const deadline = Date.now() + 60_000;
            // A backend in a folder reads the checkpoint before it looks for the lock, and the first deployment may be writing it.
            do second = await host.cli(["destroy", "--yes", "--skip-preview"]).catch((e: Error) => e.message);
            while (second.includes("failed to load checkpoint") && Date.now() < deadline);
        };
        await stage!.at();
        await up(program());
        expect(second).to.contain("the stack is currently locked");
        expect(await host.preview(program())).to.deep.include({ ok: true, steps: [] });
    });

    it("is no success when the SDK swallows a lost connection to the engine; what is protected stays", async () => {
        const lost = Object.assign(new Error("14 UNAVAILABLE: No connection established."), { code: 14, details: "", metadata: {} });
        const engine = EngineClient.prototype as unknown as Record<string, unknown>;
        const calls = ["log", "setRootResource"].map((name) => [name, engine[name]] as const);
        const cutOff = async (): Promise<Done> => {
            for (const [name] of calls) engine[name] = (_request: unknown, done: (error: unknown) => void) => setImmediate(done, lost);
            try {
                return await host.up(program({ deletionProtection: true }));
            } finally {
                for (const [name, call] of calls) engine[name] = call;
            }
        };
        await up(program({ deletionProtection: true }));
        const before = summary(cloud);
        const refused = await cutOff();
        expect(refused.ok).to.equal(false);
        expect(refused.text).to.match(/orders-record: resource .* cannot be deleted\nbecause it is protected/);
        expect(summary(cloud)).to.deep.equal(before);
        await traffic.visit("after it was refused");
        expect(traffic.dropped).to.deep.equal([]);
        expect(
            (await up(program({ deletionProtection: true }))).steps,
            "only the verification, which is no one's way, was gone",
        ).to.deep.equal(["create orders-verification"]);

        await up(program());
        const swallowed = await cutOff();
        expect(swallowed.text).to.contain("the program did not come to its end");
        expect(swallowed.ok).to.equal(false);
        expect(swallowed.steps).to.include("delete orders-domain");
        expect(
            (await resources()).map(({ urn }) => urn.split("::").at(-1)),
            "the CLI called it a success",
        ).to.not.include("orders-domain");
        expect(traffic.entered).to.deep.equal([]);
    });

    it("refuses a wrong passphrase and a provider that is not there, and keeps the state", async () => {
        await up(program(trusting(["1", "2"], "1")));
        const before = await resources();
        const wrong = await host
            .cli(["destroy", "--yes", "--skip-preview"], { PULUMI_CONFIG_PASSPHRASE: "wrong" })
            .catch((e: Error) => e.message);
        expect(wrong).to.contain("incorrect passphrase");
        const gone = await host
            .cli(["destroy", "--yes", "--skip-preview"], { PULUMI_DEBUG_PROVIDERS: "aws:1,cloudflare:1,tls:1" })
            .catch((e: Error) => e.message);
        expect(gone).to.contain("did not begin responding to RPC connections");
        expect(await resources()).to.deep.equal(before);
        await traffic.visit("after both");
        expect(traffic.dropped).to.deep.equal([]);
    });
});
