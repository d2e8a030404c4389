/** ACM: certificates with DNS validation, issued by the lab's public CA. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { AcmCertificate, Cloud } from "../../cloud";
import { broken, checkRegion, list, oneOf, REGIONAL, tags, text, type Props, type ResourceType } from "../../shared/resourceType";

const POLL_MS = 50;
const NAME = /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/;

function hash(value: string): string {
    return createHash("md5").update(value).digest("hex");
}

function outputsOf(certificate: AcmCertificate): Props {
    return {
        arn: certificate.arn,
        domainValidationOptions: certificate.validationRecords.map(({ domainName, name, value }) => ({
            domainName,
            resourceRecordName: name,
            resourceRecordType: "CNAME",
            resourceRecordValue: value,
        })),
        subjectAlternativeNames: [certificate.domainName, ...certificate.subjectAlternativeNames],
        status: certificate.status,
        type: "AMAZON_ISSUED",
        tagsAll: certificate.tags,
    };
}

/** Whether some zone answers the record in the open: a proxied CNAME answers with the edge's addresses instead. */
export function resolvesUnproxied(cloud: Cloud, record: { name: string; value: string }): boolean {
    const name = record.name.replace(/\.$/, "").toLowerCase();
    const value = record.value.replace(/\.$/, "").toLowerCase();
    return [...cloud.cloudflare.zones.values()].some((zone) =>
        [...zone.records.values()].some(
            (candidate) =>
                candidate.type === "CNAME" &&
                !candidate.proxied &&
                candidate.name.toLowerCase() === name &&
                candidate.content.replace(/\.$/, "").toLowerCase() === value,
        ),
    );
}

function certificateOf(cloud: Cloud, arn: string, property: string): AcmCertificate {
    return cloud.aws.certificates.get(arn) ?? broken("acm-certificate-exists", property, `no certificate ${arn}`);
}

const certificate: ResourceType = {
    token: "aws:acm/certificate:Certificate",
    properties: {
        ...REGIONAL,
        domainName: "string! replace",
        subjectAlternativeNames: "string[] replace",
        validationMethod: "string! replace",
        keyAlgorithm: "string replace",
        tags: "map",
    },
    computed: ["arn", "domainValidationOptions", "status", "type", "tagsAll"],
    check(inputs, cloud) {
        checkRegion(inputs, cloud);
        oneOf(inputs, "validationMethod", ["DNS"], "acm-dns-validation");
        oneOf(inputs, "keyAlgorithm", ["RSA_2048", "EC_prime256v1", "EC_secp384r1"], "acm-key-algorithm");
        const names = [inputs.domainName, ...list(inputs, "subjectAlternativeNames")].filter((name) => name !== undefined);
        for (const name of names)
            if (!NAME.test(String(name))) broken("acm-domain-name", "domainName", `not a lower-case DNS name: ${String(name)}`);
    },
    create(cloud, inputs) {
        const domainName = text(inputs, "domainName");
        const others = list(inputs, "subjectAlternativeNames").filter((name) => name !== domainName);
        const certificate: AcmCertificate = {
            arn: `arn:aws:acm:${cloud.aws.region}:${cloud.aws.accountId}:certificate/${cloud.nextId("certificate")}`,
            domainName,
            subjectAlternativeNames: others,
            status: "PENDING_VALIDATION",
            validationRecords: [domainName, ...others].map((name) => {
                const base = name.replace(/^\*\./, "");
                return {
                    domainName: name,
                    name: `_${hash(`${cloud.aws.accountId} ${base}`)}.${base}.`,
                    value: `_${hash(`value ${cloud.aws.accountId} ${base}`)}.acm-validations.aws.`,
                };
            }),
            tags: tags(inputs),
        };
        cloud.aws.certificates.set(certificate.arn, certificate);
        return { id: certificate.arn, outputs: outputsOf(certificate) };
    },
    update(cloud, id, inputs) {
        const certificate = certificateOf(cloud, id, "arn");
        certificate.tags = tags(inputs);
        return outputsOf(certificate);
    },
    read(cloud, id) {
        const certificate = cloud.aws.certificates.get(id);
        return certificate && { status: certificate.status, tags: certificate.tags, tagsAll: certificate.tags };
    },
    delete(cloud, id) {
        const user = [...cloud.aws.domains.values()].find((domain) => domain.certificateArn === id);
        if (user) broken("acm-certificate-in-use", "arn", `ResourceInUseException: ${user.domainName} uses this certificate`);
        cloud.aws.certificates.delete(id);
    },
};

const validation: ResourceType = {
    token: "aws:acm/certificateValidation:CertificateValidation",
    properties: { ...REGIONAL, certificateArn: "string! replace", validationRecordFqdns: "string[] replace" },
    computed: [],
    check: checkRegion,
    async create(cloud, inputs, { timeoutMs }) {
        const certificate = certificateOf(cloud, text(inputs, "certificateArn"), "certificateArn");
        const given = list(inputs, "validationRecordFqdns").map((name) => name.replace(/\.$/, "").toLowerCase());
        for (const { name } of certificate.validationRecords) {
            if (given.length && !given.includes(name.replace(/\.$/, "")))
                broken("acm-validation-fqdns", "validationRecordFqdns", `missing ${name}`);
        }
        // Issued, failed and expired are final (the AWS provider, acm/certificate_validation.go).
        if (!["PENDING_VALIDATION", "ISSUED"].includes(certificate.status))
            broken("acm-validation-final", "certificateArn", `unexpected state '${certificate.status}', wanted target 'ISSUED'`);
        const deadline = Date.now() + timeoutMs;
        while (certificate.status === "PENDING_VALIDATION") {
            const missing = certificate.validationRecords.find((record) => !resolvesUnproxied(cloud, record));
            if (!missing) {
                Object.assign(certificate, await cloud.webCa.issue([certificate.domainName, ...certificate.subjectAlternativeNames]));
                certificate.status = "ISSUED";
            } else if (Date.now() >= deadline) {
                broken(
                    "acm-validation-unproxied",
                    "certificateArn",
                    `waiting for ISSUED: no unproxied CNAME ${missing.name} to ${missing.value}`,
                );
            } else await sleep(Math.min(POLL_MS, timeoutMs));
        }
        return { id: new Date().toISOString(), outputs: {} };
    },
    /** The validation is gone once the certificate is no longer issued. */
    read: (cloud, _id, state) => (cloud.aws.certificates.get(text(state, "certificateArn"))?.status === "ISSUED" ? {} : undefined),
    delete() {
        // As at AWS, nothing to undo.
    },
};

export const acm: ResourceType[] = [certificate, validation];
