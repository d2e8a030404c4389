import type * as pulumi from "@pulumi/pulumi";

/** Which client certificate Cloudflare's edge presents to the origin. */
export const OriginPullMode = {
    /** Your own certificate for this hostname only. The secure default: only this hostname at the edge gets in. */
    Hostname: "Hostname",
    /** The certificate that Cloudflare shares among all customers. Any customer who can make the edge send your hostname gets in. */
    Shared: "Shared",
} as const;
export type OriginPullMode = (typeof OriginPullMode)[keyof typeof OriginPullMode];

/** What to do about the zone's SSL/TLS mode: origin pulls do not apply in Off or Flexible. */
export const StrictTls = {
    /** Look up the zone's setting, and refuse Off and Flexible. */
    Check: "Check",
    /** Set Full (strict) for the whole zone: this affects every proxied host in it. */
    Zone: "Zone",
    /** No look-up. */
    Off: "Off",
} as const;
export type StrictTls = (typeof StrictTls)[keyof typeof StrictTls];

/** Who may call a route, on top of mutual TLS. AWS's own words. */
export const AuthorizationType = { None: "NONE", Jwt: "JWT", AwsIam: "AWS_IAM", Custom: "CUSTOM" } as const;
export type AuthorizationType = (typeof AuthorizationType)[keyof typeof AuthorizationType];

/** A Lambda function that routes refer to by name, so that all of them share one permission, also if its ARN is only known late. */
export interface HttpApiFunction {
    /** Short name, e.g. `"pets"`; part of a resource name. Plain. */
    name: string;
    /** ARN of the function (not its invoke ARN); an alias or a version may follow, but not `$LATEST`. */
    lambdaArn: pulumi.Input<string>;
    /** Whether to allow this API to invoke it. Defaults to true. Plain. */
    invokePermission?: boolean;
}

/** One route of the API, with exactly one target. */
export interface HttpApiRoute {
    /** `$default`, or a method and a path, e.g. `GET /pets/{id}` or `ANY /{proxy+}`. Plain. */
    routeKey: string;
    /**
     * ARN of the Lambda function (not its invoke ARN), e.g. `arn:aws:lambda:eu-west-1:123456789012:function:pets`; an alias or a version may
     * follow, but not `$LATEST`. Routes with the same plain ARN share one permission.
     */
    lambdaArn?: pulumi.Input<string>;
    /** Name of one of `functions`, instead of `lambdaArn`. Plain. */
    function?: string;
    /** URL to which the request is forwarded, https only, e.g. `https://pets.internal.example.com/{proxy}`. */
    httpUrl?: pulumi.Input<string>;
    /** Whether to allow this API to invoke the function of `lambdaArn`. Defaults to true. Plain. */
    invokePermission?: boolean;
    /** An {@link AuthorizationType}. Defaults to NONE: mutual TLS is the only check. Plain. */
    authorizationType?: AuthorizationType;
    /** Id of the authorizer, for JWT and CUSTOM. */
    authorizerId?: pulumi.Input<string>;
    /** Scopes that a JWT must have one of; with JWT only. */
    authorizationScopes?: pulumi.Input<pulumi.Input<string>[]>;
}

/** A certificate authority that the truststore trusts. If it is the presented one, the edge presents its leaf. */
export interface OriginPullAuthority {
    /** Short name, e.g. `"1"`; part of resource names. Plain. */
    name: string;
    /** Names the leaf of an issued authority: change it to issue a new key and leaf. Defaults to `"1"`. Plain. */
    leaf?: string;
    /** The CA's certificate (PEM), with its chain up to a root. Defaults to a CA issued by this component. */
    caCertificatePem?: pulumi.Input<string>;
    /** The leaf (PEM), signed directly by the CA. Needs `privateKeyPem`. */
    certificatePem?: pulumi.Input<string>;
    /** The leaf's key (PEM, unencrypted). Always marked secret. */
    privateKeyPem?: pulumi.Input<string>;
    /** Id of a hostname certificate already uploaded to Cloudflare: Pulumi never sees its key. */
    certificateId?: pulumi.Input<string>;
}

/** The client certificate of the edge. */
export interface OriginPullArgs {
    /** An {@link OriginPullMode}. Defaults to Hostname. Plain. */
    mode?: OriginPullMode;
    /** Every authority in the truststore. Defaults to one issued authority named `"1"`; in mode Shared to none. */
    authorities?: OriginPullAuthority[];
    /** Name of the authority whose leaf the edge presents. Required if there is more than one. Plain. */
    presented?: string;
}

