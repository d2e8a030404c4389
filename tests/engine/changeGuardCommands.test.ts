/** What the change guard sees of commands that are no plain `up`: the table of docs/change-guard.md, row by row. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { readDeployed, type Deployed } from "../../components/changeGuard/changeGuard";
import { needsPulumi } from "../support/needsPulumi";
import { CliHost } from "./cliHost";
import type { Program, RunOptions } from "./host";
import { program, trusting } from "./programs";
import { ResettableLab } from "./resettableLab";

const MOVED = program(trusting(["1", "2"], "2"));
const DROPPED = program(trusting(["2"], "2"));
const RECORD = "orders-deployment-record";

describe("the change guard beside commands that are no plain up", () => {
    let stage: ResettableLab<CliHost> | undefined;
    let host: CliHost;

    before(async function () {
        needsPulumi(this);
        stage = await ResettableLab.open((traffic) => CliHost.open(traffic.watched()));
        ({ host } = stage);
    });
    // Trusts 1 and 2, presents 1.
    beforeEach(() => stage!.at("an authority added"));
    after(() => stage?.close());

    const refused = async (rule: string, next: Program, options?: RunOptions) => {
        const done = await host.up(next, options);
        expect(done.ok, done.text).to.equal(false);
        expect(done.text).to.contain(`[${rule}]`);
        expect(done.steps.filter((step) => !/ orders(-deployment-record)?$/.test(step))).to.deep.equal([]);
    };
    const passes = async (next: Program, options?: RunOptions) => {
        const done = await host.up(next, options);
        expect(done.ok, done.text).to.equal(true);
        return done.steps;
    };
    const deployed = (): Deployed | undefined => {
        const { resources } = JSON.parse(host.state()) as { resources: { urn: string; outputs?: unknown }[] };
        return readDeployed(resources.find(({ urn }) => urn.endsWith(`::${RECORD}`))?.outputs);
    };
    const nothingDropped = async () => {
        await stage!.traffic.visit("at the end");
        expect(stage!.traffic.dropped).to.deep.equal([]);
    };

    it("refresh --run-program: the record keeps what is deployed, whatever the program says", async () => {
        expect((await host.refresh(MOVED, { runProgram: true })).ok).to.equal(true);
        expect(deployed()).to.deep.include({ presented: "1", trusted: ["1", "2"] });
        await refused("drop-presented", DROPPED);
        await passes(MOVED);
        expect(deployed()).to.deep.include({ presented: "2" });
        await passes(DROPPED);
        expect(deployed()).to.deep.include({ presented: "2", trusted: ["2"] });
        await nothingDropped();
    });

    it("refresh --run-program: an authority that it names first is not trusted yet", async () => {
        expect((await host.refresh(program(trusting(["1", "2", "3"], "1")), { runProgram: true })).ok).to.equal(true);
        expect(deployed()).to.deep.include({ presented: "1", trusted: ["1", "2"] });
        await refused("present-untrusted", program(trusting(["1", "2", "3"], "3")));
        await passes(program(trusting(["1", "2", "3"], "1")));
        await passes(program(trusting(["1", "2", "3"], "3")));
        await nothingDropped();
    });

    it("refresh --run-program of what was never deployed: all of it counts as unfinished", async () => {
        await stage!.at();
        await host.refresh(program(trusting(["1"], "1")), { runProgram: true });
        expect(deployed()).to.equal(undefined);
        await passes(program(trusting(["1"], "1")));
        expect(deployed()).to.deep.include({ presented: "1", trusted: ["1"] });
        await refused("drop-presented", DROPPED);
    });

    it("refresh, preview and up --refresh: as before an up", async () => {
        const before = deployed();
        expect((await host.refresh(MOVED)).ok).to.equal(true);
        expect((await host.preview(MOVED)).ok).to.equal(true);
        expect(deployed()).to.deep.equal(before);
        await refused("drop-presented", DROPPED, { refresh: true });
        await passes(MOVED, { refresh: true });
        await nothingDropped();
    });

    it("--target of another resource: not asked, and the next up knows what it did", async () => {
        expect(await passes(MOVED, { target: ["orders-association"] })).to.deep.equal(["update orders-association"]);
        expect(deployed()?.presented).not.to.equal("1");
        const back = await host.up(program(trusting(["1"], "1")));
        expect(back.text).to.match(/\[(drop-presented|unfinished)\]/);
        await passes(MOVED);
        await nothingDropped();
    });

    it("--exclude of the record: not asked, so an unsafe change passes", async () => {
        const steps = await passes(DROPPED, { exclude: [RECORD] });
        expect(steps).to.include("update orders-association").and.not.to.include(`update ${RECORD}`);
    });

    it("state unprotect, delete and rename: only those that take the record away blind it, and protection stops the first", async () => {
        const safe = (names: string[], presented: string) => program({ ...trusting(names, presented), deletionProtection: true });
        await passes(safe(["1", "2"], "1"));
        const urn = () => host.urns([RECORD])[0]!;
        const kept = await host.cli(["state", "delete", urn(), "--yes"]).catch((error: Error) => error.message);
        expect(kept).to.contain("protect");
        await host.cli(["state", "unprotect", urn(), "--yes"]);
        await refused("drop-presented", safe(["2"], "2"));
        await host.cli(["state", "rename", urn(), "elsewhere", "--yes"]);
        const blind = await host.preview(safe(["2"], "2"));
        // It gets as far as the old CA, which is protected itself.
        expect(blind.text).to.contain("cannot be deleted").and.not.contain("[drop-presented]");
    });

    it("import: of another resource nothing changes; a record that is imported remembers nothing", async () => {
        const options = ["--generate-code=false", "--protect=false", "--skip-preview", "--yes"];
        const before = deployed();
        const { resources } = JSON.parse(host.state()) as { resources: { type: string; id?: string }[] };
        const log = resources.find(({ type }) => type === "aws:cloudwatch/logGroup:LogGroup")!;
        await host.cli(["import", log.type, "another", log.id!, ...options]);
        expect(deployed()).to.deep.equal(before);
        await refused("drop-presented", DROPPED);

        const [component, record] = [host.urns(["orders"])[0]!, host.urns([RECORD])[0]!];
        const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "import-")), "import.json");
        const imported = {
            type: "cloudflare-protected-http-api:index:DeploymentRecord",
            name: RECORD,
            component: true,
            parent: "component",
        };
        fs.writeFileSync(file, JSON.stringify({ nameTable: { component }, resources: [imported] }));
        const importRecord = () => host.cli(["import", "--file", file, ...options]);
        try {
            await importRecord();
            expect(deployed()).to.deep.equal(before);
            await host.cli(["state", "rename", record, "elsewhere", "--yes"]);
            await importRecord();
            expect(deployed()).to.equal(undefined);
            expect((await host.preview(DROPPED)).text).not.to.contain("[drop-presented]");
            await passes(program(trusting(["1", "2"], "1")));
            await refused("drop-presented", DROPPED);
        } finally {
            fs.rmSync(path.dirname(file), { recursive: true });
        }
    });

    it("--ignore-protect: the CLI at hand does not know it yet", async () => {
        expect(await host.cli(["up", "--help"]))
            .to.contain("--target")
            .and.not.contain("--ignore-protect");
    });
});
