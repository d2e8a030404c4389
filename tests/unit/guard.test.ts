import { expect } from "chai";
import * as fc from "fast-check";
import { refusals, type Facts } from "../../components/guard";

/** `facts("1", "2*")`: trusts 1 and 2, presents 2; `1=b` stands for other key material under the name 1. */
function facts(...authorities: string[]): Facts {
    const parts = authorities.map((one) => {
        const [name = "", key = `key-${one.replace("*", "")}`] = one.replace("*", "").split("=");
        return [name, [key]] as [string, string[]];
    });
    const presented = parts[authorities.findIndex((one) => one.endsWith("*"))]?.[0] ?? "";
    return { domainName: "api.example.com", zoneId: "zone1", mode: "Hostname", authorities: Object.fromEntries(parts), presented };
}
const rules = (old: Facts, next: Facts, presented: string | undefined) => refusals(old, next, presented).map(({ rule }) => rule);

describe("the guard", () => {
    const UNKNOWN = "1=unknown*";
    const table: [title: string, old: string[], next: string[], presented: string | undefined, expected: string[]][] = [
        ["lets nothing new pass", ["1*"], ["1*"], "1", []],
        ["lets an authority be added", ["1*"], ["1*", "2"], "1", []],
        ["lets a trusted authority be presented", ["1*", "2"], ["1", "2*"], "1", []],
        ["lets the one that is no longer presented go", ["1", "2*"], ["2*"], "2", []],
        ["refuses a swap in one step", ["1*"], ["2*"], "1", ["drop-presented", "present-untrusted"]],
        ["refuses to add and present at once", ["1*"], ["1", "2*"], "1", ["present-untrusted"]],
        ["refuses to drop the presented one though another is presented now", ["1*", "2"], ["2*"], "1", ["drop-presented"]],
        ["refuses another key under the presented name", ["1*"], ["1=b*"], "1", ["other-key"]],
        ["refuses another key under the name that is presented next", ["1*", "2"], ["1", "2=b*"], "1", ["present-untrusted"]],
        ["lets an idle authority change its key", ["1*", "2"], ["1*", "2=b"], "1", []],
        ["refuses a drop after a failure", ["1", "2*"], ["2*"], undefined, ["unfinished"]],
        ["lets the same be tried again after a failure", ["1", "2*"], ["1", "2*"], undefined, []],
        ["lets the presentation be rolled back after a failure", ["1", "2*"], ["1*", "2"], undefined, []],
        ["refuses to present a new one after a failure", ["1*"], ["1", "2*"], undefined, ["present-untrusted"]],
        ["counts an unknown key as another", ["1*"], [UNKNOWN], "1", ["other-key"]],
    ];
    for (const [title, old, next, presented, expected] of table)
        it(title, () => {
            const to = facts(...next);
            if (next[0] === UNKNOWN) (to.authorities as Record<string, unknown>)["1"] = { unknown: true };
            expect(rules(facts(...old), to, presented)).to.deep.equal(expected);
        });

    it("keeps the name and the zone of a live API, and says how to move", () => {
        const old = facts("1*");
        const [moved] = refusals(old, { ...old, domainName: "other.example.com" }, "1");
        expect(moved).to.include({ rule: "other-name", path: "domainName" });
        expect(moved!.fix).to.contain("second component");
        expect(rules(old, { ...old, zoneId: "zone2" }, "1")).to.deep.equal(["other-name"]);
        const unknownZone = { ...old, zoneId: undefined as unknown as string };
        expect(refusals(old, unknownZone, "1")[0]!.message).to.contain("not known yet");
        expect(refusals(old, { ...old, zoneId: "zone2" }, undefined)[0]!.fix).to.contain("pulumi destroy");
    });

    it("says path, rule, what was received and the fix, in a sentence each", () => {
        const [drop, present] = refusals(facts("1*"), facts("2*"), "1");
        expect(drop!.message).to.equal('must keep "1" while the edge presents it; received "2"');
        expect(drop!.fix).to.equal('three deployments: authorities "2", "1" with presented "1"; then presented "2"; then without "1"');
        expect(present!.fix).to.contain('"2" in originPull.authorities and presented "1" first');
    });
});

/**
 * A model of the cloud that shares nothing with the guard: a truststore of keys and the key that the edge presents. A deployment writes
 * the truststore before it moves the edge, and may stop before either.
 */
interface World {
    trusted: Set<string>;
    edge: string;
    old: Facts;
    presented: string | undefined;
}
type Intent = { authorities: Record<string, string>; presented: string; stopsAfter: 0 | 1 | 2 };

const intent: fc.Arbitrary<Intent> = fc.uniqueArray(fc.constantFrom("1", "2", "3"), { minLength: 1, maxLength: 3 }).chain((names) =>
    fc
        .record({
            keys: fc.array(fc.constantFrom("a", "b"), { minLength: 3, maxLength: 3 }),
            presented: fc.constantFrom(...names),
            stopsAfter: fc.constantFrom(0 as const, 1 as const, 2 as const, 2 as const),
        })
        .map(({ keys, presented, stopsAfter }) => ({
            authorities: Object.fromEntries(names.map((name, i) => [name, `${name}${keys[i] ?? "a"}`])),
            presented,
            stopsAfter,
        })),
);

const asFacts = ({ authorities, presented }: Intent): Facts => ({
    ...facts("1*"),
    authorities: Object.fromEntries(Object.entries(authorities).map(([name, key]) => [name, [key]])),
    presented,
});

function deploy(world: World, next: Intent): void {
    world.old = asFacts(next);
    world.presented = undefined;
    if (next.stopsAfter === 0) return;
    world.trusted = new Set(Object.values(next.authorities));
    expect(world.trusted.has(world.edge), `the truststore of ${JSON.stringify(next)} drops what the edge presents`).to.equal(true);
    if (next.stopsAfter === 1) return;
    world.edge = next.authorities[next.presented] ?? "";
    expect(world.trusted.has(world.edge), `${JSON.stringify(next)} presents what is not trusted`).to.equal(true);
    world.presented = next.presented;
}

describe("the guard over any history", () => {
    it("never lets a deployment drop what is presented nor present what is not trusted, and is never stuck", () => {
        let accepted = 0;
        fc.assert(
            fc.property(fc.array(intent, { minLength: 1, maxLength: 12 }), (history) => {
                const start: Intent = { authorities: { "1": "1a" }, presented: "1", stopsAfter: 2 };
                const world: World = { trusted: new Set(["1a"]), edge: "1a", old: asFacts(start), presented: "1" };
                for (const next of history) {
                    if (refusals(world.old, asFacts(next), world.presented).length > 0) continue;
                    accepted++;
                    deploy(world, next);
                }
                // The way out that every refusal after a failure names: the last deployment once more.
                expect(refusals(world.old, world.old, world.presented)).to.deep.equal([]);
            }),
            { numRuns: 3000 },
        );
        expect(accepted).to.be.greaterThan(1000);
    });
});