/** Throttling of the stage, in AWS's words. */
export interface ThrottleArgs {
    /** Requests allowed at once above the rate: a whole number, 0 or more. */
    burstLimit: pulumi.Input<number>;
    /** Requests per second, 0 or more; may be a fraction. */
    rateLimit: pulumi.Input<number>;
}

/** Cross-origin resource sharing, in AWS's words. */
export interface CorsArgs {
    /** Not together with the origin `*`. */
    allowCredentials?: pulumi.Input<boolean>;
    /** Names of headers, or `*`. */
    allowHeaders?: pulumi.Input<pulumi.Input<string>[]>;
    /** `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE`, `OPTIONS`, or `*`. */
    allowMethods?: pulumi.Input<pulumi.Input<string>[]>;
    /** Origins such as `https://app.example.com`, without a path, or `*`. */
    allowOrigins: pulumi.Input<pulumi.Input<string>[]>;
    /** Names of headers, or `*`. */
    exposeHeaders?: pulumi.Input<pulumi.Input<string>[]>;
    /** Seconds, at most 86400; -1 for none. */
    maxAge?: pulumi.Input<number>;
}

/** Access log of the stage: a JSON line per request, with the fields of the client certificate. */
export interface AccessLogArgs {
    /** Defaults to true. Plain. */
    enabled?: boolean;
    /** Days that the group of this component keeps it, one of CloudWatch's numbers such as 30, 90 or 365; 0 keeps it for good. Defaults to 30. */
    retentionInDays?: pulumi.Input<number>;
    /** ARN of a CloudWatch log group of yours, in the API's region. Defaults to a group of this component's, under `/aws/vendedlogs/`. */
    destinationArn?: pulumi.Input<string>;
}

/** The check inside `pulumi up`: `url` resolves only after the API answered through the edge and refused every bypass. */
export interface VerifyArgs {
    /** Defaults to true. If false, every preview warns that `url` is not verified. Plain. */
    enabled?: boolean;
    /**
     * Path and query of the GET request, e.g. `/health`. Any answer from API Gateway passes, even a 401, but not a 403: a refused client
     * certificate looks the same. Choose a path that a route answers, so that an open default endpoint cannot hide behind a 404. Defaults
     * to `/`.
     */
    path?: pulumi.Input<string>;
    /** How long to retry, at most 3600 seconds: both clouds take a while to roll out a change. Defaults to 300. Plain. */
    timeoutSeconds?: number;
    /** Headers of the request, e.g. `{ authorization: token }`. Always marked secret. Defaults to none. */
    headers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** Arguments of `CloudflareProtectedHttpApi`. */
export interface CloudflareProtectedHttpApiArgs {
    /** The full name, e.g. `api.example.com`. Upper case and a trailing dot are normalised. Plain. */
    domainName: string;
    /** Id of the Cloudflare zone that holds the name. */
    zoneId: pulumi.Input<string>;
    /** The API's routes, at least one. Plain structure. */
    routes: HttpApiRoute[];
    /** Functions that routes name by `function`. Plain structure. */
    functions?: HttpApiFunction[];
    /** Defaults to a CA and a client certificate for this hostname. */
    originPull?: OriginPullArgs;
    /** A {@link StrictTls}. Defaults to Check. Plain. */
    strictTls?: StrictTls;
    /** ARN of your own ACM-issued certificate for the name, in the API's region. Defaults to one issued by this component. */
    certificateArn?: pulumi.Input<string>;
    /** Defaults to the account's limits. */
    throttle?: ThrottleArgs;
    /** Defaults to none. */
    cors?: CorsArgs;
    /** Defaults to on, kept for 30 days. */
    accessLog?: AccessLogArgs;
    /**
     * Protects certificate, truststore bucket, domain, association, record and the presented authority's CA from deletion. It also stops a
     * rename of the domain: deploy `false` first. Defaults to true. Plain.
     */
    deletionProtection?: boolean;
    /** Defaults to on: `pulumi up` fails if the API does not answer through the edge, or if a bypass is open. */
    verify?: VerifyArgs;
    /** Tags of every AWS resource but the truststore's object, which can hold too few. At most 50. */
    tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}
