/** What the README says of a deployment that was stopped. */
import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import { needsPulumi } from "../support/needsPulumi";

describe("the recovery that the README describes", function () {
    this.timeout(600_000);

    it("ends in the same cloud after the CLI was killed at any create of the first up, closed throughout", async function () {
        needsPulumi(this);
        const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", path.join(__dirname, "killed.ts")]);
        process.stdout.write(stdout);
    });
});
