/**
 * AWS's side of the evidence, through the AWS SDK and read-only. Each client is imported only when it is asked, since the doctor must start
 * fast when it only probes. Region, profile, credentials and endpoints are the SDK's own business (`AWS_ENDPOINT_URL` points elsewhere).
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
import { askApi, askDomain, askOtherDomains } from "./apigatewayv2";
import { createAsk, type Ask } from "./ask";
import { askTruststore } from "./truststore";

/** Where to look. */
export interface AwsOptions {
    domainName: string;
    region?: string;
    profile?: string;
    /** The API, if the domain's mapping is not to tell. */
    apiId?: string;
    /** For everything together. */
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
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/** Whether it is worth asking AWS at all, without asking anybody. */
export function hasAwsCredentials(): boolean {
    const { env } = process;
    const folder = join(homedir(), ".aws");
    const files = [env.AWS_SHARED_CREDENTIALS_FILE || join(folder, "credentials"), env.AWS_CONFIG_FILE || join(folder, "config")];
    // Told to ask the instance that this runs on, we believe that there is one.
    return (
        CREDENTIAL_VARIABLES.some((name) => env[name]) ||
        env.AWS_EC2_METADATA_DISABLED === "false" ||
        files.some((file) => existsSync(file))
    );
}

/** Of one answer. */
const MAX_BYTES = 16 * 1024 * 1024;

const QUIET = {
    // A laptop waits for seconds for an instance's metadata that is not there: unless told, nobody asks for it.
    AWS_EC2_METADATA_DISABLED: "true",
    // Which Node the SDK's next year needs is no finding about an API.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
};

/** Sets what nobody has set, for the SDK takes it from nowhere else; returns the way back. */
function quietEnvironment(): () => void {
    const set = Object.entries(QUIET).filter(([name]) => process.env[name] === undefined);
    for (const [name, value] of set) process.env[name] = value;
    return () => set.forEach(([name]) => delete process.env[name]);
}

/** Ends an answer that is larger than any of AWS's: the SDK would keep all of it. */
function bounded<T extends ApiGatewayV2 | ACM | S3>(client: T): T {
    // Their types differ in inputs that are of no matter here.
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
            // An error of either is the reader's.
            response.body = pipeline(response.body, limit, () => undefined);
            return output;
        },
        { step: "deserialize", priority: "low", name: "bounded" },
    );
    return client;
}

function connect(options: AwsOptions): Clients {
    // Half the time of `import()`.
    const load = createRequire(__filename);
    const { ApiGatewayV2 } = load("@aws-sdk/client-apigatewayv2") as typeof import("@aws-sdk/client-apigatewayv2");
    const { ACM } = load("@aws-sdk/client-acm") as typeof import("@aws-sdk/client-acm");
    const { S3 } = load("@aws-sdk/client-s3") as typeof import("@aws-sdk/client-s3");
    const { env } = process;
    const shared = {
        // The JavaScript SDK, unlike the command line, does not know AWS_DEFAULT_REGION.
        region: options.region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined),
        profile: options.profile,
        maxAttempts: 2,
        requestHandler: { connectionTimeout: options.timeoutMs, requestTimeout: options.timeoutMs, throwOnRequestTimeout: true },
    };
    const gateway = bounded(new ApiGatewayV2(shared));
    // One search for credentials serves all three.
    const same = { ...shared, credentials: gateway.config.credentials };
    const elsewhere = Boolean(env.AWS_ENDPOINT_URL || env.AWS_ENDPOINT_URL_S3);
    const s3 = bounded(new S3({ ...same, followRegionRedirects: true, ...(elsewhere && { forcePathStyle: true }) }));
    return { gateway, acm: bounded(new ACM(same)), s3 };
}

async function askCertificate(ask: Ask, acm: ACM, arn: string): Promise<AwsEvidence["certificate"]> {
    const found = await ask("ACM", "acm:DescribeCertificate", (options) => acm.describeCertificate({ CertificateArn: arn }, options));
    const held = found?.Certificate;
    if (!held) return found === null ? null : undefined;
    const records = new Map<string, NonNullable<AwsEvidence["certificate"]>["validationRecords"][number]>();
    for (const { ResourceRecord: record, ValidationStatus: status } of held.DomainValidationOptions ?? [])
        // A name and its wildcard share one record.
        if (record?.Name && record.Value) records.set(record.Name, { name: record.Name, value: record.Value, ...(status && { status }) });
    return {
        arn,
        status: held.Status ?? "",
        ...(held.FailureReason && { failureReason: held.FailureReason }),
        domainName: held.DomainName ?? "",
        subjectAlternativeNames: held.SubjectAlternativeNames ?? [],
        ...(held.NotAfter && { notAfter: held.NotAfter.toISOString() }),
        validationRecords: [...records.values()],
    };
}

async function collect(options: AwsOptions, clients: Clients, ask: Ask, hindrances: Hindrances): Promise<Facts> {
    const { gateway, acm, s3 } = clients;
    const domain = askDomain(ask, gateway, options.domainName);
    const apiId = domain.then((one) => {
        const mappings = one?.mappings ?? [];
        return options.apiId ?? (mappings.find(({ key }) => key === "") ?? mappings[0])?.apiId;
    });
    const [api, others, truststore, certificate] = await Promise.all([
        apiId.then((id) => (id ? askApi(ask, gateway, id) : undefined)),
        askOtherDomains(ask, gateway, options.domainName),
        domain.then((one) =>
            one?.truststoreUri ? askTruststore(ask, hindrances, s3, one.truststoreUri, one.truststoreVersion) : undefined,
        ),
        domain.then((one) => (one?.certificateArn ? askCertificate(ask, acm, one.certificateArn) : undefined)),
    ]);
    const id = await apiId;
    const otherDomains = others.domains.filter(({ mappings }) => mappings.some((mapping) => mapping.apiId === id));
    const found = await domain;
    return {
        ...(found !== undefined && { domain: found }),
        ...(api !== undefined && { api }),
        // "None" needs every answer; one that was found is found.
        ...(id && (others.complete || otherDomains.length > 0) && { otherDomains }),
        ...(truststore && { truststore }),
        ...(certificate !== undefined && { certificate }),
    };
}

/** Gathers AWS's side. Never rejects: what is missing is in `denied` and `problems`. */
export async function collectAws(options: AwsOptions): Promise<AwsEvidence> {
    const hindrances: Hindrances = { denied: new Set(), problems: new Set() };
    const restore = quietEnvironment();
    let region = options.region ?? "";
    let facts: Facts = {};
    let clients: Clients | undefined;
    let limit: Deadline | undefined;
    try {
        clients = connect(options);
        // Loading the SDK is this machine's time, not AWS's.
        limit = startDeadline(options.timeoutMs);
        region = await limit.within(clients.gateway.config.region());
        facts = await collect(options, clients, createAsk(limit, hindrances, options.profile ?? process.env.AWS_PROFILE), hindrances);
    } catch (error) {
        const noRegion = /region is missing/i.test((error as Error).message);
        hindrances.problems.add(noRegion ? "no AWS region is known: set AWS_REGION, or pass --region" : "the AWS SDK could not be started");
    } finally {
        limit?.clear();
        restore();
        for (const client of [clients?.gateway, clients?.acm, clients?.s3]) client?.destroy();
    }
    return { region, ...facts, denied: [...hindrances.denied].sort(), problems: [...hindrances.problems].sort() };
}
