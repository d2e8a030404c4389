import * as pulumi from "@pulumi/pulumi";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { expect } from "chai";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Engine, UNKNOWN, isSecretValue, plain, type RunResult, type Step } from "../../../lab/engine/engine";
import type { ProviderMethod } from "../../../lab/shared/provider";
import { withTime } from "../../support/deadlines";
import { fakeProvider, Thing, type ThingArgs } from "../../support/fakeProvider";

/** What the stand-in holds, as `Read` answers it: nothing for what is gone. */
function reading({ things }: ReturnType<typeof fakeProvider>): ProviderMethod {
    return ({ request }, cb) => {
        const id = (request as pb.ReadRequest).getId();
        const held = things.get(id) as Record<string, string> | undefined;
        const r = new pb.ReadResponse();
        if (held) {
            r.setId(id);
            r.setInputs(Struct.fromJavaScript(held));
            r.setProperties(Struct.fromJavaScript({ ...held, arn: `arn:${id}` }));
        }
        cb(null, r);
    };
}

const ops = (r: RunResult) => r.steps.filter((s) => s.type.startsWith("demo:")).map((s) => `${s.op} ${s.name}`);
const good = (r: RunResult) => (expect(r.errors).to.deep.equal([]), expect(r.ok).to.equal(true), r);

