import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { StrictTls } from "./args";
import { lookUp, reserve } from "./lookUp";
import { refusal } from "./refusal";

/** What `checkStrictTls` found. */
export interface StrictTlsCheck {
    /** Dependents use this id, so they wait for the check. */
    zoneId: pulumi.Output<string>;
    setting: pulumi.Resource | undefined;
    /** Options of the record: it is not created or changed while the mode could not be read. */
    hooks: pulumi.ResourceHookBinding | undefined;
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
        if (mode === "off" || mode === "flexible")
            throw refusal(
                `strictTls must find the zone in Full or Full (strict); received "${mode}". In this mode Cloudflare presents no client certificate, and ` +
                    "the API would refuse its requests. Set SSL/TLS to Full (strict) in the zone, or pass strictTls: StrictTls.Zone to have it set for the whole zone.",
                opts.parent,
            );
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
