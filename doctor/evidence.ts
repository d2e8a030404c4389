/**
 * What the doctor knows before it judges: plain data without secrets, collected read-only. `undefined` always means "not asked or not
 * answered", never "no".
 */
import type { ProbeEvidence } from "../probes";

export type { AnsweredBy, Outcome, ProbeEvidence } from "../probes";

export interface DnsEvidence {
    domainName: string;
    /** CNAME targets that a client sees; a proxied name has none. */
    aliases: string[];
    addresses: string[];
    /** Values of the CAA records (`issue`, `issuewild`) that apply to the name, from the closest name with any. */
    caa?: string[];
    /** The closest delegated parent, and its name servers. */
    zoneName?: string;
    nameServers?: string[];
    /** c-ares' code if there is no address: ENOTFOUND, ENODATA, ESERVFAIL, ETIMEOUT, … */
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
    /** Other errors, e.g. no credentials or an unknown region. */
    problems: string[];
    /** `null`: API Gateway has no such domain in this region. */
    domain?: null | {
        status: string;
        statusMessage?: string;
        /** `API_MAPPING_ONLY`, `ROUTING_RULE_ONLY` or `ROUTING_RULE_THEN_API_MAPPING`. */
        routingMode?: string;
        targetDomainName: string;
        certificateArn: string;
        mutualTls: boolean;
        truststoreUri?: string;
        truststoreVersion?: string;
        truststoreWarnings: string[];
        /** `undefined` if only the domain itself could be read. */
        mappings?: AwsDomain["mappings"];
    };
    /** The API of the domain's mapping. `null`: it is gone. */
    api?: null | {
        id: string;
        disableExecuteApiEndpoint: boolean;
        stages?: { name: string; autoDeploy: boolean; throttlingRateLimit?: number; throttlingBurstLimit?: number }[];
        routes?: { routeKey: string; target: string }[];
    };
    /** The other APIs that the domain is mapped to, under other keys. */
    otherApis?: { id: string; disableExecuteApiEndpoint: boolean }[];
    /** Every other custom domain of these APIs. */
    otherDomains?: AwsDomain[];
    truststore?: {
        /** The CA certificates of the pinned and of the newest version. */
        pinnedPem?: string;
        newestPem?: string;
        newestVersion?: string;
        /** The pinned version is gone from S3. */
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

/** A configuration rule that sets, or may set, the SSL mode of a visitor's request. */
export interface SslRuleEvidence {
    /** The mode, in Cloudflare's words, e.g. `flexible`. */
    value: string;
    /** Its name in the dashboard; may be empty. */
    description: string;
    /** In Cloudflare's Rules language, on one line. */
    expression: string;
    /** True: it matches the request. False: it may match. */
    certain: boolean;
}

export interface CloudflareEvidence {
    /** Denied permissions, in Cloudflare's words, e.g. `Zone Settings Read`. */
    denied: string[];
    problems: string[];
    /** `null`: this token sees no such zone. */
    zone?: null | {
        id: string;
        name: string;
        status: string;
        nameServers: string[];
        /** Custom name servers, which stand beside or instead of Cloudflare's own. */
        vanityNameServers?: string[];
        /** `full`; of `partial` and `secondary` zones other name servers answer. */
        type?: string;
    };
    ssl?: string;
    /** Configuration rules that set, or may set, another SSL mode for a visitor's request; the last one wins. */
    sslRules?: SslRuleEvidence[];
    /** Subjects or ids of the CAs in the zone's custom origin trust store; asked only if the edge refuses the origin's certificate. */
    originTrustStore?: string[];
    /** Compliance modes of the zone's TLS to origins, e.g. `pqh`; asked only if the edge cannot finish the handshake. */
    originTlsModes?: string[];
    /** The global level, `tls_client_auth`. */
    globalOriginPull?: boolean;
    zoneOriginPull?: boolean;
    /** `null`: the hostname has no association. */
    association?: null | { certId: string; enabled: boolean; certStatus?: string };
    hostnameCertificates?: HostnameCertificateEvidence[];
    /** Records at the API's name. */
    records?: { type: string; content: string; proxied: boolean }[];
    /** Records at the names of ACM's validation records, if AWS reported them. */
    validationRecords?: { name: string; type: string; content: string; proxied: boolean }[];
}

/** Everything known about one deployment. */
export interface Evidence {
    domainName: string;
    /** Regional name of the custom domain, from any source. */
    targetDomainName?: string;
    apiId?: string;
    /** Path of the requests. */
    path: string;
    now: Date;
    dns: DnsEvidence;
    probes: ProbeEvidence[];
    /** Distinguished names of the CAs that the origin accepts client certificates from; empty if it named none. */
    acceptedAuthorities?: string[];
    aws?: AwsEvidence;
    cloudflare?: CloudflareEvidence;
    /** Variables of a proxy that are set for what the doctor asks: it does not use one. */
    proxyVariables?: string[];
}
