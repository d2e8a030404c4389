/** Cloudflare's client certificates for origin pulls of single hostnames, and their associations. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { apiError, ask, inZonePath, overApi } from "./api";
import type { ApiRequest, Cloud, HostnameAssociation, HostnameCertificate } from "../cloud";
import { inZone, zoneOf } from "./dnsRecord";
import { isCa } from "../pki/x509";
import type { AssociationProperties, HostnameCertificateProperties } from "./requests";
import { broken, text, type Props, type ResourceType } from "../shared/resourceType";

const PERMISSION = "SSL and Certificates";
const CERTIFICATES = "origin_tls_client_auth/hostnames/certificates";
const MAX_CERTIFICATES = 10;
const MAX_ASSOCIATIONS = 100;

function parse(pem: string): X509Certificate {
    if (pem.split("-----BEGIN CERTIFICATE-----").length !== 2)
        broken("origin-cert-single", "certificate", "exactly one PEM certificate, the leaf");
    try {
        return new X509Certificate(pem);
    } catch {
        return broken("origin-cert-pem", "certificate", "not a PEM certificate");
    }
}

function checkKey(certificate: X509Certificate, pem: string): void {
    let fits = false;
    try {
        const key = createPrivateKey(pem);
        fits = ["rsa", "ec"].includes(key.asymmetricKeyType ?? "") && certificate.checkPrivateKey(key);
    } catch {
        broken("origin-cert-key-pem", "privateKey", "not a PEM private key");
    }
    if (!fits) broken("origin-cert-key-fits", "privateKey", "The private key does not match the certificate");
}

export function statusOf(uploaded: HostnameCertificate): "active" | "pending_deployment" | "pending_deletion" {
    if (uploaded.pendingDeletion) return "pending_deletion";
    return uploaded.activeAt <= Date.now() ? "active" : "pending_deployment";
}

function certificateOutputs(uploaded: HostnameCertificate): Props {
    const rsa = new X509Certificate(uploaded.certificatePem).publicKey.asymmetricKeyType === "rsa";
    return {
        status: statusOf(uploaded),
        expiresOn: uploaded.expiresOn,
        issuer: uploaded.issuer,
        serialNumber: uploaded.serialNumber,
        signature: rsa ? "SHA256WithRSA" : "ECDSAWithSHA256",
    };
}

export function getHostnameCertificate(cloud: Cloud, args: Props): Promise<Props> {
    const zoneId = text(args, "zoneId");
    const certificateId = text(args, "certificateId");
    const request: ApiRequest = { method: "GET", path: inZonePath(args, CERTIFICATES, certificateId) };
    return ask(cloud, request, `${PERMISSION} Read`, () => {
        const uploaded = cloud.cloudflare.zones.get(zoneId)?.hostnameCertificates.get(certificateId);
        if (!uploaded) throw apiError(request, 404, 1407, "No certificate was found");
        const { certificatePem: certificate } = uploaded;
        return { id: certificateId, certificateId, zoneId, certificate, ...certificateOutputs(uploaded), uploadedOn: "" };
    });
}

const hostnameCertificate: ResourceType = {
    token: "cloudflare:index/authenticatedOriginPullsHostnameCertificate:AuthenticatedOriginPullsHostnameCertificate",
    properties: {
        zoneId: "string! replace",
        certificate: "string! replace",
        privateKey: "string! replace",
    } satisfies HostnameCertificateProperties,
    computed: ["status", "expiresOn", "issuer", "serialNumber", "signature", "uploadedOn"],
    /** Only newlines at the end mean nothing, and only the certificate's (docs/sources.md 7.3). */
    same: (property, before, after) => property === "certificate" && String(before).trimEnd() === String(after).trimEnd(),
    create(cloud, inputs) {
        const zone = zoneOf(cloud, text(inputs, "zoneId"));
        const certificatePem = text(inputs, "certificate");
        const privateKeyPem = text(inputs, "privateKey");
        const certificate = parse(certificatePem);
        if (isCa(certificate)) broken("origin-cert-leaf", "certificate", "missing leaf certificate");
        checkKey(certificate, privateKeyPem);
        const others = [...zone.hostnameCertificates.values()];
        if (others.some((other) => new X509Certificate(other.certificatePem).fingerprint256 === certificate.fingerprint256)) {
            broken("origin-cert-once-per-zone", "certificate", "This certificate already exists for this zone");
        }
        if (others.length >= MAX_CERTIFICATES)
            broken("origin-cert-ten-per-zone", "zoneId", `${MAX_CERTIFICATES} hostname certificates per zone are allowed`);
        const uploaded: HostnameCertificate = {
            id: cloud.nextId("hostname-certificate"),
            certificatePem,
            privateKeyPem,
            activeAt: Date.now() + cloud.activationDelayMs,
            issuer: certificate.issuer.split("\n").join(","),
            serialNumber: BigInt(`0x${certificate.serialNumber}`).toString(),
            expiresOn: new Date(certificate.validTo).toISOString(),
        };
        zone.hostnameCertificates.set(uploaded.id, uploaded);
        return { id: uploaded.id, outputs: { ...certificateOutputs(uploaded), uploadedOn: new Date().toISOString() } };
    },
    read(cloud, id, state) {
        const uploaded = cloud.cloudflare.zones.get(text(state, "zoneId"))?.hostnameCertificates.get(id);
        return uploaded && certificateOutputs(uploaded);
    },
    /** As the provider does: one that is gone fails at every try, until a refresh (docs/sources.md 12.2). */
    delete(cloud, id, state) {
        const zone = zoneOf(cloud, text(state, "zoneId"));
        if (!zone.hostnameCertificates.has(id)) broken("origin-cert-exists", "id", `404 Not Found: no hostname certificate ${id}`);
        const user = [...zone.associations.values()].find(({ certId, enabled }) => enabled && certId === id);
        if (user) broken("origin-cert-in-use", "certificate", `the certificate is associated with ${user.hostname} and enabled`);
        zone.hostnameCertificates.delete(id);
    },
};

