/** What a provider's read says of a resource's inputs. */
import { tidy, type Props, type Table } from "./resourceType";

/**
 * The inputs as the cloud has them now. What the program did not say is taken up only where the cloud has moved: a default that the
 * cloud filled in is no drift.
 */
export function readInputs(table: Table, inputs: Props, state: Props, now: Props, computed: readonly string[] = []): Props {
    const read = { ...inputs };
    for (const [key, value] of Object.entries(now)) {
        const spec = table[key];
        if (spec === undefined) continue;
        const said = Object.hasOwn(inputs, key);
        if (!said && (computed.includes(key) || sameOrNothing(value, state[key]))) continue;
        const fields = typeof spec === "string" ? undefined : spec[1];
        read[key] =
            fields && said && isProps(value) && isProps(inputs[key])
                ? readInputs(fields, inputs[key], (state[key] ?? {}) as Props, { ...absent(fields), ...value })
                : value;
    }
    return read;
}

/** Of an object all fields are known: one that is not there is gone. */
const absent = (fields: Table): Props => Object.fromEntries(Object.keys(fields).map((field) => [field, undefined]));

/** Whether both say the same; no tags and an empty map of them do. */
function sameOrNothing(one: unknown, other: unknown): boolean {
    const said = (value: unknown) => JSON.stringify(tidy({ value: isProps(value) && Object.keys(value).length === 0 ? undefined : value }));
    return said(one) === said(other);
}

const isProps = (value: unknown): value is Props => typeof value === "object" && value !== null && !Array.isArray(value);
