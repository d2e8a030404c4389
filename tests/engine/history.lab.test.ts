/** The history of deployments on the lab's engine: closed after every single operation, and no visitor dropped. */
import { assertHistory, historyCloud, playUnderLoad, report } from "./history";
import { LabHost } from "./labHost";
import { TrafficMonitor } from "./trafficMonitor";

describe("a history of deployments", () => {
    it("is closed and up at every step on the lab's engine", async () => {
        const traffic = await TrafficMonitor.start(await historyCloud());
        try {
            const played = await playUnderLoad(traffic, new LabHost(traffic.watched()));
            report("lab's engine", traffic);
            assertHistory(played, traffic);
        } finally {
            await traffic.close();
        }
    });
});