const CERTIFICATE_GONE = "1415: Certificate ID in request is either invalid or the certificate has been deleted";

function associate(cloud: Cloud, inputs: Props): { hostname: string; outputs: Props } {
    const zone = zoneOf(cloud, text(inputs, "zoneId"));
    const [config = {}] = inputs.configs as Props[];
    const hostname = text(config, "hostname");
    const certId = text(config, "certId");
    if (!inZone(zone, hostname)) broken("origin-pull-hostname-in-zone", "configs[0].hostname", `${hostname} is not within ${zone.name}`);
    const certificate = zone.hostnameCertificates.get(certId);
    if (!certificate) return broken("origin-pull-cert-exists", "configs[0].certId", CERTIFICATE_GONE);
    // Neither true nor false voids the association (docs/sources.md 3.7).
    if (typeof config.enabled !== "boolean") zone.associations.delete(hostname);
    else {
        const others = [...zone.associations.values()].filter((other) => other.certId === certId && other.hostname !== hostname);
        if (others.length >= MAX_ASSOCIATIONS) broken("origin-pull-hundred-per-cert", "configs[0].certId", "100 maximum associations");
        const association: HostnameAssociation = { hostname, certId, enabled: config.enabled };
        zone.associations.set(hostname, association);
    }
    const now = new Date().toISOString();
    const { status, ...details } = certificateOutputs(certificate);
    return {
        hostname,
        outputs: {
            hostname,
            certId,
            enabled: config.enabled === true,
            certStatus: status,
            status,
            ...details,
            certificate: certificate.certificatePem,
            updatedAt: now,
        },
    };
}

/** Every output but the hostname: an update makes all of them unknown (docs/sources.md 12.8). */
const MOVING = [
    "certId",
    "certStatus",
    "certUpdatedAt",
    "certUploadedOn",
    "certificate",
    "createdAt",
    "enabled",
    "expiresOn",
    "issuer",
    "privateKey",
    "serialNumber",
    "signature",
    "status",
    "updatedAt",
];

const originPulls: ResourceType = {
    importPart: 1,
    notImported: ["configs"],
    token: "cloudflare:index/authenticatedOriginPulls:AuthenticatedOriginPulls",
    properties: {
        zoneId: "string! replace",
        configs: ["object[]!", { hostname: "string!", certId: "string!", enabled: "boolean" } satisfies AssociationProperties],
    },
    computed: ["hostname", ...MOVING],
    check(inputs) {
        const configs = inputs.configs as (Props | undefined)[] | undefined;
        if (configs && configs.length !== 1)
            broken("origin-pull-one-config", "configs", "config must contain exactly one hostname association");
        if (configs?.[0]?.hostname === "") broken("origin-pull-hostname", "configs[0].hostname", "missing hostname");
    },
    create(cloud, inputs) {
        const { hostname, outputs } = associate(cloud, inputs);
        return { id: hostname, outputs: { ...outputs, createdAt: outputs.updatedAt } };
    },
    /** As the provider does: a new hostname is added in place, and the old association stays (docs/sources.md 7.2). */
    update: (cloud, _id, inputs) => associate(cloud, inputs).outputs,
    recomputed: () => MOVING,
    /** `configs` is never read back: blind to drift (docs/sources.md 7.2). */
    read(cloud, id, state) {
        const zone = cloud.cloudflare.zones.get(text(state, "zoneId"));
        const association = zone?.associations.get(text(state, "hostname") || id);
        return association && { enabled: association.enabled, certId: association.certId };
    },
    /** A PUT of `enabled: null` with the certificate's id: without the certificate Cloudflare may refuse it (docs/sources.md 12.3). */
    delete(cloud, id, state) {
        const [config = {}] = (state.configs as Props[] | undefined) ?? [];
        const zone = zoneOf(cloud, text(state, "zoneId"));
        const hostname = text(config, "hostname") || id;
        const certId = text(config, "certId") || text(state, "certId");
        if (zone.hostnameCertificates.has(certId) || cloud.variants.voidWithoutCertificate === "accepted")
            zone.associations.delete(hostname);
        else broken("origin-pull-cert-exists", "configs[0].certId", CERTIFICATE_GONE);
    },
};

export const originPullTypes: ResourceType[] = [
    overApi(hostnameCertificate, {
        permission: PERMISSION,
        path: (props, id) => inZonePath(props, CERTIFICATES, id),
        create: "POST",
        update: undefined,
        delete: "DELETE",
    }),
    overApi(originPulls, {
        permission: PERMISSION,
        path: (props) => inZonePath(props, "origin_tls_client_auth/hostnames"),
        create: "PUT",
        update: "PUT",
        // Its delete is a PUT, too (docs/sources.md 12.3).
        delete: "PUT",
    }),
];
