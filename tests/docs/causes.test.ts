/** docs/causes.md and `explain` are the doctor's own table. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { RULES } from "../../doctor/diagnose/causes";
import { explanationText, explanations, explanationsMarkdown, listText } from "../../doctor/explain";
import { ROOT } from "./pages";

describe("the causes", () => {
    it("are in docs/causes.md as `npm run docs:causes` writes it", () => {
        expect(fs.readFileSync(path.join(ROOT, "docs", "causes.md"), "utf8")).to.equal(explanationsMarkdown());
    });

    it("are each explained, with a placeholder for every fact of a deployment", () => {
        for (const explanation of explanations()) {
            for (const [part, text] of Object.entries(explanation))
                expect(String(text), `${explanation.id}, ${part}`).not.to.match(/undefined|NaN|\[object/);
            expect(explanation.fix, explanation.id).not.to.equal("");
            expect(explanation.confirm, explanation.id).not.to.equal("");
        }
    });

    it("are listed, and found in any letter case", () => {
        for (const { id, title } of RULES) {
            expect(listText()).to.contain(id).and.contain(title);
            expect(explanationText(id.toLowerCase())).to.match(new RegExp(`^${id}: `));
        }
        expect(explanationText("NO-SUCH-CAUSE")).to.equal(undefined);
    });
});
