/** What a fault is, and how faults find their target in a deployed cloud. */
import { createHash } from "node:crypto";
import type { AcmCertificate, ApiMapping, Cloud, DnsRecord, GatewayDomain, HttpApi, MutualTls, Stage, Zone } from "../cloud";
import { normalize } from "../dns";
import { createAuthority, type Authority } from "../pki/authority";

/** What a fault may need besides the cloud. */
export interface FaultTarget {
    cloud: Cloud;
    domainName: string;
    zoneId: string;
    /** PEM of the CA that the stranger's certificate chains to. */
    strangerCaPem: string;
}

/** One way in which this architecture breaks. */
export interface Fault {
    /** What is wrong, in one sentence. */
    summary: string;
    /** The row of `npm start` that turns red; undefined if no request is affected. */
    row: string | undefined;
    /** The doctor's cause. */
    cause: string;
    apply(target: FaultTarget): void | Promise<void>;
}

export type Faults = Record<string, Fault>;

export const DAY_MS = 24 * 60 * 60 * 1000;
export const fromNow = (days: number): Date => new Date(Date.now() + days * DAY_MS);

function present<T>(value: T | undefined, what: string): T {
    if (value === undefined) throw new Error(`the lab has no ${what}`);
    return value;
}

export const domainOf = ({ cloud, domainName }: FaultTarget): GatewayDomain =>
    present(cloud.aws.domains.get(domainName), `domain ${domainName}`);

export const mutualTlsOf = (target: FaultTarget): MutualTls => present(domainOf(target).mutualTls, "mutual TLS on the domain");

export const zoneOf = ({ cloud, zoneId }: FaultTarget): Zone => present(cloud.cloudflare.zones.get(zoneId), `zone ${zoneId}`);

export const mappingOf = (target: FaultTarget): ApiMapping => present([...domainOf(target).mappings.values()][0], "mapping of the domain");

/** The API that the domain is mapped to. */
export const apiOf = (target: FaultTarget): HttpApi => present(target.cloud.aws.apis.get(mappingOf(target).apiId), "API behind the domain");

export const stagesOf = (target: FaultTarget): Stage[] => [...apiOf(target).stages.values()];

/** ACM's certificate of the domain. */
export const certificateOf = (target: FaultTarget): AcmCertificate =>
    present(target.cloud.aws.certificates.get(domainOf(target).certificateArn), "certificate of the domain");

export function recordsOf(target: FaultTarget, name: string): DnsRecord[] {
    const found = [...zoneOf(target).records.values()].filter((record) => normalize(record.name) === normalize(name));
    if (found.length === 0) throw new Error(`the lab has no record ${name}`);
    return found;
}

export const validationRecordsOf = (target: FaultTarget): DnsRecord[] =>
    certificateOf(target).validationRecords.flatMap(({ name }) => recordsOf(target, name));

/** The trusted CAs, plus one. */
export const trustedAnd = (target: FaultTarget, caPem: string): string => `${mutualTlsOf(target).pem.trimEnd()}\n${caPem}`;

/** Writes the truststore's object anew; returns the version. */
export function overwriteTruststore(target: FaultTarget, pem: string): string {
    const { truststoreUri } = mutualTlsOf(target);
    const [, name = "", key = ""] = /^s3:\/\/([^/]+)\/(.+)$/.exec(truststoreUri) ?? [];
    const bucket = present(target.cloud.aws.buckets.get(name), `bucket of ${truststoreUri}`);
    const versionId = target.cloud.nextId("version");
    const etag = createHash("md5").update(pem).digest("hex");
    bucket.objects.set(key, [...(bucket.objects.get(key) ?? []), { versionId, body: pem, etag, deleteMarker: false }]);
    return versionId;
}

/** Writes the truststore's object anew and has the domain take it. */
export function replaceTruststore(target: FaultTarget, pem: string, warnings: string[] = []): void {
    const truststoreVersion = overwriteTruststore(target, pem);
    Object.assign(mutualTlsOf(target), { pem, truststoreVersion, warnings });
}

/** An authority that calls itself as the component's own do. */
export const newAuthority = ({ cloud, domainName }: FaultTarget): Promise<Authority> =>
    createAuthority(`CN=${`${domainName} pull CA 2`.slice(-64)}`, cloud.keys);

/** A client leaf of this hostname. */
export const leafOf = (target: FaultTarget, authority: Authority, validity: { notBefore?: Date; notAfter?: Date } = {}) =>
    authority.issue({
        subject: `CN=${target.domainName.slice(-64)}`,
        usage: "client",
        dnsNames: [target.domainName],
        ...validity,
    });
