/**
 * Opens the doctor's HTML page in Chromium, light and dark, 320 to 1280 px wide and on paper. axe-core judges accessibility. The rest checks
 * what axe-core does not: nothing scrolls sideways or is cut off, nothing is loaded or run, and Tab reaches every link and table.
 *
 *     tsx tools/htmlCheck.ts [--require] [folder for the pages and screenshots]
 *
 * Without Chromium it skips the check; with --require or CI=true it fails.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { reportHtml } from "../doctor/report/html";
import { FAULT, SAMPLES } from "../tests/support/doctorReports";
import { faultsIn, type View } from "./htmlFaults";

const PAGES = { several: SAMPLES, fault: [FAULT] };
// WCAG's reflow criterion is 320 px; 360 px is a common phone; A4 within Chromium's margins is 718 px.
const VIEWS: View[] = [
    ...[320, 360, 768, 1280].flatMap((width) =>
        (["light", "dark"] as const).map((colorScheme) => ({
            name: `${colorScheme}-${width}`,
            colorScheme,
            viewport: { width, height: 800 },
            isMobile: width < 768,
            whole: width === 1280,
        })),
    ),
    { name: "print", colorScheme: "light", viewport: { width: 718, height: 800 }, print: true, whole: true },
];

/** Chromium or Chrome: `CHROMIUM`, or the first on the PATH. */
function executable(): string | undefined {
    const given = process.env.CHROMIUM;
    if (given && !fs.existsSync(given)) throw new Error(`CHROMIUM must be the path of a browser; received ${given}`);
    const folders = (process.env.PATH ?? "").split(path.delimiter);
    const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    return given || names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((file) => fs.existsSync(file));
}

async function check(executablePath: string, folder: string, screenshots: boolean): Promise<number> {
    // Playwright starts it with a new, empty profile and without background traffic. No sandbox: containers lack the rights for one.
    const args = ["--disable-gpu", "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND"];
    const browser = await chromium.launch({ executablePath, headless: true, chromiumSandbox: false, args });
    let count = 0;
    try {
        for (const [name, reports] of Object.entries(PAGES)) {
            const file = path.join(folder, `${name}.html`);
            fs.writeFileSync(file, reportHtml(reports));
            for (const view of VIEWS) {
                const screenshot = screenshots ? path.join(folder, `${name}-${view.name}.png`) : undefined;
                const faults = await faultsIn(browser, pathToFileURL(file).href, view, screenshot);
                for (const fault of faults) console.error(`${name}, ${view.name}: ${fault}`);
                count += faults.length;
            }
        }
    } finally {
        await browser.close();
    }
    console.log(`${Object.keys(PAGES).length * VIEWS.length} views of the doctor's page, ${count} faults`);
    return count === 0 ? 0 : 1;
}

async function main(): Promise<number> {
    const { values, positionals } = parseArgs({ options: { require: { type: "boolean" } }, allowPositionals: true });
    const browser = executable();
    if (browser === undefined) {
        const required = values.require || process.env.CI === "true";
        const verdict = required ? "failed" : "skipped";
        console.log(`${verdict}: no Chromium found; install chromium or google-chrome, or set CHROMIUM to its path`);
        return required ? 1 : 0;
    }
    const given = positionals[0];
    const folder = path.resolve(given ?? fs.mkdtempSync(path.join(os.tmpdir(), "doctor-html-")));
    fs.mkdirSync(folder, { recursive: true });
    try {
        return await check(browser, folder, given !== undefined);
    } finally {
        if (given === undefined) fs.rmSync(folder, { recursive: true });
    }
}

main().then(
    (code) => (process.exitCode = code),
    (error: Error) => {
        console.error(`error: ${error.message}`);
        process.exitCode = 1;
    },
);