describe("the lab's engine", () => {
    let cloud: ReturnType<typeof fakeProvider>;
    let engine: Engine;
    let listeners: unknown[];
    beforeEach(() => {
        listeners = process.listeners("unhandledRejection");
        cloud = fakeProvider();
        cloud.impl.read = reading(cloud);
        engine = new Engine({ demo: cloud });
    });
    afterEach(() => expect(process.listeners("unhandledRejection")).to.deep.equal(listeners));

    const pair =
        (a: ThingArgs = {}, o?: pulumi.CustomResourceOptions) =>
        () => {
            const first = new Thing("a", a, o);
            const second = new Thing("b", { text: first.arn });
            return { arn: second.arn, from: second.text };
        };

    it("previews with unknowns and touches nothing", async () => {
        let ran = false;
        const r = good(
            await engine.run(
                () => {
                    const t = new Thing("a", { size: 1 });
                    void t.arn.apply(() => (ran = true));
                    return { arn: t.arn };
                },
                { preview: true },
            ),
        );
        expect(r.outputs.arn).to.equal(UNKNOWN);
        expect(ran).to.equal(false);
        expect(ops(r)).to.deep.equal(["create a"]);
        expect([cloud.log, [...engine.state]]).to.deep.equal([[], []]);
    });

    it("creates in the order of dependencies, and tells when a step starts and ends", async () => {
        const seen: Step[] = [];
        const r = good(await engine.run(pair(), { onStep: (s) => seen.push(s) }));
        expect(cloud.log).to.deep.equal(["create a", "create b"]);
        expect(r.outputs).to.deep.equal({ arn: "arn:b-2", from: "arn:a-1" });
        expect(seen.filter((s) => s.name === "a").map((s) => s.done)).to.deep.equal([false, true]);
    });

    it("finds nothing to do the second time", async () => {
        good(await engine.run(pair({ size: 1, file: new pulumi.asset.StringAsset("x") })));
        const r = good(await engine.run(pair({ size: 1, file: new pulumi.asset.StringAsset("x") })));
        expect([...new Set(r.steps.map((s) => s.op))]).to.deep.equal(["same"]);
        expect(r.steps).to.have.length(3);
        expect(cloud.log).to.have.length(2);
    });

    it("updates what changed and no more", async () => {
        good(await engine.run(pair({ size: 1 })));
        expect(ops(good(await engine.run(pair({ size: 2 }), { preview: true })))).to.deep.equal(["update a", "same b"]);
        expect(cloud.things.get("a-1")).to.deep.equal({ size: 1 });
        expect(ops(good(await engine.run(pair({ size: 2 }))))).to.deep.equal(["update a", "same b"]);
        expect(cloud.things.get("a-1")).to.deep.equal({ size: 2 });
    });

    it("replaces by creating first and deleting last", async () => {
        good(await engine.run(pair({ kind: "x" })));
        cloud.log.length = 0;
        expect(ops(good(await engine.run(pair({ kind: "y" }))))).to.deep.equal(["replace a", "update b", "delete a"]);
        expect(cloud.log).to.deep.equal(["create a", "update b", "delete a"]);
        expect([...cloud.things.keys()]).to.deep.equal(["b-2", "a-3"]);
    });

    it("replaces by deleting first when it is told to", async () => {
        good(await engine.run(pair({ kind: "x" })));
        cloud.log.length = 0;
        good(await engine.run(pair({ kind: "y" }, { deleteBeforeReplace: true })));
        expect(cloud.log).to.deep.equal(["delete a", "create a", "update b"]);
    });

    it("replaces when a replacement trigger changes, not when it is new", async () => {
        const run = async (replacementTrigger?: unknown) =>
            ops(good(await engine.run(pair({ size: 1 }, replacementTrigger === undefined ? {} : { replacementTrigger }))))[0];
        const seen = [];
        for (const trigger of [undefined, "x", "x", "y", undefined]) seen.push(await run(trigger));
        expect(seen).to.deep.equal(["create a", "same a", "same a", "replace a", "same a"]);
    });

    it("replaces on a change of a named path only if the provider names that path", async () => {
        const run = async (...replaceOnChanges: string[]) => {
            engine.state.clear();
            good(await engine.run(pair({ size: 1 })));
            return ops(good(await engine.run(pair({ size: 2 }, { replaceOnChanges }))))[0];
        };
        expect([await run("size"), await run("*")]).to.deep.equal(["replace a", "replace a"]);
        expect([await run("size[0].x"), await run("sizes"), await run("text")]).to.deep.equal(["update a", "update a", "update a"]);
    });

    it("detects drift on a refresh and reverts it; without a refresh it does not", async () => {
        good(await engine.run(pair({ size: 1 })));
        cloud.things.get("a-1")!.size = 7;
        expect(ops(good(await engine.run(pair({ size: 1 }))))).to.deep.equal(["same a", "same b"]);
        const moved = (r: RunResult) => ops(good(r)).filter((op) => !op.startsWith("refresh "));
        expect(moved(await engine.run(pair({ size: 1 }), { refresh: true, preview: true }))).to.deep.equal(["update a", "same b"]);
        expect(cloud.things.get("a-1")).to.deep.equal({ size: 7 });
        expect(moved(await engine.run(pair({ size: 1 }), { refresh: true }))).to.deep.equal(["update a", "same b"]);
        expect(cloud.things.get("a-1")).to.deep.equal({ size: 1 });
        expect(moved(await engine.run(pair({ size: 1 }), { refresh: true }))).to.deep.equal(["same a", "same b"]);
    });

    it("makes on a refresh what is gone again, protected or not, and keeps secrets secret", async () => {
        const program = (protect: boolean) => () => {
            const t = new Thing("a", { text: pulumi.secret("hush") }, { protect, additionalSecretOutputs: ["arn"] });
            void new Thing("b", { size: 1 }, { dependsOn: t });
            return { text: t.text, arn: t.arn };
        };
        good(await engine.run(program(true)));
        cloud.things.delete("a-1");
        good(await engine.run(program(true), { refresh: true }));
        expect([...cloud.things.keys()]).to.deep.equal(["b-2", "a-3"]);
        const r = good(await engine.run(program(true), { refresh: true }));
        expect(ops(r).slice(-2)).to.deep.equal(["same a", "same b"]);
        const state = [...engine.state.values()].find((s) => s.name === "a");
        for (const value of [r.outputs.text, r.outputs.arn, state?.inputs.text, state?.outputs.text, state?.outputs.arn])
            expect(isSecretValue(value)).to.equal(true);
        expect(plain(r.outputs.arn)).to.equal("arn:a-3");
    });

    it("fails if a provider cannot read, and runs no program", async () => {
        good(await engine.run(pair()));
        cloud.impl.read = (_call, cb) => cb({ code: 2, details: "not now" });
        const r = await engine.run(() => expect.fail("it ran"), { refresh: true });
        expect([r.ok, r.errors]).to.deep.equal([false, ["not now"]]);
    });

    it("replaces what it is told to, unless that is protected", async () => {
        good(await engine.run(pair()));
        const [urn] = [...engine.state].find(([, s]) => s.name === "a")!;
        expect(ops(good(await engine.run(pair(), { replace: [urn] })))).to.deep.equal(["replace a", "update b", "delete a"]);
        good(await engine.run(pair({}, { protect: true })));
        expect((await engine.run(pair(), { replace: [urn] })).errors.join()).to.contain("marked for protection");
    });

    it("deletes dependents before what they depend on, in a run and in destroy", async () => {
        good(await engine.run(pair()));
        expect(ops(good(await engine.destroy({ preview: true })))).to.deep.equal(["delete b", "delete a"]);
        expect(cloud.things.size).to.equal(2);
        expect(ops(good(await engine.run(() => ({}))))).to.deep.equal(["delete b", "delete a"]);
        good(await engine.run(pair()));
        expect(ops(good(await engine.destroy()))).to.deep.equal(["delete b", "delete a"]);
        expect([cloud.things.size, engine.state.size]).to.deep.equal([0, 0]);
    });

    it("keeps what is protected, and deletes nothing beside it", async () => {
        good(await engine.run(pair({ kind: "x" }, { protect: true })));
        for (const r of [await engine.run(() => ({})), await engine.run(pair({ kind: "y" })), await engine.destroy()]) {
            expect(r.ok).to.equal(false);
            expect(r.errors.join()).to.match(/Thing::a .*protect/);
            expect(cloud.things.size).to.equal(2);
            good(await engine.run(pair({ kind: "x" }, { protect: true })));
        }
    });

    it("keeps secrets secret: inputs, outputs, the state, the stack's outputs and the configuration", async () => {
        const marks: boolean[] = [];
        const program = async () => {
            const t = new Thing("a", { text: pulumi.secret("hush") });
            const u = new Thing("u", { text: "open" }, { additionalSecretOutputs: ["arn"], dependsOn: t });
            const key = new pulumi.Config().requireSecret("key");
            for (const o of [t.text, u.arn, key, u.text, t.arn]) marks.push(await pulumi.isSecret(o));
            return { text: t.text, arn: u.arn, open: u.text, key };
        };
        const r = good(await engine.run(program, { config: { key: "k" }, secretConfigKeys: ["key"] }));
        expect(marks).to.deep.equal([true, true, true, false, false]);
        expect(Object.entries(r.outputs).map(([k, v]) => [k, isSecretValue(v), plain(v)])).to.have.deep.members([
            ["text", true, "hush"],
            ["arn", true, "arn:u-2"],
            ["open", false, "open"],
            ["key", true, "k"],
        ]);
        const state = [...engine.state.values()].find((s) => s.name === "a");
        expect([isSecretValue(state?.inputs.text), isSecretValue(state?.outputs.text)]).to.deep.equal([true, true]);
        expect(cloud.things.get("a-1")).to.deep.equal({ text: "hush" });
    });

    it("reports a failed check once, by type, name and reason, and sweeps nothing", async () => {
        good(await engine.run(() => void new Thing("old")));
        const r = await engine.run(pair({ fail: "check" }));
        expect(r.ok).to.equal(false);
        expect(r.errors).to.deep.equal(["demo:index:Thing 'a' has a problem: fail: not like this"]);
        expect([...cloud.things.keys()]).to.deep.equal(["old-1"]);
    });

    it("keeps what was made before a failure, and goes on from there", async () => {
        const program = (fail?: string) => () => void new Thing("b", { text: new Thing("a").arn, fail });
        expect((await engine.run(program("create"))).errors).to.deep.equal(["the cloud said no"]);
        expect(ops(good(await engine.run(program())))).to.deep.equal(["same a", "create b"]);
    });

    it("answers invokes, and fails the run for one that fails", async () => {
        const ask = (tok: string) => async () => pulumi.runtime.invoke(tok, {});
        expect(good(await engine.run(ask("demo:index:ask"))).outputs).to.deep.equal({ answer: 42 });
        const r = await engine.run(ask("demo:index:silent"));
        expect([r.ok, r.errors.length]).to.deep.equal([false, 1]);
        expect(r.errors[0]).to.contain("demo:index:silent").and.contain("no answer today");
    });

    it("refuses the same URN twice, unknown packages and options that it does not implement", async () => {
        expect((await engine.run(() => void [new Thing("a"), new Thing("a")])).errors.join()).to.match(/duplicate resource URN .*Thing::a/);
        expect((await engine.run(() => void new Thing("i", {}, { import: "x" }))).errors.join()).to.match(/Thing 'i'.* import$/);
        const other = await engine.run(() => void new (class Nope extends pulumi.CustomResource {})("nope:index:X", "x", {}));
        expect(other.errors).to.deep.equal(["the lab has no provider for nope:index:X"]);
    });

    it("gives up at the deadline, names what was unfinished, and the next run works", async () => {
        const unfinished = "unfinished: create demo:index:Thing 'a'";
        const { ok, errors, deadlineMs } = await withTime(
            async (timeoutMs) => ({ ...(await engine.run(pair({ fail: "hang" }), { deadlineMs: timeoutMs })), deadlineMs: timeoutMs }),
            (run) => run.errors.some((error) => error.includes(unfinished)),
        );
        expect(ok).to.equal(false);
        expect(errors).to.deep.equal([`the run exceeded its deadline of ${deadlineMs} ms; ${unfinished}`]);
        good(await engine.run(pair()));
    });

    it("reports a program that throws, and deletes nothing", async () => {
        good(await engine.run(pair()));
        const r = await engine.run(() => {
            throw new Error("no such luck");
        });
        expect([r.ok, r.errors]).to.deep.equal([false, ["no such luck"]]);
        expect(cloud.things.size).to.equal(2);
    });

    it("collects rejections and logged errors as failures", async () => {
        good(await engine.run(pair()));
        const lost = await engine.run(() => void pulumi.output(1).apply(() => Promise.reject(new Error("lost"))));
        expect([lost.ok, lost.errors]).to.deep.equal([false, ["lost"]]);
        const said = await engine.run(() => pulumi.log.error("said so"));
        expect([said.ok, said.errors, said.diagnostics]).to.deep.equal([false, ["said so"], ["said so"]]);
        expect(cloud.things.size).to.equal(2);
    });

    it("knows components, explicit providers and before hooks", async () => {
        class Box extends pulumi.ComponentResource {
            constructor(size: number) {
                super("demo:index:Box", "box");
                const guard = new pulumi.ResourceHook("guard", (x) => {
                    if ((x.newInputs as ThingArgs).size === 13) throw new Error("unlucky");
                });
                const provider = new (class Demo extends pulumi.ProviderResource {})("demo", "p", { region: "r" }, { parent: this });
                const t = new Thing("in", { size }, { parent: this, provider, hooks: { beforeUpdate: [guard] } });
                this.registerOutputs({ arn: t.arn });
            }
        }
        good(await engine.run(() => void new Box(1)));
        const urn = "urn:pulumi:dev::lab::demo:index:Box$demo:index:Thing::in";
        expect([...engine.state.keys()]).to.include(urn);
        expect([...engine.state.values()].find((s) => s.type === "demo:index:Box")?.outputs).to.deep.equal({ arn: "arn:in-1" });
        expect((await engine.run(() => void new Box(13))).errors.join()).to.contain("unlucky");
        expect(cloud.things.get("in-1")).to.deep.equal({ size: 1 });
        good(await engine.destroy());
    });
});
