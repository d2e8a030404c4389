import type { Problem } from "../../pki";
import type { AccessLogArgs } from "../args";
import { shown } from "./shown";

/** Problems of a log group's ARN. */
export function destinationArnProblems(arn: unknown): Problem[] {
    if (typeof arn === "string" && /^arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:[\w./#-]{1,512}(:\*)?$/.test(arn)) return [];
    return [
        {
            path: "accessLog.destinationArn",
            message: `must be the ARN of a CloudWatch log group, such as arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/orders; received ${shown(arn)}`,
        },
    ];
}

/** Problems of `accessLog`. */
export function accessLogProblems(accessLog: AccessLogArgs | undefined): Problem[] {
    const { enabled, retentionInDays, destinationArn } = accessLog ?? {};
    if (destinationArn === undefined) return [];
    const problems = typeof destinationArn === "string" ? destinationArnProblems(destinationArn) : [];
    if (enabled === false)
        problems.push({ path: "accessLog.destinationArn", message: "must be left out while accessLog.enabled is false; received a value" });
    if (retentionInDays !== undefined)
        problems.push({
            path: "accessLog.retentionInDays",
            message: "must be left out with accessLog.destinationArn: set the retention of your own log group; received a value",
        });
    return problems;
}
