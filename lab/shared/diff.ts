/** The paths at which two values differ, as Pulumi writes them: `configs[0].hostname`. */
export type Change = "ADD" | "DELETE" | "UPDATE";

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

export function changesOf(path: string, before: unknown, after: unknown): [path: string, change: Change][] {
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    if (before === undefined) return [[path, "ADD"]];
    if (after === undefined) return [[path, "DELETE"]];
    if (Array.isArray(before) && Array.isArray(after)) {
        return Array.from({ length: Math.max(before.length, after.length) }, (_, index) =>
            changesOf(`${path}[${index}]`, before[index], after[index]),
        ).flat();
    }
    if (isPlain(before) && isPlain(after)) {
        const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
        const inner = (key: string): string => (/^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `${path}["${key}"]`);
        return keys.flatMap((key) => changesOf(inner(key), before[key], after[key]));
    }
    return [[path, "UPDATE"]];
}
