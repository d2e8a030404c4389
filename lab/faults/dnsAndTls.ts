/** From the name to the origin's certificate: records, delegation, SSL mode, ACM. */
import { createCertificate } from "../aws/createApi";
import type { AcmCertificate } from "../cloud";
import { defaultEndpoint } from "../dns";
import { apiOf, certificateOf, domainOf, fromNow, recordsOf, validationRecordsOf, zoneOf, type Faults, type FaultTarget } from "./target";

const namesOf = ({ domainName, subjectAlternativeNames }: AcmCertificate): string[] => [
    ...new Set([domainName, ...subjectAlternativeNames]),
];

/** ACM's certificate of the domain is not there after all. */
function withdraw(target: FaultTarget, status: "PENDING_VALIDATION" | "FAILED", failureReason?: string): void {
    Object.assign(certificateOf(target), { status, failureReason, certificatePem: undefined, privateKeyPem: undefined });
}

/** Labels of the name below its zone. */
const labelsOf = (target: FaultTarget): string[] => {
    const { name } = zoneOf(target);
    return target.domainName === name ? [] : target.domainName.slice(0, -name.length - 1).split(".");
};

export const DNS_AND_TLS: Faults = {
    "dns-only-record": {
        summary: "the record is no longer proxied",
        row: "visitor",
        cause: "RECORD-DNS-ONLY",
        apply: (target) => {
            for (const record of recordsOf(target, target.domainName)) record.proxied = false;
        },
    },
    "record-missing": {
        summary: "the record is deleted",
        row: "visitor",
        cause: "RECORD-MISSING",
        apply: (target) => {
            for (const { id } of recordsOf(target, target.domainName)) zoneOf(target).records.delete(id);
        },
    },
    "record-to-default-endpoint": {
        summary: "the record points at the API's default endpoint and not at the custom domain's regional name",
        row: "visitor",
        cause: "RECORD-TO-DEFAULT-ENDPOINT",
        apply: (target) => {
            for (const record of recordsOf(target, target.domainName)) record.content = defaultEndpoint(target.cloud, apiOf(target).id);
        },
    },
    "wrong-zone": {
        summary: "the name is within a part of the zone that is delegated to other name servers",
        row: "visitor",
        cause: "ZONE-WRONG",
        apply: (target) => {
            const above = target.domainName.slice(target.domainName.indexOf(".") + 1);
            const cut = labelsOf(target).length > 1 ? above : target.domainName;
            zoneOf(target).delegatedElsewhere.set(cut, ["ns1.other-dns.example", "ns2.other-dns.example"]);
        },
    },
    "zone-not-delegated": {
        summary: "the domain is still delegated to the registrar's name servers",
        row: "visitor",
        cause: "ZONE-WRONG",
        apply: (target) => {
            zoneOf(target).delegatedElsewhere.set(zoneOf(target).name, ["ns1.registrar.example", "ns2.registrar.example"]);
        },
    },
    "name-too-deep": {
        summary: "the edge has no certificate for names deeper than one label below the zone",
        row: "visitor",
        cause: "NAME-TOO-DEEP",
        apply: (target) => {
            if (labelsOf(target).length < 2) throw new Error(`${target.domainName} is not deep: every edge certificate covers it`);
            zoneOf(target).deepCertificates = false;
        },
    },
    "ssl-off": {
        summary: "the zone's SSL/TLS mode is Off",
        row: "visitor",
        cause: "SSL-MODE-PLAIN",
        apply: (target) => void zoneOf(target).settings.set("ssl", "off"),
    },
    "ssl-flexible": {
        summary: "the zone's SSL/TLS mode is Flexible",
        row: "visitor",
        cause: "SSL-MODE-PLAIN",
        apply: (target) => void zoneOf(target).settings.set("ssl", "flexible"),
    },
    "ssl-overridden-by-rule": {
        summary: "a configuration rule sets Flexible for the hostname; the zone's mode is Full (strict)",
        row: "visitor",
        cause: "SSL-OVERRIDDEN-BY-RULE",
        apply: (target) => {
            zoneOf(target).sslRule = { hostname: target.domainName, value: "flexible", description: "legacy backend without TLS" };
        },
    },
    "page-rule-ssl-off": {
        summary: "a page rule sets Off for the hostname; the zone's mode is Full (strict)",
        row: "visitor",
        cause: "ORIGIN-OVERRIDDEN-BY-RULE",
        apply: (target) => void (zoneOf(target).pageRuleSsl = "off"),
    },
    "custom-origin-trust-store": {
        summary: "the zone's custom origin trust store has a CA of its own, so that public ones no longer count",
        row: "visitor",
        cause: "CUSTOM-ORIGIN-TRUST-STORE",
        apply: (target) => void (zoneOf(target).originTrustStore = ["CN=Internal CA,O=Example"]),
    },
    "origin-tls-compliance": {
        summary: "the zone allows post-quantum key exchange with origins only",
        row: "visitor",
        cause: "ORIGIN-TLS-COMPLIANCE",
        apply: (target) => void (zoneOf(target).originTlsModes = ["fips", "pqh"]),
    },
    "server-certificate-pending": {
        summary: "ACM has not issued the domain's certificate yet",
        row: "visitor",
        cause: "SERVER-CERTIFICATE-PENDING",
        apply: (target) => withdraw(target, "PENDING_VALIDATION"),
    },
    "server-certificate-expired": {
        summary: "the domain's certificate in ACM has expired",
        row: "visitor",
        cause: "SERVER-CERTIFICATE-EXPIRED",
        apply: async (target) => {
            const certificate = certificateOf(target);
            const validity = { notBefore: fromNow(-396), notAfter: fromNow(-1) };
            Object.assign(certificate, { status: "EXPIRED", ...(await target.cloud.webCa.issue(namesOf(certificate), validity)) });
        },
    },
    "server-certificate-wrong-name": {
        summary: "the domain has an ACM certificate of another name",
        row: "visitor",
        cause: "SERVER-CERTIFICATE-WRONG-NAME",
        apply: async (target) => {
            const { cloud } = target;
            const domainName = `www.${zoneOf(target).name}`;
            const { arn } = await createCertificate(cloud, domainName);
            domainOf(target).certificateArn = arn;
        },
    },
    "validation-record-missing": {
        summary: "ACM's validation record is deleted before the certificate is issued",
        row: "visitor",
        cause: "VALIDATION-RECORD-MISSING",
        apply: (target) => {
            for (const { id } of validationRecordsOf(target)) zoneOf(target).records.delete(id);
            withdraw(target, "PENDING_VALIDATION");
        },
    },
    "validation-record-proxied": {
        summary: "ACM's validation record is proxied, and the certificate is not renewed ten days before its end",
        row: undefined,
        cause: "VALIDATION-RECORD-PROXIED",
        apply: async (target) => {
            for (const record of validationRecordsOf(target)) Object.assign(record, { proxied: true, ttl: 1 });
            const certificate = certificateOf(target);
            const validity = { notBefore: fromNow(-385), notAfter: fromNow(10) };
            Object.assign(certificate, await target.cloud.webCa.issue(namesOf(certificate), validity));
            certificate.renewal = { status: "PENDING_VALIDATION" };
        },
    },
    "caa-forbids": {
        summary: "a CAA record lets only another authority issue certificates, and ACM fails",
        row: "visitor",
        cause: "CAA-FORBIDS-AMAZON",
        apply: (target) => {
            const zone = zoneOf(target);
            const id = target.cloud.nextId("record");
            const content = '0 issue "letsencrypt.org"';
            zone.records.set(id, { id, name: zone.name, type: "CAA", content, ttl: 300, proxied: false, comment: undefined });
            withdraw(target, "FAILED", "CAA_ERROR");
        },
    },
};
