/** API Gateway's custom domains with mutual TLS, and the mappings of APIs to them. */
import { X509Certificate } from "node:crypto";
import type { Cloud, GatewayDomain, MutualTls } from "../../cloud";
import {
    broken,
    checkRegion,
    object,
    oneOf,
    optional,
    REGIONAL,
    tags,
    text,
    type Props,
    type ResourceType,
} from "../../shared/resourceType";
import { UNKNOWN } from "../../shared/propertyValues";

const HOSTED_ZONE = "ZLY8HYME6SFDD";

export function covers(names: string[], hostname: string): boolean {
    return names.some((name) => (name.startsWith("*.") ? hostname.slice(hostname.indexOf(".")) === name.slice(1) : name === hostname));
}

/** API Gateway's verdict on a truststore: bad certificates are only warnings (docs/sources.md 1.7); a file without any is refused. */
function warningsOf(pem: string, path: string): string[] {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
    if (!blocks) return broken("truststore-pem", path, "BadRequestException: the truststore holds no certificate");
    return blocks.flatMap((block, index) => {
        try {
            const certificate = new X509Certificate(block);
            const key = certificate.publicKey;
            if (Date.parse(certificate.validTo) < Date.now()) return [`certificate ${index + 1} has expired: ${certificate.subject}`];
            if (key.asymmetricKeyType === "rsa" && (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
                return [`certificate ${index + 1} has a weak key: ${certificate.subject}`];
            }
            return [];
        } catch {
            return [`certificate ${index + 1} is not an X.509 certificate`];
        }
    });
}

/** Copies the truststore as it is in S3 now (docs/sources.md 1.6). */
function takeTruststore(cloud: Cloud, settings: Props): MutualTls {
    const truststoreUri = text(settings, "truststoreUri");
    const truststoreVersion = optional(settings, "truststoreVersion");
    const path = "mutualTlsAuthentication.truststoreUri";
    const [, bucket = "", key = ""] = /^s3:\/\/([^/]+)\/(.+)$/.exec(truststoreUri) ?? [];
    const versions = cloud.aws.buckets.get(bucket)?.objects.get(key);
    const unreachable = `BadRequestException: Unable to access truststore URI ${truststoreUri} version ${truststoreVersion ?? "N/A"}`;
    if (!versions) return broken("truststore-exists", path, unreachable);
    const found = truststoreVersion === undefined ? versions.at(-1) : versions.find(({ versionId }) => versionId === truststoreVersion);
    if (!found || found.deleteMarker) return broken("truststore-version-exists", "mutualTlsAuthentication.truststoreVersion", unreachable);
    if (truststoreVersion !== undefined && !cloud.aws.buckets.get(bucket)?.versioning) {
        broken("truststore-versioning", "mutualTlsAuthentication.truststoreVersion", `bucket ${bucket} has no versioning`);
    }
    return { truststoreUri, truststoreVersion, pem: found.body, warnings: warningsOf(found.body, path) };
}

function checkCertificate(cloud: Cloud, arn: string, domainName: string): void {
    const path = "domainNameConfiguration.certificateArn";
    const certificate = cloud.aws.certificates.get(arn) ?? broken("domain-certificate-exists", path, `no certificate ${arn}`);
    if (certificate.status !== "ISSUED")
        broken("domain-certificate-issued", path, `BadRequestException: the certificate is ${certificate.status}`);
    if (!covers([certificate.domainName, ...certificate.subjectAlternativeNames], domainName)) {
        broken("domain-certificate-covers", path, `BadRequestException: the certificate does not cover ${domainName}`);
    }
}

function outputsOf(cloud: Cloud, domain: GatewayDomain, inputs: Props): Props {
    return {
        arn: `arn:aws:apigateway:${cloud.aws.region}::/domainnames/${domain.domainName}`,
        apiMappingSelectionExpression: "$request.basepath",
        domainNameConfiguration: {
            ipAddressType: "ipv4",
            ...object(inputs, "domainNameConfiguration"),
            targetDomainName: domain.targetDomainName,
            hostedZoneId: domain.hostedZoneId,
        },
        tagsAll: domain.tags,
    };
}

const domainName: ResourceType = {
    token: "aws:apigatewayv2/domainName:DomainName",
    properties: {
        ...REGIONAL,
        domainName: "string! replace",
        domainNameConfiguration: [
            "object!",
            { certificateArn: "string!", endpointType: "string!", securityPolicy: "string!", ipAddressType: "string" },
        ],
        mutualTlsAuthentication: ["object", { truststoreUri: "string!", truststoreVersion: "string" }],
        tags: "map",
    },
    computed: ["arn", "apiMappingSelectionExpression", "tagsAll"],
    check(inputs, cloud) {
        checkRegion(inputs, cloud);
        const configuration = object(inputs, "domainNameConfiguration") ?? {};
        oneOf(configuration, "endpointType", ["REGIONAL"], "domain-regional-only", "domainNameConfiguration.endpointType");
        oneOf(configuration, "securityPolicy", ["TLS_1_2"], "domain-tls-1-2-only", "domainNameConfiguration.securityPolicy");
        oneOf(configuration, "ipAddressType", ["ipv4", "dualstack"], "domain-ip-address-type", "domainNameConfiguration.ipAddressType");
        const uri = object(inputs, "mutualTlsAuthentication")?.truststoreUri;
        if (uri !== undefined && !/^s3:\/\/[^/]+\/.+$/.test(String(uri))) {
            broken("truststore-uri", "mutualTlsAuthentication.truststoreUri", "must be s3://bucket/key");
        }
    },
    preview: (inputs, state = {}) => ({
        domainNameConfiguration: {
            targetDomainName: UNKNOWN,
            hostedZoneId: UNKNOWN,
            ...object(state, "domainNameConfiguration"),
            ...object(inputs, "domainNameConfiguration"),
        },
    }),
    create(cloud, inputs) {
        const name = text(inputs, "domainName");
        if (cloud.aws.domains.has(name))
            broken("domain-unique", "domainName", `BadRequestException: The domain name ${name} already exists`);
        const certificateArn = text(object(inputs, "domainNameConfiguration") ?? {}, "certificateArn");
        checkCertificate(cloud, certificateArn, name);
        const mutualTls = object(inputs, "mutualTlsAuthentication");
        const domain: GatewayDomain = {
            domainName: name,
            certificateArn,
            targetDomainName: `d-${cloud.nextId("domain")}.execute-api.${cloud.aws.region}.amazonaws.com`,
            hostedZoneId: HOSTED_ZONE,
            mutualTls: mutualTls && takeTruststore(cloud, mutualTls),
            mappings: new Map(),
            tags: tags(inputs),
        };
        cloud.aws.domains.set(name, domain);
        return { id: name, outputs: outputsOf(cloud, domain, inputs) };
    },
    update(cloud, id, inputs, state) {
        const domain = cloud.aws.domains.get(id) ?? broken("domain-exists", "domainName", `NotFoundException: ${id}`);
        const certificateArn = text(object(inputs, "domainNameConfiguration") ?? {}, "certificateArn");
        checkCertificate(cloud, certificateArn, id);
        const mutualTls = object(inputs, "mutualTlsAuthentication");
        // Unchanged settings are not sent: API Gateway then keeps the copy that it has (docs/sources.md 1.6, 8.1).
        if (JSON.stringify(mutualTls) !== JSON.stringify(state.mutualTlsAuthentication)) {
            domain.mutualTls = mutualTls && takeTruststore(cloud, mutualTls);
        }
        domain.certificateArn = certificateArn;
        domain.tags = tags(inputs);
        return outputsOf(cloud, domain, inputs);
    },
    read(cloud, id, state) {
        const domain = cloud.aws.domains.get(id);
        if (!domain) return undefined;
        const { mutualTls, certificateArn } = domain;
        const truststoreVersion = mutualTls?.truststoreVersion;
        return {
            domainNameConfiguration: { ...object(state, "domainNameConfiguration"), certificateArn },
            tags: domain.tags,
            tagsAll: domain.tags,
            mutualTlsAuthentication: mutualTls && {
                truststoreUri: mutualTls.truststoreUri,
                ...(truststoreVersion && { truststoreVersion }),
            },
        };
    },
    delete(cloud, id) {
        cloud.aws.domains.delete(id);
    },
};

function domainOf(cloud: Cloud, name: string): GatewayDomain {
    return cloud.aws.domains.get(name) ?? broken("domain-exists", "domainName", `NotFoundException: no domain name ${name}`);
}

function writeMapping(cloud: Cloud, id: string, inputs: Props): Props {
    const domain = domainOf(cloud, text(inputs, "domainName"));
    const apiMappingKey = text(inputs, "apiMappingKey");
    const api =
        cloud.aws.apis.get(text(inputs, "apiId")) ?? broken("api-exists", "apiId", `NotFoundException: no API ${text(inputs, "apiId")}`);
    const stage = text(inputs, "stage");
    if (!api.stages.has(stage))
        broken("mapping-stage-exists", "stage", `BadRequestException: Invalid stage identifier specified: ${stage}`);
    const duplicate = [...domain.mappings.values()].some((mapping) => mapping.id !== id && mapping.apiMappingKey === apiMappingKey);
    if (duplicate) broken("mapping-key-unique", "apiMappingKey", "ConflictException: ApiMapping key already exists for this domain name");
    domain.mappings.set(id, { id, apiId: api.id, stage, apiMappingKey });
    return {};
}

const apiMapping: ResourceType = {
    token: "aws:apigatewayv2/apiMapping:ApiMapping",
    importPart: 0,
    properties: { ...REGIONAL, apiId: "string! replace", domainName: "string! replace", stage: "string!", apiMappingKey: "string" },
    computed: [],
    check: checkRegion,
    create(cloud, inputs) {
        const id = cloud.nextId("mapping");
        return { id, outputs: writeMapping(cloud, id, inputs) };
    },
    update: (cloud, id, inputs) => writeMapping(cloud, id, inputs),
    read(cloud, id, state) {
        const mapping = cloud.aws.domains.get(text(state, "domainName"))?.mappings.get(id);
        return mapping && { apiId: mapping.apiId, stage: mapping.stage, apiMappingKey: mapping.apiMappingKey || undefined };
    },
    delete(cloud, id, state) {
        cloud.aws.domains.get(text(state, "domainName"))?.mappings.delete(id);
    },
};

export const domainTypes: ResourceType[] = [domainName, apiMapping];
