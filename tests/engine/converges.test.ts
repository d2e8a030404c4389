/** Every call of a provider fails once, before its effect or with its answer lost; what follows must end in the same cloud. */
import { expect } from "chai";
import { createCloud } from "../../lab/createCloud";
import type { Cloud } from "../../lab/cloud";
import type { Provider } from "../../lab/provider";
import { addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { SmallHost, type Program } from "./hosts";
import { program, trusting } from "./programs";
import { Watch, summary } from "./watch";

type When = "before" | "lost";
const CALLS = ["create", "update", "delete"];

/** Makes the call number `at` fail once; counts the calls. */
class Saboteur {
    at = -1;
    when: When = "before";
    calls = 0;
    struck = "";

    arm(at: number, when: When): void {
        Object.assign(this, { at, when, calls: 0, struck: "" });
    }

    on(made: Record<string, Provider>): Record<string, Provider> {
        for (const provider of Object.values(made))
            for (const method of CALLS) {
                const effect = provider.impl[method]!;
                provider.impl[method] = (call, cb) => {
                    const request = call.request as { getUrn(): string; getPreview?(): boolean };
                    if (request.getPreview?.() || this.calls++ !== this.at) return effect(call, cb);
                    this.struck = `${method} ${request.getUrn().split("::").at(-1)}`;
                    const failed = { code: 14, details: `the connection broke at ${this.struck}` };
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

const STEPS: { title: string; before: Program[]; step: Program | "destroy" }[] = [
    { title: "the first up", before: [], step: program() },
    { title: "an authority added", before: [program()], step: program(trusting(["1", "2"], "1")) },
    { title: "it presented", before: [program(), program(trusting(["1", "2"], "1"))], step: program(trusting(["1", "2"], "2")) },
    {
        title: "the old one dropped",
        before: [program(), program(trusting(["1", "2"], "1")), program(trusting(["1", "2"], "2"))],
        step: program(trusting(["2"], "2")),
    },
    { title: "destroy", before: [program()], step: "destroy" },
];

/** What the clouds say when something from a lost answer stands in the way: a person must import or delete it. */
const STANDS_IN_THE_WAY = /already exists|must be unique|identical|81053|81058|no such|NotFound|not empty/i;

async function attempt(title: string, before: Program[], step: Program | "destroy", at: number, when: When) {
    const { cloud, watch, host, saboteur } = await scene();
    try {
        for (const one of before) {
            const done = await host.up(one);
            if (!done.ok) throw new Error(done.text);
        }
        const run = () => (step === "destroy" ? host.destroy() : host.up(step));
        saboteur.arm(at, when);
        const failed = await run();
        const struck = saboteur.struck;
        saboteur.arm(-1, when);
        const again = struck ? await run() : failed;
        await watch.goAround(`${title}, ${struck}`);
        return { struck, failed, again, end: summary(cloud), entered: watch.entered, probes: watch.probes };
    } finally {
        await watch.close();
    }
}

describe("a deployment that is stopped at any call", function () {
    this.timeout(300_000);
    for (const { title, before, step } of STEPS) {
        it(`is finished by the next one: ${title}, failing before the effect`, async () => {
            const whole = await attempt(title, before, step, -1, "before");
            expect(whole.failed.ok, whole.failed.text).to.equal(true);
            let calls = 0;
            let probes = 0;
            for (let at = 0; ; at++) {
                const { struck, failed, again, end, entered, probes: sent } = await attempt(title, before, step, at, "before");
                if (!struck) break;
                calls++;
                probes += sent;
                expect(failed.ok, `${struck} was to fail`).to.equal(false);
                expect(again.ok, `after ${struck}: ${again.text}`).to.equal(true);
                expect(end, `after ${struck}`).to.deep.equal(whole.end);
                expect(entered).to.deep.equal([]);
            }
            console.log(`      ${title}: ${calls} calls failed once each, ${probes} bypass probes, none got in`);
            expect(calls).to.be.greaterThan(0);
        });

        it(`is finished by the next one, or stops saying what stands in its way: ${title}, the answer lost`, async () => {
            const stuck: string[] = [];
            let calls = 0;
            for (let at = 0; ; at++) {
                const { struck, again, entered } = await attempt(title, before, step, at, "lost");
                if (!struck) break;
                calls++;
                expect(entered).to.deep.equal([]);
                if (again.ok) continue;
                expect(again.text, `after ${struck}`).to.match(STANDS_IN_THE_WAY);
                stuck.push(`${struck}: ${again.text.split("\n")[0]}`);
            }
            console.log(`      ${title}: ${calls} answers lost, ${stuck.length} need a hand:`);
            for (const one of stuck) console.log(`        ${one}`);
        });
    }
});
