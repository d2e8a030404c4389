/**
 * AWS's part of the evidence, read-only through the AWS SDK. Clients are loaded on demand: the doctor must start fast if it only probes. The
 * SDK itself finds region, profile, credentials and endpoints (`AWS_ENDPOINT_URL` sets another one).
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { pipeline, Readable, Transform } from "node:stream";
import type { ACM } from "@aws-sdk/client-acm";
import type { ApiGatewayV2 } from "@aws-sdk/client-apigatewayv2";
import type { S3 } from "@aws-sdk/client-s3";
import { startDeadline, type Deadline } from "../../../probes";
import type { AwsEvidence } from "../../evidence";
import type { Hindrances } from "../hindrances";
import { askApi, askDomain, askEndpoints, askOtherDomains, mappedApi } from "./apigatewayv2";
import { complete, createAsk, type Ask } from "./ask";
import { askTruststore } from "./truststore";

/** Where to look. */
export interface AwsOptions {
    domainName: string;
    /** Path of the visitor's request; defaults to `/`. */
    path?: string;
    region?: string;
    profile?: string;
    /** The API; defaults to that of the domain's mapping for the path. */
    apiId?: string;
    /** For the whole collection. */
    timeoutMs: number;
}

interface Clients {
    gateway: ApiGatewayV2;
    acm: ACM;
    s3: S3;
}

type Facts = Omit<AwsEvidence, "denied" | "problems" | "region">;

const CREDENTIAL_VARIABLES = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/** Set to nothing, these are a pipeline's missing secret, and AWS was meant to be asked. */
const SECRET_VARIABLES = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/** Whether there seem to be AWS credentials, or were meant to be, without a request. */
export function hasAwsCredentials(): boolean {
    const { env } = process;
    const folder = join(homedir(), ".aws");
    const files = [env.AWS_SHARED_CREDENTIALS_FILE || join(folder, "credentials"), env.AWS_CONFIG_FILE || join(folder, "config")];
    // Set to false, it says that this runs on an instance.
    return (
        CREDENTIAL_VARIABLES.some((name) => env[name]) ||
        SECRET_VARIABLES.some((name) => env[name] !== undefined) ||
        env.AWS_EC2_METADATA_DISABLED === "false" ||
        files.some((file) => existsSync(file))
    );
}

/** Limit of one answer. */
const MAX_BYTES = 16 * 1024 * 1024;

const QUIET = {
    // Outside EC2 the search for instance metadata takes seconds: it is off by default.
    AWS_EC2_METADATA_DISABLED: "true",
    // The SDK's warnings about Node versions do not belong in a report.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
};

/** Sets the unset variables, which the SDK reads only from the environment; returns a function that restores them. */
function quietEnvironment(): () => void {
    const set = Object.entries(QUIET).filter(([name]) => process.env[name] === undefined);
    for (const [name, value] of set) process.env[name] = value;
    return () => set.forEach(([name]) => delete process.env[name]);
}

/** Aborts an answer that is larger than any of AWS's: the SDK would buffer all of it. */
function bounded<T extends ApiGatewayV2 | ACM | S3>(client: T): T {
    // Their types differ only in inputs that do not matter here.
    (client as Pick<ApiGatewayV2, "middlewareStack">).middlewareStack.add(
        (next) => async (args) => {
            const output = await next(args);
            const response = output.response as { body?: unknown };
            if (!(response.body instanceof Readable)) return output;
            let size = 0;
            const limit = new Transform({
                transform: (chunk: Buffer, _encoding, done) => {
                    size += chunk.length;
                    done(size > MAX_BYTES ? Object.assign(new Error(), { name: "TooLarge" }) : null, chunk);
                },
            });
            // The reader handles errors of either.
            response.body = pipeline(response.body, limit, () => undefined);
            return output;
        },
        { step: "deserialize", priority: "low", name: "bounded" },
    );
    return client;
}

function connect(options: AwsOptions): Clients {
    // Twice as fast as `import()`.
    const load = createRequire(__filename);
    const { ApiGatewayV2 } = load("@aws-sdk/client-apigatewayv2") as typeof import("@aws-sdk/client-apigatewayv2");
    const { ACM } = load("@aws-sdk/client-acm") as typeof import("@aws-sdk/client-acm");
    const { S3 } = load("@aws-sdk/client-s3") as typeof import("@aws-sdk/client-s3");
    const { env } = process;
    const shared = {
        // The JavaScript SDK, unlike the CLI, ignores AWS_DEFAULT_REGION.
        region: options.region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined),
        profile: options.profile,
        maxAttempts: 2,
        requestHandler: { connectionTimeout: options.timeoutMs, requestTimeout: options.timeoutMs, throwOnRequestTimeout: true },
    };
    const gateway = bounded(new ApiGatewayV2(shared));
    // All three share one search for credentials.
    const same = { ...shared, credentials: gateway.config.credentials };
    const elsewhere = Boolean(env.AWS_ENDPOINT_URL || env.AWS_ENDPOINT_URL_S3);
    const s3 = bounded(new S3({ ...same, followRegionRedirects: true, ...(elsewhere && { forcePathStyle: true }) }));
    return { gateway, acm: bounded(new ACM(same)), s3 };
}

