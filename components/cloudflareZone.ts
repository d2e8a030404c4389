import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { StrictTls } from "./args";
import { refusal } from "./refusal";

/** The zone id, after checking that the zone's SSL/TLS mode presents client certificates. Dependents use this id, so they wait for the check. */
export function checkStrictTls(
    name: string,
    inputs: { zoneId: pulumi.Input<string>; strictTls: StrictTls },
    opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): { zoneId: pulumi.Output<string>; setting: pulumi.Resource | undefined } {
    const zoneId = pulumi.output(inputs.zoneId);
    if (inputs.strictTls === StrictTls.Off) return { zoneId, setting: undefined };
    if (inputs.strictTls === StrictTls.Zone) {
        const setting = new cloudflare.ZoneSetting(`${name}-ssl`, { zoneId, settingId: "ssl", value: "strict" }, opts);
        return { zoneId, setting };
    }
    const checked = zoneId.apply(async (id) => {
        let mode: unknown;
        try {
            // Not the Output form: its failure ends the whole run, and a missing permission deserves only a warning.
            mode = (await cloudflare.getZoneSetting({ zoneId: id, settingId: "ssl" }, { parent: opts.parent }))?.value;
        } catch {
            await pulumi.log.warn(
                'The zone\'s SSL/TLS mode could not be read (the API token needs "Zone Settings Read"). Origin pulls need Full or Full (strict).',
                opts.parent,
            );
        }
        if (mode === "off" || mode === "flexible")
            throw refusal(
                `strictTls must find the zone in Full or Full (strict); received "${mode}". In this mode Cloudflare presents no client certificate, and ` +
                    "the API would refuse its requests. Set SSL/TLS to Full (strict) in the zone, or pass strictTls: StrictTls.Zone to have it set for the whole zone.",
                opts.parent,
            );
        return id;
    });
    return { zoneId: checked, setting: undefined };
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
