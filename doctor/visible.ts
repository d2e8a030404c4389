/** Makes text from servers safe to print: it may move the cursor, hide, reverse the line, or start a new one. */

/** Shows every invisible character by its number. */
export const visible = (text: string): string =>
    text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);

/** The same for a text of several lines. */
export const visibleLines = (text: string): string =>
    text.replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);

/** Bodies and PEM have several lines; a line end elsewhere could put a server's text on its own line of a FIX that is pasted. */
const hasLines = (key: string): boolean => key === "body" || key.endsWith("Pem");

function everyText<T>(value: T, show: (text: string, key: string) => string, key = ""): T {
    if (typeof value === "string") return show(value, key) as T;
    if (Array.isArray(value)) return value.map((entry: unknown) => everyText(entry, show, key)) as T;
    if (typeof value !== "object" || value === null || value instanceof Date) return value;
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, everyText<unknown>(entry, show, name)])) as T;
}

/** Evidence with all its text made visible. */
export const visibleEvidence = <T>(evidence: T): T =>
    everyText(evidence, (text, key) => (hasLines(key) ? visibleLines(text) : visible(text)));
/** The same for a report, which also contains names from certificates. */
export const visibleReport = <T>(report: T): T => everyText(report, visibleLines);
