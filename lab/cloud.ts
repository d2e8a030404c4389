/**
 * The state of both clouds as plain data, and the events of their changes. Nothing in here decides anything: the resource types
 * (providers.ts) write it, the data planes (API Gateway's server, the edge, DNS) read it, and a fault edits it behind Pulumi's back.
 */
import { EventEmitter } from "node:events";
import type { Identity, KeySource, WebCa } from "./pki/authority";

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

export interface DnsRecord {
    id: string;
    /** Full name, lower case, no trailing dot. */
    name: string;
    type: string;
    content: string;
    ttl: number;
    proxied: boolean;
    comment: string | undefined;
    tags?: string[];
    settings?: Record<string, boolean>;
}

/** A client certificate uploaded for origin pulls of single hostnames. It is presented only from `activeAt` on (docs/sources.md 3.9). */
export interface HostnameCertificate extends Identity {
    id: string;
    /** Milliseconds since the epoch. */
    activeAt: number;
    /** Deleted, and still listed: it never becomes active again (docs/sources.md 12.11). */
    pendingDeletion?: boolean;
    issuer: string;
    serialNumber: string;
    expiresOn: string;
}

export interface HostnameAssociation {
    hostname: string;
    certId: string;
    /** `false` sends no certificate, regardless of the other levels (docs/sources.md 3.7). */
    enabled: boolean;
}

/** Products that answer at the edge. */
export type EdgeAnswer = "blocked" | "rate-limited" | "access-login" | "redirect" | "worker-failed" | "worker";

export interface Zone {
    id: string;
    name: string;
    /** By Cloudflare's own setting id: `ssl` (off, flexible, full, strict), `tls_client_auth` (on, off), `always_use_https` (on, off). */
    settings: Map<string, string>;
    records: Map<string, DnsRecord>;
    hostnameCertificates: Map<string, HostnameCertificate>;
    /** By hostname. */
    associations: Map<string, HostnameAssociation>;
    /** Zone-level origin pulls: the switch and the certificate, independent of the other levels. */
    zoneOriginPull: { enabled: boolean; certificatePem: string | undefined; privateKeyPem: string | undefined };
    /** An origin rule of this zone that overrides Host and SNI of its requests to the origin: what an attacker's zone does. */
    hostHeaderOverride: string | undefined;
    /** Name servers that the zone is to be delegated to. */
    nameServers: string[];
    /**
     * The zone's name, or names within it, that DNS delegates to other name servers: resolvers never see this zone's records there.
     * With the zone's own name in it, Cloudflare calls the zone pending.
     */
    delegatedElsewhere: Map<string, string[]>;
    /** A configuration rule that sets another SSL mode for one hostname, or for all below a name: `*.example.com`. */
    sslRule: { hostname: string; value: string; description: string } | undefined;
    /** A rule that answers every visitor of the zone with a challenge page. */
    challenge: boolean;
    /** What the edge answers to every visitor by itself (docs/sources.md 13.12). */
    edgeAnswer?: EdgeAnswer;
    /** Subjects of the CAs in the zone's custom origin trust store: with one, no public CA counts (docs/sources.md 13.5). */
    originTrustStore?: string[];
    /** Compliance modes of TLS to origins, e.g. `pqh` (docs/sources.md 13.6). */
    originTlsModes?: string[];
    /** A page rule that sets another SSL mode for the whole zone (docs/sources.md 13.14). */
    pageRuleSsl?: string;
    /** Name servers of the zone's own name, and a zone that others serve (docs/sources.md 13.13). */
    vanityNameServers?: string[];
    type?: "partial";
    /** Whether the edge has a certificate for names deeper than one label below the zone, which Universal SSL has not (docs/sources.md 5). */
    deepCertificates: boolean;
}

export interface CloudflareAccount {
    zones: Map<string, Zone>;
    /** The lab's stand-in for Cloudflare's shared origin-pull CA and leaf: only Cloudflare has the real key. */
    shared: Identity & { caPem: string };
}

/** Behaviours that no source settles (UNCONFIRMED in the facts): the lab plays each, and the project must be right in all. */
export interface Variants {
    /** What a client certificate that does not chain to the truststore gets (docs/sources.md 1.15). */
    untrustedCertificate: "forbidden" | "closed" | "answered";
    /** What a Host that differs from the SNI of the connection gets (docs/sources.md 1.16). */
    hostMismatch: "refused" | "answered";
    /** What voiding an association gets whose certificate is gone (docs/sources.md 12.3). */
    voidWithoutCertificate: "refused" | "accepted";
}

export interface CloudEvent {
    /** e.g. `aws:apigatewayv2/domainName:DomainName` or `edge`, `gateway`, `lambda` */
    source: string;
    /** e.g. `create`, `update`, `delete`, `request`, `invoke` */
    action: string;
    /** Contains no secrets. */
    detail: Record<string, unknown>;
}

/** A request of the provider to Cloudflare's API. */
export interface ApiRequest {
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
    /** Below `/client/v4/`. */
    path: string;
}

/** What goes wrong with one try: an HTTP status, a connection that breaks before the effect, or an answer that is lost after it. */
export type Disturbance = { status: number; retryAfterMs?: number } | "refused" | "lost";

/** What is wrong with Cloudflare's API, and what the provider did about it. */
export interface ApiConditions {
    /** Asked before each try. */
    disturb?: (request: ApiRequest) => Disturbance | undefined;
    /** Every try, e.g. `GET zones/zone1/settings/ssl`. */
    tries: string[];
    /** What the provider would have waited between its tries. */
    waitedMs: number;
}

export interface Cloud {
    aws: AwsAccount;
    cloudflare: CloudflareAccount;
    variants: Variants;
    /** The lab's public CA: it signs ACM's and the edge's server certificates, and every client of the lab trusts it. */
    webCa: WebCa;
    /** Source of private keys: generated, or taken from a pool in tests. */
    keys: KeySource;
    /** Milliseconds until an uploaded hostname certificate is active. */
    activationDelayMs: number;
    /** Whether something answers plain HTTP at API Gateway's port 80. Always false at AWS; a fault opens it. */
    gatewayPort80Open: boolean;
    /** What is wrong with Cloudflare's API as the provider calls it. */
    api: ApiConditions;
    /** IAM actions and Cloudflare permissions that the read-only calls are denied: what a token or role with too few permissions cannot do. */
    denied: Set<string>;
    /** Environment of `command:local:Command`'s processes: the addresses of the lab's names (local/commandEnvironment.ts). */
    commandEnvironment: Record<string, string>;
    /** What the providers answer a read with when the engine sends an id only (an import): by `<type token> <id>`. */
    providerState: Map<string, Record<string, unknown>>;
    /** Emits "event" with a {@link CloudEvent}. */
    events: EventEmitter<{ event: [CloudEvent] }>;
    /** Nonces that reached the handler, each with how often. Filled by the Lambda worker itself. */
    invocations: Map<string, number>;
    /** Deterministic, cloud-wide: `nextId("api")` is e.g. `api0000001`. */
    nextId(prefix: string): string;
}
