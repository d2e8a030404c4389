/** One history of deployments on both engines: the same steps, the same cloud, and closed after every single operation. */
import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { CloudflareProtectedHttpApi, type CloudflareProtectedHttpApiArgs } from "../../components";
import { stranger } from "../../lab/attackers";
import type { Cloud } from "../../lab/cloud";
import { createCloud } from "../../lab/createCloud";
import { defaultEndpoint } from "../../lab/dns";
import { startEdge } from "../../lab/edge";
import { startGateway } from "../../lab/gateway";
import { probe } from "../../lab/probe";
import { providers, type Provider } from "../../lab/provider";
import { findPulumi } from "../../tools/pulumiCli";
import { pooledKeys } from "../support/keys";
import { HANDLER_ARN, addHandler } from "../support/handler";
import { RealHost, SmallHost, type Done, type Host, type Program } from "./hosts";

const NAME = "api.example.com";
type Args = Partial<CloudflareProtectedHttpApiArgs>;

const program =
    (args: Args = {}, more: () => unknown = () => undefined): Program =>
    () => {
        const api = new CloudflareProtectedHttpApi("orders", {
            domainName: NAME,
            zoneId: "zone1",
            routes: [{ routeKey: "$default", lambdaArn: HANDLER_ARN }],
            deletionProtection: false,
            ...args,
        });
        more();
        return { url: api.url };
    };
const trusting = (names: string[], presented: string): Args => ({
    originPull: { authorities: names.map((name) => ({ name })), presented },
});
const leaf = (generation: string): Args => ({ originPull: { authorities: [{ name: "1", leaf: generation }] } });

/** Each deployment of the history: what it is, and what must have moved (`undefined`: only the same on both engines). */
const HISTORY: { title: string; program: Program; steps?: string[]; live: boolean }[] = [
    { title: "first up", program: program(), live: true },
    { title: "nothing changed", program: program(), steps: [], live: true },
    {
        title: "throttle",
        program: program({ throttle: { burstLimit: 50, rateLimit: 100 } }),
        steps: ["update orders-stage"],
        live: true,
    },
    { title: "throttle gone", program: program(), steps: ["update orders-stage"], live: true },
    { title: "cors", program: program({ cors: { allowOrigins: ["https://app.example.com"] } }), steps: ["update orders-api"], live: true },
    { title: "cors gone", program: program(), steps: ["update orders-api"], live: true },
    {
        title: "route added",
        program: program({
            routes: [
                { routeKey: "$default", lambdaArn: HANDLER_ARN },
                { routeKey: "GET /pets", httpUrl: "https://pets.example.org/" },
            ],
        }),
        steps: ["create orders-integration-get-pets", "create orders-route-get-pets"],
        live: true,
    },
    {
        title: "route removed",
        program: program(),
        steps: ["delete orders-integration-get-pets", "delete orders-route-get-pets"],
        live: true,
    },
    { title: "leaf renewed", program: program(leaf("2")), live: true },
    { title: "second authority", program: program(trusting(["1", "2"], "1")), live: true },
    {
        title: "second presented",
        program: program(trusting(["1", "2"], "2")),
        steps: ["update orders-association", "update orders-ledger", "update orders-origin-pull"],
        live: true,
    },
    { title: "first dropped", program: program(trusting(["2"], "2")), live: true },
    {
        title: "a second component",
        program: program(
            trusting(["2"], "2"),
            () =>
                new CloudflareProtectedHttpApi("pets", {
                    domainName: "pets.example.com",
                    zoneId: "zone1",
                    routes: [{ routeKey: "$default", lambdaArn: HANDLER_ARN }],
                    deletionProtection: false,
                }),
        ),
        live: true,
    },
    { title: "the second component gone", program: program(trusting(["2"], "2")), live: true },
];

