/** Stops one operation of a deployment, once: before its effect, with its answer lost, or with the CLI killed after the effect. */
import type { Provider } from "../../lab/shared/provider";
import type { TrafficMonitor } from "./trafficMonitor";

export type How = "failed" | "lost" | "killed";

export class FailCall {
    /** The operations that began, in their order, e.g. `create orders-api`. */
    operations: string[] = [];
    #target: string | undefined;
    #how: How = "failed";
    kill: () => Promise<void> = () => Promise.reject(new Error("there is no CLI to kill"));

    /** Named, not numbered: engines work in parallel, so that the order varies. */
    arm(target: string, how: How): void {
        this.#target = target;
        this.#how = how;
    }

    /** Whether the operation that it is armed for is still to come. */
    get armed(): boolean {
        return this.#target !== undefined;
    }

    static reason = (target: string): string => `the connection broke at ${target}`;

    #fail(operation: string): never {
        this.#target = undefined;
        throw new Error(FailCall.reason(operation));
    }

    providers(traffic: TrafficMonitor): Record<string, Provider> {
        return traffic.watched(
            async (operation) => {
                if (operation !== this.#target || this.#how === "failed") return;
                if (this.#how === "lost") this.#fail(operation);
                this.#target = undefined;
                await this.kill();
                await new Promise(() => undefined); // Its answer never arrives.
            },
            async (operation) => {
                this.operations.push(operation);
                if (operation === this.#target && this.#how === "failed") this.#fail(operation);
            },
        );
    }
}
