/** Tags, by the rules that every service here has in common (docs/sources.md 13.9). */
import * as pulumi from "@pulumi/pulumi";
import type { Problem } from "../../pki";
import { checkedLate } from "./late";
import { isPlainObject, late, shown } from "./shown";

type Tags = pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;

const MOST_TAGS = 50;
const CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const IN_WORDS = "letters, digits, spaces and _ . : / = + - @";
const length = (text: string): number => [...text].length;

// The value is not shown: it may be secret.
function valueProblems(key: string, value: unknown): Problem[] {
    const path = `tags[${shown(key)}]`;
    if (typeof value !== "string") return [{ path, message: `must be a string; received a value of type ${typeof value}` }];
    if (length(value) > 256) return [{ path, message: `must have at most 256 characters; received ${length(value)}` }];
    return CHARACTERS.test(value) ? [] : [{ path, message: `must have only ${IN_WORDS}; received another character` }];
}

function keyProblems(key: string): Problem[] {
    const path = "tags";
    if (/^aws:/i.test(key))
        return [{ path, message: `must have no name that begins with aws:, which AWS keeps for itself; received ${shown(key)}` }];
    if (key === "" || length(key) > 128)
        return [{ path, message: `must have names of 1 to 128 characters; received one of ${length(key)}` }];
    return CHARACTERS.test(key) ? [] : [{ path, message: `must have only ${IN_WORDS} in names; received ${shown(key)}` }];
}

/** Problems of what is known: all of it, or the names and some of the values. */
export function tagsProblems(tags: unknown): Problem[] {
    if (tags === undefined || late(tags)) return [];
    if (!isPlainObject(tags))
        return [{ path: "tags", message: `must map names to values; received ${Array.isArray(tags) ? "a list" : shown(tags)}` }];
    const entries = Object.entries(tags as Record<string, unknown>).filter(([, value]) => value !== undefined);
    const problems = entries.flatMap(([key, value]) => [...keyProblems(key), ...(late(value) ? [] : valueProblems(key, value))]);
    if (entries.length > MOST_TAGS)
        problems.unshift({
            path: "tags",
            message: `must have at most ${MOST_TAGS} tags, AWS's limit for a resource; received ${entries.length}`,
        });
    return problems;
}

/** The tags, with what is only known late still to be checked. */
export function checkedTags(resource: pulumi.Resource, tags: Tags): Tags {
    if (tags === undefined) return undefined;
    if (late(tags)) return checkedLate(resource, tags, tagsProblems);
    return Object.fromEntries(
        Object.entries(tags as Record<string, pulumi.Input<string>>).map(([key, value]) => [
            key,
            late(value) ? checkedLate(resource, value, (known) => valueProblems(key, known)) : value,
        ]),
    );
}
