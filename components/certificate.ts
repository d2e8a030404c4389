import * as acm from "@pulumi/aws/acm";
import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";

/** The domain's server certificate, issued by ACM and validated by a DNS-only record. */
export function issueCertificate(
    name: string,
    inputs: {
        domainName: string;
        zoneId: pulumi.Input<string>;
        protect: true | undefined;
        tags: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
    },
    opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
    const certificate = new acm.Certificate(
        `${name}-certificate`,
        { domainName: inputs.domainName, validationMethod: "DNS", tags: inputs.tags },
        // ACM may report "in use" for more than 15 minutes after the domain is deleted.
        { ...opts, protect: inputs.protect, customTimeouts: { delete: "45m" } },
    );
    // A consumer's mocks may return no validation option: the record is then empty, never an error.
    const option = (field: "resourceRecordName" | "resourceRecordType" | "resourceRecordValue") =>
        certificate.domainValidationOptions.apply(
            (options: pulumi.Unwrap<typeof certificate.domainValidationOptions> | undefined) => options?.[0]?.[field] ?? "",
        );
    const withoutDot = (value: pulumi.Output<string>) => value.apply((text) => text.replace(/\.$/, "").toLowerCase());
    const record = new cloudflare.DnsRecord(
        `${name}-certificate-validation`,
        {
            zoneId: inputs.zoneId,
            name: withoutDot(option("resourceRecordName")),
            type: option("resourceRecordType"),
            content: withoutDot(option("resourceRecordValue")),
            ttl: 300,
            // ACM must see the CNAME itself, also at renewals: proxied, it would see Cloudflare's addresses.
            proxied: false,
        },
        opts,
    );
    const validation = new acm.CertificateValidation(
        `${name}-certificate-issued`,
        { certificateArn: certificate.arn, validationRecordFqdns: [record.name] },
        opts,
    );
    return validation.certificateArn;
}
