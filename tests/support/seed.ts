/** One seed for every random choice of a run. A failure is repeated by `SEED=…`, which the run prints at its start. */
import { config } from "chai";
import * as fc from "fast-check";

const FIXED_SEED = 20261125;

/** Whether every sample is the whole: `npm run test:exhaustive`. */
export const EXHAUSTIVE = process.env.EXHAUSTIVE === "1";

// A failure shows the whole of what was seen: a run beside others cannot be repeated.
config.truncateThreshold = 0;

// Set here, in the first process, so that mocha's workers inherit it.
process.env.SEED ||= String(EXHAUSTIVE ? Date.now() % 2 ** 31 : FIXED_SEED);
export const SEED = Number(process.env.SEED);
if (!Number.isSafeInteger(SEED)) throw new Error(`SEED must be an integer; received ${process.env.SEED}`);
fc.configureGlobal({ seed: SEED });

/** Mocha calls this once, in the first process. */
export const mochaGlobalSetup = (): void => console.log(`SEED=${SEED}${EXHAUSTIVE ? ", exhaustive" : ""}`);

/** How many cases a property is tried with. */
export const runs = (count: number): number => (EXHAUSTIVE ? count * 25 : count);

/** `count` of the entries, in their order; all of them in an exhaustive run. Another `purpose` chooses others. */
export function sample<T extends string>(all: T[], count: number, purpose = ""): T[] {
    if (EXHAUSTIVE || all.length <= count) return all;
    const seed = [...purpose].reduce((sum, letter) => sum + letter.codePointAt(0)!, SEED);
    // Engines work in parallel: the order in which operations began varies from run to run.
    const sorted = [...all].sort();
    const [chosen] = fc.sample(fc.shuffledSubarray(sorted, { minLength: count, maxLength: count }), { numRuns: 1, seed });
    return all.filter((each) => chosen!.includes(each));
}

/** `count` of the entries of each kind. */
export function sampleOfEachKind<T extends string>(all: T[], kindOf: (each: T) => string, count: number, purpose = ""): T[] {
    const ofKind = (kind: string): T[] => all.filter((each) => kindOf(each) === kind);
    const chosen = [...new Set(all.map(kindOf))].flatMap((kind) => sample(ofKind(kind), count, purpose));
    return all.filter((each) => chosen.includes(each));
}
