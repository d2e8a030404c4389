/** Lambda: who may invoke a function, one of its versions, or an alias. Each of them has a policy of its own. */
import type { Cloud, LambdaFunction, LambdaPermission } from "../../cloud";
import { broken, checkRegion, optional, REGIONAL, text, type Props, type ResourceType } from "../../shared/resourceType";

const MOST_BYTES = 20 * 1024;

/** `functionOrArn` may end in a qualifier, as Lambda's `FunctionName` may. */
function subject(cloud: Cloud, inputs: Props): { fn: LambdaFunction | undefined; qualifier: string | undefined } {
    const functionOrArn = text(inputs, "function");
    const functions = [...cloud.aws.functions.values()];
    const exact = functions.find(({ name, arn }) => name === functionOrArn || arn === functionOrArn);
    if (exact) return { fn: exact, qualifier: optional(inputs, "qualifier") };
    const at = functionOrArn.lastIndexOf(":");
    const bare = functionOrArn.slice(0, at);
    return {
        fn: functions.find(({ name, arn }) => name === bare || arn === bare),
        qualifier: optional(inputs, "qualifier") ?? functionOrArn.slice(at + 1),
    };
}

const keyOf = (qualifier: string | undefined, statementId: string): string =>
    qualifier === undefined ? statementId : `${qualifier}/${statementId}`;

function policyOf(fn: LambdaFunction, qualifier: string | undefined, added: LambdaPermission): string {
    const statements = [...fn.permissions.values(), added].filter((permission) => permission.qualifier === qualifier);
    const resource = qualifier === undefined ? fn.arn : `${fn.arn}:${qualifier}`;
    return JSON.stringify({
        Version: "2012-10-17",
        Id: "default",
        Statement: statements.map(({ statementId, action, principal, sourceArn }) => ({
            Sid: statementId,
            Effect: "Allow",
            Principal: { Service: principal },
            Action: action,
            Resource: resource,
            ...(sourceArn === undefined ? {} : { Condition: { ArnLike: { "AWS:SourceArn": sourceArn } } }),
        })),
    });
}

export const permission: ResourceType = {
    token: "aws:lambda/permission:Permission",
    importPart: 1,
    properties: {
        ...REGIONAL,
        action: "string! replace",
        function: "string! replace",
        principal: "string! replace",
        qualifier: "string replace",
        sourceArn: "string replace",
        sourceAccount: "string replace",
        statementId: "string replace",
        statementIdPrefix: "string replace",
    },
    computed: ["statementId"],
    autoname: { property: "statementId", unless: "statementIdPrefix" },
    check(inputs, cloud) {
        checkRegion(inputs, cloud);
        if (inputs.sourceArn !== undefined && !/^arn:aws:[a-z0-9-]+:/.test(text(inputs, "sourceArn")))
            broken("permission-source-arn", "sourceArn", "not an ARN");
        if (inputs.action !== undefined && !text(inputs, "action").startsWith("lambda:")) broken("permission-action", "action", "lambda:…");
        if (inputs.statementId !== undefined && !/^[A-Za-z0-9_-]{1,100}$/.test(text(inputs, "statementId")))
            broken("permission-statement-id", "statementId", "1 to 100 of A-Za-z0-9_-");
        if (inputs.statementIdPrefix !== undefined && !/^[A-Za-z0-9_-]{1,74}$/.test(text(inputs, "statementIdPrefix")))
            broken("permission-statement-id", "statementIdPrefix", "1 to 74 of A-Za-z0-9_-");
        if (inputs.statementId !== undefined && inputs.statementIdPrefix !== undefined)
            broken("permission-statement-id", "statementIdPrefix", "conflicts with statementId");
        const qualifier = optional(inputs, "qualifier");
        if (qualifier === "$LATEST" || text(inputs, "function").endsWith(":$LATEST"))
            broken("permission-latest", "qualifier", "InvalidParameterValueException: $LATEST takes no policy");
        if (qualifier !== undefined && !/^[A-Za-z0-9_-]{1,128}$/.test(qualifier))
            broken("permission-qualifier", "qualifier", "an alias or a version");
    },
    /** The provider reads a qualified ARN back in its two parts; what the program says then differs from it at every run. */
    renew(inputs, state) {
        const [said, known] = [text(inputs, "function"), text(state, "function")];
        return said !== known && said.startsWith(`${known}:`) && inputs.qualifier === undefined ? ["function"] : [];
    },
    create(cloud, inputs) {
        const { fn, qualifier } = subject(cloud, inputs);
        if (!fn)
            return broken("permission-function-exists", "function", `ResourceNotFoundException: no function ${text(inputs, "function")}`);
        if (qualifier !== undefined && !fn.aliases.has(qualifier) && !fn.versions.has(qualifier))
            return broken("permission-qualifier-exists", "qualifier", `ResourceNotFoundException: no ${fn.arn}:${qualifier}`);
        const statementId = optional(inputs, "statementId") ?? `${text(inputs, "statementIdPrefix")}${cloud.nextId("statement")}`;
        const key = keyOf(qualifier, statementId);
        if (fn.permissions.has(key))
            broken(
                "permission-unique",
                "statementId",
                `ResourceConflictException: The statement id (${statementId}) provided already exists`,
            );
        const granted = {
            statementId,
            qualifier,
            action: text(inputs, "action"),
            principal: text(inputs, "principal"),
            sourceArn: optional(inputs, "sourceArn"),
        };
        if (Buffer.byteLength(policyOf(fn, qualifier, granted)) > MOST_BYTES)
            broken(
                "permission-policy-size",
                "function",
                `PolicyLengthExceededException: The final policy size is bigger than ${MOST_BYTES}`,
            );
        fn.permissions.set(key, granted);
        const bare = text(inputs, "function").startsWith("arn:") ? fn.arn : fn.name;
        return { id: statementId, outputs: { function: bare, qualifier, statementId } };
    },
    read(cloud, id, state) {
        const { fn, qualifier } = subject(cloud, state);
        const granted = fn?.permissions.get(keyOf(qualifier, id));
        return granted && { action: granted.action, principal: granted.principal, sourceArn: granted.sourceArn };
    },
    delete(cloud, id, state) {
        const { fn, qualifier } = subject(cloud, state);
        fn?.permissions.delete(keyOf(qualifier, id));
    },
};
