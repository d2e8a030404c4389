import { AsyncResource } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import { CLOUDFLARE_SHARED_CA_FINGERPRINT, keyFingerprints } from "../../pki";
import { OriginPullMode, type OriginPullAuthority } from "../args";
import { hasHooks, hookName } from "../hooks";
import { refusal } from "../refusal";
import { CLOUDFLARE_SHARED, factName } from "../validation/originPull";
import { readDeployed, refusals, type Facts } from "./changeGuard";
import { unprotectCommands } from "./protectedResources";

/** The namespace of `breakGlass`, the one setting that the component reads itself, so that it works in any program. */
const CONFIG = "cloudflare-protected-http-api";

/** What the deployment record remembers. */
export interface DeploymentRecordArgs {
    domainName: string;
    zoneId: pulumi.Input<string>;
    mode: OriginPullMode;
    authorities: OriginPullAuthority[];
    /** Name of the presented authority, `cloudflare-shared` in mode Shared. */
    presented: string;
    deletionProtection: true | undefined;
}

/**
 * What the cloud resources say is deployed: outputs of theirs, and no more of the program than names. `pulumi refresh --run-program` overwrites a
 * component's inputs and outputs without deploying, and a cloud resource's neither (docs/sources.md 14.3).
 */
export interface DeployedOutputs {
    domainName: pulumi.Output<string>;
    zoneId: pulumi.Output<string>;
    /** Id of the certificate that the edge presents for this hostname, or `cloudflare-shared`. */
    presents: pulumi.Output<string>;
    /** Each authority's leaf at Cloudflare. */
    certificateIds: [name: string, id: pulumi.Output<string>][];
    /** Each authority's certificates. */
    authorities: [name: string, pem: pulumi.Output<string>][];
    /** The version of the truststore that the domain has pinned; empty if the state does not hold it. */
    truststorePem: pulumi.Output<string>;
}

function fingerprints(pem: string | undefined): string[] {
    try {
        return keyFingerprints(pem ?? "");
    } catch {
        return []; // Counts as unknown.
    }
}

function keysOf(authority: OriginPullAuthority): pulumi.Input<string[]> {
    if (authority.caCertificatePem === undefined) return ["issued"];
    // Public even if the PEM was marked secret: the deployment record must be able to compare it.
    return pulumi.unsecret(
        pulumi.output(authority.caCertificatePem).apply((pem) => {
            try {
                return keyFingerprints(pem);
            } catch {
                return ["unreadable"]; // Refused with its own message where it is used.
            }
        }),
    );
}

function factsOf(args: DeploymentRecordArgs): pulumi.Inputs {
    const authorities = Object.fromEntries(args.authorities.map((authority) => [factName(authority), keysOf(authority)]));
    if (args.mode === OriginPullMode.Shared || CLOUDFLARE_SHARED in authorities)
        authorities[CLOUDFLARE_SHARED] = [CLOUDFLARE_SHARED_CA_FINGERPRINT];
    const { domainName, mode, presented } = args;
    return { domainName, zoneId: pulumi.unsecret(pulumi.output(args.zoneId)), mode, authorities, presented };
}

/** Why break-glass is in use for this component; undefined if it is not. */
function breakGlass(component: string): string | undefined {
    const value = new pulumi.Config(CONFIG).get("breakGlass");
    if (value === undefined) return undefined;
    const [, name, reason] = /^([^:]+):\s*(\S.*)$/.exec(value) ?? [];
    if (name === undefined || reason === undefined)
        throw refusal(
            `config ${CONFIG}:breakGlass must be "<component name>: <reason>"; received ${JSON.stringify(value)}. To end break-glass: pulumi config rm ${CONFIG}:breakGlass`,
        );
    return name.trim() === component ? reason : undefined;
}

function warn(text: string, resource: pulumi.Resource): void {
    if (text !== "") pulumi.log.warn(text, resource).catch(() => undefined);
}

/** Refuses, or with a reason for break-glass only says what must be unprotected. */
function changeGuardHook(component: string, reason: string | undefined, resource: pulumi.Resource): pulumi.ResourceHook[] {
    if (!hasHooks()) return [];
    const judge = (hook: pulumi.ResourceHookArgs): void => {
        // One created by `pulumi import` remembers nothing.
        if ((hook.oldInputs as Partial<Facts> | undefined)?.authorities === undefined) return;
        const found = refusals(hook.oldInputs as Facts, hook.newInputs as Facts, readDeployed(hook.oldOutputs));
        if (found.length === 0) return;
        const commands = unprotectCommands(hook.urn, component, hook.oldInputs as Facts, hook.newInputs as Facts);
        const unprotect =
            commands.length === 0
                ? []
                : [
                      "With deletionProtection, unprotect first all that the change deletes or replaces (skip what is not there):",
                      ...commands,
                  ];
        if (reason !== undefined) return warn(unprotect.join("\n"), resource);
        throw refusal(
            [
                `CloudflareProtectedHttpApi "${component}": the change guard refused this change:`,
                ...found.map(({ path, message, rule, fix }) => `  - ${path} ${message} [${rule}]. Fix: ${fix}.`),
                `To make it anyway, at the cost of dropped requests: pulumi config set ${CONFIG}:breakGlass "${component}: <reason>"`,
                ...unprotect,
            ].join("\n"),
        );
    };
    // In an inline program the SDK knows by the async context which engine to talk to.
    return [new pulumi.ResourceHook(hookName(`change-guard:${component}`), AsyncResource.bind(judge), { onDryRun: true })];
}

/**
 * Remembers in the state what was deployed and what the edge presents, and refuses a change that would drop requests of a live API
 * before any other resource changes. It is a component because its hooks also run in previews, and its inputs are never hidden as unknown.
 */
export class DeploymentRecord extends pulumi.ComponentResource {
    /** For `dependsOn` of everything that must wait until the change is judged. */
    public readonly judged: pulumi.Output<pulumi.Resource[]>;

    constructor(
        name: string,
        component: string,
        args: DeploymentRecordArgs,
        opts: pulumi.ComponentResourceOptions & { parent: pulumi.Resource },
    ) {
        const reason = breakGlass(component);
        super("cloudflare-protected-http-api:index:DeploymentRecord", name, factsOf(args), {
            ...opts,
            // If a protected resource stops `destroy`, unprotected leaves are deleted all the same: this one would be lost.
            protect: args.deletionProtection,
            hooks: { beforeUpdate: changeGuardHook(component, reason, opts.parent) },
        });
        if (reason !== undefined)
            warn(
                `Break-glass is in use for "${component}" (${reason}): its change guard is off, and a change may drop requests. To end it: pulumi config rm ${CONFIG}:breakGlass`,
                opts.parent,
            );
        this.judged = this.urn.apply(() => []);
    }

    /** Records what is deployed from now on. If it is missing, the next deployment knows that this one did not finish. */
    finish(deployed: DeployedOutputs): void {
        const { domainName, zoneId, presents, certificateIds, authorities, truststorePem } = deployed;
        // Public even if an argument was marked secret: the change guard must be able to compare it. One by one: what is not known yet hides no more.
        this.registerOutputs({
            domainName: pulumi.unsecret(domainName),
            zoneId: pulumi.unsecret(zoneId),
            presents: pulumi.unsecret(presents),
            certificateIds: Object.fromEntries(certificateIds.map(([name, id]) => [name, pulumi.unsecret(id)])),
            authorities: Object.fromEntries(authorities.map(([name, pem]) => [name, pulumi.unsecret(pem.apply(fingerprints))])),
            truststore: pulumi.unsecret(truststorePem.apply(fingerprints)),
        });
    }
}
