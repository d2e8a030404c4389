/** What AWS's own service models say of a request (constraints.json, written by tools/awsConstraints.ts), and the judgement by it. */
import { readFileSync } from "node:fs";
import * as path from "node:path";

/** A part of a request: its kind, and what a value of it must satisfy. Names refer to other shapes of the service. */
export interface Shape {
    type: string;
    required?: string[];
    members?: Record<string, string>;
    /** Of a list. */
    member?: string;
    /** Of a map. */
    key?: string;
    value?: string;
    /** Of a string the length, of a list or a map the size, of a number the value. */
    min?: number;
    max?: number;
    /** The whole string must match. */
    pattern?: string;
    enum?: string[];
    /** The only numbers. */
    values?: number[];
}

export interface Service {
    /** Operation to the shape of its request. */
    operations: Record<string, string>;
    shapes: Record<string, Shape>;
}

export interface Constraints {
    botocore: string;
    released: string;
    services: Record<string, Service>;
}

export const constraints = JSON.parse(readFileSync(path.join(__dirname, "constraints.json"), "utf8")) as Constraints;

/** A constraint that a value does not satisfy. */
export interface Violation {
    /** In the request, e.g. `CorsConfiguration.MaxAge`. */
    path: string;
    /** In AWS's words. */
    reason: string;
}

const patterns = new Map<string, RegExp>();

/** The models' patterns are Java's: a whole match, with `\p{…}`. */
function matches(pattern: string, text: string): boolean {
    const known = patterns.get(pattern) ?? compile(pattern);
    patterns.set(pattern, known);
    return known.test(text);
}

function compile(pattern: string): RegExp {
    // JavaScript's `u`, which `\p{…}` needs, refuses escapes and ranges that Java takes.
    const tame = pattern
        .replace(/\\([^\\\w\s^$.*+?()[\]{}|/-])/g, "$1")
        .replace(
            /\[((?:\\.|[^\]\\])*)\]/g,
            (_all, inner: string) => `[${inner.replace(/(\\[wdsp](?:\{\w+\})?|[a-zA-Z0-9]-[a-zA-Z0-9])-/g, "$1\\-")}]`,
        );
    return new RegExp(`^(?:${tame})$`, "su");
}

const SIZES: Record<string, [word: string, sizeOf: (value: unknown) => number]> = {
    string: ["length", (value) => [...String(value)].length],
    list: ["length", (value) => (value as unknown[]).length],
    map: ["length", (value) => Object.keys(value as object).length],
    integer: ["value", Number],
    long: ["value", Number],
    double: ["value", Number],
    float: ["value", Number],
};

/** Every constraint of the shape that the value does not satisfy. An undefined part is one that is not known yet. */
export function violations(service: Service, shapeName: string, value: unknown, path: string): Violation[] {
    const shape = service.shapes[shapeName]!;
    const found: Violation[] = [];
    const fail = (constraint: string): void => void found.push({ path, reason: `Member must ${constraint}` });
    if (value === undefined) return found;
    if (value === null) return [{ path, reason: "Member must not be null" }];
    const [word, sizeOf] = SIZES[shape.type] ?? [];
    if (word !== undefined && sizeOf !== undefined) {
        const size = sizeOf(value);
        if (shape.min !== undefined && size < shape.min) fail(`have ${word} greater than or equal to ${shape.min}`);
        if (shape.max !== undefined && size > shape.max) fail(`have ${word} less than or equal to ${shape.max}`);
    }
    if (["integer", "long"].includes(shape.type) && !Number.isInteger(value)) fail("be an integer");
    if (["double", "float"].includes(shape.type) && !Number.isFinite(value)) fail("be a number");
    if (shape.enum && !shape.enum.includes(String(value))) fail(`satisfy enum value set: [${shape.enum.join(", ")}]`);
    if (shape.values && !shape.values.includes(Number(value))) fail(`satisfy enum value set: [${shape.values.join(", ")}]`);
    if (shape.pattern !== undefined && !matches(shape.pattern, String(value))) fail(`satisfy regular expression pattern: ${shape.pattern}`);
    if (shape.type === "structure") {
        const parts = value as Record<string, unknown>;
        for (const [name, inner] of Object.entries(shape.members ?? {}))
            found.push(...violations(service, inner, parts[name], `${path}.${name}`));
        for (const name of Object.keys(parts))
            if (!shape.members?.[name]) found.push({ path: `${path}.${name}`, reason: "is no member of the request" });
        for (const name of shape.required ?? [])
            if (!(name in parts)) found.push({ path: `${path}.${name}`, reason: "Member must not be null" });
    }
    if (shape.type === "list")
        (value as unknown[]).forEach((part, index) => found.push(...violations(service, shape.member!, part, `${path}[${index}]`)));
    if (shape.type === "map")
        for (const [key, part] of Object.entries(value as object)) {
            found.push(...violations(service, shape.key!, key, `${path} (key)`));
            found.push(...violations(service, shape.value!, part, `${path}[${key}]`));
        }
    return found;
}
