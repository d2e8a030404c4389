/**
 * What is wrong with the doctor's HTML page as a browser shows it, a line for each fault. Code for the page is text: the compiler has no DOM
 * types here, and tsx adds calls to a helper that the page lacks.
 */
import * as axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

export interface View extends BrowserContextOptions {
    name: string;
    colorScheme: "light" | "dark";
    viewport: { width: number; height: number };
    print?: boolean;
    /** Whether every table fits, so that axe-core can judge the contrast of all text. */
    whole?: boolean;
}

const ACTIVE = `
    [...document.querySelectorAll("script, iframe, object, embed, img, link, form, input, [onclick], [onload], [onerror]")]
        .map(({ outerHTML }) => "there is " + outerHTML.slice(0, 80))`;
const COLOURS = `({
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    ground: getComputedStyle(document.body).backgroundColor,
})`;
// `width`, not innerWidth: a phone widens that to fit the page.
const layout = (width: number): string => `(() => {
    const faults = [];
    const wide = Math.max(innerWidth, document.documentElement.scrollWidth);
    if (wide !== ${width}) faults.push("the page is " + wide + " px wide in a window of ${width} px");
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let texts = 0;
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim().slice(0, 40);
        if (text === "") continue;
        texts += 1;
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        const box = range.getBoundingClientRect();
        if (box.width === 0) faults.push('a text is hidden: "' + text + '"');
        const scrolls = walker.currentNode.parentElement.closest(".scroll") && !matchMedia("print").matches;
        if (!scrolls && (box.right > ${width} + 0.5 || box.left < -0.5)) faults.push('a text is cut off: "' + text + '"');
    }
    if (texts < 100) faults.push("only " + texts + " texts are shown");
    return faults;
})()`;
const FOCUS = `(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    const stops = [...document.querySelectorAll("a[href], [tabindex]")];
    return { index: stops.indexOf(document.activeElement), outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 };
})()`;
const INTRUDE = `(() => {
    const script = document.createElement("script");
    script.textContent = "window.intruded = true";
    document.body.append(script);
    return window.intruded === true;
})()`;

async function colourFaults(page: Page, { colorScheme }: View): Promise<string[]> {
    const { dark, ground } = await page.evaluate<{ dark: boolean; ground: string }>(COLOURS);
    const faults: string[] = [];
    if (dark !== (colorScheme === "dark")) faults.push(`prefers-color-scheme is ${dark ? "dark" : "light"}`);
    const red = Number(/\d+/.exec(ground));
    if (dark ? red > 64 : red < 192) faults.push(`the ground ${ground} does not follow prefers-color-scheme`);
    return faults;
}

async function accessibilityFaults(page: Page, { whole }: View): Promise<string[]> {
    const { violations, incomplete } = await page.evaluate<axe.AxeResults>(
        `axe.run(document, { resultTypes: ["violations", "incomplete"] })`,
    );
    // axe-core cannot judge the contrast of text that is scrolled out of sight.
    const undecided = incomplete.filter(({ id }) => whole || id !== "color-contrast");
    return [...violations, ...undecided].flatMap(({ id, nodes }) =>
        nodes.map(({ target, any, all, none }) => {
            const reasons = [...any, ...all, ...none].map(({ message }) => message);
            return `${id} at ${target.join(" ")}: ${reasons.join("; ")}`;
        }),
    );
}

/** Tab visits every link and every table in order and shows where it is. */
async function keyboardFaults(page: Page): Promise<string[]> {
    const faults: string[] = [];
    const stops = await page.locator("a[href], [tabindex]").count();
    for (let stop = 0; stop < stops; stop++) {
        await page.keyboard.press("Tab");
        const { index, outlined } = await page.evaluate<{ index: number; outlined: boolean }>(FOCUS);
        if (index !== stop) return [...faults, `Tab ${stop + 1} of ${stops} does not reach its link or table`];
        if (!outlined) faults.push(`link or table ${stop + 1} of ${stops} has no outline when focused`);
    }
    return faults;
}

/** The faults of the page at `url`; with `screenshot`, a picture of it in that file. */
export async function faultsIn(browser: Browser, url: string, view: View, screenshot?: string): Promise<string[]> {
    const context = await browser.newContext(view);
    const faults: string[] = [];
    try {
        // An init script: the page's policy refuses a script element.
        await context.addInitScript({ content: axe.source });
        const page = await context.newPage();
        page.on("request", (request) => request.url() !== url && faults.push(`it loads ${request.url()}`));
        page.on("console", (message) => faults.push(`the console says: ${message.text()}`));
        page.on("pageerror", (error) => faults.push(`a script throws: ${error.message}`));
        await page.emulateMedia({ media: view.print ? "print" : "screen" });
        await page.goto(url);
        if (screenshot) await page.screenshot({ path: screenshot, fullPage: true });

        for (const faultsOf of [ACTIVE, layout(view.viewport.width)]) faults.push(...(await page.evaluate<string[]>(faultsOf)));
        faults.push(...(await colourFaults(page, view)));
        faults.push(...(await accessibilityFaults(page, view)), ...(await keyboardFaults(page)));

        page.removeAllListeners("console"); // The browser logs that it refuses this script.
        if (await page.evaluate<boolean>(INTRUDE)) faults.push("the policy does not stop a script");
    } finally {
        await context.close();
    }
    return faults;
}
