/** An account at moto, filled through AWS's own SDK: what the component deploys, in the variants of the cases. */
import { X509Certificate } from "node:crypto";
import { ACM } from "@aws-sdk/client-acm";
import { ApiGatewayV2, type DomainNameConfiguration } from "@aws-sdk/client-apigatewayv2";
import { S3 } from "@aws-sdk/client-s3";
import type { AwsEvidence } from "../../../doctor/evidence";
import { createWebCa, generateKeys } from "../../../lab/pki/authority";
import { REGION } from "./moto";

export const DOMAIN = "api.example.com";
export const BUCKET = "orders-truststore";
/** An address of AWS's form: moto gives none, but returns the one that it was given. */
const TARGET = `d-abcde12345.execute-api.${REGION}.amazonaws.com`;

export interface Variant {
    /** As the request has it; left out, it is AWS's default: on. */
    disableExecuteApiEndpoint?: boolean;
    autoDeploy?: boolean;
    mutualTls?: false;
    pinned?: false;
    versioning?: "Suspended" | "never";
    objectKey?: string;
    mapped?: false;
    configuration?: Partial<DomainNameConfiguration>;
}

export interface Deployment {
    apiId: string;
    certificateArn: string;
    objectKey: string;
    /** Of the truststore; undefined without versions. */
    version: string | undefined;
    /** What was put in: the doctor must read this. */
    evidence: AwsEvidence;
}

export class Account {
    readonly acm: ACM;
    readonly gateway: ApiGatewayV2;
    readonly s3: S3;

