/** One history of deployments, which both engines play: history.lab.test.ts and history.test.ts. */
import { expect } from "chai";
import { CloudflareProtectedHttpApi, type HttpApiRoute } from "../../components";
import { createCloud } from "../../lab/createCloud";
import type { Cloud } from "../../lab/cloud";
import { HANDLER_ARN, addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import type { Done, Host, Program } from "./host";
import MOVES from "./historySteps.json";
import { BRING_YOUR_OWN_ARN, addCertificate, leaf, moving, program, trusting } from "./programs";
import { summary } from "./summary";
import type { TrafficMonitor } from "./trafficMonitor";

const withPets = (pets: Omit<HttpApiRoute, "routeKey">): Program =>
    program({
        routes: [
            { routeKey: "$default", lambdaArn: HANDLER_ARN },
            { routeKey: "GET /pets", ...pets },
        ],
    });

/** Each deployment of the history. What must have moved in each is in historySteps.json. */
export const HISTORY: { title: string; program: Program }[] = [
    { title: "first up", program: program() },
    { title: "nothing changed", program: program() },
    {
        title: "throttle",
        program: program({ throttle: { burstLimit: 5000, rateLimit: 10_000 } }),
    },
    // The provider leaves limits alone that the program does not set.
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

export interface Played {
    /** What each deployment did, and at last the destroy. */
    done: Done[];
    /** The clouds after each. */
    clouds: unknown[];
}

/** Plays the history. `between` wraps each deployment. */
export async function play(
    cloud: Cloud,
    host: Host,
    between: (title: string, work: () => Promise<Done>) => Promise<Done> = (_, work) => work(),
): Promise<Played> {
    const done: Done[] = [];
    const clouds: unknown[] = [];
    for (const { title, program: next } of HISTORY) {
        done.push(await between(title, () => host.up(next)));
        clouds.push(summary(cloud));
    }
    done.push(await host.destroy());
    clouds.push(summary(cloud));
    return { done, clouds };
}

/** Plays the history with visitors all the time and every bypass after every operation. */
export async function playUnderLoad(traffic: TrafficMonitor, host: Host): Promise<Played> {
    let live = false;
    const played = await play(traffic.cloud, host, async (title, work) => {
        const done = live ? await traffic.underLoad(title, work()) : await work();
        live = true;
        await traffic.visit(`after ${title}`);
        return done;
    });
    await traffic.probeBypasses("destroy");
    return played;
}

/** A cloud with what the history's programs ask for. */
export async function historyCloud(): Promise<Cloud> {
    const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }] });
    addHandler(cloud);
    await addCertificate(cloud);
    return cloud;
}

export const TITLES = [...HISTORY.map(({ title }) => title), "destroy"];

export function assertHistory({ done }: Played, traffic: TrafficMonitor): void {
    done.forEach(({ ok, text, steps }, i) => {
        expect(ok, `${TITLES[i]}: ${text}`).to.equal(true);
        expect(steps, TITLES[i]).to.deep.equal((MOVES as Record<string, string[]>)[TITLES[i]!]);
    });
    expect(traffic.entered, "requests that reached the handler around the edge").to.deep.equal([]);
    expect(traffic.dropped, "requests of visitors that were dropped").to.deep.equal([]);
    expect(traffic.probes).to.be.greaterThan(200);
    expect(traffic.served).to.be.greaterThan(HISTORY.length);
}

export const report = (name: string, traffic: TrafficMonitor): void =>
    console.log(
        `      ${name}: ${HISTORY.length} deployments and a destroy; ${traffic.probes} bypass probes, ${traffic.entered.length} in, ${traffic.throughSharedCa} more while the shared CA was trusted; ` +
            `${traffic.served} visitors served, ${traffic.kept} of them on a kept connection, ${traffic.dropped.length} dropped`,
    );
