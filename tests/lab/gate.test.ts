/** The gate inside of a deployment, on both engines: what it lets pass, what it stops, and what it leaves behind. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { CloudflareProtectedHttpApi, StrictTls, type VerifyArgs } from "../../components";
import type { Cloud } from "../../lab/cloud";
import { createCloud } from "../../lab/createCloud";
import { plain } from "../../lab/engine";
import { FAULTS } from "../../lab/faults";
import { RealHost, SmallHost, type Host } from "../engine/hosts";
import { NAME, program, trusting, type Args } from "../engine/programs";
import { isNeighbour } from "../engine/summary";
import { Watch } from "../engine/watch";
import { Calls, failure } from "../support/calls";
import { makeCloud } from "../support/cloud";
import { HANDLER_ARN, addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { needsPulumi } from "../support/needsPulumi";

const SECRET = "token-6d0f2b7a91";
/** Long enough for a round on a busy machine, short enough for a test. */
const SHORT: VerifyArgs = { timeoutSeconds: 3 };

interface Scene {
    cloud: Cloud;
    watch: Watch;
    /** `edge` and `gateway` requests that were seen. */
    requests: string[];
}

async function scene(): Promise<Scene> {
    const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }], activationDelayMs: 0 });
    addHandler(cloud);
    const requests: string[] = [];
    cloud.events.on("event", ({ source, action, detail }) => action === "request" && requests.push(`${source} ${String(detail.host)}`));
    return { cloud, watch: await Watch.start(cloud), requests };
}

/** Applies a fault; what it returns takes it back. */
async function breakIt(cloud: Cloud, fault: string): Promise<() => void> {
    const copy = (value: unknown): unknown => structuredClone(value);
    const domain = cloud.aws.domains.get(NAME)!;
    const zone = cloud.cloudflare.zones.get("zone1")!;
    const apis = [...cloud.aws.apis.values()];
    const before = copy([domain.mutualTls, zone.settings, zone.associations, zone.records, apis.map((api) => api.stages)]);
    await FAULTS[fault]!.apply({ cloud, domainName: NAME, zoneId: "zone1", strangerCaPem: "" });
    return () => {
        const [mutualTls, settings, associations, records, stages] = before as [
            typeof domain.mutualTls,
            typeof zone.settings,
            typeof zone.associations,
            typeof zone.records,
            (typeof apis)[number]["stages"][],
        ];
        domain.mutualTls = mutualTls;
        Object.assign(zone, { settings, associations, records });
        apis.forEach((api, i) => Object.assign(api, { stages: stages[i], disableExecuteApiEndpoint: true }));
    };
}

