/** A resource's inputs, as a provider's read returns them. */
import { tidy, type Props, type Table } from "./resourceType";

/**
 * The inputs as the cloud has them now. An input that the program did not set counts only if the cloud changed it: a default that the
 * cloud filled in is not drift.
 */
export function readInputs(table: Table, inputs: Props, state: Props, now: Props, computed: readonly string[] = []): Props {
    const read = { ...inputs };
    for (const [key, value] of Object.entries(now)) {
        const spec = table[key];
        if (spec === undefined) continue;
        const isSet = Object.hasOwn(inputs, key);
        if (!isSet && (computed.includes(key) || sameOrNothing(value, state[key]))) continue;
        const fields = typeof spec === "string" ? undefined : spec[1];
        read[key] =
            fields && isSet && isProps(value) && isProps(inputs[key])
                ? readInputs(fields, inputs[key], (state[key] ?? {}) as Props, { ...absent(fields), ...value })
                : value;
    }
    return read;
}

/** An object lists all its fields: a missing one was removed. */
const absent = (fields: Table): Props => Object.fromEntries(Object.keys(fields).map((field) => [field, undefined]));

/** Whether both say the same; no tags and an empty map of them do. */
function sameOrNothing(before: unknown, after: unknown): boolean {
    const serialize = (value: unknown) =>
        JSON.stringify(tidy({ value: isProps(value) && Object.keys(value).length === 0 ? undefined : value }));
    return serialize(before) === serialize(after);
}

const isProps = (value: unknown): value is Props => typeof value === "object" && value !== null && !Array.isArray(value);
