/** The change guard on the real engine: in the preview, in the update, before anything moves. */
import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { CloudflareProtectedHttpApi } from "../../components";
import { providers } from "../../lab/providers";
import type { Provider } from "../../lab/shared/provider";
import { HANDLER_ARN } from "../support/handler";
import { CliHost } from "./cliHost";
import { PROJECT } from "./host";
import { program, trusting, type Args } from "./programs";
import { ResettableLab } from "./resettableLab";
import { needsPulumi } from "../support/needsPulumi";

describe("the change guard on the real engine", () => {
    let stage: ResettableLab<CliHost> | undefined;
    let host: CliHost;
    let broken: string | undefined;
    const protectedProgram = (names: string[], presented: string) => program({ ...trusting(names, presented), deletionProtection: true });

    /** Runs in a shell what the message says; returns the URNs. */
    const unprotect = async (text: string): Promise<string[]> => {
        const commands = [...new Set(text.match(/pulumi state unprotect .* --yes/g))];
        const urns = commands.map((command) => {
            // What a shell makes of the quoted text.
            const [, , , urn = ""] = execFileSync("bash", ["-c", `printf '%s\\n' ${command}`], { encoding: "utf8" }).split("\n");
            return urn;
        });
        for (const urn of urns) await host.cli(["state", "unprotect", urn, "--yes"]);
        return urns;
    };

    before(async function () {
        needsPulumi(this);
        stage = await ResettableLab.open(({ cloud }) => {
            const made: Record<string, Provider> = providers(cloud);
            for (const provider of Object.values(made)) {
                const effect = provider.impl.update!;
                provider.impl.update = (call, cb) =>
                    broken !== undefined && (call.request as { getUrn(): string }).getUrn().endsWith(`::${broken}`)
                        ? cb({ code: 14, details: `the cloud said no to ${broken}` })
                        : effect(call, cb);
            }
            return CliHost.open(made);
        });
        ({ host } = stage);
    });
    beforeEach(async () => {
        broken = undefined;
        await stage!.at("the first up");
    });
    after(() => stage?.close());

    it("refuses a one-step swap in preview and in up --skip-preview, before any other step, with path, rule and fix", async () => {
        for (const operation of [host.preview, host.up]) {
            const refused = await operation(program(trusting(["2"], "2")));
            expect(refused.ok).to.equal(false);
            expect(refused.text)
                .to.contain('originPull.authorities must keep "1" while the edge presents it')
                .and.contain("[drop-presented]");
            expect(refused.text).to.contain("Fix: three deployments");
            expect(refused.steps.filter((step) => !/ orders(-deployment-record)?$/.test(step))).to.deep.equal([]);
        }
        const calm = await host.up(program(trusting(["1", "2"], "1")));
        expect(calm.ok, calm.text).to.equal(true);
    });

    it("refuses another name and another zone for a live API", async () => {
        for (const [path, args] of [
            ["domainName", { domainName: "other.example.com" }],
            ["zoneId", { zoneId: "zone2" }],
        ] as const) {
            const refused = await host.preview(program(args));
            expect(refused.ok).to.equal(false);
            expect(refused.text).to.contain(`${path} must stay`).and.contain("[other-name]").and.contain("create a second component");
        }
        expect(await host.preview(program())).to.deep.include({ ok: true, steps: [] });
    });

    it("after a failed step asks to finish first, and lets the presentation be rolled back", async () => {
        await host.up(program(trusting(["1", "2"], "1")));
        broken = "orders-association";
        expect((await host.up(program(trusting(["1", "2"], "2")))).text).to.contain("the cloud said no");
        broken = undefined;
        const drop = await host.preview(program(trusting(["2"], "2")));
        expect(drop.text).to.contain("the last deployment did not finish").and.contain("[unfinished]");
        const back = await host.up(program(trusting(["1", "2"], "1")));
        expect(back.ok, back.text).to.equal(true);
    });

    it("with break-glass lets a protected, compromised CA go at once, by the commands that it names", async () => {
        await host.up(protectedProgram(["1"], "1"));
        const refused = await host.up(protectedProgram(["2"], "2"));
        const [, key] = /pulumi config set (\S+:breakGlass) "orders: <reason>"/.exec(refused.text) ?? [];
        expect(key).to.equal(`${PROJECT}:breakGlass`);
        const config = { [`${PROJECT}:breakGlass`]: "orders: the key of CA 1 leaked" };
        expect(await unprotect(refused.text)).to.have.length(2);
        const swapped = await host.up(protectedProgram(["2"], "2"), { config });
        expect(swapped.ok, swapped.text).to.equal(true);
        expect(swapped.text).to.contain('Break-glass is in use for "orders" (the key of CA 1 leaked)');
        expect(await host.preview(protectedProgram(["2"], "2"))).to.deep.include({ ok: true, steps: [] });
    });

    it("with break-glass names all that is protected in one run, before anything moves: another name, another mode", async () => {
        await host.up(protectedProgram(["1"], "1"));
        const config = { [`${PROJECT}:breakGlass`]: "orders: it moves" };
        for (const [args, names] of [
            [{ domainName: "other.example.com" }, ["association", "certificate", "domain", "record"]],
            [{ originPull: { mode: "Shared", authorities: [] } }, ["association", "origin-pull-ca-1-certificate", "origin-pull-ca-1-key"]],
        ] as [Args, string[]][]) {
            const back = host.save();
            const next = program({ deletionProtection: true, ...args });
            // Those who use it at once are told as well.
            const told = await host.preview(next, { config });
            const urns = await unprotect(told.text);
            expect(urns.map((urn) => urn.replace(/.*::orders-/, "")).sort()).to.deep.equal(names);
            const free = await host.preview(next, { config });
            expect(free.ok, free.text).to.equal(true);
            back();
        }
    });

    it("judges each of several components for itself", async () => {
        const both = (orders: string[], pets: string[]) =>
            program(
                trusting(orders, orders.at(-1)!),
                () =>
                    new CloudflareProtectedHttpApi("pets", {
                        domainName: "pets.example.com",
                        zoneId: "zone1",
                        routes: [{ routeKey: "$default", lambdaArn: HANDLER_ARN }],
                        originPull: { authorities: pets.map((name) => ({ name })), presented: pets[0] },
                        deletionProtection: false,
                    }),
            );
        expect((await host.up(both(["1"], ["1"]))).ok).to.equal(true);
        for (const operation of [host.preview, host.up]) {
            const refused = await operation(both(["1"], ["2"]));
            expect(refused.ok).to.equal(false);
            expect(refused.text)
                .to.contain('CloudflareProtectedHttpApi "pets": the change guard refused this change')
                .and.not.contain('HttpApi "orders": the change guard');
            expect(refused.steps.filter((step) => / pets-(?!deployment-record)/.test(step))).to.deep.equal([]);
        }
        const calm = await host.up(both(["1"], ["1", "2"]));
        expect(calm.ok, calm.text).to.equal(true);
    });
});
