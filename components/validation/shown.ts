/** How a refusal shows what it received. */
import * as pulumi from "@pulumi/pulumi";

/** Whether a value is known only when the deployment runs. */
export const late = (value: unknown): boolean => pulumi.Output.isInstance(value) || value instanceof Promise;

export const shown = (value: unknown): string => (late(value) ? "an Output" : value === undefined ? "nothing" : JSON.stringify(value));