async function askCertificate(ask: Ask, acm: ACM, arn: string): Promise<AwsEvidence["certificate"]> {
    const certificate = await ask(
        "ACM",
        "acm:DescribeCertificate",
        async (options) => complete(await acm.describeCertificate({ CertificateArn: arn }, options), "Certificate").Certificate!,
    );
    if (!certificate) return certificate;
    const records = new Map<string, NonNullable<AwsEvidence["certificate"]>["validationRecords"][number]>();
    for (const { ResourceRecord: record, ValidationStatus: status } of certificate.DomainValidationOptions ?? [])
        // A name and its wildcard share one record.
        if (record?.Name && record.Value) records.set(record.Name, { name: record.Name, value: record.Value, ...(status && { status }) });
    return {
        arn,
        status: certificate.Status ?? "",
        ...(certificate.FailureReason && { failureReason: certificate.FailureReason }),
        domainName: certificate.DomainName ?? "",
        subjectAlternativeNames: certificate.SubjectAlternativeNames ?? [],
        ...(certificate.NotAfter && { notAfter: certificate.NotAfter.toISOString() }),
        validationRecords: [...records.values()],
    };
}

async function collect(options: AwsOptions, clients: Clients, ask: Ask, hindrances: Hindrances): Promise<Facts> {
    const { gateway, acm, s3 } = clients;
    const domain = askDomain(ask, gateway, options.domainName);
    const apiId = domain.then((details) => options.apiId ?? mappedApi(details?.mappings ?? [], options.path ?? "/"));
    const [api, otherApis, others, truststore, certificate] = await Promise.all([
        apiId.then((id) => (id ? askApi(ask, gateway, id) : undefined)),
        Promise.all([domain, apiId]).then(([details, id]) => askEndpoints(ask, gateway, details?.mappings ?? [], id)),
        askOtherDomains(ask, gateway, options.domainName),
        domain.then((details) =>
            details?.truststoreUri ? askTruststore(ask, hindrances, s3, details.truststoreUri, details.truststoreVersion) : undefined,
        ),
        domain.then((details) => (details?.certificateArn ? askCertificate(ask, acm, details.certificateArn) : undefined)),
    ]);
    const id = await apiId;
    const found = await domain;
    const ids = [id, ...(found?.mappings ?? []).map((mapping) => mapping.apiId)];
    const otherDomains = others.domains.filter(({ mappings }) => mappings.some((mapping) => ids.includes(mapping.apiId)));
    return {
        ...(found !== undefined && { domain: found }),
        ...(api !== undefined && { api }),
        ...(otherApis.length > 0 && { otherApis }),
        // "None" needs all answers; a domain that was found needs only its own.
        ...(id && (others.complete || otherDomains.length > 0) && { otherDomains }),
        ...(truststore && { truststore }),
        ...(certificate !== undefined && { certificate }),
    };
}

/** Collects AWS's part. Never rejects: `denied` and `problems` say what is missing. */
export async function collectAws(options: AwsOptions): Promise<AwsEvidence> {
    const hindrances: Hindrances = { denied: new Set(), problems: new Set() };
    const restore = quietEnvironment();
    let region = options.region ?? "";
    let facts: Facts = {};
    let clients: Clients | undefined;
    let limit: Deadline | undefined;
    try {
        clients = connect(options);
        // Loading the SDK does not count against AWS's time.
        limit = startDeadline(options.timeoutMs);
        region = await limit.within(clients.gateway.config.region());
        facts = await collect(options, clients, createAsk(limit, hindrances, options.profile ?? process.env.AWS_PROFILE), hindrances);
    } catch (error) {
        const noRegion = /region is missing/i.test((error as Error).message);
        hindrances.problems.add(noRegion ? "no AWS region is set: set AWS_REGION, or pass --region" : "the AWS SDK could not be started");
    } finally {
        limit?.clear();
        restore();
        for (const client of [clients?.gateway, clients?.acm, clients?.s3]) client?.destroy();
    }
    return { region, ...facts, denied: [...hindrances.denied].sort(), problems: [...hindrances.problems].sort() };
}
