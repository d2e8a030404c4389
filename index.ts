import * as fs from "node:fs";
import * as path from "node:path";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { CloudflareProtectedHttpApi, OriginPullMode, StrictTls, type OriginPullAuthority } from "./components";
import { refusal } from "./components/refusal";

/** In `originPullAuthorities`: Cloudflare's shared CA, trusted but not presented. */
const SHARED = "cloudflare-shared";
const SHARED_CA = path.join(__dirname, "certs", "cloudflare-origin-pull-ca.pem");

type Read<T> = (config: pulumi.Config, key: string) => T;

/** The SDK's own readers throw errors with a stack, and take `50 per second` for 50. */
const must = (config: pulumi.Config, key: string, rule: string, received: string | undefined): Error =>
    refusal(
        `config ${config.name}:${key} must be ${rule}; received ${received === undefined ? "nothing" : JSON.stringify(received)}. ` +
            `Fix: pulumi config set ${config.name}:${key} <value>`,
    );
const text: Read<string | undefined> = (config, key) => config.get(key);
const required: Read<string> = (config, key) => {
    const value = config.get(key);
    if (value === undefined) throw must(config, key, "set", value);
    return value;
};
const number: Read<number | undefined> = (config, key) => {
    const value = config.get(key);
    if (value === undefined) return undefined;
    const parsed = Number(value);
    if (value.trim() === "" || !Number.isFinite(parsed)) throw must(config, key, "a number", value);
    return parsed;
};
const oneOf =
    <T extends string>(allowed: Record<string, T>): Read<T | undefined> =>
    (config, key) => {
        const value = config.get(key);
        const names = Object.values(allowed);
        if (value !== undefined && !names.includes(value as T)) throw must(config, key, `one of ${names.join(", ")}`, value);
        return value as T | undefined;
    };
const boolean: Read<boolean | undefined> = (config, key) => {
    const value = oneOf({ true: "true", false: "false" })(config, key);
    return value === undefined ? undefined : value === "true";
};
/** `1,2:3`: names, each with its leaf after a colon. */
const authorities: Read<OriginPullAuthority[] | undefined> = (config, key) =>
    config
        .get(key)
        ?.split(",")
        .map((entry) => {
            const [name, leaf] = entry.trim().split(":");
            // Trusted only: while moving to mode Shared, or away from it.
            if (name === SHARED) return { name: "cloudflare", caCertificatePem: fs.readFileSync(SHARED_CA, "utf8") };
            return leaf === undefined ? { name: name! } : { name: name!, leaf };
        });

/** Every key of the stack's configuration, and how it is read. */
const SETTINGS = {
    domainName: required,
    zoneId: required,
    originPullMode: oneOf(OriginPullMode),
    originPullAuthorities: authorities,
    originPullPresented: text,
    strictTls: oneOf(StrictTls),
    throttleBurstLimit: number,
    throttleRateLimit: number,
    logRetentionDays: number,
    deletionProtection: boolean,
    verify: boolean,
    // The component reads this one itself.
    breakGlass: text,
} satisfies Record<string, Read<unknown>>;
type Settings = { [K in keyof typeof SETTINGS]: ReturnType<(typeof SETTINGS)[K]> };

function readSettings(config: pulumi.Config): Settings {
    const keys = Object.keys(SETTINGS);
    // Reject unknown keys: a typo would be silently ignored.
    const unknown = Object.keys(pulumi.runtime.allConfig())
        .filter((key) => key.startsWith(`${config.name}:`))
        .filter((key) => !keys.includes(key.slice(config.name.length + 1)));
    if (unknown.length > 0) throw refusal(`config ${unknown.join(", ")} must be one of ${keys.join(", ")}; received an unknown key`);
    const settings = Object.fromEntries(Object.entries(SETTINGS).map(([key, read]) => [key, read(config, key)])) as Settings;
    if ((settings.throttleBurstLimit === undefined) !== (settings.throttleRateLimit === undefined))
        throw refusal(`config ${config.name}:throttleBurstLimit and throttleRateLimit must be set together; received one of them`);
    return settings;
}

/** How long the handler's own log is kept unless logRetentionDays says otherwise. The access log's default is the component's. */
const HANDLER_LOG_DAYS = 30;

/** The stack: one Lambda function behind one protected API. */
const program = async (): Promise<Record<string, pulumi.Output<string>>> => {
    const settings = readSettings(new pulumi.Config());
    const { domainName, zoneId, strictTls, deletionProtection, throttleBurstLimit: burstLimit, throttleRateLimit: rateLimit } = settings;

    const tags = { project: pulumi.getProject(), stack: pulumi.getStack() };
    const role = new aws.iam.Role("handler-role", {
        assumeRolePolicy: JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
        }),
        tags,
    });
    const logs = new aws.cloudwatch.LogGroup("handler-logs", { retentionInDays: settings.logRetentionDays ?? HANDLER_LOG_DAYS, tags });
    const writeLogs = new aws.iam.RolePolicy("handler-write-logs", {
        role: role.name,
        policy: pulumi.jsonStringify({
            Version: "2012-10-17",
            Statement: [
                { Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: pulumi.interpolate`${logs.arn}:*` },
            ],
        }),
    });
    const handler = new aws.lambda.Function(
        "handler",
        {
            runtime: "nodejs22.x",
            architectures: ["arm64"],
            handler: "handler.handler",
            role: role.arn,
            timeout: 10,
            // Relative to the project: the state holds no path of the deploying machine.
            code: new pulumi.asset.AssetArchive({
                "handler.js": new pulumi.asset.FileAsset(path.relative(process.cwd(), path.join(__dirname, "lambda", "handler.js"))),
            }),
            loggingConfig: { logFormat: "JSON", logGroup: logs.name },
            tags,
        },
        // Without this permission the first log lines are lost.
        { dependsOn: [writeLogs] },
    );

    const api = new CloudflareProtectedHttpApi("api", {
        domainName,
        zoneId,
        routes: [{ routeKey: "$default", lambdaArn: handler.arn }],
        originPull: {
            mode: settings.originPullMode,
            authorities: settings.originPullAuthorities,
            presented: settings.originPullPresented,
        },
        strictTls,
        throttle: burstLimit === undefined || rateLimit === undefined ? undefined : { burstLimit, rateLimit },
        accessLog: { retentionInDays: settings.logRetentionDays },
        deletionProtection,
        verify: { enabled: settings.verify },
        tags,
    });
    return {
        url: api.url,
        apiId: api.apiId,
        targetDomainName: api.targetDomainName,
        truststoreUri: api.truststoreUri,
        truststoreVersion: api.truststoreVersion,
        presentedAuthority: api.presentedAuthority,
        clientCertificateExpires: api.clientCertificateExpires,
        logGroupName: api.logGroupName,
    };
};

export = program;
