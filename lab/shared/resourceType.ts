/** A resource type of the lab, and the table of its properties. */
import type { Cloud } from "../cloud";
import { ARCHIVE, ASSET, SIG, UNKNOWN, type Props } from "./propertyValues";
import { broken, RuleError } from "./rules";

export { broken, RuleError };
export type { Props };

/**
 * `kind[!] [replace]`, with the fields of an object or of a list's objects beside it. Kinds: string, number, boolean, any, map,
 * object, string[], object[], asset, archive. `!` is required; `replace` makes a change replace the resource.
 */
export type Spec = string | readonly [spec: string, fields: Table];
export interface Table {
    [property: string]: Spec;
}

/** The result of a create. */
export interface Created {
    id: string;
    /** Computed outputs; the inputs are added by the provider. */
    outputs: Props;
}

export interface ResourceType {
    token: string;
    properties: Table;
    /** Outputs that are not inputs: unknown in a preview. */
    computed: readonly string[];
    /** `unless`: the property that names it in another way. */
    autoname?: { property: string; lowerCase?: boolean; unless?: string };
    /** Plain problems, before anything is created. Unknown values are left out of `inputs`. */
    check?(inputs: Props, cloud: Cloud): void;
    /** Objects with outputs inside, as a preview knows them: of a create, or of an update of `state`. */
    preview?(inputs: Props, state?: Props): Props;
    create(cloud: Cloud, inputs: Props, options: { timeoutMs: number }): Created | Promise<Created>;
    /** Returns the computed outputs that changed. Without it every property must be `replace`. */
    update?(cloud: Cloud, id: string, inputs: Props, state: Props): Props | Promise<Props>;
    /** Computed outputs that such an update changes: unknown in its preview. */
    recomputed?(inputs: Props, state: Props): string[];
    /** The cloud's current values over the state's; undefined if the resource is gone. */
    read?(cloud: Cloud, id: string, state: Props): Props | undefined | Promise<Props | undefined>;
    /** Outputs that make the resource be replaced though no input changed. */
    renew?(inputs: Props, state: Props): string[];
    /** Whether two different values of a property mean the same. */
    same?(property: string, before: unknown, after: unknown): boolean;
    delete(cloud: Cloud, id: string, state: Props): void | Promise<void>;
    /** Which part of an import id such as `<API id>/<route id>` is the resource's own id; without it the whole is. */
    importPart?: 0 | 1;
    /** Properties that an import cannot read: the engine warns that they are missing. */
    notImported?: readonly string[];
}

/** Without the engine's own keys (`__defaults`) and without absent values, all the way down; sorted, as the wire keeps no order. */
export function tidy(value: Props): Props {
    const inner = (part: unknown): unknown =>
        Array.isArray(part)
            ? part.map(inner)
            : part && typeof part === "object"
              ? (part as Props)[SIG]
                  ? part
                  : tidy(part as Props)
              : part;
    return Object.fromEntries(
        Object.entries(value)
            .filter(([key, part]) => !key.startsWith("__") && part !== undefined && part !== null)
            .sort(([key], [other]) => (key < other ? -1 : 1))
            .map(([key, part]) => [key, inner(part)]),
    );
}

/** The part of the inputs that a preview knows; an unknown element of a list is undefined. */
export function knownOnly(value: unknown): unknown {
    if (value === UNKNOWN) return undefined;
    if (Array.isArray(value)) return value.map(knownOnly);
    if (!value || typeof value !== "object" || (value as Props)[SIG]) return value;
    const parts = Object.entries(value).map(([key, part]) => [key, knownOnly(part)] as const);
    return Object.fromEntries(parts.filter(([, part]) => part !== undefined));
}

export function isReplace(spec: Spec | undefined): boolean {
    return (typeof spec === "string" ? spec : (spec?.[0] ?? "")).split(" ").includes("replace");
}

