import * as pulumi from "@pulumi/pulumi";
import { CLOUDFLARE_SHARED_CA_FINGERPRINT, keyFingerprints } from "../../pki";
import { OriginPullMode, type OriginPullAuthority } from "../args";
import { CLOUDFLARE_SHARED, isSharedCa } from "../validation/validation";
import { refusals, type Facts } from "./changeGuard";

/** The one setting that the component reads by itself: it must reach a component whatever program holds it. */
const CONFIG = "cloudflare-protected-http-api";

/** What the deployment record is to remember. */
export interface DeploymentRecordArgs {
    domainName: string;
    zoneId: pulumi.Input<string>;
    mode: OriginPullMode;
    authorities: OriginPullAuthority[];
    /** Name of the presented authority, `cloudflare-shared` in mode Shared. */
    presented: string;
    deletionProtection: boolean;
}

function keysOf(authority: OriginPullAuthority): pulumi.Input<string[]> {
    if (authority.caCertificatePem === undefined) return ["issued"];
    // Public, whatever the PEM was marked as: the deployment record must be able to compare it.
    return pulumi.unsecret(
        pulumi.output(authority.caCertificatePem).apply((pem) => {
            try {
                return keyFingerprints(pem);
            } catch {
                return ["unreadable"]; // Refused in its own words where it is used.
            }
        }),
    );
}

/** The shared CA goes by one name in every mode, so that a move to or from mode Shared is judged as any other. */
function factName({ name, caCertificatePem }: OriginPullAuthority): string {
    return typeof caCertificatePem === "string" && isSharedCa(caCertificatePem) ? CLOUDFLARE_SHARED : name;
}

function factsOf(args: DeploymentRecordArgs): pulumi.Inputs {
    const authorities = Object.fromEntries(args.authorities.map((one) => [factName(one), keysOf(one)]));
    if (args.mode === OriginPullMode.Shared || CLOUDFLARE_SHARED in authorities)
        authorities[CLOUDFLARE_SHARED] = [CLOUDFLARE_SHARED_CA_FINGERPRINT];
    const { domainName, mode, presented } = args;
    return { domainName, zoneId: pulumi.unsecret(pulumi.output(args.zoneId)), mode, authorities, presented };
}

/** Why the change guard is off for this component; undefined when it is not. */
function breakGlass(component: string): string | undefined {
    const value = new pulumi.Config(CONFIG).get("breakGlass");
    if (value === undefined) return undefined;
    const [, name, reason] = /^([^:]+):\s*(\S.*)$/.exec(value) ?? [];
    if (name === undefined || reason === undefined)
        throw new pulumi.RunError(
            `config ${CONFIG}:breakGlass must be "<component name>: <reason>"; received ${JSON.stringify(value)}. To end it: pulumi config rm ${CONFIG}:breakGlass`,
        );
    return name.trim() === component ? reason : undefined;
}

/** Names of hooks are one namespace in a deployment, and a second of the same name would hang its preview. */
const hookNames = new WeakMap<object, Set<string>>();

function hookName(monitor: object, component: string): string {
    const taken = hookNames.get(monitor) ?? new Set();
    hookNames.set(monitor, taken);
    let name = `${CONFIG}:change-guard:${component}`;
    while (taken.has(name)) name += "+";
    taken.add(name);
    return name;
}

function changeGuardHook(component: string): pulumi.ResourceHook[] {
    const monitor: unknown = pulumi.runtime.getMonitor();
    // Mocks have no hooks. An engine that is too old does not come this way: there the registration itself fails.
    if (typeof (monitor as { registerResourceHook?: unknown } | undefined)?.registerResourceHook !== "function") return [];
    const judge = (hook: pulumi.ResourceHookArgs): void => {
        // One that `pulumi import` made has nothing to remember.
        if ((hook.oldInputs as Partial<Facts> | undefined)?.authorities === undefined) return;
        const presented = (hook.oldOutputs as { presentedAuthority?: unknown } | undefined)?.presentedAuthority;
        const found = refusals(
            hook.oldInputs as Facts,
            hook.newInputs as Facts,
            typeof presented === "string" && presented !== "" ? presented : undefined,
        );
        if (found.length === 0) return;
        throw new Error(
            [
                `CloudflareProtectedHttpApi "${component}" must not change in this way:`,
                ...found.map(({ path, message, rule, fix }) => `  - ${path} ${message} [${rule}]. Fix: ${fix}.`),
                `To do it nevertheless, at the price of dropped requests: pulumi config set ${CONFIG}:breakGlass "${component}: <reason>"`,
                "A CA that is protected must be let go of first: pulumi state unprotect <URN>, for each that the next run names.",
            ].join("\n"),
        );
    };
    return [new pulumi.ResourceHook(hookName(monitor as object, component), judge, { onDryRun: true })];
}

/**
 * Remembers in the state what was deployed and what the edge presents, and refuses a change that would drop requests of a live API,
 * before any other resource moves. A component, for a hook on it fires in previews too, and no unknown hides what it compares.
 */
export class DeploymentRecord extends pulumi.ComponentResource {
    /** For `dependsOn` of everything that must not move before the change is judged. */
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
            // A `destroy` that something protected stops would still take what nothing depends on: the memory would be gone.
            protect: args.deletionProtection,
            ...(reason === undefined ? { hooks: { beforeUpdate: changeGuardHook(component) } } : {}),
        });
        if (reason !== undefined)
            pulumi.log
                .warn(
                    `Break-glass is in use for "${component}" (${reason}): its guard is off, and a change may drop requests. End it: pulumi config rm ${CONFIG}:breakGlass`,
                    opts.parent,
                )
                .catch(() => undefined);
        this.judged = this.urn.apply(() => []);
    }

    /** Ends the entry: what the edge presents from now on. Without it the next deployment knows that this one did not finish. */
    finish(presentedAuthority: pulumi.Output<string>): void {
        this.registerOutputs({ presentedAuthority });
    }
}
