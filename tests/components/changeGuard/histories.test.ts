/** The change guard over random histories of intents, failures and break-glass, judged by a model that shares nothing with it. */
import { expect } from "chai";
import * as fc from "fast-check";
import { runs } from "../../support/seed";
import { refusals, type Facts, type Refusal } from "../../../components/changeGuard/changeGuard";

const SHARED = "cloudflare-shared";

/** What is to be deployed, and how far it gets. Presenting Cloudflare's shared certificate is mode Shared. */
interface Intent {
    /** Name to key. */
    authorities: Record<string, string>;
    presented: string;
    domainName: string;
    zoneId: string;
    /** Authorities whose key the preview does not know yet. */
    unknown: string[];
    breakGlass: boolean;
    /** Nothing moves; the truststore is written; the edge moves, and the answer is lost; it finishes. */
    ends: "at once" | "after the truststore" | "after the edge" | "well";
}

/** A truststore of keys, and the key that the edge presents for one name of one zone. */
interface ModelState {
    trusted: Set<string>;
    edge: string;
    name: string;
    zone: string;
    /** Since break-glass was used, until a deployment finishes. */
    broken: boolean;
    last: Intent;
    /** The deployment record's output. */
    presented: string | undefined;
}

const START: Intent = {
    authorities: { "1": "1a" },
    presented: "1",
    domainName: "api.example.com",
    zoneId: "zone1",
    unknown: [],
    breakGlass: false,
    ends: "well",
};
const rarely = <T>(often: T, rare: T): fc.Arbitrary<T> => fc.oneof({ arbitrary: fc.constant(often), weight: 12 }, fc.constant(rare));

const intent: fc.Arbitrary<Intent> = fc.uniqueArray(fc.constantFrom("1", "2", "3", SHARED), { minLength: 1, maxLength: 4 }).chain((names) =>
    fc
        .record({
            keys: fc.array(rarely("a", "b"), { minLength: 4, maxLength: 4 }),
            presented: fc.constantFrom(...names),
            domainName: rarely(START.domainName, "other.example.com"),
            zoneId: rarely(START.zoneId, "zone2"),
            unknown: fc.subarray(names, { maxLength: 1 }),
            breakGlass: rarely(false, true),
            ends: fc.constantFrom<Intent["ends"][]>("at once", "after the truststore", "after the edge", "well", "well", "well"),
        })
        .map(({ keys, ...rest }) => ({
            ...rest,
            authorities: Object.fromEntries(names.map((name, i) => [name, name === SHARED ? "shared" : `${name}${keys[i]}`])),
        })),
);

const factsOf = ({ authorities, presented, domainName, zoneId }: Intent, unknown: string[] = []): Facts => ({
    domainName,
    zoneId,
    mode: presented === SHARED ? "Shared" : "Hostname",
    // What is not known yet arrives as something else than a list of strings.
    authorities: Object.fromEntries(
        Object.entries(authorities).map(([name, key]) => [
            name,
            unknown.includes(name) ? ({ unknown: true } as unknown as string[]) : [key],
        ]),
    ),
    presented,
});

const judge = (world: ModelState, next: Intent, unknown: string[] = []): Refusal[] =>
    refusals(
        factsOf(world.last),
        factsOf(next, unknown),
        world.presented === undefined
            ? undefined
            : { domainName: world.name, zoneId: world.zone, presented: world.presented, trusted: Object.keys(world.last.authorities) },
    );

const start = (): ModelState => ({
    trusted: new Set(["1a"]),
    edge: "1a",
    name: START.domainName,
    zone: START.zoneId,
    broken: false,
    last: START,
    presented: "1",
});

/** Applies a step to the clouds; fails if a visitor would be dropped. */
function deploy(world: ModelState, next: Intent): void {
    const said = JSON.stringify(next);
    world.last = next;
    world.presented = undefined;
    world.broken ||= next.breakGlass;
    if (next.ends === "at once") return;
    if (!world.broken) {
        expect([next.domainName, next.zoneId], `${said} takes the name away`).to.deep.equal([world.name, world.zone]);
        expect(Object.values(next.authorities), `the truststore of ${said} drops what the edge presents`).to.include(world.edge);
    }
    world.trusted = new Set(Object.values(next.authorities));
    if (next.ends === "after the truststore") return;
    Object.assign(world, { edge: next.authorities[next.presented], name: next.domainName, zone: next.zoneId });
    expect([...world.trusted], `${said} presents what is not trusted`).to.include(world.edge);
    if (next.ends === "after the edge") return;
    world.broken = false;
    world.presented = next.presented;
}

const quoted = (text: string): string[] => [...text.matchAll(/"([^"]+)"/g)].map(([, name]) => name!);