/** The cloud without what differs from run to run: ids, keys, serial numbers. */
function summary(cloud: Cloud): unknown {
    const zone = cloud.cloudflare.zones.get("zone1")!;
    const { domains, apis, buckets, certificates } = cloud.aws;
    return {
        domains: [...domains.values()].map(({ domainName, mutualTls, mappings }) => [
            domainName,
            mutualTls?.pem.match(/BEGIN/g)?.length ?? 0,
            mutualTls?.truststoreVersion !== undefined,
            mappings.size,
        ]),
        apis: [...apis.values()].map(({ disableExecuteApiEndpoint, routes, stages }) => [
            disableExecuteApiEndpoint,
            [...routes.values()].map(({ routeKey }) => routeKey).sort(),
            [...stages.keys()],
        ]),
        buckets: buckets.size,
        certificates: [...certificates.values()].map(({ domainName, status }) => [domainName, status]),
        records: [...zone.records.values()].map(({ type, proxied }) => `${type} ${proxied}`).sort(),
        issuers: [...zone.hostnameCertificates.values()].map(({ issuer }) => issuer).sort(),
        associations: [...zone.associations.values()].map(({ hostname, enabled, certId }) => [
            hostname,
            enabled,
            zone.hostnameCertificates.get(certId)?.issuer,
        ]),
    };
}

/** What is seen from outside of one cloud: probes after every operation, and a load of visitors. */
class Watch {
    probes = 0;
    entered: string[] = [];
    served = 0;
    dropped: string[] = [];
    live = false;
    title = "";
    readonly #attack: Promise<{ certificatePem: string; privateKeyPem: string }> = stranger(NAME);

    private constructor(
        readonly cloud: Cloud,
        readonly gateway: Awaited<ReturnType<typeof startGateway>>,
        readonly edge: Awaited<ReturnType<typeof startEdge>>,
    ) {}

    static async start(cloud: Cloud): Promise<Watch> {
        const gateway = await startGateway(cloud);
        return new Watch(cloud, gateway, await startEdge(cloud, gateway));
    }

    /** The bypass identities that need no key of ours, at once. */
    async goAround(after: string): Promise<void> {
        const { cloud } = this;
        const attack = await this.#attack;
        const webCaPem = cloud.webCa.certificatePem;
        const regional = cloud.aws.domains.get(NAME)?.targetDomainName;
        const send = async (who: string, servername: string, host: string, identity?: typeof attack): Promise<void> => {
            const nonce = randomUUID();
            const tls = { version: "1.3" as const, servername, expectedName: servername, webCaPem, ...identity };
            await probe({ port: this.gateway.port, host, nonce, tls });
            this.probes++;
            if (cloud.invocations.has(nonce)) this.entered.push(`${who} after ${after}`);
        };
        await Promise.all([
            send("no certificate", NAME, NAME),
            send("a stranger's certificate", NAME, NAME, attack),
            send("no SNI", "", NAME),
            ...(regional ? [send("the regional SNI", regional, NAME)] : []),
            ...[...cloud.aws.apis.keys()].map((id) => send("the default endpoint", defaultEndpoint(cloud, id), defaultEndpoint(cloud, id))),
        ]);
    }

    async visit(when: string): Promise<void> {
        const nonce = randomUUID();
        const tls = { version: "1.3" as const, servername: NAME, expectedName: NAME, webCaPem: this.cloud.webCa.certificatePem };
        const result = await probe({ port: this.edge.port, host: NAME, nonce, tls });
        if (result.kind === "status" && result.status === 200 && this.cloud.invocations.has(nonce)) this.served++;
        else this.dropped.push(`${when}: ${result.kind === "status" ? result.status : result.reason}`);
    }

    /** Visitors without a pause until `work` has ended. */
    async underLoad<T>(when: string, work: Promise<T>): Promise<T> {
        let ended = false;
        const load = (async () => {
            do await this.visit(when);
            while (!ended);
        })();
        try {
            return await work;
        } finally {
            ended = true;
            await load;
        }
    }

