/**
 * The first commands of docs/getting-started.md and the change of the passphrase in docs/incident/state.md, in a shell on an empty machine,
 * with the real CLI. Not played: commands that need an account, `pulumi preview` and `up` included.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { findPulumi } from "../../tools/pulumiCli";
import { ROOT, readPages, typedBelow } from "../docs/pages";
import { needsPulumi } from "../support/needsPulumi";

const TOKEN = "0123456789012345678901234567890123456789";
const pages = readPages();
/** What the shell can do without an account. */
const playable = (line: string): boolean => !/^pulumi (preview|up|destroy)|awskms:|^pulumi login 's3:/.test(line);
const typed = (file: string, heading: string): string[] =>
    typedBelow(pages.get(file)!, heading)
        .filter(playable)
        // Answers the prompt.
        .map((line) => (line.includes("--secret") ? `printf ${TOKEN} | ${line}` : line).replace("<zone id>", "zone1"));

describe("an empty machine", function () {
    let home: string;

    before(function () {
        needsPulumi(this);
        home = fs.mkdtempSync(path.join(os.tmpdir(), "empty-machine-"));
        for (const file of ["Pulumi.yaml", "Pulumi.dev.yaml"]) fs.copyFileSync(path.join(ROOT, file), path.join(home, file));
    });
    after(() => home && fs.rmSync(home, { recursive: true, force: true }));

    /** In a shell that stops at the first command that fails. */
    const shell = (lines: string[]): string => {
        const { root } = findPulumi()!;
        const { status, stdout, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", lines.join("\n")], {
            cwd: home,
            encoding: "utf8",
            env: {
                HOME: home,
                PATH: [...(root === undefined ? [] : [path.join(root, "bin")]), process.env.PATH].join(path.delimiter),
                PULUMI_SKIP_UPDATE_CHECK: "true",
                PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
            },
        });
        expect(status, `${lines.join("\n")}\n${stderr}`).to.equal(0);
        return stdout;
    };

    it("takes the commands of getting-started in their order, a second stack and a new passphrase", () => {
        const backend = typed("docs/getting-started.md", "2 A backend and a passphrase");
        const first = typed("docs/getting-started.md", "5 The first preview");
        const second = typed("docs/getting-started.md", "7 A second stack from nothing");
        const passphrase = typed("docs/incident/state.md", "Commands");
        const [proof] = typed("docs/incident/state.md", "Proof");
        expect([backend.length, first.length, second.length, passphrase.length]).to.deep.equal([5, 5, 8, 3]);
        const output = shell([
            ...backend,
            ...first,
            "pulumi config get cloudflare:apiToken",
            ...second,
            "pulumi config --json",
            ...passphrase,
            "echo; pulumi config get cloudflare:apiToken",
            `${proof} 2>&1 || true`,
        ]);
        expect(output.split(TOKEN), "the token, before and after").to.have.length(3);
        expect(output).to.contain('"value": "api.example.com"').and.contain("incorrect passphrase");
        for (const stack of ["dev", "production"]) {
            const file = fs.readFileSync(path.join(home, `Pulumi.${stack}.yaml`), "utf8");
            expect(file)
                .to.match(/encryptionsalt: v1:/)
                .and.not.contain(TOKEN);
        }
        expect(fs.statSync(path.join(home, ".config", "pulumi", "passphrase")).mode & 0o077).to.equal(0);
    });
});
