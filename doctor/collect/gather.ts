/** Gathers the evidence of one deployment, read-only and in parallel: a step waits only for the answers it needs. */
import { setMaxListeners } from "node:events";
import { probe, type ClientIdentity, type Look, type ProbeRequest, type ProbeResult } from "../../probes";
import type { AwsEvidence, CloudflareEvidence, DnsEvidence, Evidence } from "../evidence";
import { readOptions, type DoctorOptions } from "../options";
import { visibleEvidence } from "../visible";
import { gatherDns } from "./dns";
import { nameOf, strangersIdentity } from "./identities";
import { Names } from "./resolver";

/** Visitor requests over TLS 1.3: edge servers differ. */
const TRIES = 3;
/** CA names to report: a truststore has a few. */
const AUTHORITIES = 8;
const REGION = /^[a-z0-9-]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/;
/** The name if it is a custom domain's regional name: any other content of a record must decide neither where we connect nor what a FIX says. */
const regionalTarget = (name: string | undefined): string | undefined => (name?.startsWith("d-") && REGION.test(name) ? name : undefined);

/** The first value of several sources; undefined if none has one. */
async function firstOf<T>(sources: Promise<T | undefined>[]): Promise<T | undefined> {
    return new Promise((resolve) => {
        let open = sources.length;
        const none = (): void => void (--open === 0 && resolve(undefined));
        for (const source of sources) source.then((value) => (value === undefined ? none() : resolve(value)), none);
        if (open === 0) resolve(undefined);
    });
}

/** What every step of one run shares. */
interface Run {
    options: DoctorOptions;
    path: string;
    look: Look;
    /** Regional name of the custom domain. */
    target: Promise<string | undefined>;
    apiId: Promise<string | undefined>;
    /** Another custom domain without mutual TLS. */
    otherDomain: Promise<string | undefined>;
    region: Promise<string | undefined>;
    send(request: Omit<ProbeRequest, "path">): Promise<ProbeResult>;
}

const VERSIONS = ["1.2", "1.3"] as const;
type Version = (typeof VERSIONS)[number];

/** TLS settings of a probe. */
const secure = (
    { options }: Run,
    version: Version,
    servername: string,
    { identity, expectedName = servername }: { identity?: ClientIdentity; expectedName?: string } = {},
): NonNullable<ProbeRequest["tls"]> => ({ version, servername, expectedName, caPem: options.network?.caPem, identity });

/** Through the edge, as a visitor. */
function probeVisitor(run: Run): Promise<ProbeResult[]> {
    const { domainName, headers } = run.options;
    const versions: Version[] = [...Array.from({ length: TRIES }, () => "1.3" as const), "1.2"];
    return Promise.all(
        versions.map((version) =>
            run.send({
                id: "visitor",
                host: domainName,
                port: 443,
                hostHeader: domainName,
                headers,
                tls: secure(run, version, domainName),
            }),
        ),
    );
}

/** Directly at the regional name. */
async function probeRegionalName(run: Run): Promise<ProbeResult[]> {
    const { domainName, own } = run.options;
    const host = await run.target;
    if (host === undefined) return [];
    const stranger = strangersIdentity(domainName);
    const direct = (id: string, tls: ProbeRequest["tls"]): Promise<ProbeResult> =>
        run.send({ id, host, port: tls ? 443 : 80, hostHeader: domainName, tls });
    return Promise.all([
        ...VERSIONS.flatMap((version) => [
            direct("no-certificate", secure(run, version, domainName)),
            stranger.then((identity) => direct("stranger", secure(run, version, domainName, { identity }))),
            direct("sni-none", secure(run, version, "", { expectedName: host })),
            direct("sni-regional", secure(run, version, host)),
            ...(own ? [direct("own-certificate", secure(run, version, domainName, { identity: own }))] : []),
        ]),
        direct("plain-http-origin", undefined),
    ]);
}

/** Over a connection, and then a resumed session, that was opened for another domain. */
async function probeOtherDomain(run: Run): Promise<ProbeResult[]> {
    const { domainName } = run.options;
    const [host, name] = await Promise.all([run.target, run.otherDomain]);
    if (host === undefined || name === undefined) return [];
    const over = (id: string, servername: string, session?: Buffer): Promise<ProbeResult> =>
        run.send({ id, host, port: 443, hostHeader: domainName, tls: { ...secure(run, "1.3", servername), session } });
    const first = await over("sni-other-domain", name);
    return first.session === undefined ? [first] : [first, await over("resumed-from-other-domain", domainName, first.session)];
}

