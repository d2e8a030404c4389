/** Every TypeScript block of the docs, compiled as a consumer's program. Does not prove that the clouds take what it registers. */
import * as path from "node:path";
import { expect } from "chai";
import ts from "typescript";
import { ROOT, blocksOf, readPages, type Block } from "./pages";

const PACKAGE = "cloudflare-protected-http-api";

/** Files of the SDKs, read once. */
const read = new Map<string, ts.SourceFile | undefined>();

/** One program for all blocks. */
function problemsOf(blocks: Block[]): string[] {
    const options: ts.CompilerOptions = {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        types: ["node"],
        typeRoots: [path.join(ROOT, "node_modules", "@types")],
        paths: {
            [PACKAGE]: [path.join(ROOT, "components", "index.ts")],
            [`${PACKAGE}/doctor`]: [path.join(ROOT, "doctor", "index.ts")],
        },
    };
    const host = ts.createCompilerHost(options);
    const sources = new Map(blocks.map((block, i) => [path.join(ROOT, `block${i}.ts`), block]));
    const { readFile, fileExists, getSourceFile } = host;
    host.fileExists = (file) => sources.has(path.normalize(file)) || fileExists.call(host, file);
    host.readFile = (file) => sources.get(path.normalize(file))?.code ?? readFile.call(host, file);
    host.getSourceFile = (file, ...rest) => {
        const block = sources.get(path.normalize(file));
        // A block cannot use another block's globals.
        if (block)
            return ts.createSourceFile(
                file,
                `${block.code}
export {};
`,
                rest[0],
            );
        if (!read.has(file)) read.set(file, getSourceFile.call(host, file, ...rest));
        return read.get(file);
    };
    const program = ts.createProgram([...sources.keys()], options, host);
    return [...sources].flatMap(([file, { page, line }]) => {
        const source = program.getSourceFile(file)!;
        return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(({ start, messageText }) => {
            const at = line + (start === undefined ? 0 : source.getLineAndCharacterOfPosition(start).line);
            return `${page}:${at} ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
        });
    });
}

describe("the docs' TypeScript", function () {
    // The AWS SDK's types alone take seconds.

    it("compiles, every block as a program of its own", () => {
        const blocks = [...readPages().values()].flatMap(blocksOf).filter(({ language }) => language === "ts");
        expect(blocks.length).to.be.greaterThan(4);
        expect(problemsOf(blocks)).to.deep.equal([]);
    });

    it("reports an error with its page and line", () => {
        const code = `import { CloudflareProtectedHttpApi } from "${PACKAGE}";\nnew CloudflareProtectedHttpApi("x", { domain: "a.example.com" });\n`;
        expect(problemsOf([{ page: "x.md", line: 7, language: "ts", code }]).join()).to.match(/^x\.md:8 .*'domain' does not exist/);
    });
});