    /** The providers, each operation followed by probes before the engine hears of it. */
    watched(): Record<string, Provider> {
        const made = providers(this.cloud);
        for (const provider of Object.values(made))
            for (const method of ["create", "update", "delete"]) {
                const effect = provider.impl[method]!;
                provider.impl[method] = (call, cb) => {
                    const request = call.request as { getUrn(): string; getPreview?(): boolean };
                    effect(call, (error, response) => {
                        if (request.getPreview?.()) return cb(error, response);
                        void this.goAround(`${method} ${request.getUrn().split("::").at(-1)}`).then(() => cb(error, response));
                    });
                };
            }
        return made;
    }

    async close(): Promise<void> {
        await this.edge.close();
        await this.gateway.close();
    }
}

async function play(makeHost: (watch: Watch) => Promise<Host>): Promise<{ done: Done[]; clouds: unknown[]; watch: Watch; host: Host }> {
    const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }] });
    addHandler(cloud);
    const watch = await Watch.start(cloud);
    const host = await makeHost(watch);
    const done: Done[] = [];
    const clouds: unknown[] = [];
    let live = false;
    for (const { title, program: next, live: afterwards } of HISTORY) {
        const work = host.up(next);
        done.push(live ? await watch.underLoad(title, work) : await work);
        live = afterwards;
        await watch.visit(`after ${title}`);
        clouds.push(summary(cloud));
    }
    done.push(await host.destroy());
    clouds.push(summary(cloud));
    await watch.goAround("destroy");
    return { done, clouds, watch, host };
}

const TITLES = [...HISTORY.map(({ title }) => title), "destroy"];

function assertHistory({ done, watch }: Awaited<ReturnType<typeof play>>): void {
    done.forEach(({ ok, text, steps }, i) => {
        expect(ok, `${TITLES[i]}: ${text}`).to.equal(true);
        const wanted = HISTORY[i]?.steps;
        if (wanted) expect(steps, TITLES[i]).to.deep.equal(wanted);
    });
    expect(watch.entered, "requests that reached the handler around the edge").to.deep.equal([]);
    expect(watch.dropped, "requests of visitors that were dropped").to.deep.equal([]);
    expect(watch.probes).to.be.greaterThan(200);
    expect(watch.served).to.be.greaterThan(HISTORY.length);
}

describe("a history of deployments", function () {
    this.timeout(240_000);
    let small: Awaited<ReturnType<typeof play>>;
    let real: Awaited<ReturnType<typeof play>>;
    const told = (name: string, { watch }: Awaited<ReturnType<typeof play>>) =>
        console.log(
            `      ${name}: ${watch.probes} bypass probes, 0 expected in, ${watch.entered.length} in; ${watch.served} visitors served, ${watch.dropped.length} dropped`,
        );

    before(async () => {
        small = await play((watch) => Promise.resolve(new SmallHost(watch.watched())));
        await small.watch.close();
    });

    it("is closed and up at every step on the lab's engine", () => {
        told("lab's engine", small);
        assertHistory(small);
    });

    describe("on the real engine", () => {
        before(async function () {
            if (!findPulumi()) {
                console.log("      skipped: there is no Pulumi CLI; `npm run tools:pulumi` gets one");
                this.skip();
            }
            real = await play((watch) => RealHost.open(watch.watched()));
        });
        after(async () => {
            if (!real) return;
            await real.host.close();
            await real.watch.close();
        });

        it("is closed and up at every step", () => {
            told("real engine", real);
            assertHistory(real);
        });

        it("takes the same steps and ends in the same cloud as on the lab's engine", () => {
            TITLES.forEach((title, i) => {
                expect(real.done[i]!.steps, title).to.deep.equal(small.done[i]!.steps);
                expect(real.clouds[i], title).to.deep.equal(small.clouds[i]);
            });
        });
    });
});
