import * as pulumi from "@pulumi/pulumi";
import { OriginPullMode, StrictTls, type CloudflareProtectedHttpApiArgs, type OriginPullAuthority } from "./args";
import { issueCertificate } from "./certificate";
import { DeploymentRecord } from "./changeGuard/deploymentRecord";
import { checkStrictTls, createRecord } from "./cloudflareZone";
import { createDomain, mapDomain, pinnedPem } from "./customDomain";
import { failFast } from "./failFast";
import { createApi, createStage } from "./httpApi";
import { reserve } from "./lookUp";
import { presentIdentity, presentedAuthority } from "./originPullAssociation";
import { OriginPullIdentity, trustedAuthorities } from "./originPullIdentity";
import { refusal } from "./refusal";
import { createRoutes } from "./routes";
import { createTruststore } from "./truststore";
import { checkedLate } from "./validation/late";
import { CLOUDFLARE_SHARED } from "./validation/originPull";
import { apiRegion, outsideProblems } from "./validation/region";
import { late } from "./validation/shown";
import { checkedTags } from "./validation/tags";
import { argsProblems, argsWarnings, normaliseDomainName, problemText } from "./validation/validation";
import { certificateArnProblems, zoneIdProblems } from "./validation/values";
import { createVerification, warnUnverified } from "./verification/verification";
import { warn } from "./warn";

/** The region of the default AWS provider, if the stack's configuration names it. That of a provider of one's own is an Output. */
function configuredRegion(opts: pulumi.ComponentResourceOptions | undefined): string | undefined {
    if (opts?.provider ?? opts?.providers ?? opts?.parent?.getProvider("aws:apigatewayv2/api:Api")) return undefined;
    return new pulumi.Config("aws").get("region");
}

/**
 * An AWS HTTP API on a custom domain that answers only to Cloudflare's edge, proved by a client certificate in the TLS handshake.
 *
 * @example
 * const api = new CloudflareProtectedHttpApi("orders", {
 *     domainName: "api.example.com",
 *     zoneId: "023e105f4ecef8ad9ca31a8372d0c353",
 *     routes: [{ routeKey: "$default", lambdaArn: handler.arn }],
 * });
 * export const url = api.url;
 */
export class CloudflareProtectedHttpApi extends pulumi.ComponentResource {
    /** `https://<domainName>`, resolved only after it is verified: it answers through the edge and refuses every bypass. */
    public readonly url: pulumi.Output<string>;
    public readonly domainName: pulumi.Output<string>;
    public readonly apiId: pulumi.Output<string>;
    public readonly stageName: pulumi.Output<string>;
    public readonly executionArn: pulumi.Output<string>;
    /** The regional name of the custom domain, `d-….execute-api.<region>.amazonaws.com`. */
    public readonly targetDomainName: pulumi.Output<string>;
    public readonly certificateArn: pulumi.Output<string>;
    /** `s3://bucket/key` */
    public readonly truststoreUri: pulumi.Output<string>;
    /** The version pinned on the domain. */
    public readonly truststoreVersion: pulumi.Output<string>;
    public readonly truststorePem: pulumi.Output<string>;
    /** Name of the authority that the edge presents, `cloudflare-shared` in mode Shared; known once the edge does. */
    public readonly presentedAuthority: pulumi.Output<string>;
    /** When the client certificate expires (ISO 8601), in mode Shared its CA; empty if only Cloudflare knows. */
    public readonly clientCertificateExpires: pulumi.Output<string>;
    /** The access log's group; empty if the log is off. */
    public readonly logGroupName: pulumi.Output<string>;

