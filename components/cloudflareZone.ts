import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { StrictTls } from "./args";

/** The zone id, once the zone's SSL/TLS mode is known to present client certificates. What flows on is what was checked. */
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
            // Not the Output form: when that fails, it ends the whole run, and a missing permission is only worth a warning.
            mode = (await cloudflare.getZoneSetting({ zoneId: id, settingId: "ssl" }, { parent: opts.parent }))?.value;
        } catch {
            await pulumi.log.warn(
                'The zone\'s SSL/TLS mode could not be read (the API token needs "Zone Settings Read"). Origin pulls need Full or Full (strict).',
                opts.parent,
            );
        }
        if (mode === "off" || mode === "flexible")
            throw new pulumi.ResourceError(
                `strictTls must find the zone in Full or Full (strict); received "${mode}". In that mode Cloudflare presents no client certificate, so that ` +
                    "the API would refuse it. Set SSL/TLS to Full (strict) in the zone, or pass strictTls: StrictTls.Zone to do so for the whole zone.",
                opts.parent,
                true,
            );
        return id;
    });
    return { zoneId: checked, setting: undefined };
}

/** The proxied record: the moment in which visitors come. */
export function createRecord(
    name: string,
    inputs: { zoneId: pulumi.Input<string>; domainName: string; targetDomainName: pulumi.Input<string>; protect: boolean },
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
            // Cloudflare takes no other value for a proxied record.
            ttl: 1,
        },
        // A second CNAME of the same name is refused.
        { ...opts, protect: inputs.protect, deleteBeforeReplace: true },
    );
}
