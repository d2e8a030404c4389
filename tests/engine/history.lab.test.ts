/** The history of deployments on the lab's engine: closed after every single operation, and no visitor dropped. */
import { assertHistory, historyCloud, playUnderLoad, report } from "./history";
import { SmallHost } from "./hosts";
import { Watch } from "./watch";

describe("a history of deployments", () => {
    it("is closed and up at every step on the lab's engine", async () => {
        const watch = await Watch.start(await historyCloud());
        try {
            const played = await playUnderLoad(watch, new SmallHost(watch.watched()));
            report("lab's engine", watch);
            assertHistory(played, watch);
        } finally {
            await watch.close();
        }
    });
});
