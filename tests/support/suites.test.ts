/** A test file is run by the suite that its name and folder say, and by no other. */
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import { expect } from "chai";
import { DEFAULT_SPEC, MUTATIONS } from "../../tools/mutations";

const ROOT = path.join(__dirname, "../..");

interface Suite {
    spec: string[];
    ignore: string[];
}

const suite = (file: string): Suite => createRequire(__filename)(path.join(ROOT, file)) as Suite;
const SUITES: Record<string, Suite> = {
    "npm test": suite(".mocharc.cjs"),
    "npm run test:lab": suite("tests/suites/lab.cjs"),
    "npm run test:engine": suite("tests/suites/engine.cjs"),
    "npm run test:outside": suite("tests/suites/outside.cjs"),
};
const exhaustive = suite("tests/suites/exhaustive.cjs");

const testFiles = (fs.readdirSync(path.join(ROOT, "tests"), { recursive: true }) as string[])
    .map((file) => path.join("tests", file))
    .filter((file) => file.endsWith(".test.ts"));

/** Globs of `**` and `*` only. */
const matches = (file: string, glob: string): boolean =>
    new RegExp(`^${glob.replace(/\*\*\/|\*\*|\*|\./g, (part) => ({ "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*" })[part] ?? "\\.")}$`).test(
        file,
    );
const runs = ({ spec, ignore }: Suite, file: string): boolean =>
    spec.some((glob) => matches(file, glob)) && !ignore.some((glob) => matches(file, glob));

/** As CONTRIBUTING.md says it. */
const suiteOf = (file: string): string => {
    if (file.startsWith("tests/outside/")) return "npm run test:outside";
    if (file.endsWith(".lab.test.ts")) return "npm run test:lab";
    return file.startsWith("tests/engine/") ? "npm run test:engine" : "npm test";
};

describe("the suites", () => {
    it("run each test file once, in the suite that its name and folder say", () => {
        expect(testFiles.length).to.be.greaterThan(50);
        for (const file of testFiles)
            expect(
                Object.keys(SUITES).filter((name) => runs(SUITES[name]!, file)),
                file,
            ).to.deep.equal([suiteOf(file)]);
    });

    it("name a test of an outside judge `.outside.test.ts`, in tests/outside only", () => {
        for (const file of testFiles) expect(file.endsWith(".outside.test.ts"), file).to.equal(file.startsWith("tests/outside/"));
    });

    it("are all in the exhaustive one", () => {
        expect(testFiles.filter((file) => !runs(exhaustive, file))).to.deep.equal([]);
    });
});

describe("each mutation", () => {
    it("breaks a line that is there once, for a test file that is there", () => {
        const stale = MUTATIONS.filter(({ file, from, spec = DEFAULT_SPEC }) => {
            const times = fs.readFileSync(path.join(ROOT, file), "utf8").split(from).length - 1;
            return times !== 1 || !fs.existsSync(path.join(ROOT, spec));
        });
        expect(stale.map(({ file, from }) => `${file}: ${from}`)).to.deep.equal([]);
    });
});
