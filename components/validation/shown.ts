/** How a message shows the value it received. */
import * as pulumi from "@pulumi/pulumi";

/** Whether a value is only known while the deployment runs. */
export const late = (value: unknown): boolean => pulumi.Output.isInstance(value) || value instanceof Promise;

export const shown = (value: unknown): string => (late(value) ? "an Output" : value === undefined ? "nothing" : JSON.stringify(value));
