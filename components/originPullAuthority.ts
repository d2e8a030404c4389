import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { doubts, expires, normaliseCertificates, normalisePem, normalisePrivateKey } from "../pki";
import type { OriginPullAuthority } from "./args";
import { checkedLate } from "./validation/late";
import { authorityPemProblems } from "./validation/originPull";
import { certificateIdProblems } from "./validation/values";
import { warn } from "./warn";

const YEAR_HOURS = 8766;

/** What all authorities of an identity share. */
interface IdentityInputs {
    domainName: string;
    zoneId: pulumi.Input<string>;
    presented: string | undefined;
    deletionProtection: true | undefined;
}

export interface CreatedAuthority {
    name: string;
    caPem: pulumi.Output<string>;
    certificateId: pulumi.Output<string> | undefined;
    expires: pulumi.Output<string> | undefined;
}

interface AuthorityPems {
    name: string;
    caPem: pulumi.Output<string>;
    certificatePem?: pulumi.Output<string>;
    privateKeyPem?: pulumi.Output<string>;
    certificateId?: pulumi.Output<string>;
}

/** A consumer's mocks issue nothing. */
const normaliseIssued = (pem: string | undefined): string => (pem ? normalisePem(pem) : "");

function issueAuthority(name: string, authority: OriginPullAuthority, inputs: IdentityInputs, parent: pulumi.Resource): AuthorityPems {
    const ca = `${name}-ca-${authority.name}`;
    const leaf = `${name}-leaf-${authority.name}-${authority.leaf ?? "1"}`;
    // A unique subject per authority: equal names would make chains ambiguous. A common name has at most 64 characters.
    const subject = { commonName: `${inputs.domainName} pull CA ${authority.name}`.slice(-64) };
    const caOpts = {
        parent,
        // Only the presented one: a dropped authority must be deletable.
        protect: authority.name === inputs.presented ? inputs.deletionProtection : undefined,
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
        { privateKeyPem: leafKey.privateKeyPem, subject: { commonName: inputs.domainName }, dnsNames: [inputs.domainName] },
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
                for (const doubt of doubts(caPem, leaf || undefined)) warn(`${path}: ${doubt}`, parent);
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

/** CA and leaf of an authority, issued here or the user's own, and the upload of the leaf. */
export function createAuthority(
    name: string,
    authority: OriginPullAuthority,
    index: number,
    inputs: IdentityInputs,
    parent: pulumi.Resource,
): CreatedAuthority {
    const leaf =
        authority.caCertificatePem === undefined
            ? issueAuthority(name, authority, inputs, parent)
            : bringYourOwnAuthority(authority, authority.caCertificatePem, `originPull.authorities[${index}]`, parent);
    if (!leaf.certificatePem || !leaf.privateKeyPem) return { ...leaf, certificateId: leaf.certificateId, expires: undefined };
    const upload = new cloudflare.AuthenticatedOriginPullsHostnameCertificate(
        `${name}-upload-${authority.name}`,
        { zoneId: inputs.zoneId, certificate: leaf.certificatePem, privateKey: leaf.privateKeyPem },
        { parent },
    );
    return { ...leaf, certificateId: upload.id, expires: leaf.certificatePem.apply((pem) => (pem ? expires(pem).toISOString() : "")) };
}
