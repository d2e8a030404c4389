/** Which forms of the CLI's output print a private key. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { needsPulumi } from "../support/needsPulumi";
import { CliHost } from "./cliHost";
import { secretPieces } from "./leaks";
import { program, trusting } from "./programs";
import { ResettableLab } from "./resettableLab";

describe("a private key in what the CLI prints", () => {
    let stage: ResettableLab<CliHost> | undefined;
    let host: CliHost;
    let folder: string;

    before(async function () {
        needsPulumi(this);
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "output-forms-"));
        stage = await ResettableLab.open((traffic) => CliHost.open(traffic.watched()));
        ({ host } = stage);
    });
    beforeEach(() => stage!.at("the first up"));
    after(async () => {
        await stage?.close();
        if (folder) fs.rmSync(folder, { recursive: true, force: true });
    });

    // Makes a CA and a leaf, and uploads it.
    const rotated = program(trusting(["1", "2"], "1"));
    const printsKey = (text: string): boolean => {
        expect(text).not.to.equal("");
        expect(host.privateKeys.size, "keys to look for").to.be.greaterThan(1);
        return secretPieces(host.privateKeys, []).some((piece) => text.includes(piece.toString("latin1")));
    };
    const eventLog = (): string => path.join(folder, "events");

    for (const [title, prints, run] of [
        ["up", false, () => host.cliWith(rotated, ["up", "--yes", "--skip-preview"])],
        // docs/sources.md 14.2. If this one turns false, the warnings in the docs may go.
        ["up --json", true, () => host.cliWith(rotated, ["up", "--yes", "--skip-preview", "--json"])],
        ["preview --json", false, () => host.cliWith(rotated, ["preview", "--json"])],
        ["preview --diff", false, () => host.cliWith(rotated, ["preview", "--diff"])],
        ["stack export", false, () => host.cli(["stack", "export"])],
        ["stack output --json", false, () => host.cli(["stack", "output", "--json"])],
        [
            "up --event-log",
            true,
            async () => {
                await host.cliWith(rotated, ["up", "--yes", "--skip-preview", "--event-log", eventLog()], {
                    PULUMI_DEBUG_COMMANDS: "true",
                });
                return fs.readFileSync(eventLog(), "utf8");
            },
        ],
        // The positive control.
        ["stack export --show-secrets", true, () => host.cli(["stack", "export", "--show-secrets"])],
    ] as [string, boolean, () => Promise<string>][])
        it(`is ${prints ? "in clear text" : "nowhere"}: pulumi ${title}`, async () => {
            expect(printsKey(await run())).to.equal(prints);
        });
});
