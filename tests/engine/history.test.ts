/** The history of deployments on the real engine: closed and up at every step, and the same as on the lab's engine. */
import { expect } from "chai";
import { needsPulumi } from "../support/needsPulumi";
import { TITLES, assertHistory, historyCloud, play, playUnderLoad, report, type Played } from "./history";
import { CliHost } from "./cliHost";
import { LabHost } from "./labHost";
import { TrafficMonitor } from "./trafficMonitor";

describe("a history of deployments on the real engine", () => {
    let real: Played;
    let traffic: TrafficMonitor;
    let host: CliHost;
    before(async function () {
        needsPulumi(this);
        traffic = await TrafficMonitor.start(await historyCloud());
        host = await CliHost.open(traffic.watched());
        real = await playUnderLoad(traffic, host);
    });
    after(async () => {
        await host?.close();
        await traffic?.close();
    });

    it("is closed and up at every step", () => {
        report("real engine", traffic);
        assertHistory(real, traffic);
    });

    it("takes the same steps and ends in the same cloud as on the lab's engine", async () => {
        // The data planes must run: the last step of each deployment probes them.
        const other = await TrafficMonitor.start(await historyCloud());
        try {
            const small = await play(other.cloud, new LabHost(other.providers()));
            TITLES.forEach((title, i) => {
                expect(real.done[i]!.steps, title).to.deep.equal(small.done[i]!.steps);
                expect(real.clouds[i], title).to.deep.equal(small.clouds[i]);
            });
        } finally {
            await other.close();
        }
    });
});