/** At the API's default endpoint. */
async function probeDefaultEndpoint(run: Run): Promise<ProbeResult[]> {
    const [id, region] = await Promise.all([run.apiId, run.region]);
    if (id === undefined || region === undefined) return [];
    const name = `${id}.execute-api.${region}.amazonaws.com`;
    const at = { host: name, port: 443, tls: secure(run, "1.3", name) };
    return Promise.all([
        run.send({ id: "default-endpoint", ...at, hostHeader: name }),
        // A name of the same region that never asks for a certificate.
        run.send({ id: "sni-default-endpoint", ...at, hostHeader: run.options.domainName }),
    ]);
}

/** Names of the CAs that the origin accepts client certificates from. */
async function acceptedAuthorities(probes: ProbeResult[]): Promise<string[] | undefined> {
    const asked = probes.find(({ evidence: { id, certificateRequested } }) => id === "no-certificate" && certificateRequested);
    return asked && Promise.all(asked.authorities.slice(0, AUTHORITIES).map(nameOf));
}

/** Never rejects for what it finds; rejects for invalid options. */
export async function gather(given: DoctorOptions): Promise<Evidence> {
    const options = readOptions(given);
    const { domainName, network = {}, timeoutMs, path } = options;
    const deadline = AbortSignal.timeout(timeoutMs);
    // Every probe listens to it.
    setMaxListeners(0, deadline);
    const names = new Names(network, timeoutMs);
    const look: Look = { names, deadline, contexts: new Map() };
    const step = async <T>(title: string, work: Promise<T>): Promise<T> => {
        const value = await work;
        if (value !== undefined) options.onProgress?.(title);
        return value;
    };

    const dns = step("DNS", gatherDns(names, domainName, deadline));
    const aws = step("AWS", gatherAws(options, timeoutMs));
    const cloudflare = step("Cloudflare", gatherCloudflare(options, aws, timeoutMs));
    const target = firstOf([
        Promise.resolve(options.targetDomainName),
        ...(options.targetDomainName === undefined ? targetSources(dns, aws, cloudflare) : []),
    ]);
    const run: Run = {
        options,
        path,
        look,
        target,
        apiId: options.apiId ? Promise.resolve(options.apiId) : aws.then((value) => value?.api?.id),
        otherDomain: options.otherDomain
            ? Promise.resolve(options.otherDomain)
            : aws.then((value) => value?.otherDomains?.find(({ mutualTls, name }) => !mutualTls && !name.startsWith("*"))?.name),
        // Without AWS only the regional name tells the region.
        region: firstOf([aws.then((value) => value?.region), target.then(regionOf)]),
        send: (request) => step(request.id, probe(look, { path, ...request })),
    };
    const probes = (
        await Promise.all([probeVisitor(run), probeRegionalName(run), probeOtherDomain(run), probeDefaultEndpoint(run)])
    ).flat();
    return visibleEvidence({
        domainName,
        targetDomainName: await target,
        apiId: await run.apiId,
        path,
        now: new Date(),
        dns: await dns,
        probes: probes.map(({ evidence }) => evidence),
        acceptedAuthorities: await acceptedAuthorities(probes),
        aws: await aws,
        cloudflare: await cloudflare,
    });
}

/** Who may know the regional name. */
const targetSources = (
    dns: Promise<DnsEvidence>,
    aws: Promise<AwsEvidence | undefined>,
    cloudflare: Promise<CloudflareEvidence | undefined>,
): Promise<string | undefined>[] => [
    aws.then((value) => regionalTarget(value?.domain?.targetDomainName)),
    cloudflare.then((value) => value?.records?.map(({ content }) => content).find(regionalTarget)),
    dns.then(({ aliases }) => aliases.find(regionalTarget)),
];

const regionOf = (target: string | undefined): string | undefined => (target === undefined ? undefined : REGION.exec(target)?.[1]);

async function gatherAws(options: DoctorOptions, timeoutMs: number): Promise<AwsEvidence | undefined> {
    if (options.aws === false) return undefined;
    const { collectAws, hasAwsCredentials } = await import("./aws/collectAws.js");
    if (options.aws !== true && !hasAwsCredentials()) return undefined;
    const region = options.region ?? regionOf(options.targetDomainName);
    return collectAws({ domainName: options.domainName, region, profile: options.profile, apiId: options.apiId, timeoutMs });
}

async function gatherCloudflare(
    options: DoctorOptions,
    aws: Promise<AwsEvidence | undefined>,
    timeoutMs: number,
): Promise<CloudflareEvidence | undefined> {
    const token = options.cloudflareToken;
    if (token === undefined || token === "") return undefined;
    const { collectCloudflare } = await import("./cloudflare/collectCloudflare.js");
    // Only AWS knows these names; everything else is asked at once.
    const validationNames = aws.then((value) => value?.certificate?.validationRecords.map(({ name }) => name) ?? []);
    return collectCloudflare({
        domainName: options.domainName,
        path: options.path,
        zoneId: options.zoneId,
        token,
        baseUrl: options.cloudflareBaseUrl,
        validationNames,
        timeoutMs,
    });
}
