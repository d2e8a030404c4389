/** One time limit for many calls, of which some cannot be cancelled: an SDK's wait before a retry, or its search for credentials. */

import { setMaxListeners } from "node:events";

/** What {@link Deadline.within} fails with when the time is over. */
export class DeadlineError extends Error {
    override name = "DeadlineError";
}

export interface Deadline {
    /** For what can be cancelled. */
    signal: AbortSignal;
    milliseconds: number;
    /** For what cannot: the result, or a {@link DeadlineError} when the time is over first. */
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
    // Nobody may be waiting when the time is over.
    over.catch(() => undefined);
    // Every call of an SDK listens to it.
    setMaxListeners(0, controller.signal);
    return { signal: controller.signal, milliseconds, within: (work) => Promise.race([over, work]), clear: () => clearTimeout(timer) };
}
