import * as pulumi from "@pulumi/pulumi";
import type { Problem } from "../../pki";
import { refusal } from "../refusal";

/** Validates a value that is only known late. Pass the result on: it is what makes the child wait for the check. */
export function checkedLate<T>(
    resource: pulumi.Resource,
    value: pulumi.Input<T>,
    judge: (value: pulumi.Unwrap<T>) => Problem[],
): pulumi.Output<pulumi.Unwrap<T>> {
    return pulumi.output(value).apply((known) => {
        // A consumer's mocks may lack this output; the cloud itself refuses a missing value.
        const problems = known === undefined ? [] : judge(known);
        if (problems.length > 0) throw refusal(problems.map(({ path, message }) => `${path} ${message}`).join("\n"), resource);
        return known;
    });
}
