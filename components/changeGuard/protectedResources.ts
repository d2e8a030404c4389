/** Which protected resources a change that the guard refuses would delete or replace: break-glass needs them unprotected first. */
import { CLOUDFLARE_SHARED } from "../validation/originPull";
import type { Facts } from "./changeGuard";

const TLS = "cloudflare-protected-http-api:index:OriginPullIdentity$tls:index";
const CLOUDFLARE = "cloudflare:index";

/** Type, below the component's own, and the rest of the name. */
function resources(old: Facts, next: Facts): [type: string, role: string][] {
    const found: [string, string][] = [];
    const issued = (facts: Facts): boolean => {
        const keys: unknown = Object.hasOwn(facts.authorities, old.presented) ? facts.authorities[old.presented] : undefined;
        return Array.isArray(keys) && keys.includes("issued");
    };
    // Only the CA that the last deployment presented is protected, and only one that the component issued exists.
    if (issued(old) && !issued(next))
        found.push(
            [`${TLS}/selfSignedCert:SelfSignedCert`, `origin-pull-ca-${old.presented}-certificate`],
            [`${TLS}/privateKey:PrivateKey`, `origin-pull-ca-${old.presented}-key`],
        );
    const moved = old.domainName !== next.domainName || old.zoneId !== next.zoneId;
    const [wasShared, isShared] = [old.presented === CLOUDFLARE_SHARED, next.presented === CLOUDFLARE_SHARED];
    if (wasShared ? moved || !isShared : moved || isShared)
        found.push(
            wasShared
                ? [`${CLOUDFLARE}/zoneSetting:ZoneSetting`, "tls-client-auth"]
                : [`${CLOUDFLARE}/authenticatedOriginPulls:AuthenticatedOriginPulls`, "association"],
        );
    if (moved) found.push([`${CLOUDFLARE}/dnsRecord:DnsRecord`, "record"]);
    if (old.domainName !== next.domainName)
        found.push(["aws:apigatewayv2/domainName:DomainName", "domain"], ["aws:acm/certificate:Certificate", "certificate"]);
    return found;
}

/** The commands, one a line. A URN holds `$`, which a shell would expand outside single quotes. */
export function unprotectCommands(recordUrn: string, component: string, old: Facts, next: Facts): string[] {
    const prefix = recordUrn.slice(0, recordUrn.lastIndexOf("$"));
    return resources(old, next).map(([type, role]) => `pulumi state unprotect '${prefix}$${type}::${component}-${role}' --yes`);
}
