/** The origin: its certificate, its mutual TLS, and the path from the domain to the handler. */
import { described, type Facts } from "../facts";
import { NEW_CERTIFICATE, bypassCommand, doctorCommand, endpointCommand, regionOf, visitorCommand, type Rule } from "./rule";

/** Values of CAA that let Amazon issue, by ACM's documentation. */
const AMAZON = ["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"];
/** What only a new or renewed certificate needs: while the origin has a valid one, nothing fails because of it. */
const unlessServed = (facts: Facts): "visitors-down" | "none-yet" =>
    facts.visitorUp || facts.origin?.serverVerified || (!facts.origin && facts.aws?.certificate?.status === "ISSUED")
        ? "none-yet"
        : "visitors-down";
const covers = (name: string, domainName: string): boolean =>
    name === domainName || (name.startsWith("*.") && domainName.split(".").slice(1).join(".") === name.slice(2));
const unissued = (facts: Facts): boolean => facts.aws?.certificate !== undefined && facts.aws.certificate?.status !== "ISSUED";
const missingRecords = (facts: Facts) => {
    const wanted = facts.aws?.certificate?.validationRecords ?? [];
    const found = facts.cloudflare?.validationRecords;
    const plain = (name: string) => name.toLowerCase().replace(/\.$/, "");
    return found === undefined
        ? []
        : wanted.filter(
              ({ name, value }) => !found.some((record) => plain(record.name) === plain(name) && plain(record.content) === plain(value)),
          );
};
/** APIs that the domain is mapped to, with their default endpoint on. */
const openApis = ({ aws }: Facts): string[] =>
    [...(aws?.api ? [aws.api] : []), ...(aws?.otherApis ?? [])].filter(({ disableExecuteApiEndpoint: off }) => !off).map(({ id }) => id);
const validationCommand = (facts: Facts): string => {
    const [record] = facts.aws?.certificate?.validationRecords ?? [];
    return `dig +short CNAME ${record?.name ?? "<validation record>"}\n# fixed: ${record?.value ?? "a name that ends in acm-validations.aws."}`;
};

