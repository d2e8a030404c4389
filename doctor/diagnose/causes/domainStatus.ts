/** What API Gateway says of the custom domain itself. */
import type { Facts } from "../facts";
import { doctorCommand, regionOf, visitorCommand, type Rule } from "./rule";

const down = ({ visitorUp }: Facts): "visitors-down" | "none-yet" => (visitorUp ? "none-yet" : "visitors-down");
const says = (facts: Facts, status: string): string[] | undefined => {
    const domain = facts.aws?.domain;
    return domain?.status === status
        ? [`API Gateway's status is ${status}${domain.statusMessage ? `: ${domain.statusMessage}` : ""}`]
        : undefined;
};
const statusCommand = (facts: Facts): string =>
    `aws apigatewayv2 get-domain-name ${regionOf(facts)} --domain-name ${facts.evidence.domainName} --query 'DomainNameConfigurations[0].DomainNameStatus' --output text\n# fixed: AVAILABLE`;
const NO_DIFFERENCE = "The status is not a property that Pulumi compares.";

export const DOMAIN_STATUS: Rule[] = [
    {
        id: "AWS-ASKED-ELSEWHERE",
        title: "The domain is not in the AWS region or account that was asked",
        place: undefined,
        impact: "not-judged",
        find: (facts) => {
            if (facts.aws?.domain !== null) return undefined;
            if (facts.otherRegion !== undefined)
                return [
                    `AWS was asked in ${facts.aws.region}; the regional name ${facts.evidence.targetDomainName} is in ${facts.otherRegion}`,
                ];
            return facts.domainSeen
                ? [
                      `${facts.aws.region} of this account has no such domain, but API Gateway answers for the name: it is in another account or region`,
                  ]
                : undefined;
        },
        refresh: "",
        fix: (facts) =>
            [
                "aws sts get-caller-identity ; pulumi config get aws:region",
                `Run the doctor with the account and the region of the deployment: --profile <profile> --region ${facts.otherRegion ?? "<region>"}. Do not run pulumi because of this.`,
            ].join("\n"),
        confirm: doctorCommand,
        explains: ["DOMAIN-MISSING"],
    },
    {
        id: "DOMAIN-UPDATING",
        title: "API Gateway is still applying a change to the custom domain",
        place: "gateway",
        impact: down,
        find: (facts) => says(facts, "UPDATING"),
        refresh: NO_DIFFERENCE,
        fix: () =>
            "Wait: it takes a minute or two, and no other change of the domain is accepted before that. If it does not end, contact AWS Support.",
        confirm: statusCommand,
    },
    {
        id: "DOMAIN-OWNERSHIP-PENDING",
        title: "API Gateway waits for a proof that you own the name",
        place: "gateway",
        impact: down,
        find: (facts) => says(facts, "PENDING_OWNERSHIP_VERIFICATION"),
        refresh: NO_DIFFERENCE,
        fix: () =>
            "With an imported or private certificate API Gateway wants a second one, issued by ACM for the same name and validated by DNS. Pass its ARN as ownershipVerificationCertificateArn, and run pulumi up. Or leave certificateArn out: the component issues a certificate.",
        confirm: statusCommand,
    },
    {
        id: "DOMAIN-REIMPORT-PENDING",
        title: "API Gateway waits for the certificate to be imported again",
        place: "gateway",
        impact: down,
        find: (facts) => says(facts, "PENDING_CERTIFICATE_REIMPORT"),
        refresh: NO_DIFFERENCE,
        fix: () =>
            "Import the certificate again in ACM under the same ARN, with the name that the domain has (aws acm import-certificate --certificate-arn …). Or leave certificateArn out: the component issues a certificate.",
        confirm: statusCommand,
    },
    {
        id: "ROUTING-RULES-ONLY",
        title: "The custom domain routes by rules only, so its API mappings are unreachable",
        place: "gateway",
        impact: "visitors-down",
        // Rules cannot lead to an HTTP API (docs/sources.md 13.2).
        find: ({ aws }) =>
            aws?.domain?.routingMode === "ROUTING_RULE_ONLY"
                ? ["the domain's routing mode is ROUTING_RULE_ONLY; rules cannot lead to an HTTP API"]
                : undefined,
        refresh: "The routing mode is not an argument of this component, so nothing differs.",
        fix: (facts) =>
            `aws apigatewayv2 update-domain-name ${regionOf(facts)} --domain-name ${facts.evidence.domainName} --routing-mode API_MAPPING_ONLY\nThen find out who changed it (CloudTrail, UpdateDomainName).`,
        confirm: visitorCommand,
        explains: ["MAPPING-MISSING", "ROUTE-MISSING"],
    },
    {
        id: "TRUSTSTORE-VERSION-DELETED",
        title: "The truststore version that the domain pins was deleted from S3",
        place: "gateway",
        impact: "none-yet",
        find: ({ aws }) =>
            aws?.truststore?.pinnedMissing
                ? [
                      `the domain pins the version ${aws.domain?.truststoreVersion}, which S3 does not have`,
                      "API Gateway still uses its copy; which CAs that copy trusts cannot be read any more",
                  ]
                : undefined,
        refresh: "`pulumi refresh` detects that the object is gone or has another version, and the next `up` writes and pins a new one.",
        fix: () =>
            [
                "pulumi up --refresh",
                "Then find out who deleted the version (CloudTrail data events, DeleteObject, if enabled), and revoke that permission.",
            ].join("\n"),
        confirm: doctorCommand,
    },
];
