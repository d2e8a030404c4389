/** ACM's read-only call (JSON 1.1). */
import { X509Certificate } from "node:crypto";
import type { AcmCertificate, Cloud } from "../../cloud";
import { json, type Call, type ControlRequest } from "../../shared/controlPlane";
import { failure } from "../caller";
import { resolvesUnproxied } from "./resources";

/** ACM's times are seconds since the epoch. */
const seconds = (date: string) => Date.parse(date) / 1000;

function certificateJson(cloud: Cloud, certificate: AcmCertificate): Record<string, unknown> {
    const leaf = certificate.certificatePem === undefined ? undefined : new X509Certificate(certificate.certificatePem);
    const expired = certificate.status === "ISSUED" && leaf !== undefined && Date.parse(leaf.validTo) < Date.now();
    const validationOf = (record: AcmCertificate["validationRecords"][number]) => {
        if (certificate.status === "FAILED") return "FAILED";
        return certificate.status === "ISSUED" || certificate.status === "EXPIRED" || resolvesUnproxied(cloud, record)
            ? "SUCCESS"
            : "PENDING_VALIDATION";
    };
    return {
        CertificateArn: certificate.arn,
        DomainName: certificate.domainName,
        SubjectAlternativeNames: [...new Set([certificate.domainName, ...certificate.subjectAlternativeNames])],
        Status: expired ? "EXPIRED" : certificate.status,
        Type: "AMAZON_ISSUED",
        ...(certificate.failureReason !== undefined && { FailureReason: certificate.failureReason }),
        ...(certificate.renewal && {
            RenewalSummary: { RenewalStatus: certificate.renewal.status, UpdatedAt: Date.now() / 1000, DomainValidationOptions: [] },
        }),
        ...(leaf && { NotBefore: seconds(leaf.validFrom), NotAfter: seconds(leaf.validTo) }),
        DomainValidationOptions: certificate.validationRecords.map((record) => ({
            DomainName: record.domainName,
            ValidationDomain: record.domainName,
            ValidationMethod: "DNS",
            ValidationStatus: validationOf(record),
            ResourceRecord: { Name: record.name, Type: "CNAME", Value: record.value },
        })),
    };
}

/** The call that a request is. `here`: whether it is for the lab's region; in any other the account is empty. */
export function findAcmCall(cloud: Cloud, request: ControlRequest, here: boolean): Call | undefined {
    if (request.method !== "POST" || request.headers["x-amz-target"] !== "CertificateManager.DescribeCertificate") return undefined;
    return {
        service: "acm",
        operation: "DescribeCertificate",
        permission: "acm:DescribeCertificate",
        answer() {
            const arn = String((JSON.parse(request.body) as Record<string, unknown>).CertificateArn);
            const certificate = here ? cloud.aws.certificates.get(arn) : undefined;
            if (!certificate) return failure(request, 400, "ResourceNotFoundException", `Could not find certificate ${arn}.`);
            return json(200, { Certificate: certificateJson(cloud, certificate) }, { "content-type": "application/x-amz-json-1.1" });
        },
        deny: () =>
            failure(request, 400, "AccessDeniedException", "User is not authorized to perform: acm:DescribeCertificate on resource"),
    };
}
