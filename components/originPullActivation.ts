import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { lookUp, type Reserve } from "./lookUp";
import { refusal } from "./refusal";

const ACTIVE_WITHIN_MS = 300_000;
/** Statuses that become `active` by themselves. */
const DEPLOYING = ["initializing", "pending_deployment"];

/**
 * The certificate's id, once Cloudflare has deployed it to the edge: while it is pending the edge presents none, so an association moved to
 * it too early would drop every request.
 */
export function onceActive(
    resource: pulumi.Resource,
    zoneId: pulumi.Input<string>,
    certificateId: pulumi.Input<string>,
    reserved: Reserve,
): pulumi.Output<string> {
    return pulumi.all([zoneId, certificateId]).apply(async ([zone, id]) => {
        if (pulumi.runtime.isDryRun()) return id;
        const deadline = Date.now() + ACTIVE_WITHIN_MS;
        for (let wait = 100; ; wait = Math.min(wait * 2, 10_000)) {
            const certificate = await lookUp(
                () => cloudflare.getAuthenticatedOriginPullsHostnameCertificate({ zoneId: zone, certificateId: id }, { parent: resource }),
                {
                    what: `the client certificate ${id}`,
                    cure: "If it was deleted, run `pulumi refresh`, then `pulumi up`, which uploads it anew",
                    reserve: reserved,
                    resource,
                },
            );
            // Cloudflare does not answer, or a consumer's mocks return no status.
            if (certificate === undefined || (!certificate.status && reserved.hooks === undefined)) return id;
            const status = certificate.status || "nothing";
            if (status === "active") return id;
            const pending = DEPLOYING.includes(status);
            if (!pending || Date.now() > deadline)
                throw refusal(
                    `the client certificate ${id} must become active within ${ACTIVE_WITHIN_MS / 60_000} minutes; received status ${status} from Cloudflare. The edge presents what it did before. ${pending ? "Run `pulumi up` again: it goes on waiting" : NEW_LEAF}`,
                    resource,
                );
            await new Promise((resolve) => setTimeout(resolve, wait));
        }
    });
}

/** The cure of a certificate that Cloudflare deletes or gave up: a refresh keeps it, and it is never active again (docs/sources.md 12.11). */
const NEW_LEAF =
    "It never becomes active: give the authority another `leaf` in originPull.authorities, or a bring-your-own one a new certificatePem and privateKeyPem, and run `pulumi up`";
