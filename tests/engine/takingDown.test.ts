/** Destroying a protected stack as docs/getting-started.md says it, on the real CLI: with the program, and from an empty folder. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { readPages, typedBelow } from "../docs/pages";
import { needsPulumi } from "../support/needsPulumi";
import { CliHost } from "./cliHost";
import { program } from "./programs";
import { ResettableLab } from "./resettableLab";
import { summary } from "./summary";

describe("taking a protected stack down", () => {
    let stage: ResettableLab<CliHost> | undefined;
    let host: CliHost;
    let folder: string;

    before(async function () {
        needsPulumi(this);
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "empty-folder-"));
        stage = await ResettableLab.open((traffic) => CliHost.open(traffic.watched()));
        ({ host } = stage);
    });
    beforeEach(async () => {
        await stage!.at("the first up");
        const done = await host.up(program({ deletionProtection: true }));
        expect(done.ok, done.text).to.equal(true);
    });
    after(async () => {
        await stage?.close();
        if (folder) fs.rmSync(folder, { recursive: true, force: true });
    });
    const gone = () => {
        const { domains, apis, buckets } = summary(stage!.traffic.cloud) as Record<string, unknown[]>;
        expect([domains, apis, buckets]).to.deep.equal([[], [], []]);
    };

    it("needs the protection off and deployed first, and then leaves nothing", async () => {
        const held = await host.destroy();
        expect(held.ok).to.equal(false);
        expect(held.text).to.contain("protect");
        expect((await host.up(program({ deletionProtection: false }))).ok).to.equal(true);
        expect((await host.destroy()).ok).to.equal(true);
        gone();
    });

    it("works from an empty folder by the commands of the page", async () => {
        const page = readPages().get("docs/getting-started.md")!;
        const typed = typedBelow(page, "9 Taking it down");
        const commands = typed
            .slice(typed.findIndex((line) => line.startsWith("mkdir")))
            .map((line) => line.replace(/^pulumi (stack select) production$/, "pulumi $1 dev"))
            .map((line) => (line === "pulumi destroy" ? "pulumi destroy --yes --skip-preview" : line));
        expect(commands).to.have.length(5);
        const said = await host.shell(commands, folder);
        expect(said).to.contain("The resources in the stack have been deleted");
        gone();
    });
});