    constructor(endpoint: string) {
        const options = { endpoint, region: REGION, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
        this.acm = new ACM(options);
        this.gateway = new ApiGatewayV2(options);
        this.s3 = new S3({ ...options, forcePathStyle: true });
    }

    close(): void {
        for (const client of [this.acm, this.gateway, this.s3]) client.destroy();
    }

    async createApi({ disableExecuteApiEndpoint, autoDeploy }: Variant): Promise<NonNullable<AwsEvidence["api"]>> {
        const { ApiId } = await this.gateway.createApi({
            Name: "orders",
            ProtocolType: "HTTP",
            DisableExecuteApiEndpoint: disableExecuteApiEndpoint,
        });
        await this.gateway.createStage({
            ApiId,
            StageName: "$default",
            AutoDeploy: autoDeploy,
            DefaultRouteSettings: { ThrottlingBurstLimit: 50, ThrottlingRateLimit: 20.5 },
        });
        await this.gateway.createStage({ ApiId, StageName: "v2", AutoDeploy: true });
        const { IntegrationId } = await this.gateway.createIntegration({
            ApiId,
            IntegrationType: "HTTP_PROXY",
            IntegrationMethod: "ANY",
            IntegrationUri: "https://backend.example.org/",
            PayloadFormatVersion: "1.0",
        });
        const target = `integrations/${IntegrationId}`;
        const keys = ["$default", "GET /orders/{id}", "ANY /files/{path+}"];
        for (const RouteKey of keys) await this.gateway.createRoute({ ApiId, RouteKey, Target: target });
        return {
            id: ApiId!,
            disableExecuteApiEndpoint: disableExecuteApiEndpoint === true,
            stages: [
                { name: "$default", autoDeploy: autoDeploy === true, throttlingRateLimit: 20.5, throttlingBurstLimit: 50 },
                { name: "v2", autoDeploy: true },
            ],
            routes: keys.map((routeKey) => ({ routeKey, target })),
        };
    }

    /** Keeps a new version of an object; its id, undefined without versions. */
    async putObject(key: string, body: string): Promise<string | undefined> {
        return (await this.s3.putObject({ Bucket: BUCKET, Key: key, Body: body, ContentType: "application/x-pem-file" })).VersionId;
    }

    /** A bucket that keeps versions as asked. */
    async createBucket(versioning: "Enabled" | "Suspended" | "never"): Promise<void> {
        await this.s3.createBucket({ Bucket: BUCKET, CreateBucketConfiguration: { LocationConstraint: REGION } });
        if (versioning === "never") return;
        await this.s3.putBucketVersioning({ Bucket: BUCKET, VersioningConfiguration: { Status: versioning } });
    }

    /** A certificate of ACM's for these names. */
    async requestCertificate(name: string, others: string[]): Promise<NonNullable<AwsEvidence["certificate"]>> {
        const { CertificateArn } = await this.acm.requestCertificate({
            DomainName: name,
            SubjectAlternativeNames: others,
            ValidationMethod: "DNS",
        });
        const { Certificate } = await this.acm.describeCertificate({ CertificateArn });
        const records = (Certificate!.DomainValidationOptions ?? []).map(({ ResourceRecord, ValidationStatus }) => ({
            name: ResourceRecord!.Name!,
            value: ResourceRecord!.Value!,
            status: ValidationStatus!,
        }));
        return {
            arn: CertificateArn!,
            status: Certificate!.Status!,
            domainName: name,
            // The certificate itself says what is in it, and until when.
            ...(await this.#textsOf(CertificateArn!)),
            validationRecords: records.filter((record, index) => records.findIndex((other) => other.name === record.name) === index),
        };
    }

    /** A certificate of another CA's, given to ACM. */
    async importCertificate(names: string[]): Promise<NonNullable<AwsEvidence["certificate"]>> {
        const { certificatePem, privateKeyPem } = await (await createWebCa(generateKeys)).issue(names);
        const { CertificateArn } = await this.acm.importCertificate({
            Certificate: Buffer.from(certificatePem),
            PrivateKey: Buffer.from(privateKeyPem),
        });
        const texts = { subjectAlternativeNames: names, notAfter: new Date(new X509Certificate(certificatePem).validTo).toISOString() };
        return { arn: CertificateArn!, status: "ISSUED", domainName: names[0]!, ...texts, validationRecords: [] };
    }

    async #textsOf(CertificateArn: string): Promise<{ subjectAlternativeNames: string[]; notAfter: string }> {
        const { Certificate } = await this.acm.getCertificate({ CertificateArn });
        const { subjectAltName, validTo } = new X509Certificate(Certificate!);
        return {
            subjectAlternativeNames: subjectAltName!.split(", ").map((name) => name.replace("DNS:", "")),
            notAfter: new Date(validTo).toISOString(),
        };
    }

    async createDomain(name: string, configuration: Partial<DomainNameConfiguration>, mutualTls?: object): Promise<void> {
        await this.gateway.createDomainName({
            DomainName: name,
            DomainNameConfigurations: [{ EndpointType: "REGIONAL", SecurityPolicy: "TLS_1_2", ...configuration }],
            MutualTlsAuthentication: mutualTls,
        });
    }

    async map(name: string, apiId: string, key?: string, stage = "$default"): Promise<void> {
        await this.gateway.createApiMapping({ DomainName: name, ApiId: apiId, Stage: stage, ApiMappingKey: key });
    }

    /** All of it, and what the doctor must read of it. */
    async deploy(caPem: string, variant: Variant = {}): Promise<Deployment> {
        const api = await this.createApi({ disableExecuteApiEndpoint: true, autoDeploy: true, ...variant });
        const objectKey = variant.objectKey ?? "truststore.pem";
        await this.createBucket(variant.versioning ?? "Enabled");
        const version = await this.putObject(objectKey, caPem);
        const certificate = await this.requestCertificate(DOMAIN, ["*.api.example.com", "*.example.com"]);
        const truststoreUri = `s3://${BUCKET}/${objectKey}`;
        const pinned = variant.pinned === false || version === undefined ? {} : { truststoreVersion: version };
        const { mutualTls = true, mapped = true } = variant;
        const configuration = {
            ApiGatewayDomainName: TARGET,
            CertificateArn: certificate.arn,
            DomainNameStatus: "AVAILABLE" as const,
            ...variant.configuration,
        };
        const mutualTlsAuthentication = mutualTls
            ? { TruststoreUri: truststoreUri, TruststoreVersion: pinned.truststoreVersion }
            : undefined;
        await this.createDomain(DOMAIN, configuration, mutualTlsAuthentication);
        if (mapped) await this.map(DOMAIN, api.id);
        const evidence: AwsEvidence = {
            region: REGION,
            denied: [],
            problems: [],
            domain: {
                status: configuration.DomainNameStatus,
                ...(configuration.DomainNameStatusMessage && { statusMessage: configuration.DomainNameStatusMessage }),
                targetDomainName: TARGET,
                certificateArn: certificate.arn,
                mutualTls,
                ...(mutualTls && { truststoreUri, ...pinned }),
                truststoreWarnings: [],
                mappings: mapped ? [{ apiId: api.id, stage: "$default", key: "" }] : [],
            },
            ...(mapped && { api, otherDomains: [] }),
            ...(mutualTls && {
                truststore: {
                    ...(pinned.truststoreVersion && { pinnedPem: caPem, pinnedMissing: false }),
                    newestPem: caPem,
                    ...(version !== undefined && { newestVersion: version }),
                },
            }),
            certificate,
        };
        return { apiId: api.id, certificateArn: certificate.arn, objectKey, version, evidence };
    }
}
