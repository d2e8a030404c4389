/** The AWS account as plain data: what its resource types write and its data planes read. */
/** A certificate that ACM holds. It is issued when every validation record resolves, unproxied, in the lab's DNS. */
export interface AcmCertificate {
    arn: string;
    domainName: string;
    subjectAlternativeNames: string[];
    status: "PENDING_VALIDATION" | "ISSUED" | "EXPIRED" | "FAILED";
    /** ACM's own word for why it failed, e.g. `CAA_ERROR`. */
    failureReason?: string;
    /** Status of the managed renewal, which needs the same validation records. */
    renewal?: { status: "PENDING_AUTO_RENEWAL" | "PENDING_VALIDATION" | "SUCCESS" | "FAILED" };
    /** One validation record per name; `name` and `value` end in a dot, as ACM writes them. */
    validationRecords: { domainName: string; name: string; value: string }[];
    /** Chain and key, once issued by the lab's public CA. */
    certificatePem?: string;
    privateKeyPem?: string;
    tags: Record<string, string>;
}

/** One version of an S3 object; `versionId` is "null" in a bucket without versioning. */
export interface S3ObjectVersion {
    versionId: string;
    body: string;
    etag: string;
    deleteMarker: boolean;
}

export interface S3Bucket {
    name: string;
    region: string;
    versioning: boolean;
    /** The four switches by AWS's names; undefined when the bucket has no such configuration. */
    publicAccessBlock: Record<string, boolean> | undefined;
    encryption: string | undefined;
    policy: string | undefined;
    /** Key to versions, the newest last. */
    objects: Map<string, S3ObjectVersion[]>;
    tags: Record<string, string>;
}

/** Where a route's requests go. `uri` is a Lambda invoke ARN (AWS_PROXY) or a URL (HTTP_PROXY). */
export interface Integration {
    id: string;
    integrationType: string;
    integrationUri: string;
    integrationMethod: string | undefined;
    payloadFormatVersion: string;
    timeoutMilliseconds: number;
}

export interface Route {
    id: string;
    routeKey: string;
    /** `integrations/<id>` */
    target: string;
    authorizationType: string;
    authorizerId: string | undefined;
    authorizationScopes: string[];
}

export interface Stage {
    name: string;
    autoDeploy: boolean;
    throttlingBurstLimit: number | undefined;
    throttlingRateLimit: number | undefined;
    accessLog: { destinationArn: string; format: string } | undefined;
    /** What is deployed to this stage: with autoDeploy the API as it is now, else what the last deployment took (docs/sources.md 2.2). */
    deployed: { disableExecuteApiEndpoint: boolean; routes: Map<string, Route>; integrations: Map<string, Integration> } | undefined;
    tags: Record<string, string>;
}

export interface CorsConfiguration {
    allowCredentials?: boolean;
    allowHeaders?: string[];
    allowMethods?: string[];
    allowOrigins?: string[];
    exposeHeaders?: string[];
    maxAge?: number;
}

export interface HttpApi {
    id: string;
    name: string;
    disableExecuteApiEndpoint: boolean;
    cors: CorsConfiguration | undefined;
    integrations: Map<string, Integration>;
    routes: Map<string, Route>;
    stages: Map<string, Stage>;
    tags: Record<string, string>;
}

export interface ApiMapping {
    id: string;
    apiId: string;
    stage: string;
    /** Path prefix; "" maps the whole domain. */
    apiMappingKey: string;
}

/** The truststore as API Gateway took it at the last create or update of the domain, not as S3 holds it now (docs/sources.md 1.6). */
export interface MutualTls {
    truststoreUri: string;
    truststoreVersion: string | undefined;
    pem: string;
    warnings: string[];
}

export interface GatewayDomain {
    domainName: string;
    certificateArn: string;
    /** `d-xxxxxxxxxx.execute-api.<region>.amazonaws.com` */
    targetDomainName: string;
    hostedZoneId: string;
    /** No mutual TLS when undefined. */
    mutualTls: MutualTls | undefined;
    mappings: Map<string, ApiMapping>;
    /** `AVAILABLE` when undefined. */
    status?: "UPDATING" | "PENDING_OWNERSHIP_VERIFICATION" | "PENDING_CERTIFICATE_REIMPORT";
    statusMessage?: string;
    /** Mappings are reachable when undefined (docs/sources.md 13.2). */
    routingMode?: "ROUTING_RULE_ONLY";
    tags: Record<string, string>;
}

export interface LambdaPermission {
    statementId: string;
    /** The alias or version whose policy it is part of; undefined for the function itself. */
    qualifier: string | undefined;
    action: string;
    principal: string;
    sourceArn: string | undefined;
}

export interface LambdaFunction {
    name: string;
    arn: string;
    invokeArn: string;
    /** `<file without extension>.<export>` */
    handler: string;
    /** The unpacked archive: file name to text. */
    files: Record<string, string>;
    timeoutSeconds: number;
    environment: Record<string, string>;
    /** By alias or version and statement id, `live/allow-api`; of the function itself by statement id alone. */
    permissions: Map<string, LambdaPermission>;
    /** What was published, by version. */
    versions: Map<string, Pick<LambdaFunction, "handler" | "files" | "timeoutSeconds" | "environment">>;
    /** The version behind each alias. */
    aliases: Map<string, string>;
    tags: Record<string, string>;
}

export interface IamRole {
    name: string;
    arn: string;
    assumeRolePolicy: string;
    attachedPolicyArns: Set<string>;
    /** Inline policies by name. */
    inlinePolicies: Map<string, string>;
    tags: Record<string, string>;
}

export interface LogGroup {
    name: string;
    arn: string;
    retentionInDays: number | undefined;
    lines: string[];
    tags: Record<string, string>;
}

export interface AwsAccount {
    accountId: string;
    region: string;
    certificates: Map<string, AcmCertificate>;
    buckets: Map<string, S3Bucket>;
    apis: Map<string, HttpApi>;
    domains: Map<string, GatewayDomain>;
    /** Of the provider: it puts them on whatever it tags. */
    defaultTags: Record<string, string>;
    functions: Map<string, LambdaFunction>;
    roles: Map<string, IamRole>;
    logGroups: Map<string, LogGroup>;
}
