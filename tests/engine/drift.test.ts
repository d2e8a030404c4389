/** What a dashboard did is seen by `pulumi refresh` and taken back by the next `up`, for every kind of resource. */
import { expect } from "chai";
import type { Cloud } from "../../lab/cloud";
import { needsPulumi } from "../support/needsPulumi";
import { EXHAUSTIVE } from "../support/seed";
import { RealHost } from "./hosts";
import { addCertificate, program } from "./programs";
import { summary } from "./summary";
import { TAMPERS, type Tamper } from "./tampers";
import { startLab } from "./stage";
import type { Watch } from "./watch";

const rolesOf = ({ role, also = [] }: Tamper): string[] => [role, ...also];

/** Tampers that move different resources are taken back by one deployment. */
function batchesOf(tampers: Tamper[]): Tamper[][] {
    const batches: Tamper[][] = [];
    for (const tamper of tampers) {
        const free = batches.find((batch) => !batch.flatMap(rolesOf).some((role) => rolesOf(tamper).includes(role)));
        if (free) free.push(tamper);
        else batches.push([tamper]);
    }
    return batches;
}

describe("what a dashboard did", function () {
    let cloud: Cloud;
    let watch: Watch;
    let host: RealHost;
    let whole: unknown;
    const deployed = program({ throttle: { burstLimit: 50, rateLimit: 100 }, strictTls: "Zone" });

    before(async function () {
        needsPulumi(this);
        watch = await startLab();
        ({ cloud } = watch);
        await addCertificate(cloud);
        host = await RealHost.open(watch.watched());
        const done = await host.up(deployed);
        expect(done.ok, done.text).to.equal(true);
        whole = summary(cloud);
    });
    after(async () => {
        await host?.close();
        await watch?.close();
    });

    for (const tampers of EXHAUSTIVE ? TAMPERS.map((tamper) => [tamper]) : batchesOf(TAMPERS))
        it(`is taken back: ${tampers.map(({ title }) => title).join(", ")}`, async () => {
            for (const { title, act } of tampers) {
                const before = summary(cloud);
                act(cloud);
                expect(summary(cloud), `${title}: the tamper changes something`).not.to.deep.equal(before);
            }
            const done = await host.up(deployed, { refresh: true });
            expect(done.ok, done.text).to.equal(true);
            const moved = new Set(done.steps.map((step) => step.replace(/^\S+ orders-/, "")));
            expect([...moved].sort()).to.deep.equal(tampers.flatMap(rolesOf).sort());
            expect(summary(cloud)).to.deep.equal(whole);
            // While it lasted, it may have been open.
            watch.forget();
            await watch.goAround("the repair");
            await watch.visit("after the repair");
            expect([watch.entered, watch.dropped]).to.deep.equal([[], []]);
        });
});
