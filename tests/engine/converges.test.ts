/** Every call of a provider fails once, before its effect or with its answer lost; what follows must end in the same cloud. */
import { expect } from "chai";
import { createCloud } from "../../lab/createCloud";
import type { Cloud } from "../../lab/cloud";
import type { Provider } from "../../lab/shared/provider";
import { addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { SmallHost } from "./hosts";
import { STEPS, sampled, type Step } from "./programs";
import { ORPHANS, leftovers, summary } from "./summary";
import { Watch } from "./watch";

/** All of them are stopped on the real engine (recovery.test.ts); here it is shown that the lab's engine does the same. */
const STRIDE = 4;

type When = "before" | "lost";
const CALLS = ["create", "update", "delete"];

/** Makes one call fail, once; lists the calls. Named, not numbered: engines work in parallel, so that the order varies. */
class Saboteur {
    target = "";
    when: When = "before";
    calls: string[] = [];

    arm(target: string, when: When): void {
        Object.assign(this, { target, when, calls: [] });
    }

    on(made: Record<string, Provider>): Record<string, Provider> {
        for (const provider of Object.values(made))
            for (const method of CALLS) {
                const effect = provider.impl[method]!;
                provider.impl[method] = (call, cb) => {
                    const request = call.request as { getUrn(): string; getPreview?(): boolean };
                    if (request.getPreview?.()) return effect(call, cb);
                    const name = `${method} ${request.getUrn().split("::").at(-1)}`;
                    this.calls.push(name);
                    if (name !== this.target) return effect(call, cb);
                    this.target = "";
                    const failed = { code: 14, details: `the connection broke at ${name}` };
                    if (this.when === "before") return cb(failed);
                    effect(call, (error) => cb(error ?? failed));
                };
            }
        return made;
    }
}

interface Scene {
    cloud: Cloud;
    watch: Watch;
    host: SmallHost;
    saboteur: Saboteur;
}

async function scene(): Promise<Scene> {
    const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }], activationDelayMs: 0 });
    addHandler(cloud);
    const watch = await Watch.start(cloud);
    const saboteur = new Saboteur();
    return { cloud, watch, saboteur, host: new SmallHost(saboteur.on(watch.watched())) };
}

/** What the clouds say when something from a lost answer stands in the way: a person must import or delete it. */
const STANDS_IN_THE_WAY = /already exists|81053/;

async function attempt({ title, before, program }: Step, target: string, when: When) {
    const { cloud, watch, host, saboteur } = await scene();
    try {
        for (const one of before) {
            const done = await host.up(one);
            if (!done.ok) throw new Error(done.text);
        }
        const run = () => (program ? host.up(program) : host.destroy());
        saboteur.arm(target, when);
        const failed = await run();
        const { calls } = saboteur;
        const again = target ? await run() : failed;
        await watch.goAround(`${title}, ${target}`);
        return { calls, failed, again, end: summary(cloud), entered: watch.entered, probes: watch.probes };
    } finally {
        await watch.close();
    }
}

describe("a deployment that is stopped at any call", function () {
    this.timeout(300_000);
    for (const one of STEPS) {
        const { title } = one;
        let whole: Awaited<ReturnType<typeof attempt>>;
        before(async () => {
            whole = await attempt(one, "", "before");
            expect(whole.failed.ok, whole.failed.text).to.equal(true);
            expect(whole.calls).not.to.deep.equal([]);
        });

        it(`is finished by the next one: ${title}, failing before the effect`, async () => {
            let { probes } = whole;
            for (const target of sampled(whole.calls, STRIDE)) {
                const { failed, again, end, entered, probes: sent } = await attempt(one, target, "before");
                probes += sent;
                expect(failed.text, `${target} was to fail`).to.contain(`the connection broke at ${target}`);
                expect(again.ok, `after ${target}: ${again.text}`).to.equal(true);
                expect(end, `after ${target}`).to.deep.equal(whole.end);
                expect(entered).to.deep.equal([]);
            }
            console.log(
                `      ${title}: ${sampled(whole.calls, STRIDE).length} of ${whole.calls.length} calls failed once each, ${probes} bypass probes, none got in`,
            );
        });

        it(`is finished by the next one, or stops saying what stands in its way: ${title}, the answer lost`, async () => {
            const stuck: string[] = [];
            for (const target of sampled(whole.calls, STRIDE)) {
                const { failed, again, end, entered } = await attempt(one, target, "lost");
                expect(failed.text, `${target} was to fail`).to.contain(`the connection broke at ${target}`);
                expect(entered).to.deep.equal([]);
                if (again.ok) {
                    const { missing, left } = leftovers(end, whole.end);
                    expect([missing, left.filter((one) => !ORPHANS.test(one))], `after ${target}`).to.deep.equal([[], []]);
                    continue;
                }
                expect(again.text, `after ${target}`).to.match(STANDS_IN_THE_WAY);
                stuck.push(`${target}: ${again.text.split("\n")[0]}`);
            }
            console.log(
                `      ${title}: ${sampled(whole.calls, STRIDE).length} of ${whole.calls.length} answers lost, ${stuck.length} need a hand:`,
            );
            for (const text of stuck) console.log(`        ${text}`);
        });
    }
});
