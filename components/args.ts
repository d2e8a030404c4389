import type * as pulumi from "@pulumi/pulumi";

/** Which client certificate Cloudflare's edge presents to the origin. */
export const OriginPullMode = {
    /** A certificate of your own for this hostname only. The secure default: it lets in nothing but this hostname at the edge. */
    Hostname: "Hostname",
    /** Cloudflare's one certificate for all its customers. Lets in any customer who can make the edge send your name. */
    Shared: "Shared",
} as const;
export type OriginPullMode = (typeof OriginPullMode)[keyof typeof OriginPullMode];

/** What to do about the zone's SSL/TLS mode: origin pulls do not apply in Off or Flexible. */
export const StrictTls = {
    /** Look the zone's setting up, and refuse Off and Flexible. */
    Check: "Check",
    /** Set Full (strict) for the whole zone: every proxied host of the zone is affected. */
    Zone: "Zone",
    /** No look-up. */
    Off: "Off",
} as const;
export type StrictTls = (typeof StrictTls)[keyof typeof StrictTls];

/** Who may call a route, on top of mutual TLS. AWS's own words. */
export const AuthorizationType = { None: "NONE", Jwt: "JWT", AwsIam: "AWS_IAM", Custom: "CUSTOM" } as const;
export type AuthorizationType = (typeof AuthorizationType)[keyof typeof AuthorizationType];

/** One route of the API, with exactly one target. */
export interface HttpApiRoute {
    /** `$default`, or a method and a path, e.g. `GET /pets/{id}` or `ANY /{proxy+}`. Plain. */
    routeKey: string;
    /** ARN of the Lambda function (not its invoke ARN), e.g. `arn:aws:lambda:eu-west-1:123456789012:function:pets`. */
    lambdaArn?: pulumi.Input<string>;
    /** URL that the request is passed on to, https only, e.g. `https://pets.internal.example.com/{proxy}`. */
    httpUrl?: pulumi.Input<string>;
    /** An {@link AuthorizationType}. Defaults to NONE: mutual TLS is the only check. Plain. */
    authorizationType?: AuthorizationType;
    /** Id of the authorizer, for JWT and CUSTOM. */
    authorizerId?: pulumi.Input<string>;
    /** Scopes that a JWT must have one of. */
    authorizationScopes?: pulumi.Input<pulumi.Input<string>[]>;
}

/** A certificate authority that the truststore trusts, and, when presented, whose leaf the edge presents. */
export interface OriginPullAuthority {
    /** Short name, e.g. `"1"`; part of resource names. Plain. */
    name: string;
    /** Names the leaf of an issued authority: changed, a new key and leaf are issued. Defaults to `"1"`. Plain. */
    leaf?: string;
    /** The CA's certificate (PEM), with its chain up to a root. Left out, the authority is issued by this component. */
    caCertificatePem?: pulumi.Input<string>;
    /** The leaf (PEM), signed directly by the CA. Needs `privateKeyPem`. */
    certificatePem?: pulumi.Input<string>;
    /** The leaf's key (PEM, unencrypted). Secret: it is marked so whatever you pass. */
    privateKeyPem?: pulumi.Input<string>;
    /** Id of a hostname certificate that is uploaded to Cloudflare already: no key comes near Pulumi. */
    certificateId?: pulumi.Input<string>;
}

/** The client certificate of the edge. */
export interface OriginPullArgs {
    /** An {@link OriginPullMode}. Defaults to Hostname. Plain. */
    mode?: OriginPullMode;
    /** Every authority in the truststore. Defaults to one, issued, named `"1"`; in mode Shared to none of your own. */
    authorities?: OriginPullAuthority[];
    /** Name of the authority whose leaf the edge presents. Required when there is more than one. Plain. */
    presented?: string;
}

/** Throttling of the stage, in AWS's words. */
export interface ThrottleArgs {
    /** Requests that may be in flight at once above the rate. */
    burstLimit: pulumi.Input<number>;
    /** Requests per second. */
    rateLimit: pulumi.Input<number>;
}

/** Cross-origin resource sharing, in AWS's words. */
export interface CorsArgs {
    allowCredentials?: pulumi.Input<boolean>;
    allowHeaders?: pulumi.Input<pulumi.Input<string>[]>;
    allowMethods?: pulumi.Input<pulumi.Input<string>[]>;
    /** Origins such as `https://app.example.com`. */
    allowOrigins: pulumi.Input<pulumi.Input<string>[]>;
    exposeHeaders?: pulumi.Input<pulumi.Input<string>[]>;
    /** Seconds. */
    maxAge?: pulumi.Input<number>;
}

/** Access log of the stage: a JSON line per request, with the fields of the client certificate. */
export interface AccessLogArgs {
    /** Defaults to true. Plain. */
    enabled?: boolean;
    /** Days. Defaults to 30. */
    retentionInDays?: pulumi.Input<number>;
}

/** The check inside of `pulumi up`: `url` is known only once the API answered through the edge, and refused whoever went around it. */
export interface VerifyArgs {
    /** Defaults to true. Off, every preview warns that `url` is not verified. Plain. */
    enabled?: boolean;
    /**
     * Path and query of the GET request, e.g. `/health`. Any answer of API Gateway's will do, a 401 too, but not a 403: a refused client
     * certificate says the same. With one that a route answers, an open default endpoint cannot hide behind a 404. Defaults to `/`.
     */
    path?: pulumi.Input<string>;
    /** How long to try, at most 3600 seconds: the clouds take a while to spread what was deployed. Defaults to 300. Plain. */
    timeoutSeconds?: number;
    /** Headers of the request, e.g. `{ authorization: token }`. Secret: they are marked so whatever you pass. Defaults to none. */
    headers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** Arguments of `CloudflareProtectedHttpApi`. */
export interface CloudflareProtectedHttpApiArgs {
    /** The full name, e.g. `api.example.com`. Upper case and a trailing dot are normalised. Plain. */
    domainName: string;
    /** Id of the Cloudflare zone that holds the name. */
    zoneId: pulumi.Input<string>;
    /** What the API answers, at least one. Plain structure. */
    routes: HttpApiRoute[];
    /** Defaults to a CA and a client certificate of this hostname's own. */
    originPull?: OriginPullArgs;
    /** A {@link StrictTls}. Defaults to Check. Plain. */
    strictTls?: StrictTls;
    /** An ACM-issued certificate of yours for the name, in the API's region. Defaults to one that is issued here. */
    certificateArn?: pulumi.Input<string>;
    /** Defaults to the account's own limits. */
    throttle?: ThrottleArgs;
    /** Defaults to none. */
    cors?: CorsArgs;
    /** Defaults to on, kept for 30 days. */
    accessLog?: AccessLogArgs;
    /**
     * Protects certificate, truststore bucket, domain, association, record and the presented authority's CA from deletion. It stops a
     * rename of the domain too: deploy `false` first. Defaults to true. Plain.
     */
    deletionProtection?: boolean;
    /** Defaults to on: `pulumi up` fails when the API does not answer through the edge, or answers around it. */
    verify?: VerifyArgs;
    /** Tags of every AWS resource. */
    tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}
