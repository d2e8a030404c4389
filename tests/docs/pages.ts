/** The pages that a person reads, and what is in them. */
import * as fs from "node:fs";
import * as path from "node:path";

export const ROOT = path.join(__dirname, "..", "..");

/** A file of Markdown. */
export interface Page {
    /** Relative to the root, e.g. `docs/lab.md`. */
    file: string;
    text: string;
    /** Without its fenced and indented blocks. */
    prose: string;
    /** What `#…` may name. */
    anchors: Set<string>;
}

/** A fenced block. */
export interface Block {
    page: string;
    line: number;
    language: string;
    code: string;
}

const FENCE = /^( *)```(\w*)\n([\s\S]*?)^\1```$/gm;

/** GitHub's anchor of a heading. */
const slug = (heading: string): string =>
    heading
        .replace(/<[^>]*>/g, "")
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replace(/ /g, "-");

function readPage(file: string): Page {
    const text = fs.readFileSync(path.join(ROOT, file), "utf8");
    const unfenced = text.replace(FENCE, "");
    const headings = [...unfenced.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading]) => slug(heading!));
    const ids = [...unfenced.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id]) => id!);
    const prose = unfenced.replace(/^(?: {4}| {8}).*$/gm, (line) => (/^ +[|\d-]/.test(line) ? line : ""));
    return { file, text, prose, anchors: new Set([...headings, ...ids]) };
}

function markdownIn(folder: string): string[] {
    return fs.readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" }).flatMap((name) => (name.endsWith(".md") ? [`${folder}/${name.replaceAll("\\", "/")}`] : [])); // prettier-ignore
}

/** Every page, by file. */
export function readPages(): Map<string, Page> {
    const files = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "lab/README.md", "certs/README.md", ...markdownIn("docs")];
    return new Map(files.map((file) => [file, readPage(file)]));
}

/** The fenced blocks of a page. */
export function blocksOf({ file, text }: Page): Block[] {
    return [...text.matchAll(FENCE)].map((match) => ({
        page: file,
        line: text.slice(0, match.index).split("\n").length + 1,
        language: match[2]!,
        code: match[3]!,
    }));
}

/** The indented lines below a heading, in order: what a reader types. */
export function typedBelow({ file, text }: Page, heading: string): string[] {
    const [, section] = new RegExp(`^#+ ${heading}\\n([\\s\\S]*?)(?=^#+ |$(?![\\s\\S]))`, "m").exec(text) ?? [];
    if (section === undefined) throw new Error(`${file} must have a heading "${heading}"`);
    // In a list four spaces are prose, and eight are typed.
    const indent = /^ {8}\S/m.test(section) ? 8 : 4;
    return [...section.matchAll(new RegExp(`^ {${indent}}(\\S.*)$`, "gm"))].map(([, line]) => line!);
}

/** Of them, the commands that the lab's terminal plays: no prose of a list, no shell of the reader's own. */
export const commandsBelow = (page: Page, heading: string): string[] =>
    typedBelow(page, heading).filter((line) => /^(pulumi|aws|curl|printf|npm|npx) /.test(line));

/** The cells of a page's table below a heading. */
export function rowsBelow(page: string, heading: string): string[][] {
    const { text } = readPages().get(page)!;
    const section = text.slice(text.indexOf(heading));
    const lines = section.slice(section.indexOf("\n|")).trimStart().split("\n");
    const end = lines.findIndex((line) => !line.startsWith("|"));
    return lines.slice(2, end).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim())); // prettier-ignore
}
/** The ids in a cell. */
export const idsIn = (cell: string): string[] => [...cell.matchAll(/`([a-z0-9-]+)`/g)].map(([, id]) => id!);
