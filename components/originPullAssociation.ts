import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { OriginPullMode } from "./args";
import { trustedAuthorities, type OriginPullIdentity } from "./originPullIdentity";
import { CLOUDFLARE_SHARED } from "./validation/originPull";

/** What makes the edge present a certificate. */
export interface Presentation {
    resource: pulumi.CustomResource;
    zoneId: pulumi.Output<string>;
    /** Id of the certificate that the edge presents for the hostname, `cloudflare-shared` or nothing, as the resource says. */
    presents: pulumi.Output<string>;
}

/** Makes the edge present the hostname's certificate, or Cloudflare's own in mode Shared. Comes after the truststore that trusts it. */
export function presentIdentity(
    name: string,
    identity: OriginPullIdentity,
    inputs: { domainName: string; zoneId: pulumi.Input<string>; mode: OriginPullMode; protect: true | undefined },
    opts: pulumi.CustomResourceOptions,
): Presentation {
    if (inputs.mode === OriginPullMode.Shared) {
        const setting = new cloudflare.ZoneSetting(
            `${name}-tls-client-auth`,
            { zoneId: inputs.zoneId, settingId: "tls_client_auth", value: "on" },
            { ...opts, protect: inputs.protect },
        );
        const presents = setting.value.apply((value: unknown) => (value === "on" ? CLOUDFLARE_SHARED : ""));
        return { resource: setting, zoneId: setting.zoneId, presents };
    }
    const association = new cloudflare.AuthenticatedOriginPulls(
        `${name}-association`,
        { zoneId: inputs.zoneId, configs: [{ hostname: inputs.domainName, certId: identity.certificateId, enabled: true }] },
        // A changed hostname alone is an update in place that leaves the old association on. `replaceOnChanges` cannot help: the provider names
        // no more than `configs` (docs/sources.md 12.1).
        { ...opts, protect: inputs.protect, replacementTrigger: inputs.domainName },
    );
    // `configs` is what was deployed: the provider never reads it back (docs/sources.md 7.2).
    const presents = association.configs.apply((configs) => configs?.[0]?.certId ?? "");
    return { resource: association, zoneId: association.zoneId, presents };
}

/** Name of the authority whose leaf the edge presents, by what is deployed; empty if the cloud's answer names none of them. */
export function presentedAuthority(identity: OriginPullIdentity, presentation: Presentation): pulumi.Output<string> {
    const ids = trustedAuthorities(identity).map(({ name, certificateId }) => pulumi.all([name, certificateId ?? ""]));
    return pulumi
        .all([presentation.presents, pulumi.all(ids)])
        .apply(([presents, known]) =>
            presents === CLOUDFLARE_SHARED ? CLOUDFLARE_SHARED : (known.find(([, id]) => id !== "" && id === presents)?.[0] ?? ""),
        );
}
