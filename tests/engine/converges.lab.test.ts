/** A call of a provider fails once, before its effect or with its answer lost; what follows must end in the same cloud. */
import { expect } from "chai";
import { sampleOfEachKind } from "../support/seed";
import { FailCall, type How } from "./failCall";
import { LabHost } from "./labHost";
import { STEPS, methodOf, type Step } from "./programs";
import { ResettableLab } from "./resettableLab";
import { ORPHANS, leftovers, summary } from "./summary";

/** What the clouds say when something from a lost answer stands in the way: a person must import or delete it. */
const STANDS_IN_THE_WAY = /already exists|81053/;

describe("a deployment that is stopped at any call", () => {
    const failCall = new FailCall();
    let stage: ResettableLab<LabHost>;
    before(async () => {
        stage = await ResettableLab.open((traffic) => Promise.resolve(new LabHost(failCall.providers(traffic))));
    });
    after(() => stage.close());

    async function attempt(step: Step, target: string, how: How) {
        await stage.before(step);
        failCall.arm(target, how);
        const failed = await stage.run(step);
        expect(failed.text, `${target} was to fail`).to.contain(FailCall.reason(target));
        // As docs/recovery.md has it.
        const again = await stage.run(step, { refresh: true });
        await stage.traffic.probeBypasses(`${step.title}, ${target}`);
        expect(stage.traffic.entered).to.deep.equal([]);
        return { again, end: summary(stage.traffic.cloud) };
    }

    it("fails at every try to delete what is gone at Cloudflare, until a refresh", async () => {
        const step = STEPS.find(({ title }) => title === "destroy")!;
        for (const [target, reason] of [
            ["delete orders-record", "[dns-exists]"],
            ["delete orders-origin-pull-upload-1", "[origin-cert-exists]"],
        ] as const) {
            await stage.before(step);
            failCall.arm(target, "lost");
            expect((await stage.run(step)).text).to.contain(FailCall.reason(target));
            for (const time of ["first", "second"]) {
                const again = await stage.run(step);
                expect(again.ok, `${time} try after ${target}`).to.equal(false);
                expect(again.text).to.contain("404 Not Found").and.contain(reason);
            }
            const refreshed = await stage.run(step, { refresh: true });
            expect(refreshed.ok, `${target}: ${refreshed.text}`).to.equal(true);
        }
    });

    for (const step of STEPS) {
        const { title } = step;
        let operations: string[];
        let whole: Record<string, unknown>;
        before(async () => {
            await stage.before(step);
            failCall.operations = [];
            const done = await stage.run(step);
            expect(done.ok, done.text).to.equal(true);
            operations = [...new Set(failCall.operations)];
            expect(operations).not.to.deep.equal([]);
            whole = summary(stage.traffic.cloud);
        });

        it(`is finished by the next one: ${title}, failing before the effect`, async () => {
            let probes = 0;
            const targets = sampleOfEachKind(operations, methodOf, 3, `${title}, failed`);
            expect(targets).not.to.deep.equal([]);
            for (const target of targets) {
                const { again, end } = await attempt(step, target, "failed");
                expect(again.ok, `after ${target}: ${again.text}`).to.equal(true);
                expect(end, `after ${target}`).to.deep.equal(whole);
                probes += stage.traffic.probes;
            }
            console.log(
                `      ${title}: ${targets.length} of ${operations.length} calls failed once each, ${probes} bypass probes, none got in`,
            );
        });

        it(`is finished by the next one, or stops saying what stands in its way: ${title}, the answer lost`, async () => {
            const stuck: string[] = [];
            const targets = sampleOfEachKind(operations, methodOf, 3, `${title}, lost`);
            expect(targets).not.to.deep.equal([]);
            for (const target of targets) {
                const { again, end } = await attempt(step, target, "lost");
                if (again.ok) {
                    const { missing, left } = leftovers(end, whole);
                    expect([missing, left.filter((line) => !ORPHANS.test(line))], `after ${target}`).to.deep.equal([[], []]);
                    continue;
                }
                expect(again.text, `after ${target}`).to.match(STANDS_IN_THE_WAY);
                stuck.push(`${target}: ${again.text.split("\n")[0]}`);
            }
            console.log(`      ${title}: ${targets.length} of ${operations.length} answers lost, ${stuck.length} need a hand:`);
            for (const text of stuck) console.log(`        ${text}`);
        });
    }
});