describe("the gate in a deployment", function () {
    this.timeout(120_000);
    let cloud: Cloud;
    let watch: Watch;
    let requests: string[];
    let host: SmallHost;
    beforeEach(async () => {
        ({ cloud, watch, requests } = await scene());
        host = new SmallHost(watch.watched());
    });
    afterEach(() => watch.close());
    const url = (): unknown => [...host.engine.state.values()].find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs.url;
    const outputsOf = (name: string) => [...host.engine.state.values()].find((one) => one.name === name)?.outputs;
    const up = async (args: Args = {}) => {
        const done = await host.up(program(args));
        expect(done.ok, done.text).to.equal(true);
        return done;
    };

    it("is its last step: the url comes after it, and the edge and every way around were asked", async () => {
        await up();
        expect(url()).to.equal(`https://${NAME}`);
        expect(outputsOf("orders-gate")).to.deep.include({ stdout: "live and closed", stderr: "" });
        const api = [...cloud.aws.apis.keys()].find((id) => !isNeighbour(id));
        expect(requests)
            .to.include(`edge ${NAME}`)
            .and.include(`gateway ${NAME}`)
            .and.include(`gateway ${api!.toLowerCase()}.execute-api.eu-central-1.amazonaws.com`);
    });

    it("asks nothing in a preview, nor when nothing changed", async () => {
        expect((await host.preview(program())).ok).to.equal(true);
        await up();
        requests.length = 0;
        expect((await host.preview(program(trusting(["1", "2"], "1")))).steps).to.include("update orders-gate");
        expect((await up()).steps).to.deep.equal([]);
        expect(requests).to.deep.equal([]);
    });

    it("fails the first up too, and the next one goes on from there", async () => {
        cloud.cloudflare.zones.get("zone1")!.challenge = true;
        const broken = await host.up(program({ verify: SHORT }));
        expect(broken.ok).to.equal(false);
        expect(broken.text).to.match(/inconclusive: through the edge: .*Cloudflare challenged this machine/);
        expect(url()).to.equal(undefined);
        expect(outputsOf("orders-gate")).to.equal(undefined);
        cloud.cloudflare.zones.get("zone1")!.challenge = false;
        expect((await up({ verify: SHORT })).steps).to.deep.equal(["create orders-gate"]);
        expect(url()).to.equal(`https://${NAME}`);
    });

    it("never stands in the way of a rollback: the ledger knows what the edge presents", async () => {
        await up({ ...trusting(["1", "2"], "1"), verify: SHORT });
        await breakIt(cloud, "default-endpoint-open");
        const broken = await host.up(program({ ...trusting(["1", "2"], "2"), verify: SHORT }));
        expect(broken.ok).to.equal(false);
        expect(broken.text).to.contain("open around the edge");
        expect(outputsOf("orders-ledger")).to.deep.equal({ presentedAuthority: "2" });
        const back = await up({ ...trusting(["1", "2"], "1"), verify: SHORT });
        expect(back.steps).to.include("update orders-association");
        expect(outputsOf("orders-ledger")).to.deep.equal({ presentedAuthority: "1" });
    });

    it("is off only when asked for, and every preview and update says so", async () => {
        for (const run of [host.preview, host.up]) {
            const done = await run(program({ verify: { enabled: false } }));
            expect(done.ok, done.text).to.equal(true);
            expect(done.text).to.contain('verify is off for "orders"');
        }
        expect(url()).to.equal(`https://${NAME}`);
        expect(outputsOf("orders-gate")).to.equal(undefined);
        expect((await up()).text).not.to.contain("verify is off");
    });

    it("keeps nothing of the lab in the state, and marks the headers secret there", async () => {
        await up({ verify: { headers: { authorization: SECRET } } });
        const gate = [...host.engine.state.values()].find(({ name }) => name === "orders-gate")!;
        for (const held of [gate.inputs, gate.outputs]) {
            const { GATE_HEADERS: headers, ...rest } = held.environment as Record<string, unknown>;
            expect(plain(headers)).to.equal(JSON.stringify({ authorization: SECRET }));
            expect(headers, "marked").to.be.an("object");
            expect(JSON.stringify({ ...held, environment: rest })).not.to.contain(SECRET);
            expect(JSON.stringify(held)).not.to.match(/CONNECT_TO":|NODE_EXTRA_CA_CERTS|127\.0\.0\.1|lab-names/);
        }
    });
});

describe("the gate on a deployment that somebody breaks", function () {
    this.timeout(120_000);
    let cloud: Cloud;
    let watch: Watch;
    let host: SmallHost;
    const resolved: string[] = [];
    // The zone's mode is one of the faults, and must come as far as the gate.
    const deployment = (verify: VerifyArgs) => () => {
        const { url } = new CloudflareProtectedHttpApi("orders", {
            domainName: NAME,
            zoneId: "zone1",
            routes: [{ routeKey: "$default", lambdaArn: HANDLER_ARN }],
            deletionProtection: false,
            strictTls: StrictTls.Off,
            verify,
        });
        return { url: url.apply((value) => (resolved.push(value), value)) };
    };
    before(async () => {
        ({ cloud, watch } = await scene());
        host = new SmallHost(watch.watched());
        expect((await host.up(deployment({ enabled: false }))).text).to.contain("verify is off");
    });
    after(() => watch.close());

    (
        [
            ["mtls-removed", /open: straight at d-\S+, without a client certificate: .*seen: HTTP 200/],
            ["default-endpoint-open", /open: the default endpoint \S+: must be off: HTTP 404; seen: HTTP 200/],
            ["association-off", /down: through the edge: .*seen: HTTP 52[05] \(cf-ray\)/],
            ["ssl-flexible", /down: through the edge: .*seen: HTTP 52\d \(cf-ray\)/],
            ["grey-record", /down: through the edge: /],
        ] as const
    ).forEach(([fault, line], i) =>
        it(`fails, leaves the url unresolved, and passes at the next up: ${FAULTS[fault]!.summary}`, async () => {
            const again = deployment({ ...SHORT, path: `/orders/${i}` });
            const mend = await breakIt(cloud, fault);
            resolved.length = 0;
            const broken = await host.up(again);
            expect(broken.ok).to.equal(false);
            expect(resolved).to.deep.equal([]);
            expect(broken.text).to.match(line);
            expect(broken.text).to.contain(`exit status 1: running "check https://${NAME}"`);
            const { targetDomainName } = cloud.aws.domains.get(NAME)!;
            const api = [...cloud.aws.apis.keys()].find((id) => !isNeighbour(id));
            expect(broken.text).to.contain(
                `npx --no cloudflare-protected-http-api doctor ${NAME} --target ${targetDomainName} --api-id ${api!}`,
            );
            mend();
            const mended = await host.up(again);
            expect(mended.ok, mended.text).to.equal(true);
            expect(mended.steps.join()).to.match(/^(create|update) orders-gate$/);
            expect(resolved).to.deep.equal([`https://${NAME}`]);
        }),
    );
});

describe("the gate on the real engine", function () {
    this.timeout(240_000);

    it("fails, rolls back, passes, and a secret header is nowhere in clear text", async function () {
        needsPulumi(this);
        const { cloud, watch } = await scene();
        let processes = "";
        // The moment in which the gate's process waits for an answer.
        cloud.events.on("event", ({ source, action }) => {
            if (source === "edge" && action === "request") processes += execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
        });
        const host: RealHost & Host = await RealHost.open(watch.watched());
        const verify: VerifyArgs = { ...SHORT, headers: { authorization: SECRET } };
        const ledger = async () =>
            (JSON.parse(await host.state()) as { resources: { urn: string; outputs?: { presentedAuthority?: string } }[] }).resources.find(
                ({ urn }) => urn.endsWith("::orders-ledger"),
            )?.outputs?.presentedAuthority;
        try {
            const first = await host.up(program({ ...trusting(["1", "2"], "1"), verify }));
            expect(first.ok, first.text).to.equal(true);
            expect((await host.preview(program({ ...trusting(["1", "2"], "1"), verify }))).steps).to.deep.equal([]);
            const mend = await breakIt(cloud, "default-endpoint-open");
            const broken = await host.up(program({ ...trusting(["1", "2"], "2"), verify }));
            expect(broken.ok).to.equal(false);
            expect(broken.text)
                .to.match(/open: the default endpoint/)
                .and.contain("npx --no cloudflare-protected-http-api doctor");
            expect(await ledger()).to.equal("2");
            const back = await host.up(program({ ...trusting(["1", "2"], "1"), verify }));
            expect(back.ok, back.text).to.equal(true);
            mend();
            const forth = await host.up(program({ ...trusting(["1", "2"], "2"), verify }));
            expect(forth.steps).to.include("update orders-gate");
            expect((await host.stack.outputs()).url).to.deep.equal({ value: `https://${NAME}`, secret: false });
            expect(await host.cli(["stack", "export", "--show-secrets"])).to.contain(SECRET);
            expect(await host.state()).not.to.match(/CONNECT_TO":|NODE_EXTRA_CA_CERTS|lab-names/);
            const files = fs.readdirSync(host.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
            const searched: [string, string][] = [
                ...files.map(({ parentPath, name }): [string, string] => [name, fs.readFileSync(path.join(parentPath, name), "latin1")]),
                ["what the CLI said", host.transcript],
                ["what a failure said", broken.text],
                ["the process list", processes],
            ];
            expect(processes).to.contain("check https://api.example.com");
            expect(searched.filter(([, text]) => text.includes(SECRET)).map(([place]) => place)).to.deep.equal([]);
        } finally {
            await host.close();
            await watch.close();
        }
    });
});

describe("the lab's command", () => {
    const TOKEN = "command:local:Command";
    const inputs = (stdin: string) => ({
        interpreter: ["node", "-"],
        create: "check https://a.test",
        stdin,
        environment: { NODE_OPTIONS: "" },
    });
    const running = () => {
        const cloud = makeCloud();
        cloud.commandEnvironment = { CLOUDFLARE_PROTECTED_HTTP_API_CONNECT_TO: "::127.0.0.1:1", OF_THE_LAB: "yes" };
        return new Calls(cloud);
    };

    it("runs node on its standard input, with the plugin's environment, and again when an input changed", async () => {
        const calls = running();
        const script = (text: string) => `console.log("${text}", process.env.OF_THE_LAB, process.argv[2]); console.error("aside")`;
        const made = await calls.create(TOKEN, inputs(script("one")));
        expect(made.outputs).to.deep.include({ stdout: "one yes check https://a.test", stderr: "aside" });
        const changed = await calls.update(made, inputs(script("two")));
        expect(changed.outputs.stdout).to.equal("two yes check https://a.test");
        expect((await calls.diff(made, inputs(script("two")))).replaces).to.deep.equal([]);
        await calls.delete(changed);
    });

    it("fails with the real provider's words, and runs nothing in a preview", async () => {
        const calls = running();
        const script = `console.log("out"); console.error("err"); process.exitCode = 3`;
        expect(await failure(calls.create(TOKEN, inputs(script)))).to.match(
            /^exit status 3: running "check https:\/\/a.test":\n(out\nerr|err\nout)\n$/,
        );
        expect((await calls.create(TOKEN, inputs(script), { preview: true })).outputs.create).to.equal("check https://a.test");
    });

    it("refuses another interpreter, and to run while the data planes do not", async () => {
        const [, ...failures] = ["", ...(await running().check(TOKEN, { ...inputs(""), interpreter: ["/bin/sh", "-c"] })).failures];
        expect(failures.join()).to.contain("[command-node-stdin]");
        expect(await failure(new Calls(makeCloud()).create(TOKEN, inputs("")))).to.contain("[command-data-planes]");
    });
});
