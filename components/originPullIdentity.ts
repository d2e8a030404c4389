import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import {
    CLOUDFLARE_SHARED_CA_EXPIRES,
    CLOUDFLARE_SHARED_CA_FINGERPRINT,
    doubts,
    expires,
    fingerprint256,
    normaliseCertificates,
    normalisePem,
    normalisePrivateKey,
} from "../pki";
import { OriginPullMode, type OriginPullAuthority } from "./args";
import { failFast } from "./failFast";
import { lookUp, type Reserve } from "./lookUp";
import { refusal } from "./refusal";
import { SHARED_CA_PEM } from "./sharedCa";
import { checkedLate } from "./validation/late";
import { CLOUDFLARE_SHARED, authorityPemProblems, factName, isSharedCa } from "./validation/originPull";
import { certificateIdProblems } from "./validation/values";

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

const YEAR_HOURS = 8766;

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
                this,
                `Mode Shared: the API trusts Cloudflare's shared origin-pull CA (valid until ${CLOUDFLARE_SHARED_CA_EXPIRES}). Any Cloudflare customer who can make the edge send your hostname gets in.`,
            );
        } else if (args.authorities.some(({ caCertificatePem: pem }) => typeof pem === "string" && isSharedCa(pem))) {
            warn(
                this,
                "Cloudflare's shared origin-pull CA is still trusted: any Cloudflare customer who can make the edge send your hostname gets in until you remove it.",
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

function warn(resource: pulumi.Resource, text: string): void {
    // In a test the engine may be gone already; a lost warning must not become a rejection.
    pulumi.log.warn(text, resource).catch(() => undefined);
}

interface CreatedAuthority {
    name: string;
    caPem: pulumi.Output<string>;
    certificateId: pulumi.Output<string> | undefined;
    expires: pulumi.Output<string> | undefined;
}

function createAuthority(
    name: string,
    authority: OriginPullAuthority,
    index: number,
    args: OriginPullIdentityArgs,
    parent: pulumi.Resource,
): CreatedAuthority {
    const leaf =
        authority.caCertificatePem === undefined
            ? issueAuthority(name, authority, args, parent)
            : bringYourOwnAuthority(authority, authority.caCertificatePem, `originPull.authorities[${index}]`, parent);
    if (!leaf.certificatePem || !leaf.privateKeyPem) return { ...leaf, certificateId: leaf.certificateId, expires: undefined };
    const upload = new cloudflare.AuthenticatedOriginPullsHostnameCertificate(
        `${name}-upload-${authority.name}`,
        { zoneId: args.zoneId, certificate: leaf.certificatePem, privateKey: leaf.privateKeyPem },
        { parent },
    );
    return { ...leaf, certificateId: upload.id, expires: leaf.certificatePem.apply((pem) => (pem ? expires(pem).toISOString() : "")) };
}

interface AuthorityPems {
    name: string;
    caPem: pulumi.Output<string>;
    certificatePem?: pulumi.Output<string>;
    privateKeyPem?: pulumi.Output<string>;
    certificateId?: pulumi.Output<string>;
}

const ACTIVE_WITHIN_MS = 300_000;
/** Statuses that become `active` by themselves. */
const DEPLOYING = ["initializing", "pending_deployment"];

/**
 * The certificate's id, once Cloudflare has deployed it to the edge: while it is pending the edge presents none, so an association moved to
 * it too early would drop every request.
 */
function onceActive(
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
            const status = certificate?.status;
            if (status === undefined || status === "active") return id;
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

/** A consumer's mocks issue nothing. */
const normaliseIssued = (pem: string | undefined): string => (pem ? normalisePem(pem) : "");

function issueAuthority(
    name: string,
    authority: OriginPullAuthority,
    args: OriginPullIdentityArgs,
    parent: pulumi.Resource,
): AuthorityPems {
    const ca = `${name}-ca-${authority.name}`;
    const leaf = `${name}-leaf-${authority.name}-${authority.leaf ?? "1"}`;
    // A unique subject per authority: equal names would make chains ambiguous. A common name has at most 64 characters.
    const subject = { commonName: `${args.domainName} pull CA ${authority.name}`.slice(-64) };
    const caOpts = {
        parent,
        // Only the presented one: a dropped authority must be deletable.
        protect: authority.name === args.presented ? args.deletionProtection : undefined,
        // A provider upgrade must not silently replace the CA.
        ignoreChanges: ["*"],
    };
    const caKey = new tls.PrivateKey(`${ca}-key`, { algorithm: "RSA", rsaBits: 4096 }, caOpts);
    const caCertificate = new tls.SelfSignedCert(
        `${ca}-certificate`,
        {
            privateKeyPem: caKey.privateKeyPem,
            subject,
            isCaCertificate: true,
            setSubjectKeyId: true,
            allowedUses: ["cert_signing", "crl_signing"],
            validityPeriodHours: 10 * YEAR_HOURS,
            earlyRenewalHours: 0,
        },
        caOpts,
    );
    const leafKey = new tls.PrivateKey(`${leaf}-key`, { algorithm: "RSA", rsaBits: 2048 }, { parent });
    const request = new tls.CertRequest(
        `${leaf}-request`,
        { privateKeyPem: leafKey.privateKeyPem, subject: { commonName: args.domainName }, dnsNames: [args.domainName] },
        { parent },
    );
    const certificate = new tls.LocallySignedCert(
        `${leaf}-certificate`,
        {
            certRequestPem: request.certRequestPem,
            caPrivateKeyPem: caKey.privateKeyPem,
            caCertPem: caCertificate.certPem,
            allowedUses: ["digital_signature", "client_auth"],
            validityPeriodHours: YEAR_HOURS,
            earlyRenewalHours: 720,
            setSubjectKeyId: true,
        },
        { parent },
    );
    return {
        name: authority.name,
        caPem: caCertificate.certPem.apply(normaliseIssued),
        certificatePem: certificate.certPem.apply(normaliseIssued),
        privateKeyPem: pulumi.secret(leafKey.privateKeyPem.apply(normaliseIssued)),
    };
}

function bringYourOwnAuthority(
    authority: OriginPullAuthority,
    ca: pulumi.Input<string>,
    path: string,
    parent: pulumi.Resource,
): AuthorityPems {
    const now = new Date();
    const known = checkedLate(
        parent,
        pulumi.all([ca, authority.certificatePem ?? "", pulumi.secret(authority.privateKeyPem ?? "")]),
        ([caPem, leaf, key]) =>
            authorityPemProblems(
                path,
                {
                    ca: caPem,
                    leaf: authority.certificatePem === undefined ? undefined : leaf,
                    key: authority.privateKeyPem === undefined ? undefined : key,
                },
                now,
            ),
        // They quote names only, and a certificate is public though it may come out of a vault.
        { messages: "public" },
    );
    const material: AuthorityPems = {
        name: authority.name,
        // Certificates are public; only the key judged with them is secret.
        caPem: pulumi.unsecret(
            known.apply(([caPem, leaf]: [string | undefined, string, string]) => {
                // A consumer's mocks may lack it.
                if (caPem === undefined) return "";
                for (const doubt of doubts(caPem, leaf || undefined)) warn(parent, `${path}: ${doubt}`);
                return normaliseCertificates(caPem);
            }),
        ),
    };
    if (authority.certificateId !== undefined) {
        const judge = (value: string) => certificateIdProblems(`${path}.certificateId`, value);
        return { ...material, certificateId: checkedLate(parent, authority.certificateId, judge) };
    }
    if (authority.certificatePem === undefined) return material;
    return {
        ...material,
        certificatePem: pulumi.unsecret(
            known.apply(([, leaf]: [string, string | undefined, string]) => (leaf === undefined ? "" : normaliseCertificates(leaf))),
        ),
        privateKeyPem: pulumi.secret(
            known.apply(([, , key]: [string, string, string | undefined]) => (key === undefined ? "" : normalisePrivateKey(key))),
        ),
    };
}

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
