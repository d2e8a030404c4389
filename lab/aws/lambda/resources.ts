/** Lambda: functions from archives. Aliases and permissions are in files of their own. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { Cloud, LambdaFunction } from "../../cloud";
import {
    broken,
    checkRegion,
    number,
    object,
    oneOf,
    optional,
    REGIONAL,
    tags,
    text,
    within,
    type Props,
    type ResourceType,
} from "../../shared/resourceType";
import { ARCHIVE, SIG } from "../../shared/propertyValues";
import { alias } from "./alias";
import { permission } from "./permission";

function readFolder(folder: string): Record<string, string> {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile());
    return Object.fromEntries(files.map((name) => [name.split(sep).join("/"), readFileSync(join(folder, name), "utf8")]));
}

/** The files of a Pulumi archive as it comes over the wire. */
export function unpack(archive: Props): Record<string, string> {
    const path = optional(archive, "path");
    if (path !== undefined) {
        const stats = statSync(path, { throwIfNoEntry: false });
        return stats?.isDirectory() ? readFolder(path) : broken("lambda-code-folder", "code", `not a folder: ${relative(".", path)}`);
    }
    const files: Record<string, string> = {};
    for (const [name, part] of Object.entries(object(archive, "assets") ?? {}) as [string, Props][]) {
        if (part[SIG] === ARCHIVE) {
            for (const [inner, body] of Object.entries(unpack(part))) files[`${name}/${inner}`] = body;
        } else if (typeof part.text === "string") files[name] = part.text;
        else if (typeof part.path === "string") files[name] = readFileSync(part.path, "utf8");
        else broken("lambda-code-asset", "code", `${name} is neither text nor a path`);
    }
    return Object.keys(files).length ? files : broken("lambda-code-empty", "code", "the archive holds no file");
}

function write(cloud: Cloud, inputs: Props): Props {
    const name = text(inputs, "name");
    const role = text(inputs, "role");
    if (![...cloud.aws.roles.values()].some(({ arn }) => arn === role)) {
        broken(
            "lambda-role-exists",
            "role",
            "InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda",
        );
    }
    const group = optional(object(inputs, "loggingConfig") ?? {}, "logGroup");
    const arn = `arn:aws:lambda:${cloud.aws.region}:${cloud.aws.accountId}:function:${name}`;
    const files = unpack(object(inputs, "code") ?? {});
    const existing = cloud.aws.functions.get(name);
    const fn: LambdaFunction = {
        name,
        arn,
        invokeArn: `arn:aws:apigateway:${cloud.aws.region}:lambda:path/2015-03-31/functions/${arn}/invocations`,
        handler: text(inputs, "handler"),
        files,
        timeoutSeconds: number(inputs, "timeout") ?? 3,
        environment: { ...(object(object(inputs, "environment") ?? {}, "variables") as Record<string, string> | undefined) },
        permissions: existing?.permissions ?? new Map(),
        versions: existing?.versions ?? new Map(),
        aliases: existing?.aliases ?? new Map(),
        tags: tags(inputs),
    };
    cloud.aws.functions.set(name, existing ? Object.assign(existing, fn) : fn);
    const version = inputs.publish === true ? String(fn.versions.size + 1) : "$LATEST";
    if (inputs.publish === true) {
        const { handler, timeoutSeconds, environment } = fn;
        fn.versions.set(version, { handler, files, timeoutSeconds, environment });
    }
    return {
        arn,
        invokeArn: fn.invokeArn,
        qualifiedArn: `${arn}:${version}`,
        version,
        codeSha256: createHash("sha256").update(JSON.stringify(files)).digest("base64"),
        sourceCodeSize: JSON.stringify(files).length,
        lastModified: new Date().toISOString(),
        loggingConfig: { logFormat: "Text", logGroup: group ?? `/aws/lambda/${name}`, ...object(inputs, "loggingConfig") },
        tagsAll: fn.tags,
    };
}

const lambdaFunction: ResourceType = {
    token: "aws:lambda/function:Function",
    properties: {
        ...REGIONAL,
        name: "string replace",
        role: "string!",
        runtime: "string!",
        handler: "string!",
        code: "archive!",
        architectures: "string[]",
        memorySize: "number",
        timeout: "number",
        description: "string",
        environment: ["object", { variables: "map" }],
        loggingConfig: ["object", { logFormat: "string!", logGroup: "string", applicationLogLevel: "string", systemLogLevel: "string" }],
        publish: "boolean",
        reservedConcurrentExecutions: "number",
        sourceCodeHash: "string",
        tags: "map",
    },
    computed: ["arn", "invokeArn", "qualifiedArn", "version", "codeSha256", "sourceCodeSize", "lastModified", "tagsAll"],
    autoname: { property: "name" },
    check(inputs, cloud) {
        checkRegion(inputs, cloud);
        oneOf(inputs, "runtime", ["nodejs22.x"], "lambda-runtime");
        within(inputs, "memorySize", 128, 10_240, "lambda-memory");
        within(inputs, "timeout", 1, 900, "lambda-timeout");
        const architectures = inputs.architectures as (string | undefined)[] | undefined;
        if (architectures && architectures.length !== 1) broken("lambda-architecture", "architectures", "exactly one");
        oneOf({ architectures: architectures?.[0] }, "architectures", ["x86_64", "arm64"], "lambda-architecture");
        if (inputs.handler !== undefined && !/^[^.]+(\.[^.]+)*\.[A-Za-z_$][\w$]*$/.test(text(inputs, "handler"))) {
            broken("lambda-handler", "handler", "<file>.<export>");
        }
    },
    create(cloud, inputs) {
        const name = text(inputs, "name");
        if (cloud.aws.functions.has(name)) broken("lambda-unique", "name", `ResourceConflictException: Function already exist: ${name}`);
        return { id: name, outputs: write(cloud, inputs) };
    },
    update: (cloud, _id, inputs) => write(cloud, inputs),
    /** The code is not compared: AWS has only its hash, and the program does not give one. */
    read(cloud, id) {
        const fn = cloud.aws.functions.get(id);
        if (!fn) return undefined;
        const { handler, timeoutSeconds: timeout, environment: variables, tags: tagsAll } = fn;
        return {
            handler,
            timeout,
            environment: Object.keys(variables).length ? { variables } : undefined,
            tags: tagsAll,
            tagsAll,
        };
    },
    delete(cloud, id) {
        cloud.aws.functions.delete(id);
    },
};

export const lambda: ResourceType[] = [lambdaFunction, alias, permission];
