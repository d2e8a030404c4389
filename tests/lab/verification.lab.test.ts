/** The verification inside of a deployment on the lab's engine: what it lets pass, what it stops, and what it leaves behind. */
import { expect } from "chai";
import { readDeployed } from "../../components/changeGuard/changeGuard";
import { CloudflareProtectedHttpApi, StrictTls, type VerifyArgs } from "../../components";
import type { Cloud } from "../../lab/cloud";
import { plain } from "../../lab/engine/engine";
import { FAULTS } from "../../lab/faults";
import { LabHost } from "../engine/labHost";
import { NAME, program, trusting, type Args } from "../engine/programs";
import { startLab } from "../engine/resettableLab";
import { isNeighbour } from "../engine/summary";
import type { TrafficMonitor } from "../engine/trafficMonitor";
import { applyFault } from "../support/applyFault";
import { HANDLER_ARN } from "../support/handler";

const SECRET = "token-6d0f2b7a91";
/** For one that is to fail: it tries until this is over. */
const SHORT: VerifyArgs = { timeoutSeconds: 3 };
/** For one that is to pass, on any machine. */
const LONG: VerifyArgs = { timeoutSeconds: 120 };

describe("the verification in a deployment", function () {
    let cloud: Cloud;
    let traffic: TrafficMonitor;
    /** `edge` and `gateway` requests that were seen. */
    let requests: string[];
    let host: LabHost;
    beforeEach(async () => {
        traffic = await startLab();
        ({ cloud } = traffic);
        requests = [];
        cloud.events.on("event", ({ source, action, detail }) => action === "request" && requests.push(`${source} ${String(detail.host)}`));
        host = new LabHost(traffic.watched());
    });
    afterEach(() => traffic.close());
    const url = (): unknown => [...host.engine.state.values()].find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs.url;
    const outputsOf = (name: string) => [...host.engine.state.values()].find((resource) => resource.name === name)?.outputs;
    const up = async (args: Args = {}) => {
        const done = await host.up(program(args));
        expect(done.ok, done.text).to.equal(true);
        return done;
    };

    it("is its last step: the url comes after it, and the edge and every way around were asked", async () => {
        await up();
        expect(url()).to.equal(`https://${NAME}`);
        expect(outputsOf("orders-verification")).to.deep.include({ stdout: "live and closed", stderr: "" });
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
        expect((await host.preview(program(trusting(["1", "2"], "1")))).steps).to.include("update orders-verification");
        expect((await up()).steps).to.deep.equal([]);
        expect(requests).to.deep.equal([]);
    });

    it("fails the first up too, and the next one goes on from there", async () => {
        cloud.cloudflare.zones.get("zone1")!.challenge = true;
        const broken = await host.up(program({ verify: SHORT }));
        expect(broken.ok).to.equal(false);
        expect(broken.text).to.match(/inconclusive: through the edge: .*Cloudflare challenged this machine/);
        expect(url()).to.equal(undefined);
        expect(outputsOf("orders-verification")).to.equal(undefined);
        cloud.cloudflare.zones.get("zone1")!.challenge = false;
        expect((await up({ verify: LONG })).steps).to.deep.equal(["create orders-verification"]);
        expect(url()).to.equal(`https://${NAME}`);
    });

    it("never stands in the way of a rollback: the deployment record knows what the edge presents", async () => {
        await up({ ...trusting(["1", "2"], "1"), verify: LONG });
        await applyFault(cloud, "default-endpoint-open");
        const broken = await host.up(program({ ...trusting(["1", "2"], "2"), verify: SHORT }));
        expect(broken.ok).to.equal(false);
        expect(broken.text).to.contain("a bypass is open");
        expect(readDeployed(outputsOf("orders-deployment-record"))?.presented).to.equal("2");
        const back = await up({ ...trusting(["1", "2"], "1"), verify: LONG });
        expect(back.steps).to.include("update orders-association");
        expect(readDeployed(outputsOf("orders-deployment-record"))?.presented).to.equal("1");
    });

    it("is off only when asked for, and every preview and update warns", async () => {
        for (const run of [host.preview, host.up]) {
            const done = await run(program({ verify: { enabled: false } }));
            expect(done.ok, done.text).to.equal(true);
            expect(done.text).to.contain('verify is off for "orders"');
        }
        expect(url()).to.equal(`https://${NAME}`);
        expect(outputsOf("orders-verification")).to.equal(undefined);
        expect((await up()).text).not.to.contain("verify is off");
    });

    it("keeps nothing of the lab in the state, and marks the headers secret there", async () => {
        await up({ verify: { headers: { authorization: SECRET } } });
        const verification = [...host.engine.state.values()].find(({ name }) => name === "orders-verification")!;
        for (const held of [verification.inputs, verification.outputs]) {
            const { VERIFICATION_HEADERS: headers, ...rest } = held.environment as Record<string, unknown>;
            expect(plain(headers)).to.equal(JSON.stringify({ authorization: SECRET }));
            expect(headers, "marked").to.be.an("object");
            expect(JSON.stringify({ ...held, environment: rest })).not.to.contain(SECRET);
            expect(JSON.stringify(held)).not.to.match(/CONNECT_TO":|NODE_EXTRA_CA_CERTS|127\.0\.0\.1|lab-names/);
        }
    });
});

describe("the verification on a broken deployment", function () {
    let cloud: Cloud;
    let traffic: TrafficMonitor;
    let host: LabHost;
    const resolved: string[] = [];
    // The zone's mode is one of the faults, and must come as far as the verification.
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
        traffic = await startLab();
        ({ cloud } = traffic);
        host = new LabHost(traffic.watched());
        expect((await host.up(deployment({ enabled: false }))).text).to.contain("verify is off");
    });
    after(() => traffic.close());

    (
        [
            ["mtls-removed", /open: directly at d-\S+, without a client certificate: .*seen: HTTP 200/],
            ["stranger-answered", /open: directly at d-\S+, with a self-signed client certificate: .*seen: HTTP 200/],
            ["default-endpoint-open", /open: the default endpoint \S+: must be off: HTTP 404; seen: HTTP 200/],
            ["association-off", /down: through the edge: .*seen: HTTP 52[05] \(edge\)/],
            ["ssl-flexible", /down: through the edge: .*seen: HTTP 52\d \(edge\)/],
            ["dns-only-record", /down: through the edge: /],
        ] as const
    ).forEach(([fault, line], i) =>
        it(`fails, leaves the url unresolved, and passes at the next up: ${FAULTS[fault]!.summary}`, async () => {
            const again = (timeout: VerifyArgs) => deployment({ ...timeout, path: `/orders/${i}` });
            const mend = await applyFault(cloud, fault);
            resolved.length = 0;
            const broken = await host.up(again(SHORT));
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
            const mended = await host.up(again(LONG));
            expect(mended.ok, mended.text).to.equal(true);
            expect(mended.steps.join()).to.match(/^(create|update) orders-verification$/);
            expect(resolved).to.deep.equal([`https://${NAME}`]);
        }),
    );
});
