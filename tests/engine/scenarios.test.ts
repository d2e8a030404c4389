/** One history of deployments on both engines: the same steps, the same cloud, and closed after every single operation. */
import { expect } from "chai";
import { CloudflareProtectedHttpApi, type HttpApiRoute } from "../../components";
import { createCloud } from "../../lab/createCloud";
import { HANDLER_ARN, addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { RealHost, SmallHost, type Done, type Host, type Program } from "./hosts";
import MOVES from "./historySteps.json";
import { BRING_YOUR_OWN_ARN, addCertificate, leaf, moving, program, trusting } from "./programs";
import { summary } from "./summary";
import { Watch } from "./watch";
import { needsPulumi } from "../support/needsPulumi";

const withPets = (pets: Omit<HttpApiRoute, "routeKey">): Program =>
    program({
        routes: [
            { routeKey: "$default", lambdaArn: HANDLER_ARN },
            { routeKey: "GET /pets", ...pets },
        ],
    });

/** Each deployment of the history. What must have moved in each is in historySteps.json. */
const HISTORY: { title: string; program: Program }[] = [
    { title: "first up", program: program() },
    { title: "nothing changed", program: program() },
    {
        title: "throttle",
        program: program({ throttle: { burstLimit: 5000, rateLimit: 10_000 } }),
    },
    // The provider leaves limits alone of which the program says nothing.
    { title: "throttle no longer said", program: program() },
    { title: "cors", program: program({ cors: { allowOrigins: ["https://app.example.com"] } }) },
    { title: "cors gone", program: program() },
    {
        title: "route added",
        program: withPets({ httpUrl: "https://pets.example.org/" }),
    },
    {
        title: "its target changed",
        program: withPets({ httpUrl: "https://pets2.example.org/" }),
    },
    {
        title: "it needs IAM",
        program: withPets({ httpUrl: "https://pets2.example.org/", authorizationType: "AWS_IAM" }),
    },
    {
        title: "it needs IAM no more",
        program: withPets({ httpUrl: "https://pets2.example.org/" }),
    },
    { title: "its target is the function", program: withPets({ lambdaArn: HANDLER_ARN }) },
    {
        title: "route removed",
        program: program(),
    },
    // Each input changed once, and back.
    {
        title: "tags",
        program: program({ tags: { team: "orders" } }),
    },
    { title: "tags gone", program: program() },
    {
        title: "access log kept longer",
        program: program({ accessLog: { retentionInDays: 90 } }),
    },
    {
        title: "access log off",
        program: program({ accessLog: { enabled: false } }),
    },
    { title: "access log on", program: program() },
    { title: "SSL set for the zone", program: program({ strictTls: "Zone" }) },
    { title: "SSL not looked at", program: program({ strictTls: "Off" }) },
    { title: "SSL looked at", program: program() },
    { title: "another path verified", program: program({ verify: { path: "/health" } }) },
    { title: "nothing verified", program: program({ verify: { enabled: false } }) },
    { title: "verified again", program: program() },
    { title: "protected", program: program({ deletionProtection: true }) },
    { title: "not protected", program: program() },
    {
        title: "bring-your-own certificate",
        program: program({ certificateArn: BRING_YOUR_OWN_ARN }),
    },
    { title: "certificate issued", program: program() },
    // From our own certificate to Cloudflare's shared one, and back.
    {
        title: "shared CA trusted",
        program: program(moving("Hostname", true)),
    },
    {
        title: "mode Shared",
        program: program(moving("Shared", false)),
    },
    { title: "own authority gone", program: program({ originPull: { mode: "Shared" } }) },
    { title: "own authority back", program: program(moving("Shared", false)) },
    {
        title: "mode Hostname",
        program: program(moving("Hostname", true)),
    },
    { title: "shared CA gone", program: program() },
    { title: "leaf renewed", program: program(leaf("2")) },
    { title: "second authority", program: program(trusting(["1", "2"], "1")) },
    {
        title: "second presented",
        program: program(trusting(["1", "2"], "2")),
    },
    { title: "first dropped", program: program(trusting(["2"], "2")) },
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
    },
    { title: "the second component gone", program: program(trusting(["2"], "2")) },
];

async function play(makeHost: (watch: Watch) => Promise<Host>): Promise<{ done: Done[]; clouds: unknown[]; watch: Watch; host: Host }> {
    const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }] });
    addHandler(cloud);
    await addCertificate(cloud);
    const watch = await Watch.start(cloud);
    const host = await makeHost(watch);
    const done: Done[] = [];
    const clouds: unknown[] = [];
    let live = false;
    for (const { title, program: next } of HISTORY) {
        const work = host.up(next);
        done.push(live ? await watch.underLoad(title, work) : await work);
        live = true;
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
        expect(steps, TITLES[i]).to.deep.equal((MOVES as Record<string, string[]>)[TITLES[i]!]);
    });
    expect(watch.entered, "requests that reached the handler around the edge").to.deep.equal([]);
    expect(watch.dropped, "requests of visitors that were dropped").to.deep.equal([]);
    expect(watch.probes).to.be.greaterThan(200);
    expect(watch.served).to.be.greaterThan(HISTORY.length);
}

describe("a history of deployments", function () {
    this.timeout(400_000);
    let small: Awaited<ReturnType<typeof play>>;
    let real: Awaited<ReturnType<typeof play>>;
    const told = (name: string, { watch }: Awaited<ReturnType<typeof play>>) =>
        console.log(
            `      ${name}: ${HISTORY.length} deployments and a destroy; ${watch.probes} bypass probes, ${watch.entered.length} in, ${watch.throughSharedCa} more while the shared CA was trusted; ` +
                `${watch.served} visitors served, ${watch.kept} of them on a kept connection, ${watch.dropped.length} dropped`,
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
            needsPulumi(this);
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
