/** RSA keys are slow to make: one pool serves every cloud of the process, in which each cloud takes the first, the second, … of a kind. */
import { generateKeys, type KeySource } from "../../lab/pki/authority";

const pool = new Map<string, Promise<string>[]>();

export type PooledKeys = KeySource & {
    /** How many of each kind the cloud has. */
    taken: Map<string, number>;
};

/** Keys of one cloud: never the same twice within it. */
export function pooledKeys(): PooledKeys {
    const keys = Object.assign(
        (algorithm: Parameters<KeySource>[0]): Promise<string> => {
            const kind = JSON.stringify(algorithm);
            const made = pool.get(kind) ?? [];
            pool.set(kind, made);
            const index = keys.taken.get(kind) ?? 0;
            keys.taken.set(kind, index + 1);
            return (made[index] ??= generateKeys(algorithm));
        },
        { taken: new Map<string, number>() },
    );
    return keys;
}
