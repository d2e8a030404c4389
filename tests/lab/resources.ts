/** What the tests of the lab's resource types share: tokens, and resources to start from. */
import type { Props } from "../../lab/shared/propertyValues";
import type { Calls, Resource } from "../support/calls";
import { ZONE_ID } from "../support/cloud";

export const API = "aws:apigatewayv2/api:Api";
export const BUCKET = "aws:s3/bucket:Bucket";
export const OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2";
export const DOMAIN = "aws:apigatewayv2/domainName:DomainName";
export const MAPPING = "aws:apigatewayv2/apiMapping:ApiMapping";
export const RECORD = "cloudflare:index/dnsRecord:DnsRecord";
export const SETTING = "cloudflare:index/zoneSetting:ZoneSetting";
export const CERT = "cloudflare:index/authenticatedOriginPullsHostnameCertificate:AuthenticatedOriginPullsHostnameCertificate";
export const PULLS = "cloudflare:index/authenticatedOriginPulls:AuthenticatedOriginPulls";
export const NAME = "api.example.com";

export interface Pki {
    ca: string;
    leaf: string;
    key: string;
}

export async function makePki(calls: Calls): Promise<Pki> {
    const key = async (): Promise<string> =>
        String((await calls.create("tls:index/privateKey:PrivateKey", { algorithm: "ECDSA", ecdsaCurve: "P256" })).outputs.privateKeyPem);
    const caKey = await key();
    const leafKey = await key();
    const ca = await calls.create("tls:index/selfSignedCert:SelfSignedCert", {
        privateKeyPem: caKey,
        subject: { commonName: "Lab CA" },
        isCaCertificate: true,
        validityPeriodHours: 100,
        allowedUses: ["cert_signing"],
    });
    const request = await calls.create("tls:index/certRequest:CertRequest", {
        privateKeyPem: leafKey,
        subject: { commonName: "leaf" },
        dnsNames: [NAME],
    });
    const leaf = await calls.create("tls:index/locallySignedCert:LocallySignedCert", {
        certRequestPem: request.outputs.certRequestPem,
        caCertPem: ca.outputs.certPem,
        caPrivateKeyPem: caKey,
        validityPeriodHours: 10,
        allowedUses: ["digital_signature", "client_auth"],
    });
    return { ca: String(ca.outputs.certPem), leaf: String(leaf.outputs.certPem), key: leafKey };
}

export async function issued(calls: Calls, domainName = NAME): Promise<Resource> {
    const certificate = await calls.create("aws:acm/certificate:Certificate", { domainName, validationMethod: "DNS" });
    const [option] = certificate.outputs.domainValidationOptions as Record<string, string>[];
    const bare = (value = ""): string => value.replace(/\.$/, "");
    await calls.create(RECORD, {
        zoneId: ZONE_ID,
        name: bare(option?.resourceRecordName),
        type: "CNAME",
        content: bare(option?.resourceRecordValue),
        ttl: 60,
    });
    await calls.create("aws:acm/certificateValidation:CertificateValidation", { certificateArn: certificate.id });
    return certificate;
}

export async function truststore(calls: Calls, content: string, versioned = true): Promise<Props> {
    const bucket = await calls.create(BUCKET, { bucket: calls.cloud.nextId("bucket") });
    if (versioned)
        await calls.create("aws:s3/bucketVersioning:BucketVersioning", {
            bucket: bucket.id,
            versioningConfiguration: { status: "Enabled" },
        });
    const held = await calls.create(OBJECT, { bucket: bucket.id, key: "truststore.pem", content });
    return { truststoreUri: `s3://${bucket.id}/truststore.pem`, truststoreVersion: held.outputs.versionId };
}

export const domainInputs = (certificate: Resource, more: Props = {}): Props => ({
    domainName: NAME,
    domainNameConfiguration: { certificateArn: certificate.id, endpointType: "REGIONAL", securityPolicy: "TLS_1_2" },
    ...more,
});
