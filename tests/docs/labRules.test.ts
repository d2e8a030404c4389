/** Every rule of the lab is in its list, with its source, and in the table of who else judges it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import * as ts from "typescript";
import { ROOT, idsIn, rowsBelow } from "./pages";

/** Which argument of a call is the rule's id. */
const ID_ARGUMENT: Record<string, number> = { broken: 0, RuleError: 0, oneOf: 3, within: 4 };

/** The ids that a file of the lab refuses by. */
function rulesOf(file: string): string[] {
    const source = ts.createSourceFile(file, fs.readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);
    const ids: string[] = [];
    const visit = (node: ts.Node): void => {
        if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
            const index = ID_ARGUMENT[node.expression.getText(source)];
            const argument = index === undefined ? undefined : node.arguments?.[index];
            // Other functions of these names have other arguments.
            if (argument && ts.isStringLiteral(argument) && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(argument.text) && node.arguments!.length > 1)
                ids.push(argument.text);
        }
        ts.forEachChild(node, visit);
    };
    visit(source);
    return ids;
}

const rules = [
    ...new Set(
        (fs.readdirSync(path.join(ROOT, "lab"), { recursive: true }) as string[])
            .filter((file) => file.endsWith(".ts"))
            .flatMap((file) => rulesOf(path.join(ROOT, "lab", file))),
    ),
].sort();

describe("the rules of the lab", () => {
    it("are found in its source", () => {
        expect(rules).to.include.members(["aws-service-model", "domain-unique", "lambda-memory", "immutable"]);
        expect(rules.length).to.be.greaterThan(100);
    });

    it("are all listed in lab/README.md", () => {
        const listed = rowsBelow("lab/README.md", "in brackets, the rule.").flatMap(([ids]) => idsIn(ids!));
        expect(rules.filter((id) => !listed.includes(id))).to.deep.equal([]);
    });

    it("have one row each in the table of who else judges them, and the table has no other", () => {
        const judged = rowsBelow("docs/lab.md", "## Who else judges a rule").flatMap(([ids]) => idsIn(ids!));
        expect(judged.sort()).to.deep.equal(rules);
    });

    it("are agreed with, differed from with a reason, or met with silence", () => {
        for (const [ids, judge, verdict] of rowsBelow("docs/lab.md", "## Who else judges a rule")) {
            expect(verdict, ids).to.match(/^(agrees\b|differs: \S+|silent\b)/);
            if (judge === "none") expect(verdict, ids).to.match(/^silent/);
        }
    });
});
