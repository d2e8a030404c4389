import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { FAULTS } from "../../lab/faults";
import type { Row } from "../../lab/traffic/rows";
import type { Phase } from "../../lab/traffic/rotation";

interface Run {
    code: number;
    stdout: string;
    stderr: string;
}

const ROOT = path.join(__dirname, "..", "..");

/** Runs the main job as `npm start -- …` does. */
const start = (...args: string[]): Promise<Run> =>
    new Promise((resolve) => {
        const options = { cwd: ROOT, env: { ...process.env, NO_COLOR: "1" } };
        execFile(process.execPath, ["--import", "tsx", "lab/main.ts", ...args], options, (error, stdout, stderr) =>
            resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
        );
    });
const rowsOf = (run: Run) => (JSON.parse(run.stdout) as { rows: Row[] }).rows;

describe("npm start", function () {
    it("changes the CA under load without dropping a visitor or letting anyone in", async () => {
        const run = await start("--rotate", "--json");
        expect(run.stderr).to.equal("");
        const { phases } = JSON.parse(run.stdout) as { phases: Phase[] };
        expect(phases.map(({ title }) => title)).to.deep.equal(['add authority "2"', 'present "2"', 'drop "1"']);
        for (const { title, served, kept, dropped, bypasses, entered } of phases) {
            expect([dropped, entered], title).to.deep.equal([[], []]);
            expect(Math.min(served, kept, bypasses), title).to.be.greaterThan(0);
        }
        expect(run.code).to.equal(0);
    });

    it("shows an API that answers through the edge and refuses everyone else", async () => {
        const run = await start("--json");
        expect(run.stderr).to.equal("");
        const { rows, ok, resources } = JSON.parse(run.stdout) as { rows: Row[]; ok: boolean; resources: number };
        expect(rows.filter((row) => !row.ok)).to.deep.equal([]);
        expect(ok).to.equal(true);
        expect(resources).to.be.greaterThan(25);
        expect(rows.filter((row) => row.invocations > 0).map((row) => row.id)).to.deep.equal([
            "visitor",
            "own-certificate",
            "visitor",
            "own-certificate",
        ]);
        expect(new Set(rows.map((row) => row.id)).size).to.equal(14);
        expect(run.code).to.equal(0);
    });

    it("shows the other customer getting in by mode Shared, marked as its known hole", async () => {
        const run = await start("--json", "--mode", "shared");
        const other = rowsOf(run).filter((row) => row.id === "other-customer");
        expect(other.map((row) => [row.seen, row.invocations, row.note])).to.deep.equal([
            ["HTTP 200", 1, "known hole of mode Shared"],
            ["HTTP 200", 1, "known hole of mode Shared"],
        ]);
        expect(run.code).to.equal(0);
    });

    it("turns a fault's row red and fails (each fault: faults.test.ts)", async () => {
        const run = await start("--json", "--fault", "shared-ca-trusted");
        expect(run.stderr).to.equal("");
        expect(rowsOf(run).filter((row) => !row.ok).map((row) => row.id)).to.deep.equal(["other-customer", "other-customer"]); // prettier-ignore
        expect((JSON.parse(run.stdout) as { fault: unknown }).fault).to.deep.equal({
            name: "shared-ca-trusted",
            row: "other-customer",
            cause: "SHARED-CA-TRUSTED",
        });
        expect(run.code).to.equal(1);
    });

    it("reports a fault that no row shows, and does not fail for it", async () => {
        const run = await start("--fault", "truststore-overwritten");
        expect(run.stderr).to.equal("");
        expect(run.stdout).to.contain("No row shows this; the doctor does: TRUSTSTORE-OVERWRITTEN").and.contain("Every row is as expected");
        expect(run.code).to.equal(0);
    });

    it("prints plain lines, a curl line and what it does not prove when it is not a terminal", async () => {
        const { stdout } = await start();
        expect(stdout).not.to.contain("\u001b");
        expect(stdout).to.contain("--connect-to api.dev.example.com:443:127.0.0.1:").and.to.contain("not AWS and not Cloudflare");
        expect(stdout).not.to.contain("PRIVATE KEY");
        expect(stdout).not.to.match(/[\u2500-\u257f]/);
        const shown = readFileSync(path.join(ROOT, "README.md"), "utf8").match(/^ {4}(?:ok| {2}) {2}\S.*$/gm)!;
        expect(shown.length).to.be.greaterThan(5);
        for (const row of shown) expect(stdout, "as README.md shows it").to.contain(row.trim());
    });

    it("lists its faults, helps, and refuses an unknown fault by name", async () => {
        const listed = (await start("--faults")).stdout;
        for (const [name, { summary, row, cause }] of Object.entries(FAULTS))
            expect(listed).to.contain(`${name}\n    ${summary}\n    row: ${row ?? "none"}, cause: ${cause}\n`);
        expect((await start("--help")).stdout).to.contain("--keep");
        const bad = await start("--fault", "nonsense");
        expect(bad.stderr).to.contain("nonsense").and.to.contain("mtls-removed");
        expect(bad.code).to.equal(2);
    });
});
