/** The option `replaceOnChanges`: which of a provider's changed paths force a replacement. */

/** `a.b[0]["c.d"]` as its parts. */
const partsOf = (path: string): string[] =>
    [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]|([^.[\]]+)/g)].map(([, quoted, index, name]) => quoted ?? index ?? name ?? "");

/** Whether `outer` names `inner` or something around it; `*` is any one part. */
const contains = (outer: string[], inner: string[]): boolean =>
    outer.length <= inner.length && outer.every((part, index) => part === "*" || part === inner[index]);

/**
 * Whether one of `paths` contains one of the changed ones. A path below what the provider names matches nothing, as in the real engine:
 * `configs[0].hostname` does not contain `configs`.
 */
export const forces = (paths: string[], changed: string[]): boolean =>
    paths.some((path) => changed.some((name) => contains(partsOf(path), partsOf(name))));
