/** A Lambda function that exists already, for programs that only bring the component. */
import { createFunction } from "../../lab/aws/createApi";
import type { Cloud } from "../../lab/cloud";

export const HANDLER_ARN = "arn:aws:lambda:eu-central-1:123456789012:function:orders";

export function addHandler(cloud: Cloud): void {
    createFunction(cloud, "orders", 'exports.handler = async () => ({ statusCode: 200, body: "ok" });');
}
