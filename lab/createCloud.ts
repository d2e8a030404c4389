/** Both clouds as they are before anyone has deployed anything. */
import { EventEmitter } from "node:events";
import type { Cloud, CloudflareAccount, Variants, Zone } from "./cloud";
import { createAuthority, createWebCa, generateKeys } from "./pki/authority";
import type { KeySource } from "./pki/authority";

export interface CloudOptions {
    region?: string;
    accountId?: string;
    keys?: KeySource;
    activationDelayMs?: number;
    variants?: Partial<Variants>;
    zones?: { id: string; name: string }[];
}

export function createZone(id: string, name: string): Zone {
    return {
        id,
        name: name.toLowerCase(),
        settings: new Map([
            ["ssl", "strict"],
            ["tls_client_auth", "off"],
            ["always_use_https", "off"],
        ]),
        records: new Map(),
        hostnameCertificates: new Map(),
        associations: new Map(),
        zoneOriginPull: { enabled: false, certificatePem: undefined, privateKeyPem: undefined },
        hostHeaderOverride: undefined,
        nameServers: ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
        delegatedElsewhere: new Map(),
        sslRule: undefined,
        challenge: false,
        deepCertificates: true,
    };
}

/** A copy to break: the clouds' data is its own, ids and keys come from the same source. */
export function cloneCloud(cloud: Cloud): Cloud {
    return {
        ...cloud,
        aws: structuredClone(cloud.aws),
        cloudflare: structuredClone(cloud.cloudflare),
        variants: { ...cloud.variants },
        api: { tries: [], waitedMs: 0 },
        denied: new Set(cloud.denied),
        commandEnvironment: { ...cloud.commandEnvironment },
        events: new EventEmitter(),
        invocations: new Map(),
    };
}

/** Where nobody has deployed anything, with what signs and presents in it. */
export function emptyCloud(options: CloudOptions & Pick<Cloud, "webCa" | "keys"> & Pick<CloudflareAccount, "shared">): Cloud {
    const counters = new Map<string, number>();
    return {
        aws: {
            accountId: options.accountId ?? "123456789012",
            region: options.region ?? "eu-central-1",
            certificates: new Map(),
            buckets: new Map(),
            apis: new Map(),
            domains: new Map(),
            defaultTags: {},
            functions: new Map(),
            roles: new Map(),
            logGroups: new Map(),
        },
        cloudflare: {
            zones: new Map((options.zones ?? []).map(({ id, name }) => [id, createZone(id, name)])),
            shared: options.shared,
        },
        variants: { untrustedCertificate: "forbidden", hostMismatch: "refused", voidWithoutCertificate: "refused", ...options.variants },
        webCa: options.webCa,
        keys: options.keys,
        activationDelayMs: options.activationDelayMs ?? 150,
        gatewayPort80Open: false,
        api: { tries: [], waitedMs: 0 },
        denied: new Set(),
        commandEnvironment: {},
        providerState: new Map(),
        events: new EventEmitter(),
        invocations: new Map(),
        nextId(prefix) {
            const next = (counters.get(prefix) ?? 0) + 1;
            counters.set(prefix, next);
            return `${prefix}${String(next).padStart(7, "0")}`;
        },
    };
}

export async function createCloud(options: CloudOptions = {}): Promise<Cloud> {
    const keys = options.keys ?? generateKeys;
    const [webCa, sharedCa] = await Promise.all([
        createWebCa(keys),
        createAuthority("CN=origin-pull.cloudflare.net (stand-in of the lab),OU=Origin Pull,O=Lab", keys),
    ]);
    const sharedLeaf = await sharedCa.issue({ subject: "CN=cloudflare.net (stand-in of the lab),O=Lab", usage: "client" });
    return emptyCloud({ ...options, webCa, keys, shared: { caPem: sharedCa.certificatePem, ...sharedLeaf } });
}
