/** One deadline for many calls, some of which cannot be cancelled: an SDK's retry delay, or its search for credentials. */

import { setMaxListeners } from "node:events";

/** {@link Deadline.within} rejects with it when the time is up. */
export class DeadlineError extends Error {
    override name = "DeadlineError";
}

export interface Deadline {
    /** For calls that can be cancelled. */
    signal: AbortSignal;
    milliseconds: number;
    /** For calls that cannot: the result, or a {@link DeadlineError}. */
    within<T>(work: Promise<T>): Promise<T>;
    clear(): void;
}

export function startDeadline(milliseconds: number): Deadline {
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
            reject(new DeadlineError(`no answer within ${milliseconds} ms`));
            controller.abort();
        }, milliseconds);
    });
    // Possibly nothing awaits it when the time is up.
    over.catch(() => undefined);
    // Every SDK call listens to it.
    setMaxListeners(0, controller.signal);
    return { signal: controller.signal, milliseconds, within: (work) => Promise.race([over, work]), clear: () => clearTimeout(timer) };
}
