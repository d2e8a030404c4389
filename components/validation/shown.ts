/** How a message shows the value it received: in one line, and nothing of it that may be secret. */
import * as pulumi from "@pulumi/pulumi";

/** Whether a value is only known while the deployment runs. */
export const late = (value: unknown): boolean => pulumi.Output.isInstance(value) || value instanceof Promise;

const LONGEST_TEXT = 200;
/** What a terminal obeys or hides, and JSON leaves as it is: C1 controls, marks of direction, zero-width characters, separators of lines. */
const INVISIBLE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g;

/* eslint-disable no-control-regex -- what is taken out */
/** A text of others without what a terminal obeys or hides. */
export const visible = (text: string): string =>
    text
        .replace(/\u001b\[[0-?]*[ -/]*[@-~]/g, "")
        .replace(/[\u0000-\u001f]/g, " ")
        .replace(INVISIBLE, "");
/* eslint-enable no-control-regex */

function shownText(text: string): string {
    if (text.includes("PRIVATE KEY")) return "a private key";
    if (text.includes("-----BEGIN ")) return "a PEM text";
    // A key or a token without a mark of its own is at least as long.
    if (text.length > LONGEST_TEXT) return `a text of ${text.length} characters`;
    return JSON.stringify(text).replace(INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The value in a message. What is in an object or a list is not shown: it may be a key in the wrong place. */
export function shown(value: unknown): string {
    if (late(value)) return "an Output";
    if (value === undefined) return "nothing";
    if (typeof value === "string") return shownText(value);
    if (Array.isArray(value)) return value.length === 0 ? "[]" : "a list";
    if (value instanceof Map) return "a Map";
    if (typeof value === "object" && value !== null) return Object.keys(value).length === 0 ? "{}" : "an object";
    if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
    return String(value as number);
}

/** The same of a URL or a path, without its credentials and its query. */
export const shownUrl = (value: unknown): string =>
    typeof value === "string"
        ? shown(value.replace(/[?#][^]*$/, (query) => `${query[0]}…`).replace(/^([^/]*\/\/)?[^]*@/, "$1…@"))
        : shown(value);

/** The name of a field that the caller chose, as a part of a path. */
export const shownField = (field: string): string => (/^[\w.$-]{1,64}$/.test(field) ? field : shown(field));

/** A plain object: an entry of a Map, or of any other collection, would be silently ignored. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !late(value) && !(Symbol.iterator in value);
