import * as pulumi from "@pulumi/pulumi";

/**
 * Every refusal is made here; a lint rule sees to it. It has no stack: Pulumi's program host formats the stack of what a program throws, and
 * frames of its own SDK take it 15 s and 3.5 GB (docs/sources.md 14.1). The message alone names what is wrong.
 *
 * @param resource What a late refusal belongs to; undefined before there is a resource.
 */
export function refusal(message: string, resource?: pulumi.Resource): Error {
    const error = resource === undefined ? new pulumi.RunError(message) : new pulumi.ResourceError(message, resource, true);
    error.stack = undefined;
    return error;
}
