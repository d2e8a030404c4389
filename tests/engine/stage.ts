/** One lab and one host, put back to the start of a step as often as it is asked for: each step is deployed once. */
import { createCloud } from "../../lab/createCloud";
import { addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { restoreSnapshot, takeSnapshot } from "../support/snapshot";
import type { Done, Host } from "./hosts";
import { STEPS, type Step } from "./programs";
import { Watch } from "./watch";

/** A new lab with its data planes running, and the function that the programs ask for. */
export async function startLab(): Promise<Watch> {
    const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }], activationDelayMs: 0 });
    addHandler(cloud);
    return Watch.start(cloud);
}

export class Stage<H extends Host> {
    /** What puts everything back to the end of a step, by its title; "" is before the first. */
    readonly #ends = new Map<string, () => void>();

    private constructor(
        readonly watch: Watch,
        readonly host: H,
    ) {
        this.#save("");
    }

    static async open<H extends Host>(makeHost: (watch: Watch) => Promise<H>): Promise<Stage<H>> {
        const watch = await startLab();
        return new Stage(watch, await makeHost(watch));
    }

    #save(title: string): void {
        const cloud = takeSnapshot(this.watch.cloud);
        const putBack = this.host.save();
        this.#ends.set(title, () => {
            restoreSnapshot(this.watch.cloud, cloud);
            putBack();
        });
    }

    /** Puts everything to the end of a step, which is deployed when it is first asked for; to an empty cloud without one. */
    async at(title = ""): Promise<void> {
        if (!this.#ends.has(title)) {
            const step = STEPS.find((each) => each.title === title)!;
            await this.at(step.after);
            const done = await this.run(step);
            if (!done.ok) throw new Error(`${title}: ${done.text}`);
            this.#save(title);
        }
        this.#ends.get(title)!();
        this.watch.forget();
    }

    /** Puts everything to where the step begins. */
    before = ({ after }: Step): Promise<void> => this.at(after);

    run({ program }: Step): Promise<Done> {
        return program ? this.host.up(program) : this.host.destroy();
    }

    async close(): Promise<void> {
        await this.host.close();
        await this.watch.close();
    }
}
