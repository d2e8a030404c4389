import * as pulumi from "@pulumi/pulumi";
import type { Problem } from "../../pki";
import { refusal } from "../refusal";
import { late } from "./shown";

/**
 * Validates a value that is only known late. Pass the result on: it is what makes the child wait for the check.
 *
 * @param messages `hidden` if they may quote the value: of one that is marked secret they then do not.
 */
export function checkedLate<T>(
    resource: pulumi.Resource,
    value: pulumi.Input<T>,
    judge: (value: pulumi.Unwrap<T>) => Problem[],
    { messages = "hidden" }: { messages?: "hidden" | "public" } = {},
): pulumi.Output<pulumi.Unwrap<T>> {
    const output = pulumi.output(value);
    return output.apply((known) => {
        // A consumer's mocks may lack this output; the cloud itself refuses a missing value.
        const problems = known === undefined ? [] : judge(known);
        if (problems.length === 0) return known;
        return pulumi.isSecret(output).then((secret): typeof known => {
            const told = (message: string) =>
                secret && messages === "hidden" ? message.replace(/; received [^]*$/, "; received a secret value") : message;
            throw refusal(problems.map(({ path, message }) => `${path} ${told(message)}`).join("\n"), resource);
        });
    }) as pulumi.Output<pulumi.Unwrap<T>>;
}

/** Whether anything in a value is only known late. */
const holdsLate = (value: unknown): boolean =>
    late(value) || (typeof value === "object" && value !== null && Object.values(value).some((element) => holdsLate(element)));

/** A group of arguments, judged again with what is only known late. A plain one was judged before, and stays plain. */
export function checkedIfLate<T extends object>(
    resource: pulumi.Resource,
    value: T | undefined,
    judge: (value: unknown) => Problem[],
): T | pulumi.Output<pulumi.Unwrap<T>> | undefined {
    return value === undefined || !holdsLate(value) ? value : checkedLate(resource, value as pulumi.Input<T>, judge);
}
