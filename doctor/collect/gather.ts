/** Gathers the evidence of one deployment, read-only and in parallel: a step waits only for the answers it needs. */
import { setMaxListeners } from "node:events";
import * as net from "node:net";
import {
    defaultEndpointRequests,
    directRequests,
    inEachVersion,
    probe,
    proxyVariables,
    strangersIdentity,
    tapped,
    visitorRequests,
    type Deployment,
    type Look,
    type ProbeRequest,
    type ProbeResult,
} from "../../probes";
import type { AwsEvidence, CloudflareEvidence, DnsEvidence, Evidence } from "../evidence";
import { readOptions, type DoctorOptions } from "../options";
import { visibleEvidence } from "../visible";
import { gatherDns } from "./dns";
import { nameOf } from "./authorityNames";
import { Names } from "./resolver";

/** Visitor requests over TLS 1.3: edge servers differ. */
const TRIES = 3;
/** CA names to report: a truststore has a few. */
const AUTHORITIES = 8;
const REGION = /^[a-z0-9-]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/;
/** The name if it is a custom domain's regional name: any other content of a record must decide neither where we connect nor what a FIX says. */
const regionalTarget = (name: string | undefined): string | undefined => (name?.startsWith("d-") && REGION.test(name) ? name : undefined);

/** Addresses of the edge to try: it has a few of each family. */
const ADDRESSES = 8;
/** This machine has no IPv6, which says nothing about the edge. */
const NO_IPV6 = ["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"];
const CLOUDFLARE_API = "api.cloudflare.com";

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
    /** What every request has in common. A visitor's headers are the edge's alone. */
    deployment: Deployment;
    /** Regional name of the custom domain. */
    target: Promise<string | undefined>;
    apiId: Promise<string | undefined>;
    /** It, and every other API that the domain is mapped to. */
    apiIds: Promise<string[]>;
    names: Names;
    deadline: AbortSignal;
    /** Another custom domain without mutual TLS. */
    otherDomain: Promise<string | undefined>;
    region: Promise<string | undefined>;
    send(request: ProbeRequest): Promise<ProbeResult>;
}

const late = <T>(deadline: AbortSignal, value: T): Promise<T> =>
    new Promise((resolve) => deadline.addEventListener("abort", () => resolve(value), { once: true }));

const sendAll = ({ send }: Run, requests: ProbeRequest[]): Promise<ProbeResult[]> => Promise.all(requests.map(send));

/** Through the edge, as a visitor: over TLS 1.3 several times, and at every address that a visitor may take. */
async function probeVisitor(run: Run): Promise<ProbeResult[]> {
    const { domainName } = run.deployment;
    const requests = visitorRequests({ ...run.deployment, headers: run.options.headers });
    const newest = requests.filter(({ tls }) => tls?.version === "1.3");
    const [first, addresses] = await Promise.all([
        sendAll(run, requests),
        Promise.race([run.names.addresses(domainName, 443), late(run.deadline, [domainName])]).then((all) =>
            all[0] === domainName ? [] : all.slice(0, ADDRESSES),
        ),
    ]);
    const tries = Array.from({ length: Math.max(TRIES - 1, addresses.length) }, (_, index) => addresses[index % addresses.length]);
    const more = await Promise.all(
        tries.flatMap((address) =>
            newest.map(async (request) => {
                const result = await run.send(address === undefined ? request : { ...request, host: address });
                if (address !== undefined) result.evidence.address = address;
                return result;
            }),
        ),
    );
    const unreachable = ({ evidence: { address = "", reason = "" } }: ProbeResult) => net.isIPv6(address) && NO_IPV6.includes(reason);
    return [...first, ...more.filter((address) => !unreachable(address))];
}

/** Directly at the regional name. */
async function probeRegionalName(run: Run): Promise<ProbeResult[]> {
    const { deployment } = run;
    const { domainName, path } = deployment;
    const host = await run.target;
    if (host === undefined) return [];
    const { own } = run.options;
    return sendAll(run, [
        ...directRequests(deployment, host, strangersIdentity(domainName)),
        ...(own
            ? inEachVersion(deployment, "own-certificate", { host, servername: domainName, hostHeader: domainName, identity: own })
            : []),
        { id: "plain-http-origin", host, port: 80, hostHeader: domainName, path },
    ]);
}

/** Over a connection, and then a resumed session, that was opened for another domain. */
async function probeOtherDomain(run: Run): Promise<ProbeResult[]> {
    const { deployment } = run;
    const { domainName } = deployment;
    const [host, name] = await Promise.all([run.target, run.otherDomain]);
    if (host === undefined || name === undefined) return [];
    const over = (id: string, servername: string) => inEachVersion(deployment, id, { host, servername, hostHeader: domainName });
    const first = await sendAll(run, over("sni-other-domain", name));
    const again = over("resumed-from-other-domain", domainName).flatMap((request, index) => {
        const session = first[index]?.session;
        return session === undefined ? [] : [{ ...request, tls: { ...request.tls!, session } }];
    });
    return [...first, ...(await sendAll(run, again))];
}

/** At the default endpoints of the APIs that the domain is mapped to. */
async function probeDefaultEndpoint(run: Run): Promise<ProbeResult[]> {
    const [ids, region] = await Promise.all([run.apiIds, run.region]);
    const [id] = ids;
    if (id === undefined || region === undefined) return [];
    const { deployment } = run;
    const endpoint = (apiId: string): string => `${apiId}.execute-api.${region}.amazonaws.com`;
    const name = endpoint(id);
    return sendAll(run, [
        ...ids.flatMap((id) => defaultEndpointRequests(deployment, endpoint(id))),
        // A name of the same region that never asks for a certificate.
        ...inEachVersion(deployment, "sni-default-endpoint", { host: name, servername: name, hostHeader: deployment.domainName }),
    ]);
}

