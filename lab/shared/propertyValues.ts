/** Property values as they travel between program, engine and provider: secrets, unknowns, references, assets. */
import {
    specialArchiveSig as ARCHIVE,
    specialAssetSig as ASSET,
    specialOutputValueSig as OUTPUT,
    specialResourceSig as REFERENCE,
    specialSecretSig as SECRET,
    specialSigKey as SIG,
    unknownValue as UNKNOWN,
} from "@pulumi/pulumi/runtime/rpc";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

/** `UNKNOWN` is what the engine puts, in a preview, where a value is known only after the update. */
export { ARCHIVE, ASSET, SIG, UNKNOWN };

export type Props = Record<string, unknown>;

export const isObject = (value: unknown): value is Props => typeof value === "object" && value !== null && !Array.isArray(value);

const isOutputSecret = (value: Props): boolean => value[SIG] === OUTPUT && value.secret === true;

/** True for a value that is itself marked secret. */
export const isSecretValue = (value: unknown): boolean => isObject(value) && (value[SIG] === SECRET || isOutputSecret(value));

/** True if a secret is anywhere in the value. */
const hasSecret = (value: unknown): boolean =>
    isSecretValue(value) || (Array.isArray(value) ? value.some(hasSecret) : isObject(value) && Object.values(value).some(hasSecret));

/** The value as a provider sees it: no secret marks, references as ids; assets and archives stay as they are. */
export function plain(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(plain);
    if (!isObject(value)) return value;
    if (value[SIG] === SECRET || value[SIG] === OUTPUT) return plain("value" in value ? value.value : UNKNOWN);
    if (value[SIG] === REFERENCE) return "id" in value ? value.id || UNKNOWN : value.urn;
    return plainProps(value);
}

export const plainProps = (props: Props = {}): Props =>
    Object.fromEntries(Object.entries(props).flatMap(([key, value]) => (value === undefined ? [] : [[key, plain(value)]])));

const secret = (value: unknown): Props => ({ [SIG]: SECRET, value: plain(value) });

/** Marks in `value` what is secret in `like`; a list with any secret is secret as a whole. */
export function markLike(value: unknown, like: unknown): unknown {
    if (!hasSecret(like)) return value;
    if (isSecretValue(like) || !isObject(value) || !isObject(like)) return secret(value);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, markLike(inner, like[key])]));
}

/** The outputs of a resource: secret if the input of the same name was, or if the program asked for it. */
export const markOutputs = (outputs: Props, inputs: Props, additional: string[]): Props =>
    Object.fromEntries(
        Object.entries(outputs).map(([key, value]) => [key, additional.includes(key) ? secret(value) : markLike(value, inputs[key])]),
    );

/** Equality of property values, in any order of keys. */
export function sameValue(left: unknown, right: unknown): boolean {
    const sorted = (_: string, value: unknown) =>
        isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
    return JSON.stringify(left, sorted) === JSON.stringify(right, sorted);
}

/** JSON drops what is undefined: a Struct cannot hold it. */
export const toStruct = (props: Props = {}): Struct =>
    Struct.fromJavaScript(JSON.parse(JSON.stringify(props)) as Record<string, JavaScriptValue>);

export const fromStruct = (struct: Struct | undefined): Props => (struct ? struct.toJavaScript() : {});
