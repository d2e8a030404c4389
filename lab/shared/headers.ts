/** Headers of one connection only: they go no further than to its other end. */
export const HOP_BY_HOP: readonly string[] = ["connection", "keep-alive", "transfer-encoding", "upgrade"];

/** The headers without the hop-by-hop ones and `more`. */
export function withoutHopByHop<T>(headers: Record<string, T>, ...more: string[]): Record<string, T> {
    return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name) && !more.includes(name)));
}
