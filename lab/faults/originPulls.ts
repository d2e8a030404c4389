/** The edge presents no client certificate, or the wrong one. */
import { X509Certificate } from "node:crypto";
import type { HostnameAssociation, HostnameCertificate } from "../cloud";
import { createAuthority, type Identity } from "../pki/authority";
import { DAY_MS, fromNow, leafOf, newAuthority, replaceTruststore, trustedAnd, zoneOf, type Faults, type FaultTarget } from "./target";

function associationOf(target: FaultTarget): HostnameAssociation {
    const association = zoneOf(target).associations.get(target.domainName);
    if (!association) throw new Error(`the lab has no association of ${target.domainName}: faults of origin pulls need mode Hostname`);
    return association;
}

/** Has the edge present this leaf, beside the one it presented or instead of it in the zone. */
export function show(target: FaultTarget, leaf: Identity, where: "beside" | "instead"): void {
    const zone = zoneOf(target);
    const association = associationOf(target);
    const certificate = new X509Certificate(leaf.certificatePem);
    const uploaded: HostnameCertificate = {
        id: target.cloud.nextId("hostname-certificate"),
        ...leaf,
        activeAt: Date.now(),
        issuer: certificate.issuer.split("\n").join(","),
        serialNumber: BigInt(`0x${certificate.serialNumber}`).toString(),
        expiresOn: new Date(certificate.validTo).toISOString(),
    };
    if (where === "instead") zone.hostnameCertificates.delete(association.certId);
    zone.hostnameCertificates.set(uploaded.id, uploaded);
    association.certId = uploaded.id;
}

/** Has the edge present a leaf of this time, from a CA that is trusted beside ours: only the stack's state has the key of the CA that it issued. */
async function showTrusted(target: FaultTarget, validity: { notBefore: Date; notAfter: Date }): Promise<void> {
    const authority = await newAuthority(target);
    replaceTruststore(target, trustedAnd(target, authority.certificatePem));
    show(target, await leafOf(target, authority, validity), "instead");
}

export const ORIGIN_PULLS: Faults = {
    "association-off": {
        summary: "origin pulls are turned off for the hostname",
        row: "visitor",
        cause: "AOP-ASSOCIATION-OFF",
        apply: (target) => {
            associationOf(target).enabled = false;
            zoneOf(target).settings.set("tls_client_auth", "off");
        },
    },
    "association-missing": {
        summary: "the hostname has no association with a client certificate",
        row: "visitor",
        cause: "AOP-ASSOCIATION-MISSING",
        apply: (target) => {
            associationOf(target);
            zoneOf(target).associations.delete(target.domainName);
            zoneOf(target).settings.set("tls_client_auth", "off");
        },
    },
    "other-level-only": {
        summary: "the hostname has no association; the global level is on, and presents Cloudflare's shared certificate",
        row: "visitor",
        cause: "AOP-OTHER-LEVEL-ONLY",
        apply: (target) => {
            associationOf(target);
            zoneOf(target).associations.delete(target.domainName);
            zoneOf(target).settings.set("tls_client_auth", "on");
        },
    },
    "zone-level-only": {
        summary: "the zone's level is on, and the hostname's association off, which outranks it",
        row: "visitor",
        cause: "AOP-OTHER-LEVEL-ONLY",
        apply: (target) => {
            const zone = zoneOf(target);
            const association = associationOf(target);
            const { certificatePem, privateKeyPem } = zone.hostnameCertificates.get(association.certId) ?? {};
            association.enabled = false;
            zone.zoneOriginPull = { enabled: true, certificatePem, privateKeyPem };
        },
    },
    "certificate-pending": {
        summary: "Cloudflare is still deploying the hostname's client certificate",
        row: "visitor",
        cause: "AOP-CERTIFICATE-PENDING",
        apply: (target) => {
            const certificate = zoneOf(target).hostnameCertificates.get(associationOf(target).certId);
            if (certificate) certificate.activeAt = Date.now() + 365 * DAY_MS;
        },
    },
    "leaf-expired": {
        summary: "the leaf that the edge presents expired yesterday",
        row: "visitor",
        cause: "LEAF-EXPIRED",
        apply: (target) => showTrusted(target, { notBefore: fromNow(-366), notAfter: fromNow(-1) }),
    },
    "leaf-expires-soon": {
        summary: "the leaf that the edge presents expires in five days",
        row: undefined,
        cause: "LEAF-EXPIRES-SOON",
        apply: (target) => showTrusted(target, { notBefore: fromNow(-360), notAfter: fromNow(5) }),
    },
    "leaf-wrong-ca": {
        summary: "another certificate, of a CA that is not trusted, is associated with the hostname",
        row: "visitor",
        cause: "LEAF-WRONG-CA",
        apply: async (target) => {
            const other = await createAuthority("CN=Another CA,O=Example", target.cloud.keys);
            show(target, await leafOf(target, other), "beside");
        },
    },
};
