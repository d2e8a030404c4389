/**
 * What the doctor knows before it judges: plain data, gathered read-only, nothing secret in it. `undefined` always means "not asked or not
 * answered", never "no": the diagnosis must tell the two apart.
 */
import type { ProbeEvidence } from "../probes";

export type { AnsweredBy, Outcome, ProbeEvidence } from "../probes";

export interface DnsEvidence {
    domainName: string;
    /** CNAME targets that a client sees; a proxied name shows none. */
    aliases: string[];
    addresses: string[];
    /** `value` of every CAA record with `issue` or `issuewild` that governs the name, from the closest name that has any. */
    caa?: string[];
    /** The closest name above that is delegated, and to whom. */
    zoneName?: string;
    nameServers?: string[];
    /** c-ares' code when there is no address: ENOTFOUND, ENODATA, ESERVFAIL, ETIMEOUT, … */
    problem?: string;
}

/** A custom domain of API Gateway. */
export interface AwsDomain {
    name: string;
    mutualTls: boolean;
    /** Mapping key to API id and stage. */
    mappings: { apiId: string; stage: string; key: string }[];
}

export interface AwsEvidence {
    region: string;
    /** IAM actions that were denied, e.g. `apigateway:GET`. */
    denied: string[];
    /** Errors that are neither a denial nor an absence, e.g. no credentials, an unknown region. */
    problems: string[];
    /** `null`: API Gateway has no such domain in this region. */
    domain?: null | {
        status: string;
        statusMessage?: string;
        targetDomainName: string;
        certificateArn: string;
        mutualTls: boolean;
        truststoreUri?: string;
        truststoreVersion?: string;
        truststoreWarnings: string[];
        /** `undefined` when only the domain itself could be read. */
        mappings?: AwsDomain["mappings"];
    };
    /** The API that the domain's mapping names. `null`: it is gone. */
    api?: null | {
        id: string;
        disableExecuteApiEndpoint: boolean;
        stages?: { name: string; autoDeploy: boolean; throttlingRateLimit?: number; throttlingBurstLimit?: number }[];
        routes?: { routeKey: string; target: string }[];
    };
    /** Every other custom domain that is mapped to the same API. */
    otherDomains?: AwsDomain[];
    truststore?: {
        /** The CA certificates of the pinned version, and of the newest. */
        pinnedPem?: string;
        newestPem?: string;
        newestVersion?: string;
        /** `null`: the pinned version is gone from S3. */
        pinnedMissing?: boolean;
    };
    certificate?: null | {
        arn: string;
        status: string;
        failureReason?: string;
        domainName: string;
        subjectAlternativeNames: string[];
        notAfter?: string;
        validationRecords: { name: string; value: string; status?: string }[];
    };
}

export interface HostnameCertificateEvidence {
    id: string;
    status: string;
    /** The leaf itself, public. */
    certificatePem?: string;
    issuer?: string;
    expiresOn?: string;
}

/** A configuration rule that sets the SSL mode of a visitor's request, or may. */
export interface SslRuleEvidence {
    /** The mode that it sets, in Cloudflare's words, e.g. `flexible`. */
    value: string;
    /** As it is called in the dashboard; empty when it has no name. */
    description: string;
    /** In Cloudflare's Rules language, in one line. */
    expression: string;
    /** True: it holds for the request. False: its expression does not tell. */
    certain: boolean;
}

export interface CloudflareEvidence {
    /** Permissions that were denied, in Cloudflare's words, e.g. `Zone Settings Read`. */
    denied: string[];
    problems: string[];
    /** `null`: there is no such zone for this token. */
    zone?: null | { id: string; name: string; status: string; nameServers: string[] };
    ssl?: string;
    /** Configuration rules that set, or may set, another SSL mode for a visitor's request; the last one wins. */
    sslRules?: SslRuleEvidence[];
    /** The global level, `tls_client_auth`. */
    globalOriginPull?: boolean;
    zoneOriginPull?: boolean;
    /** `null`: the hostname has no association. */
    association?: null | { certId: string; enabled: boolean; certStatus?: string };
    hostnameCertificates?: HostnameCertificateEvidence[];
    /** Records at the API's own name. */
    records?: { type: string; content: string; proxied: boolean }[];
    /** Records at the names of ACM's validation records (only if AWS told which). */
    validationRecords?: { name: string; type: string; content: string; proxied: boolean }[];
}

/** Everything that is known of one deployment. */
export interface Evidence {
    domainName: string;
    /** Regional name of the custom domain, from whichever source had it. */
    targetDomainName?: string;
    apiId?: string;
    /** Path of the requests. */
    path: string;
    now: Date;
    dns: DnsEvidence;
    probes: ProbeEvidence[];
    /** Distinguished names of the CAs that the origin asks a client certificate of; empty when it named none. */
    acceptedAuthorities?: string[];
    aws?: AwsEvidence;
    cloudflare?: CloudflareEvidence;
}
