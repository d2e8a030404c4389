/** A function's ARN in the parts that Lambda wants apart. */
export interface FunctionArn {
    partition: string;
    region: string;
    accountId: string;
    name: string;
    /** Alias or version. */
    qualifier: string | undefined;
    /** The ARN without its qualifier. */
    functionArn: string;
}

export function parseFunctionArn(arn: string): FunctionArn {
    const parts = arn.split(":");
    const [, partition = "", , region = "", accountId = "", , name = "", qualifier] = parts;
    return { partition, region, accountId, name, qualifier, functionArn: parts.slice(0, 7).join(":") };
}

/** The URI by which API Gateway invokes a function. */
export function invokeUri(arn: string): string {
    const { partition, region } = parseFunctionArn(arn);
    return `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`;
}