export const GATEWAY: Rule[] = [
    {
        id: "DOMAIN-MISSING",
        title: "API Gateway has no custom domain with this name",
        place: "gateway",
        impact: "visitors-down",
        find: ({ aws, domainSeen, otherRegion }) =>
            aws?.domain === null && !domainSeen && otherRegion === undefined
                ? [`${aws.region} has no custom domain with this name`]
                : undefined,
        refresh: "`pulumi refresh` detects it, and the next `up` recreates it. A wrong region or account looks the same: check both.",
        fix: (facts) =>
            [
                `First make sure that this is the right account and region (here: ${facts.aws?.region ?? "no region"}). If not, run the doctor again with --region or --profile, and do not run pulumi:`,
                "aws sts get-caller-identity ; pulumi config get aws:region",
                "If so:",
                "pulumi preview --refresh --diff   # it must create the domain and its mapping; if it also creates the bucket, the API or the function, stop: wrong account",
                "pulumi up --refresh",
            ].join("\n"),
        confirm: visitorCommand,
        explains: ["MAPPING-MISSING", "SERVER-CERTIFICATE-WRONG-NAME"],
    },
    {
        id: "CAA-FORBIDS-AMAZON",
        title: "A CAA record forbids Amazon from issuing the server certificate",
        place: "gateway",
        impact: unlessServed,
        find: ({ evidence: { dns }, aws }) => {
            if (aws?.certificate?.failureReason === "CAA_ERROR") return ["ACM failed with CAA_ERROR"];
            return dns.caa && dns.caa.length > 0 && !dns.caa.some((value) => AMAZON.includes(value.split(";")[0]!.trim()))
                ? [`CAA allows ${dns.caa.map((value) => value || "no CA").join(", ")}, but none of ${AMAZON.join(", ")}`]
                : undefined;
        },
        refresh: "CAA records are not part of this stack; an issued certificate works until it must be renewed.",
        fix: ({ evidence: { dns, domainName } }) =>
            [
                `In Cloudflare's DNS, add a record of type CAA, name ${dns.zoneName ?? domainName}, tag issue, value amazon.com; keep the existing ones. A record at a longer name overrides it.`,
                "Replace a failed certificate:",
                NEW_CERTIFICATE,
            ].join("\n"),
        confirm: ({ evidence: { dns, domainName } }) =>
            `dig +short CAA ${dns.zoneName ?? domainName}\n# fixed: a line 0 issue "amazon.com"`,
        explains: ["SERVER-CERTIFICATE-PENDING", "SERVER-CERTIFICATE-WRONG-NAME"],
    },
    {
        id: "VALIDATION-RECORD-PROXIED",
        title: "ACM's validation record is proxied, so ACM cannot see it",
        place: "gateway",
        impact: unlessServed,
        find: ({ cloudflare }) => {
            const proxied = cloudflare?.validationRecords?.filter((record) => record.proxied) ?? [];
            return proxied.length > 0 ? [`${proxied.map(({ name }) => name).join(", ")} is proxied`] : undefined;
        },
        refresh: "`pulumi refresh` detects it, and the next `up` makes it DNS only again.",
        fix: () => "pulumi up --refresh",
        confirm: validationCommand,
        explains: ["SERVER-CERTIFICATE-PENDING", "SERVER-CERTIFICATE-WRONG-NAME", "VALIDATION-RECORD-MISSING"],
    },
    {
        id: "VALIDATION-RECORD-MISSING",
        title: "ACM's validation record is missing: the certificate cannot be issued or renewed",
        place: "gateway",
        impact: unlessServed,
        find: (facts) => {
            const missing = missingRecords(facts);
            return missing.length > 0
                ? [`the zone lacks ${missing.map(({ name, value }) => `${name} CNAME ${value}`).join(", ")}`]
                : undefined;
        },
        refresh: "`pulumi refresh` detects it, and the next `up` recreates it.",
        fix: () => "pulumi up --refresh",
        confirm: validationCommand,
        explains: ["SERVER-CERTIFICATE-PENDING", "SERVER-CERTIFICATE-WRONG-NAME"],
    },
    {
        id: "SERVER-CERTIFICATE-EXPIRED",
        title: "The origin's server certificate has expired",
        place: "gateway",
        impact: "visitors-down",
        find: ({ aws, origin }) => {
            if (aws?.certificate?.status === "EXPIRED")
                return [`ACM reports that it expired${aws.certificate.notAfter ? ` on ${aws.certificate.notAfter}` : ""}`];
            return origin?.serverProblem === "CERT_HAS_EXPIRED" ? ["the certificate at the regional name has expired"] : undefined;
        },
        refresh: "ACM renews it automatically while the validation record exists; Pulumi does not compare its status.",
        fix: () => `Replace the certificate; a missing validation record is recreated:\n${NEW_CERTIFICATE}`,
        confirm: visitorCommand,
    },
    {
        id: "SERVER-CERTIFICATE-PENDING",
        title: "The origin's server certificate is not issued",
        place: "gateway",
        impact: unlessServed,
        find: (facts) =>
            unissued(facts) && facts.aws?.certificate && facts.aws.certificate.status !== "EXPIRED"
                ? [
                      `ACM's status is ${facts.aws.certificate.status}${facts.aws?.certificate?.failureReason ? ` (${facts.aws.certificate.failureReason})` : ""}`,
                  ]
                : undefined,
        refresh: "The certificate exists; its status is not a property that Pulumi compares.",
        fix: () =>
            `Wait for ACM: the validation record exists. If the status is FAILED or VALIDATION_TIMED_OUT, replace the certificate:\n${NEW_CERTIFICATE}`,
        confirm: (facts) =>
            `aws acm describe-certificate ${regionOf(facts)} --query Certificate.Status --output text --certificate-arn "$(aws apigatewayv2 get-domain-name ${regionOf(facts)} --domain-name ${facts.evidence.domainName} --query 'DomainNameConfigurations[0].CertificateArn' --output text)"\n# fixed: ISSUED`,
        explains: ["SERVER-CERTIFICATE-WRONG-NAME"],
    },
    {
        id: "SERVER-CERTIFICATE-GONE",
        title: "The domain's certificate is no longer in ACM",
        place: "gateway",
        impact: unlessServed,
        find: ({ aws }) =>
            aws?.certificate === null ? ["ACM has no certificate with the ARN that the domain names: nothing can renew it"] : undefined,
        refresh: "`pulumi refresh` detects it if this stack issued the certificate, and the next `up` issues another.",
        fix: () =>
            "pulumi up --refresh   # issues another certificate, and gives it to the domain\nIf you pass your own certificateArn: import or issue a certificate, and pass its ARN. Waiting does not help.",
        confirm: visitorCommand,
        explains: ["SERVER-CERTIFICATE-PENDING"],
    },
    {
        id: "SERVER-CERTIFICATE-WRONG-NAME",
        title: "The origin's server certificate is for another name",
        place: "gateway",
        impact: "visitors-down",
        find: ({ aws, origin, evidence: { domainName } }) => {
            const certificate = aws?.certificate;
            if (certificate) {
                const listed = [certificate.domainName, ...certificate.subjectAlternativeNames];
                return listed.some((name) => covers(name, domainName)) ? undefined : [`it is for ${listed.join(", ")}`];
            }
            return aws && origin?.serverProblem === "ERR_TLS_CERT_ALTNAME_INVALID"
                ? ["the certificate at the regional name does not name the API"]
                : undefined;
        },
        refresh: "`refresh` detects an ARN that was changed by hand; if the program passed it, nothing differs.",
        fix: ({ evidence: { domainName } }) =>
            `pulumi up --refresh   # restores a certificate that was swapped by hand\nIf the program passes certificateArn: pass one whose certificate names ${domainName} (same region, ISSUED), or leave it out, and run pulumi up.`,
        confirm: visitorCommand,
    },
    {
        id: "MTLS-REMOVED",
        title: "The custom domain has no mutual TLS: anyone who finds the origin gets in",
        place: "gateway",
        impact: "bypass-open",
        find: (facts) => {
            if (facts.aws?.domain) return facts.aws.domain.mutualTls ? undefined : ["API Gateway has no mutual TLS on the domain"];
            const [direct] = facts.probes("no-certificate").filter((probe) => probe.serverVerified);
            return direct && facts.certificateRequested === false
                ? [`the server at ${facts.evidence.targetDomainName} is ours, and asks for no client certificate`]
                : undefined;
        },
        refresh: "`pulumi refresh` detects it, and the next `up` restores it.",
        fix: () => "pulumi up --refresh\nDo this now; then find out who changed the domain (CloudTrail, UpdateDomainName).",
        confirm: bypassCommand,
        first: true,
        explains: ["STRANGER-ANSWERED"],
    },
    {
        id: "STRANGER-ANSWERED",
        title: "The origin answers requests without your client certificate: anyone who finds it gets in",
        place: "bypass",
        impact: "bypass-open",
        find: (facts) => {
            const found = ["no-certificate", "stranger"].flatMap((id) => {
                const { entry, why } = facts.judgement(id) ?? {};
                return entry ? [`${id}, TLS ${entry.tls}: ${described(entry)}: ${why}`] : [];
            });
            return found.length > 0 ? found : undefined;
        },
        refresh:
            "`pulumi refresh` detects a truststore or a domain that was changed by hand. If nothing was, what is deployed should refuse.",
        fix: (facts) =>
            [
                "pulumi up --refresh   # restores mutual TLS and the truststore, if they were changed",
                `aws apigatewayv2 get-domain-name ${regionOf(facts)} --domain-name ${facts.evidence.domainName} --query MutualTlsAuthentication   # must print your truststore and its version`,
                "If CONFIRM still says so a minute later: make the handler answer 403 to every event without requestContext.authentication.clientCert (the sample handler does), deploy, and open a case with AWS Support (service: API Gateway).",
            ].join("\n"),
        confirm: (facts) => `${doctorCommand(facts)}   # with AWS credentials or --target, or it is not probed`,
        first: true,
    },
    {
        id: "FLAG-NOT-DEPLOYED",
        title: "The default endpoint is disabled, but the change was never deployed: it still answers",
        place: "bypass",
        impact: "bypass-open",
        find: (facts) => {
            const entry = facts.entry("default-endpoint");
            const stages = facts.aws?.api?.stages?.filter(({ autoDeploy }) => !autoDeploy) ?? [];
            return entry && facts.aws?.api?.disableExecuteApiEndpoint && stages.length > 0
                ? [
                      `the default endpoint answered HTTP ${entry.status}`,
                      `without automatic deployment: ${stages.map(({ name }) => name).join(", ")}`,
                  ]
                : undefined;
        },
        refresh: "The flag is set, so `refresh` finds no difference there; it does detect that automatic deployment is off.",
        fix: (facts) =>
            [
                `aws apigatewayv2 create-deployment ${regionOf(facts)} --api-id ${facts.evidence.apiId} --stage-name '${facts.aws?.api?.stages?.find(({ autoDeploy }) => !autoDeploy)?.name}'`,
                "pulumi up --refresh   # turns automatic deployment back on",
            ].join("\n"),
        confirm: endpointCommand,
        explains: ["DEFAULT-ENDPOINT-OPEN"],
    },
    {
        id: "DEFAULT-ENDPOINT-OPEN",
        title: "The API's default endpoint is not off, and has no mutual TLS",
        place: "bypass",
        impact: (facts) => (facts.open("default-endpoint") === false ? "none-yet" : "bypass-open"),
        find: (facts) => {
            const entry = facts.entry("default-endpoint");
            const found = [
                ...openApis(facts).map((id) => `disableExecuteApiEndpoint is false on the API ${id}`),
                ...(entry ? [`the default endpoint answered HTTP ${entry.status}`] : []),
                ...(!entry && facts.open("default-endpoint") === false && openApis(facts).length > 0
                    ? ["the default endpoint does not answer yet: without automatic deployment the next deployment turns it on"]
                    : []),
            ];
            return found.length > 0 ? found : undefined;
        },
        refresh: "`pulumi refresh` detects it, and the next `up` turns it off again.",
        fix: () =>
            "pulumi up --refresh   # if it still answers a minute later, the setting was never deployed: run the doctor with AWS credentials",
        confirm: (facts) => endpointCommand(facts, openApis(facts)[0]),
    },
    {
        id: "MAPPING-WITHOUT-MTLS",
        title: "Another custom domain without mutual TLS is mapped to the same API",
        place: "bypass",
        impact: "bypass-open",
        find: ({ aws }) => {
            const open = aws?.otherDomains?.filter(({ mutualTls }) => !mutualTls) ?? [];
            return open.length > 0
                ? [`${open.map(({ name }) => name).join(", ")} leads to the same API and asks for no certificate`]
                : undefined;
        },
        refresh: "A domain created elsewhere is not in this stack's state.",
        fix: (facts) => {
            const other = facts.aws?.otherDomains?.find(({ mutualTls }) => !mutualTls);
            const open = other?.name;
            const ours = [facts.evidence.apiId, ...(facts.aws?.otherApis ?? []).map(({ id }) => id)];
            const apiId = other?.mappings.find((mapping) => ours.includes(mapping.apiId))?.apiId ?? facts.evidence.apiId;
            return [
                `aws apigatewayv2 get-api-mappings ${regionOf(facts)} --domain-name '${open}' --query "Items[?ApiId=='${apiId}'].[ApiMappingId,ApiMappingKey]" --output text   # prints the id and path of each mapping`,
                `aws apigatewayv2 delete-api-mapping ${regionOf(facts)} --domain-name '${open}' --api-mapping-id <id>   # once for each id`,
                `This cuts off all callers that use ${open}: ask its owner if you can, but it is an open bypass. Leave mappings to other APIs alone.`,
            ].join("\n");
        },
        confirm: (facts) => `${doctorCommand(facts)}   # with AWS credentials, or it cannot be seen`,
    },
    {
        id: "MAPPING-MISSING",
        title: "The custom domain is not mapped to an API",
        place: "gateway",
        impact: "visitors-down",
        find: ({ aws, visitorUp }) => {
            if (!aws?.domain) return undefined;
            if (aws.domain.mappings?.length === 0) return ["the domain has no API mapping, and API Gateway answers 403"];
            // What answers is not gone: a REST API is not in this list.
            return aws.api === null && !visitorUp ? ["the API that the domain is mapped to is gone"] : undefined;
        },
        refresh: "`pulumi refresh` detects it, and the next `up` maps it again.",
        fix: () => "pulumi up --refresh",
        confirm: visitorCommand,
    },
];
