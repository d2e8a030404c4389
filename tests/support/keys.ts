/** RSA keys are slow to make: one pool serves every cloud of the process, in which each cloud takes the first, the second, … of a kind. */
import { generateKeys, type KeySource } from "../../lab/pki/authority";

const pool = new Map<string, Promise<string>[]>();

/** Keys of one cloud: never the same twice within it. */
export function pooledKeys(): KeySource {
    const taken = new Map<string, number>();
    return (algorithm) => {
        const kind = JSON.stringify(algorithm);
        const made = pool.get(kind) ?? [];
        pool.set(kind, made);
        const index = taken.get(kind) ?? 0;
        taken.set(kind, index + 1);
        return (made[index] ??= generateKeys(algorithm));
    };
}
