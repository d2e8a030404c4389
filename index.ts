import * as fs from "node:fs";
import * as path from "node:path";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { CloudflareProtectedHttpApi, OriginPullMode, StrictTls } from "./components";

const KEYS = [
    "domainName",
    "zoneId",
    "originPullMode",
    "originPullAuthorities",
    "originPullPresented",
    "strictTls",
    "throttleBurstLimit",
    "throttleRateLimit",
    "logRetentionDays",
    "deletionProtection",
    "verify",
    // Read by the component itself.
    "breakGlass",
];

/** In `originPullAuthorities`: Cloudflare's shared CA, to be trusted and not presented. */
const SHARED = "cloudflare-shared";
const SHARED_CA = path.join(__dirname, "certs", "cloudflare-origin-pull-ca.pem");

/** A key that nobody reads is a setting that somebody believes in. */
function refuseUnknownKeys(project: string): void {
    const unknown = Object.keys(pulumi.runtime.allConfig())
        .filter((key) => key.startsWith(`${project}:`))
        .map((key) => key.slice(project.length + 1))
        .filter((key) => !KEYS.includes(key));
    if (unknown.length > 0)
        throw new pulumi.RunError(
            `config ${unknown.map((key) => `${project}:${key}`).join(", ")} must be one of ${KEYS.join(", ")}; received an unknown key`,
        );
}

function oneOf<T extends string>(config: pulumi.Config, key: string, allowed: Record<string, T>): T | undefined {
    const value = config.get(key);
    if (value !== undefined && !Object.values(allowed).includes(value as T))
        throw new pulumi.RunError(
            `config ${config.name}:${key} must be one of ${Object.values(allowed).join(", ")}; received ${JSON.stringify(value)}`,
        );
    return value as T | undefined;
}

/** The stack: one Lambda function behind one protected API. */
const program = async (): Promise<Record<string, pulumi.Output<string>>> => {
    const config = new pulumi.Config();
    refuseUnknownKeys(config.name);
    const domainName = config.require("domainName");
    const zoneId = config.require("zoneId");
    const mode = oneOf(config, "originPullMode", OriginPullMode);
    const authorities = config
        .get("originPullAuthorities")
        ?.split(",")
        .map((entry) => {
            const [name, leaf] = entry.trim().split(":");
            // Trusted only: on the way to mode Shared, or away from it.
            if (name === SHARED) return { name: "cloudflare", caCertificatePem: fs.readFileSync(SHARED_CA, "utf8") };
            return leaf === undefined ? { name: name! } : { name: name!, leaf };
        });
    const presented = config.get("originPullPresented");
    const strictTls = oneOf(config, "strictTls", StrictTls);
    const burstLimit = config.getNumber("throttleBurstLimit");
    const rateLimit = config.getNumber("throttleRateLimit");
    const retentionInDays = config.getNumber("logRetentionDays") ?? 30;
    const deletionProtection = config.getBoolean("deletionProtection");
    const verify = config.getBoolean("verify");
    if ((burstLimit === undefined) !== (rateLimit === undefined))
        throw new pulumi.RunError(
            `config ${config.name}:throttleBurstLimit and throttleRateLimit must be set together; received one of them`,
        );

    const tags = { project: pulumi.getProject(), stack: pulumi.getStack() };
    const role = new aws.iam.Role("handler-role", {
        assumeRolePolicy: JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
        }),
        tags,
    });
    const logs = new aws.cloudwatch.LogGroup("handler-logs", { retentionInDays, tags });
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
            // By name, relative to the project: the state holds no path of the machine that deploys.
            code: new pulumi.asset.AssetArchive({
                "handler.js": new pulumi.asset.FileAsset(path.relative(process.cwd(), path.join(__dirname, "lambda", "handler.js"))),
            }),
            loggingConfig: { logFormat: "JSON", logGroup: logs.name },
            tags,
        },
        // Without the right to write, the first lines would be lost.
        { dependsOn: [writeLogs] },
    );

    const api = new CloudflareProtectedHttpApi("api", {
        domainName,
        zoneId,
        routes: [{ routeKey: "$default", lambdaArn: handler.arn }],
        originPull: { mode, authorities, presented },
        strictTls,
        throttle: burstLimit === undefined || rateLimit === undefined ? undefined : { burstLimit, rateLimit },
        accessLog: { retentionInDays },
        deletionProtection,
        verify: { enabled: verify },
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
