import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { StrictTls } from "./args";
import { lookUp, reserve } from "./lookUp";
import { refusal } from "./refusal";
import { shown } from "./validation/shown";

/** What `checkStrictTls` found. */
export interface StrictTlsCheck {
    /** Dependents use this id, so they wait for the check. */
    zoneId: pulumi.Output<string>;
    setting: pulumi.Resource | undefined;
    /** Options of the record: it is not created or changed while the mode could not be read. */
    hooks: pulumi.ResourceHookBinding | undefined;
}

/** Why the edge would present no client certificate in this mode; undefined if it would. A consumer's mocks may lack the mode. */
export function modeProblem(zoneId: string, mode: unknown, mocked: boolean): string | undefined {
    if (mode === "off" || mode === "flexible")
        return (
            `strictTls must find the zone in Full or Full (strict); received "${mode}". In this mode Cloudflare presents no client certificate, and ` +
            "the API would refuse its requests. Set SSL/TLS to Full (strict) in the zone, or pass strictTls: StrictTls.Zone to have it set for the whole zone."
        );
    if (mocked || (typeof mode === "string" && mode !== "")) return undefined;
    return `the SSL/TLS mode of zone ${zoneId} must be in Cloudflare's answer; received ${shown(mode)}. Check zoneId, or pass strictTls: StrictTls.Off to skip the check`;
}

/** Checks that the zone's SSL/TLS mode presents client certificates. */
export function checkStrictTls(
    name: string,
    inputs: { zoneId: pulumi.Input<string>; strictTls: StrictTls },
    opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): StrictTlsCheck {
    const zoneId = pulumi.output(inputs.zoneId);
    if (inputs.strictTls === StrictTls.Off) return { zoneId, setting: undefined, hooks: undefined };
    if (inputs.strictTls === StrictTls.Zone) {
        const setting = new cloudflare.ZoneSetting(`${name}-ssl`, { zoneId, settingId: "ssl", value: "strict" }, opts);
        return { zoneId, setting, hooks: undefined };
    }
    const reserved = reserve(`${name}-ssl`);
    const checked = zoneId.apply(async (id) => {
        // Not the Output form: its failure ends the whole run.
        const setting = await lookUp(() => cloudflare.getZoneSetting({ zoneId: id, settingId: "ssl" }, { parent: opts.parent }), {
            what: `the SSL/TLS mode of zone ${id}`,
            permission: "Zone Settings Read",
            cure: "Check zoneId and the API token, or pass strictTls: StrictTls.Off to skip the check",
            reserve: reserved,
            resource: opts.parent,
        });
        const mode: unknown = setting?.value;
        const problem = setting && modeProblem(id, mode, reserved.hooks === undefined);
        if (problem !== undefined) throw refusal(problem, opts.parent);
        return id;
    });
    return { zoneId: checked, setting: undefined, hooks: reserved.hooks };
}

/** The proxied record: traffic starts here. */
export function createRecord(
    name: string,
    inputs: { zoneId: pulumi.Input<string>; domainName: string; targetDomainName: pulumi.Input<string>; protect: true | undefined },
    opts: pulumi.CustomResourceOptions,
): cloudflare.DnsRecord {
    return new cloudflare.DnsRecord(
        `${name}-record`,
        {
            zoneId: inputs.zoneId,
            name: inputs.domainName,
            type: "CNAME",
            content: inputs.targetDomainName,
            proxied: true,
            // The only value that Cloudflare accepts for a proxied record.
            ttl: 1,
        },
        // Cloudflare refuses a second CNAME of the same name.
        { ...opts, protect: inputs.protect, deleteBeforeReplace: true },
    );
}
