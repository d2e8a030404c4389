/** Refusals in Pulumi's own program host. Proves nothing of the time: `npm run bench:refusals` prints it. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { SCENES, deployed, playScene, type Deployed } from "../../bench/refusalScenes";

/** Above a run that passes. With a stack it is above 3,000 (docs/sources.md 14.1). */
const MOST_MEGABYTES = 300;

describe("a refusal in Pulumi's program host", () => {
    let folder: string;
    let base: Deployed;
    let plain: number;

    before(async () => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "refusal-test-"));
        base = await deployed(folder);
    });
    after(() => folder && fs.rmSync(folder, { recursive: true, force: true }));

    for (const scene of SCENES)
        it(
            scene.refusal === undefined ? "stands beside a preview that passes" : `is said, and takes little memory: ${scene.title}`,
            async () => {
                const { status, megabytes, said } = await playScene(scene, base, folder);
                expect(status, said.join("\n")).to.equal(scene.status);
                if (scene.refusal === undefined) {
                    plain = megabytes;
                    return;
                }
                expect(
                    said.filter((text) => text.includes(scene.refusal!)),
                    said.join("\n"),
                ).to.have.length(scene.mentions ?? 1);
                expect(said.filter((text) => /^\s+at /m.test(text))).to.deep.equal([]);
                expect(megabytes - plain).to.be.below(MOST_MEGABYTES);
            },
        );
});
