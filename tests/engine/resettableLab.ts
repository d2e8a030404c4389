/** One lab and one host, put back to the start of a step as often as it is asked for: each step is deployed once. */
import { createCloud } from "../../lab/createCloud";
import { addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { restoreSnapshot, takeSnapshot } from "../support/snapshot";
import type { Done, Host, RunOptions } from "./host";
import { STEPS, type Step } from "./programs";
import { TrafficMonitor } from "./trafficMonitor";

/** A new lab with its data planes running, and the function that the programs ask for. */
export async function startLab(): Promise<TrafficMonitor> {
    const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }], activationDelayMs: 0 });
    addHandler(cloud);
    return TrafficMonitor.start(cloud);
}

export class ResettableLab<H extends Host> {
    /** What puts everything back to the end of a step, by its title; "" is before the first. */
    readonly #ends = new Map<string, () => void>();

    private constructor(
        readonly traffic: TrafficMonitor,
        readonly host: H,
    ) {
        this.#save("");
    }

    static async open<H extends Host>(makeHost: (traffic: TrafficMonitor) => Promise<H>): Promise<ResettableLab<H>> {
        const traffic = await startLab();
        return new ResettableLab(traffic, await makeHost(traffic));
    }

    #save(title: string): void {
        const cloud = takeSnapshot(this.traffic.cloud);
        const putBack = this.host.save();
        this.#ends.set(title, () => {
            restoreSnapshot(this.traffic.cloud, cloud);
            putBack();
        });
    }

    /** Puts everything to the end of a step, which is deployed when it is first asked for; to an empty cloud without one. */
    async at(title = ""): Promise<void> {
        this.#judge();
        if (!this.#ends.has(title)) {
            const step = STEPS.find((each) => each.title === title)!;
            await this.at(step.after);
            const done = await this.run(step);
            if (!done.ok) throw new Error(`${title}: ${done.text}`);
            this.#save(title);
        }
        this.#judge();
        this.#ends.get(title)!();
        this.traffic.forget();
    }

    /** Of everything that ran until now, before it is forgotten. */
    #judge(): void {
        const { entered } = this.traffic;
        if (entered.length > 0) throw new Error(`requests reached the handler around the edge: ${entered.join(", ")}`);
        this.host.searchForSecrets();
    }

    /** Puts everything to where the step begins. */
    before = ({ after }: Step): Promise<void> => this.at(after);

    run({ program }: Step, options: Pick<RunOptions, "refresh"> = {}): Promise<Done> {
        return program ? this.host.up(program, options) : this.host.destroy(options);
    }

    async close(): Promise<void> {
        this.#judge();
        await this.host.close();
        await this.traffic.close();
    }
}
