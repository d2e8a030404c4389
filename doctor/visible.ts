/** What servers said, made fit for a terminal and a page: it may move the cursor, hide, turn the line round, or begin a line of its own. */

/** Every character that shows nothing by itself is shown by its number. */
export const visible = (text: string): string =>
    text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`);

/** The same for a text that may have several lines. */
export const visibleLines = (text: string): string =>
    text.replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`);

/** A body and PEM are texts of several lines; a line end anywhere else would put words of a server's into a FIX that is pasted. */
const hasLines = (key: string): boolean => key === "body" || key.endsWith("Pem");

function everyText<T>(value: T, show: (text: string, key: string) => string, key = ""): T {
    if (typeof value === "string") return show(value, key) as T;
    if (Array.isArray(value)) return value.map((one: unknown) => everyText(one, show, key)) as T;
    if (typeof value !== "object" || value === null || value instanceof Date) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, everyText<unknown>(one, show, name)])) as T;
}

/** Evidence with every text in it made visible. */
export const visibleEvidence = <T>(evidence: T): T =>
    everyText(evidence, (text, key) => (hasLines(key) ? visibleLines(text) : visible(text)));
/** A report likewise: names in certificates are read only when it is made. */
export const visibleReport = <T>(report: T): T => everyText(report, visibleLines);
