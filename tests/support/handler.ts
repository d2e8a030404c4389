/** A Lambda function that exists already, for programs that only bring the component. */
import type { Cloud } from "../../lab/cloud";

const REGION = "eu-central-1";
export const HANDLER_ARN = `arn:aws:lambda:${REGION}:123456789012:function:orders`;

export function addHandler(cloud: Cloud): void {
    cloud.aws.functions.set("orders", {
        name: "orders",
        arn: HANDLER_ARN,
        invokeArn: `arn:aws:apigateway:${REGION}:lambda:path/2015-03-31/functions/${HANDLER_ARN}/invocations`,
        handler: "index.handler",
        files: { "index.js": 'exports.handler = async () => ({ statusCode: 200, body: "ok" });' },
        timeoutSeconds: 3,
        environment: {},
        permissions: new Map(),
        tags: {},
    });
}