/** Names of the CAs that the origin accepts client certificates from. */
async function acceptedAuthorities(probes: ProbeResult[]): Promise<string[] | undefined> {
    // Only TLS 1.2 says it in plain text.
    const asked = probes.find(
        ({ evidence: { id, tls, certificateRequested } }) => id === "no-certificate" && tls === "1.2" && certificateRequested,
    );
    return asked && Promise.all(asked.authorities.slice(0, AUTHORITIES).map(nameOf));
}

/** Never rejects for what it finds; rejects for invalid options. */
export async function gather(given: DoctorOptions): Promise<Evidence> {
    const options = readOptions(given);
    const { domainName, network = {}, timeoutMs, path } = options;
    const names = new Names(network, timeoutMs);
    const collectors = await loadCollectors(options);
    const step = async <T>(title: string, work: Promise<T>): Promise<T> => {
        const value = await work;
        if (value !== undefined) options.onProgress?.(title);
        return value;
    };

    // These load the rest of an SDK at once, before the first connection.
    const aws = step("AWS", gatherAws(options, collectors.aws));
    const cloudflare = step("Cloudflare", gatherCloudflare(options, aws, collectors.cloudflare));
    const deadline = AbortSignal.timeout(timeoutMs);
    // Every probe listens to it.
    setMaxListeners(0, deadline);
    const look: Look = { names, deadline, contexts: new Map(), userAgent: "cloudflare-protected-http-api-doctor", tap: tapped };
    const dns = step("DNS", gatherDns(names, domainName, deadline));
    const target = firstOf([
        Promise.resolve(options.targetDomainName),
        ...(options.targetDomainName === undefined ? targetSources(dns, aws, cloudflare) : []),
    ]);
    const apiId = options.apiId ? Promise.resolve(options.apiId) : aws.then((value) => value?.api?.id);
    const run: Run = {
        options,
        names,
        deadline,
        deployment: { domainName, path, caPem: network.caPem },
        target,
        apiId,
        apiIds: Promise.all([apiId, aws]).then(([id, value]) => [
            ...(id === undefined ? [] : [id]),
            ...(value?.otherApis ?? []).map((api) => api.id),
        ]),
        otherDomain: options.otherDomain
            ? Promise.resolve(options.otherDomain)
            : aws.then((value) => value?.otherDomains?.find(({ mutualTls, name }) => !mutualTls && !name.startsWith("*"))?.name),
        // The domain's own region, whichever AWS was asked in.
        region: target.then(async (name) => regionOf(name) ?? (await aws)?.region),
        send: (request) => step(request.id, probe(look, request)),
    };
    const probes = (
        await Promise.all([probeVisitor(run), probeRegionalName(run), probeOtherDomain(run), probeDefaultEndpoint(run)])
    ).flat();
    const proxies = proxyVariables(process.env, [domainName, CLOUDFLARE_API, (await target) ?? "execute-api.amazonaws.com"]);
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
        ...(proxies.length > 0 && { proxyVariables: proxies }),
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

type Options = ReturnType<typeof readOptions>;

const asksCloudflare = ({ cloudflareToken, zoneId, cloudflareBaseUrl }: Options): boolean =>
    cloudflareToken !== undefined || zoneId !== undefined || cloudflareBaseUrl !== undefined;

interface Collectors {
    aws?: typeof import("./aws/collectAws.js");
    cloudflare?: typeof import("./cloudflare/collectCloudflare.js");
}

/**
 * The SDKs of the clouds that are asked. Loading them takes a slow machine seconds, in which it answers nobody: an origin that closes a
 * connection which sends no ClientHello would seem to refuse it.
 */
async function loadCollectors(options: Options): Promise<Collectors> {
    return {
        ...(options.aws !== false && { aws: await import("./aws/collectAws.js") }),
        ...(asksCloudflare(options) && { cloudflare: await import("./cloudflare/collectCloudflare.js") }),
    };
}

async function gatherAws(options: Options, collector: Collectors["aws"]): Promise<AwsEvidence | undefined> {
    if (!collector) return undefined;
    const { collectAws, hasAwsCredentials } = collector;
    // A profile is an order to ask: without it there would be no answer, and no word of that.
    if (options.aws !== true && options.profile === undefined && !hasAwsCredentials()) return undefined;
    const region = options.region ?? regionOf(options.targetDomainName);
    return collectAws({
        domainName: options.domainName,
        path: options.path,
        region,
        profile: options.profile,
        apiId: options.apiId,
        timeoutMs: options.timeoutMs,
    });
}

async function gatherCloudflare(
    options: Options,
    aws: Promise<AwsEvidence | undefined>,
    collector: Collectors["cloudflare"],
): Promise<CloudflareEvidence | undefined> {
    const token = options.cloudflareToken;
    if (!collector) return undefined;
    // A pipeline whose secret is missing sets it to nothing.
    if (token === undefined || token.trim() === "")
        return { denied: [], problems: [`CLOUDFLARE_API_TOKEN is ${token === undefined ? "not set, but a zone was named" : "empty"}`] };
    // Only AWS knows these names; everything else is asked at once.
    const validationNames = aws.then((value) => value?.certificate?.validationRecords.map(({ name }) => name) ?? []);
    return collector.collectCloudflare({
        domainName: options.domainName,
        path: options.path,
        zoneId: options.zoneId,
        token,
        baseUrl: options.cloudflareBaseUrl,
        validationNames,
        timeoutMs: options.timeoutMs,
    });
}
