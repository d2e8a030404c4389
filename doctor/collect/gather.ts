/** Gathers everything that can be known of one deployment, read-only and all at once: what needs an answer of another waits for that alone. */
import { setMaxListeners } from "node:events";
import { probe, type ClientIdentity, type Look, type ProbeRequest, type ProbeResult } from "../../probes";
import type { AwsEvidence, CloudflareEvidence, Evidence } from "../evidence";
import { readOptions, type DoctorOptions } from "../options";
import { visibleEvidence } from "../visible";
import { gatherDns } from "./dns";
import { nameOf, strangersIdentity } from "./identities";
import { Names } from "./resolver";

/** Requests of the visitor over TLS 1.3: edges differ, and so does luck. */
const TRIES = 3;
/** Names of CAs that are told: a truststore holds a few. */
const AUTHORITIES = 8;
const REGION = /^[a-z0-9-]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/;
/** The name, if it is one of a custom domain's: whoever else wrote it into a record has no say in where we go, nor in what a FIX holds. */
const regionalTarget = (name: string | undefined): string | undefined => (name?.startsWith("d-") && REGION.test(name) ? name : undefined);

/** The first value of several sources; undefined when none has one. */
async function firstOf<T>(sources: Promise<T | undefined>[]): Promise<T | undefined> {
    return new Promise((resolve) => {
        let open = sources.length;
        const none = (): void => void (--open === 0 && resolve(undefined));
        for (const source of sources) source.then((value) => (value === undefined ? none() : resolve(value)), none);
        if (open === 0) resolve(undefined);
    });
}

/** Never rejects for what it finds; rejects for options that cannot be read. */
export async function gather(given: DoctorOptions): Promise<Evidence> {
    const options = readOptions(given);
    const { domainName, network = {}, timeoutMs, path } = options;
    const deadline = AbortSignal.timeout(timeoutMs);
    // Everything listens to it at once.
    setMaxListeners(0, deadline);
    const names = new Names(network, timeoutMs);
    const look: Look = { names, deadline, contexts: new Map() };
    const told = options.onProgress ?? ((): void => undefined);
    const step = async <T>(title: string, work: Promise<T>): Promise<T> => {
        const value = await work;
        told(title);
        return value;
    };

    const dns = step("DNS", gatherDns(names, domainName, deadline));
    const aws = gatherAws(options, timeoutMs).then((value) => (value && told("AWS"), value));
    const cloudflare = gatherCloudflare(options, aws, timeoutMs).then((value) => (value && told("Cloudflare"), value));
    const target = options.targetDomainName
        ? Promise.resolve(options.targetDomainName)
        : firstOf([
              aws.then((value) => regionalTarget(value?.domain?.targetDomainName)),
              cloudflare.then((value) => value?.records?.map(({ content }) => content).find(regionalTarget)),
              dns.then(({ aliases }) => aliases.find(regionalTarget)),
          ]);
    const apiId = options.apiId ? Promise.resolve(options.apiId) : aws.then((value) => value?.api?.id);
    const otherDomain = options.otherDomain
        ? Promise.resolve(options.otherDomain)
        : aws.then((value) => value?.otherDomains?.find(({ mutualTls, name }) => !mutualTls && !name.startsWith("*"))?.name);

    const send = (request: Omit<ProbeRequest, "path">): Promise<ProbeResult> => step(request.id, probe(look, { path, ...request }));
    const secure = (version: "1.2" | "1.3", servername: string, identity?: ClientIdentity, expectedName = servername) => ({
        version,
        servername,
        expectedName,
        caPem: network.caPem,
        identity,
    });
    const visitor = (version: "1.2" | "1.3"): Promise<ProbeResult> =>
        send({
            id: "visitor",
            host: domainName,
            port: 443,
            hostHeader: domainName,
            headers: options.headers,
            tls: secure(version, domainName),
        });

    /** What goes straight at the regional name. */
    const around = async (): Promise<ProbeResult[]> => {
        const at = await target;
        if (at === undefined) return [];
        const stranger = strangersIdentity(domainName);
        const direct = (id: string, version: "1.2" | "1.3", servername: string, identity?: ClientIdentity, expected?: string) =>
            send({ id, host: at, port: 443, hostHeader: domainName, tls: secure(version, servername, identity, expected) });
        const versions = ["1.2", "1.3"] as const;
        const { own } = options;
        return Promise.all([
            ...versions.flatMap((version) => [
                direct("no-certificate", version, domainName),
                stranger.then((identity) => direct("stranger", version, domainName, identity)),
                direct("sni-none", version, "", undefined, at),
                direct("sni-regional", version, at),
                ...(own ? [direct("own-certificate", version, domainName, own)] : []),
            ]),
            send({ id: "plain-http-origin", host: at, port: 80, hostHeader: domainName }),
        ]);
    };
    const viaOtherDomain = async (): Promise<ProbeResult[]> => {
        const [at, name] = await Promise.all([target, otherDomain]);
        if (at === undefined || name === undefined) return [];
        const over = (id: string, servername: string, session?: Buffer) =>
            send({
                id,
                host: at,
                port: 443,
                hostHeader: domainName,
                tls: { ...secure("1.3", servername), session },
            });
        const first = await over("sni-other-domain", name);
        return first.session === undefined ? [first] : [first, await over("resumed-from-other-domain", domainName, first.session)];
    };
    const endpoint = async (): Promise<ProbeResult[]> => {
        // Only the regional name tells the region when AWS was not asked.
        const [id, known] = await Promise.all([apiId, firstOf([aws.then((value) => value?.region), target.then(regionOf)])]);
        if (id === undefined || known === undefined) return [];
        const name = `${id}.execute-api.${known}.amazonaws.com`;
        const at = { host: name, port: 443, tls: secure("1.3", name) };
        return Promise.all([
            send({ id: "default-endpoint", ...at, hostHeader: name }),
            // A name of the same region that never asks for a certificate.
            send({ id: "sni-default-endpoint", ...at, hostHeader: domainName }),
        ]);
    };

    const probes = (
        await Promise.all([
            Promise.all([...Array.from({ length: TRIES }, () => visitor("1.3")), visitor("1.2")]),
            around(),
            viaOtherDomain(),
            endpoint(),
        ])
    ).flat();
    const accepted = probes.find(
        ({ evidence: { id, certificateRequested } }) => id === "no-certificate" && certificateRequested,
    )?.authorities;
    return visibleEvidence({
        domainName,
        targetDomainName: await target,
        apiId: await apiId,
        path,
        now: new Date(),
        dns: await dns,
        probes: probes.map(({ evidence }) => evidence),
        acceptedAuthorities: accepted && (await Promise.all(accepted.slice(0, AUTHORITIES).map(nameOf))),
        aws: await aws,
        cloudflare: await cloudflare,
    });
}

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
    // Only AWS tells their names; everything else is asked at once.
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
