/** What a dashboard did is seen by `pulumi refresh` and taken back by the next `up`, for every kind of resource. */
import { expect } from "chai";
import type { Cloud } from "../../lab/cloud";
import { needsPulumi } from "../support/needsPulumi";
import { EXHAUSTIVE } from "../support/seed";
import { CliHost } from "./cliHost";
import { addCertificate, program } from "./programs";
import { summary } from "./summary";
import { DRIFT_CASES, type DriftCase } from "./driftCases";
import { startLab } from "./resettableLab";
import type { TrafficMonitor } from "./trafficMonitor";

const rolesOf = ({ role, also = [] }: DriftCase): string[] => [role, ...also];

/** Tampers that move different resources are taken back by one deployment. */
function batchesOf(cases: DriftCase[]): DriftCase[][] {
    const batches: DriftCase[][] = [];
    for (const driftCase of cases) {
        const free = batches.find((batch) => !batch.flatMap(rolesOf).some((role) => rolesOf(driftCase).includes(role)));
        if (free) free.push(driftCase);
        else batches.push([driftCase]);
    }
    return batches;
}

describe("a change in a dashboard", function () {
    let cloud: Cloud;
    let traffic: TrafficMonitor;
    let host: CliHost;
    let whole: unknown;
    const deployed = program({ throttle: { burstLimit: 50, rateLimit: 100 }, strictTls: "Zone" });

    before(async function () {
        needsPulumi(this);
        traffic = await startLab();
        ({ cloud } = traffic);
        await addCertificate(cloud);
        host = await CliHost.open(traffic.watched());
        const done = await host.up(deployed);
        expect(done.ok, done.text).to.equal(true);
        whole = summary(cloud);
    });
    after(async () => {
        await host?.close();
        await traffic?.close();
    });

    for (const cases of EXHAUSTIVE ? DRIFT_CASES.map((driftCase) => [driftCase]) : batchesOf(DRIFT_CASES))
        it(`is taken back: ${cases.map(({ title }) => title).join(", ")}`, async () => {
            for (const { title, act } of cases) {
                const before = summary(cloud);
                act(cloud);
                expect(summary(cloud), `${title}: the driftCase changes something`).not.to.deep.equal(before);
            }
            const done = await host.up(deployed, { refresh: true });
            expect(done.ok, done.text).to.equal(true);
            const moved = new Set(done.steps.map((step) => step.replace(/^\S+ orders-/, "")));
            expect([...moved].sort()).to.deep.equal(cases.flatMap(rolesOf).sort());
            expect(summary(cloud)).to.deep.equal(whole);
            // While it lasted, it may have been open.
            traffic.forget();
            await traffic.probeBypasses("the repair");
            await traffic.visit("after the repair");
            expect([traffic.entered, traffic.dropped]).to.deep.equal([[], []]);
        });
});
