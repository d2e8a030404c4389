/** The history of deployments on the real engine: closed and up at every step, and the same as on the lab's engine. */
import { expect } from "chai";
import { needsPulumi } from "../support/needsPulumi";
import { TITLES, assertHistory, historyCloud, play, playUnderLoad, report, type Played } from "./history";
import { RealHost, SmallHost } from "./hosts";
import { Watch } from "./watch";

describe("a history of deployments on the real engine", () => {
    let real: Played;
    let watch: Watch;
    let host: RealHost;
    before(async function () {
        needsPulumi(this);
        watch = await Watch.start(await historyCloud());
        host = await RealHost.open(watch.watched());
        real = await playUnderLoad(watch, host);
    });
    after(async () => {
        await host?.close();
        await watch?.close();
    });

    it("is closed and up at every step", () => {
        report("real engine", watch);
        assertHistory(real, watch);
    });

    it("takes the same steps and ends in the same cloud as on the lab's engine", async () => {
        // The data planes must run: the last step of each deployment probes them.
        const other = await Watch.start(await historyCloud());
        try {
            const small = await play(other.cloud, new SmallHost(other.providers()));
            TITLES.forEach((title, i) => {
                expect(real.done[i]!.steps, title).to.deep.equal(small.done[i]!.steps);
                expect(real.clouds[i], title).to.deep.equal(small.clouds[i]);
            });
        } finally {
            await other.close();
        }
    });
});