    /**
     * @param name Part of every child's name and of a bucket's: 1 to 44 of a-z, 0-9 and -.
     * @throws RunError with every problem of the arguments at once.
     */
    constructor(name: string, args: CloudflareProtectedHttpApiArgs, opts?: pulumi.ComponentResourceOptions) {
        const region = configuredRegion(opts);
        const problems = argsProblems(name, args, new Date(), region);
        if (problems.length > 0) throw refusal(problemText(`CloudflareProtectedHttpApi "${name}"`, problems));
        const domainName = normaliseDomainName(args.domainName);
        const mode = args.originPull?.mode ?? OriginPullMode.Hostname;
        const authorities: OriginPullAuthority[] =
            args.originPull?.authorities ?? (mode === OriginPullMode.Hostname ? [{ name: "1" }] : []);
        const presented = mode === OriginPullMode.Hostname ? (args.originPull?.presented ?? authorities[0]!.name) : undefined;
        const strictTls = args.strictTls ?? StrictTls.Check;
        // Never false: it would win over the option `protect` of the component.
        const protect = (args.deletionProtection ?? true) || undefined;
        // Pass a summary: inputs are stored in state, and args may hold a plaintext key.
        const watch = failFast(name, opts);
        super("cloudflare-protected-http-api:index:CloudflareProtectedHttpApi", name, { domainName, mode, strictTls }, watch.options(opts));
        for (const warning of argsWarnings(args, region)) warn(warning, this);
        const zoneId = late(args.zoneId) ? checkedLate(this, args.zoneId, zoneIdProblems) : args.zoneId;
        const home = apiRegion(this, args, region);
        const tags = checkedTags(this, args.tags);
        const deploymentRecord = new DeploymentRecord(
            `${name}-deployment-record`,
            name,
            { domainName, zoneId, mode, authorities, presented: presented ?? CLOUDFLARE_SHARED, deletionProtection: protect },
            { parent: this },
        );
        // Nothing changes before the change guard has judged it.
        const child = { parent: this, dependsOn: deploymentRecord.judged };

        const reserved = reserve(`${name}-association`);
        const identity = new OriginPullIdentity(
            `${name}-origin-pull`,
            { domainName, zoneId, mode, authorities, presented, deletionProtection: protect, reserve: reserved },
            child,
        );
        const certificateArn =
            args.certificateArn === undefined
                ? issueCertificate(name, { domainName, zoneId, protect, tags }, child)
                : checkedLate(this, pulumi.all([args.certificateArn, home]), ([arn, here]) => [
                      ...certificateArnProblems(arn),
                      ...outsideProblems("certificateArn", arn, here),
                  ]).apply(([arn]) => arn);
        const truststore = createTruststore(name, { pem: identity.truststorePem, protect, tags }, child);
        const api = createApi(name, { cors: args.cors, tags }, child);
        const { routes: routeArgs, functions = [] } = args;
        const routes = createRoutes(name, { apiId: api.id, executionArn: api.executionArn, routes: routeArgs, functions, home }, child);
        // The stage's first deployment must include the routes.
        const { stage, logGroupName } = createStage(
            name,
            { apiId: api.id, throttle: args.throttle, accessLog: args.accessLog, tags },
            { ...child, dependsOn: routes },
        );
        const domain = createDomain(name, { domainName, certificateArn, truststore, protect, tags }, child);
        const mapping = mapDomain(name, { domainName: domain.domainName, apiId: api.id, stage: stage.name }, child);
        // The truststore that trusts the leaf comes before the edge that presents it.
        const presentation = presentIdentity(
            name,
            identity,
            { domainName, zoneId, mode, protect },
            { ...child, dependsOn: [domain], hooks: reserved.hooks },
        );
        const strict = checkStrictTls(name, { zoneId, strictTls }, child);
        const targetDomainName = domain.domainNameConfiguration.apply((configuration) => configuration?.targetDomainName ?? "");
        const record = createRecord(
            name,
            {
                zoneId: strict.zoneId,
                domainName,
                targetDomainName,
                protect,
            },
            // Created last: traffic starts here.
            { ...child, dependsOn: [mapping, presentation.resource, ...(strict.setting ? [strict.setting] : [])], hooks: strict.hooks },
        );

        const verify = args.verify ?? {};
        const enabled = verify.enabled ?? true;
        if (!enabled) warnUnverified(name, this);
        const verified = enabled
            ? createVerification(
                  name,
                  {
                      domainName,
                      targetDomainName,
                      apiId: api.id,
                      verify,
                      truststoreVersion: truststore.version,
                      certificateArn,
                      presented: presented ?? CLOUDFLARE_SHARED,
                      certificateId: identity.certificateId,
                  },
                  // The verification needs the record.
                  { ...child, dependsOn: [record] },
              )
            : record;

        this.url = verified.id.apply(() => `https://${domainName}`);
        this.domainName = domain.domainName;
        this.apiId = api.id;
        this.stageName = stage.name;
        this.executionArn = api.executionArn;
        this.targetDomainName = targetDomainName;
        this.certificateArn = certificateArn;
        this.truststoreUri = truststore.uri;
        this.truststoreVersion = truststore.version;
        this.truststorePem = identity.truststorePem;
        this.presentedAuthority = presentedAuthority(identity, presentation);
        const trusted = trustedAuthorities(identity);
        watch.settle(deploymentRecord);
        deploymentRecord.finish(
            watch.late({
                domainName: domain.domainName,
                zoneId: presentation.zoneId,
                presents: presentation.presents,
                certificateIds: trusted.flatMap(({ name, certificateId }) => (certificateId ? [[name, certificateId]] : [])),
                authorities: trusted.map(({ name, pem }) => [name, pem]),
                truststorePem: pinnedPem(truststore, domain),
            }),
        );
        this.clientCertificateExpires = identity.expires;
        this.logGroupName = logGroupName ?? pulumi.output("");
        watch.settle(this);
        this.registerOutputs({
            url: this.url,
            domainName: this.domainName,
            apiId: this.apiId,
            stageName: this.stageName,
            executionArn: this.executionArn,
            targetDomainName: this.targetDomainName,
            certificateArn: this.certificateArn,
            truststoreUri: this.truststoreUri,
            truststoreVersion: this.truststoreVersion,
            truststorePem: this.truststorePem,
            presentedAuthority: this.presentedAuthority,
            clientCertificateExpires: this.clientCertificateExpires,
            logGroupName: this.logGroupName,
        });
    }
}