function fits(kind: string, value: unknown): boolean {
    if (value === UNKNOWN || kind === "any") return true;
    const isObject = typeof value === "object" && !Array.isArray(value);
    switch (kind) {
        case "string[]":
            return Array.isArray(value) && value.every((part) => typeof part === "string");
        case "object[]":
            return Array.isArray(value) && value.every((part) => part === UNKNOWN || (typeof part === "object" && !Array.isArray(part)));
        case "map":
            return isObject && Object.values(value as Props).every((part) => typeof part === "string");
        case "object":
            return isObject;
        case "asset":
            return isObject && (value as Props)[SIG] === ASSET;
        case "archive":
            return isObject && (value as Props)[SIG] === ARCHIVE;
        default:
            return typeof value === kind;
    }
}

/** Every way in which `inputs` does not fit the table. */
export function misfits(table: Table, inputs: Props, token: string, path = ""): RuleError[] {
    const errors: RuleError[] = [];
    for (const property of Object.keys(inputs)) {
        if (!Object.hasOwn(table, property))
            errors.push(new RuleError("unknown-property", path + property, `the lab does not know this property of ${token}`));
    }
    for (const [property, spec] of Object.entries(table)) {
        const [text, fields] = typeof spec === "string" ? [spec, undefined] : spec;
        const first = text.split(" ")[0] ?? "any";
        const kind = first.replace("!", "");
        const value = inputs[property];
        if (value === undefined) {
            if (first.endsWith("!")) errors.push(new RuleError("missing-property", path + property, `${token} needs this property`));
        } else if (!fits(kind, value)) {
            errors.push(new RuleError("wrong-type", path + property, `must be ${kind}`));
        } else if (fields && value !== UNKNOWN) {
            if (Array.isArray(value)) {
                value.forEach((part, index) => {
                    if (part !== UNKNOWN) errors.push(...misfits(fields, part as Props, token, `${path}${property}[${index}].`));
                });
            } else errors.push(...misfits(fields, value as Props, token, `${path}${property}.`));
        }
    }
    return errors;
}

export const text = (props: Props, property: string): string => String(props[property] ?? "");
export const optional = (props: Props, property: string): string | undefined =>
    props[property] === undefined ? undefined : String(props[property]);
export const number = (props: Props, property: string): number | undefined =>
    props[property] === undefined ? undefined : Number(props[property]);
export const object = (props: Props, property: string): Props | undefined => props[property] as Props | undefined;
export const list = (props: Props, property: string): string[] => (props[property] as string[] | undefined) ?? [];
export const tags = (props: Props): Record<string, string> => ({ ...(props.tags as Record<string, string> | undefined) });

/** A known value must be one of `values`. */
export function oneOf(props: Props, property: string, values: readonly unknown[], rule: string, path = property): void {
    const value = props[property];
    if (value !== undefined && !values.includes(value)) broken(rule, path, `must be ${values.join(" or ")}, not ${String(value)}`);
}

/** A known number must lie within the bounds. */
export function within(props: Props, property: string, low: number, high: number, rule: string): void {
    const value = number(props, property);
    if (value !== undefined && (value < low || value > high)) broken(rule, property, `must be ${low} to ${high}, not ${value}`);
}

/** Properties that every regional AWS type takes. */
export const REGIONAL: Table = { region: "string replace" };

/** Region and tags, which every AWS type may have. */
export function checkRegion(inputs: Props, cloud: Cloud): void {
    oneOf(inputs, "region", [cloud.aws.region], "aws-one-region");
    const entries = Object.entries(tags(inputs));
    if (entries.length > 50) broken("aws-fifty-tags", "tags", `there are ${entries.length}`);
    for (const [key, value] of entries) {
        if (key.toLowerCase().startsWith("aws:")) broken("aws-tag-prefix", "tags", `${key}: aws: prefixed tag keys are reserved`);
        if (key.length < 1 || key.length > 128 || String(value ?? "").length > 256)
            broken("aws-tag-length", "tags", `${key}: 1 to 128, and up to 256`);
        if (/[^\p{L}\p{Z}\p{N}_.:/=+@-]/u.test(key + String(value ?? ""))) broken("aws-tag-characters", "tags", key);
    }
}