/** The deployments that the refusals of `next` name, in their words. */
function wayOut(world: ModelState, next: Intent, found: Refusal[]): Intent[] {
    const key = (name: string): string => (name === SHARED ? "shared" : (next.authorities[name] ?? world.last.authorities[name])!);
    const trusting = (names: string[], presented: string): Intent => ({
        ...START,
        domainName: world.name,
        zoneId: world.zone,
        authorities: Object.fromEntries(names.map((name) => [name, key(name)])),
        presented,
    });
    const [, names = "", last = ""] =
        /finish the last deployment first \(authorities (.*?) with presented "([^"]+)"\)/.exec(found[0]!.fix) ?? [];
    if (names) {
        expect(quoted(names)).to.deep.equal(Object.keys(world.last.authorities));
        expect(last).to.equal(world.last.presented);
        return [{ ...world.last, breakGlass: false, ends: "well" }];
    }
    // The name first: the rest is judged again after it.
    const name = found.find(({ rule }) => rule === "other-name");
    if (name) {
        expect(name.fix).to.contain("create a second component for the new name");
        return [];
    }
    const drop = found.find(({ rule }) => rule === "drop-presented");
    if (drop) {
        const [, all = "", first = "", then = "", without = ""] =
            /^three deployments: authorities (.*) with presented "([^"]+)"; then presented "([^"]+)"; then without "([^"]+)"$/.exec(
                drop.fix,
            )!;
        const kept = quoted(all).filter((authority) => authority !== without);
        return [trusting(quoted(all), first), trusting(quoted(all), then), trusting(kept, then)];
    }
    const other = found.find(({ rule }) => rule === "other-key");
    if (other) {
        expect(other.fix).to.contain("an authority with a new name, present it in the next deployment, and drop this one in the one after");
        const [old] = quoted(other.path);
        const beside = { ...world.last, breakGlass: false, ends: "well" as const };
        const both = { ...beside, authorities: { ...beside.authorities, new: next.authorities[old!]! } };
        const rest = Object.fromEntries(Object.entries(both.authorities).filter(([name]) => name !== old));
        return [both, { ...both, presented: "new" }, { ...both, presented: "new", authorities: rest }];
    }
    const untrusted = found.find(({ rule }) => rule === "present-untrusted")!;
    const [, newcomer, stays = ""] =
        /^deploy with "([^"]+)" in originPull\.authorities and presented "([^"]+)" first, then present it$/.exec(untrusted.fix) ?? [];
    if (newcomer) return [trusting(Object.keys(next.authorities), stays), trusting(Object.keys(next.authorities), newcomer)];
    const [, beside = "", still = ""] =
        /cloudflare-shared\) and keep "([^"]+)" presented; then switch to mode Shared with "([^"]+)" still in originPull\.authorities; then remove it$/.exec(
            untrusted.fix,
        )!;
    return [trusting([beside, SHARED], beside), trusting([still, SHARED], SHARED), trusting([SHARED], SHARED)];
}

describe("the change guard over any history", () => {
    let counts: Record<string, number>;
    beforeEach(() => (counts = {}));
    const count = (what: string) => (counts[what] = (counts[what] ?? 0) + 1);

    /** Plays the history; resolves to the final world, and calls `refused` for each refusal. */
    function play(history: Intent[], refused: (world: ModelState, next: Intent, found: Refusal[]) => void): ModelState {
        const world = start();
        for (const next of history) {
            const found = judge(world, next);
            // What a preview accepts, the update accepts too, once it knows the keys.
            if (judge(world, next, next.unknown).length === 0) expect(found).to.deep.equal([]);
            if (found.length > 0 && !next.breakGlass) {
                refused(world, next, found);
                continue;
            }
            count(next.breakGlass ? "breakGlass" : "accepted");
            deploy(world, next);
        }
        return world;
    }
    const histories = fc.array(intent, { minLength: 1, maxLength: 12 });

    it("never lets a deployment drop what is presented, present what is not trusted, or take the name away", () => {
        fc.assert(
            fc.property(histories, (history) => void play(history, () => count("refused"))),
            { numRuns: runs(4000) },
        );
        expect(counts.accepted).to.be.greaterThan(2000);
        expect(counts.refused).to.be.greaterThan(2000);
        expect(counts.breakGlass).to.be.greaterThan(500);
    });

    it("names a way out of every refusal that is let pass, step by step, and gets there", () => {
        fc.assert(
            fc.property(histories, (history) => {
                play(history, (world, next, found) => {
                    // Tried on a copy: the history goes on as it was.
                    const copy: ModelState = { ...world, trusted: new Set(world.trusted) };
                    const way = wayOut(copy, next, found);
                    for (const step of way) {
                        expect(judge(copy, step), `${JSON.stringify(step)}, as ${JSON.stringify(found)} says`).to.deep.equal([]);
                        deploy(copy, step);
                    }
                    for (const { rule } of found) count(rule);
                    if (way.length === 3) expect(copy.trusted.has(copy.edge) && copy.presented !== world.presented).to.equal(true);
                });
            }),
            { numRuns: runs(2000) },
        );
        for (const rule of ["unfinished", "drop-presented", "present-untrusted", "other-key", "other-name"])
            expect(counts[rule], rule).to.be.greaterThan(20);
    });
});
