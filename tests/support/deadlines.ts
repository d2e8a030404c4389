/** For work that ends by its own deadline alone: tries longer ones until it had the time for what is `enough`, however busy the machine is. */
export async function withTime<Result>(
    attempt: (timeoutMs: number) => Promise<Result>,
    enough: (result: Result) => boolean,
): Promise<Result> {
    for (let timeoutMs = 3000; ; timeoutMs *= 4) {
        const result = await attempt(timeoutMs);
        if (enough(result) || timeoutMs > 100_000) return result;
    }
}
