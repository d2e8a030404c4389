import * as pulumi from "@pulumi/pulumi";
import { CLOUDFLARE_SHARED_CA_EXPIRES, CLOUDFLARE_SHARED_CA_FINGERPRINT, fingerprint256, normalisePem } from "../pki";
import { OriginPullMode, type OriginPullAuthority } from "./args";
import { failFast } from "./failFast";
import type { Reserve } from "./lookUp";
import { onceActive } from "./originPullActivation";
import { createAuthority } from "./originPullAuthority";
import { refusal } from "./refusal";
import { SHARED_CA_PEM } from "./sharedCa";
import { CLOUDFLARE_SHARED, factName, isSharedCa } from "./validation/originPull";
import { warn } from "./warn";

/** Arguments of `OriginPullIdentity`. */
export interface OriginPullIdentityArgs {
    /** The leaf's hostname. Plain. */
    domainName: string;
    zoneId: pulumi.Input<string>;
    mode: OriginPullMode;
    authorities: OriginPullAuthority[];
    /** Name of the presented authority; undefined in mode Shared. */
    presented: string | undefined;
    deletionProtection: true | undefined;
    /** Refuses to change the association if the certificate cannot be read. */
    reserve: Reserve;
}

/** Cloudflare's shared CA, if the file matches the pinned fingerprint. */
function sharedCaPem(): string {
    const pem = normalisePem(SHARED_CA_PEM);
    const seen = fingerprint256(pem);
    if (seen !== CLOUDFLARE_SHARED_CA_FINGERPRINT)
        throw refusal(`components/sharedCa must have the SHA-256 fingerprint ${CLOUDFLARE_SHARED_CA_FINGERPRINT}; received ${seen}`);
    return pem;
}

/** An authority as the deployment record knows it. */
export interface TrustedAuthority {
    name: string;
    pem: pulumi.Output<string>;
    /** Its leaf at Cloudflare; undefined if it has none. */
    certificateId: pulumi.Output<string> | undefined;
}

/** No field of the class: each of its fields would be an output of the component's schema. */
const authoritiesOf = new WeakMap<OriginPullIdentity, TrustedAuthority[]>();
export const trustedAuthorities = (identity: OriginPullIdentity): TrustedAuthority[] => authoritiesOf.get(identity)!;

/** CA, leaf and upload of what the edge presents. */
export class OriginPullIdentity extends pulumi.ComponentResource {
    /** Every CA certificate to trust, as one PEM text. */
    public readonly truststorePem: pulumi.Output<string>;
    /** Id of the hostname certificate to present; empty in mode Shared. */
    public readonly certificateId: pulumi.Output<string>;
    /** When the presented certificate expires (ISO 8601); empty if only Cloudflare knows. */
    public readonly expires: pulumi.Output<string>;

    constructor(name: string, args: OriginPullIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
        // Names only: these values are stored in the state.
        const facts = {
            domainName: args.domainName,
            mode: args.mode,
            authorities: args.authorities.map((authority) => authority.name),
            presented: args.presented,
        };
        const watch = failFast(name, opts);
        super("cloudflare-protected-http-api:index:OriginPullIdentity", name, facts, watch.options(opts));
        const created = args.authorities.map((authority, index) => createAuthority(name, authority, index, args, this));
        const presented = created.find(({ name: authority }) => authority === args.presented);
        const trusted = created.map(({ caPem }) => caPem);
        if (args.mode === OriginPullMode.Shared) {
            trusted.unshift(pulumi.output(sharedCaPem()));
            warn(
                `Mode Shared: the API trusts Cloudflare's shared origin-pull CA (valid until ${CLOUDFLARE_SHARED_CA_EXPIRES}). Any Cloudflare customer who can make the edge send your hostname gets in.`,
                this,
            );
        } else if (args.authorities.some(({ caCertificatePem: pem }) => typeof pem === "string" && isSharedCa(pem))) {
            warn(
                "Cloudflare's shared origin-pull CA is still trusted: any Cloudflare customer who can make the edge send your hostname gets in until you remove it.",
                this,
            );
        }
        this.truststorePem = pulumi.all(trusted).apply((pems) => [...new Set(pems)].join(""));
        this.certificateId = presented?.certificateId
            ? onceActive(this, args.zoneId, presented.certificateId, args.reserve)
            : pulumi.output("");
        this.expires =
            presented?.expires ?? pulumi.output(args.mode === OriginPullMode.Shared ? `${CLOUDFLARE_SHARED_CA_EXPIRES}T17:00:00Z` : "");
        authoritiesOf.set(this, [
            ...created.map(({ caPem, certificateId }, i) => ({ name: factName(args.authorities[i]!), pem: caPem, certificateId })),
            ...(args.mode === OriginPullMode.Shared
                ? [{ name: CLOUDFLARE_SHARED, pem: pulumi.output(sharedCaPem()), certificateId: undefined }]
                : []),
        ]);
        watch.settle(this);
        this.registerOutputs({ truststorePem: this.truststorePem, certificateId: this.certificateId, expires: this.expires });
    }
}
