/** What a dashboard did is seen by `pulumi refresh` and taken back by the next `up`, for every kind of resource. */
import { expect } from "chai";
import { createCloud } from "../../lab/createCloud";
import type { Cloud } from "../../lab/cloud";
import { addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { needsPulumi } from "../support/needsPulumi";
import { RealHost } from "./hosts";
import { addCertificate, program } from "./programs";
import { summary } from "./summary";
import { TAMPERS } from "./tampers";
import { Watch } from "./watch";

describe("what a dashboard did", function () {
    this.timeout(60_000);
    let cloud: Cloud;
    let watch: Watch;
    let host: RealHost;
    let whole: unknown;
    const deployed = program({ throttle: { burstLimit: 50, rateLimit: 100 }, strictTls: "Zone" });

    before(async function () {
        needsPulumi(this);
        cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }], activationDelayMs: 0 });
        addHandler(cloud);
        await addCertificate(cloud);
        watch = await Watch.start(cloud);
        host = await RealHost.open(watch.watched());
        const done = await host.up(deployed);
        expect(done.ok, done.text).to.equal(true);
        whole = summary(cloud);
    });
    after(async () => {
        await host?.close();
        await watch?.close();
    });

    for (const { title, role, also = [], act } of TAMPERS)
        it(`is taken back: ${title}`, async () => {
            act(cloud);
            expect(summary(cloud), "the tamper changes something").not.to.deep.equal(whole);
            const done = await host.up(deployed, { refresh: true });
            expect(done.ok, done.text).to.equal(true);
            expect([...new Set(done.steps.map((step) => step.replace(/^\S+ orders-/, "")))].sort()).to.deep.equal([role, ...also].sort());
            expect(summary(cloud)).to.deep.equal(whole);
            // While it lasted, it may have been open.
            Object.assign(watch, { entered: [], dropped: [] });
            await watch.goAround("the repair");
            await watch.visit("after the repair");
            expect([watch.entered, watch.dropped]).to.deep.equal([[], []]);
        });
});
