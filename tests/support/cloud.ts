/** An empty cloud for tests: one zone, keys from node:crypto, and a public CA that only writes its names down. */
import { generateKeyPairSync } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Cloud, Zone } from "../../lab/cloud";
import { createZone } from "../../lab/createCloud";
import type { KeySource } from "../../lab/pki/authority";

export const ZONE_ID = "zone1";

const pool = new Map<string, string[]>();

/** Fresh keys on an elliptic curve; RSA keys are slow, so one of each size serves all. */
const keys: KeySource = (algorithm) => {
    if (algorithm.type === "ECDSA") {
        const namedCurve = algorithm.curve === "P256" ? "P-256" : "P-384";
        return Promise.resolve(generateKeyPairSync("ec", { namedCurve }).privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    }
    const held = pool.get(String(algorithm.bits)) ?? [
        generateKeyPairSync("rsa", { modulusLength: algorithm.bits }).privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    ];
    pool.set(String(algorithm.bits), held);
    return Promise.resolve(held[0] ?? "");
};

const makeZone = (id: string, name: string): Zone => ({ ...createZone(id, name), settings: new Map() });

export function makeCloud(): Cloud {
    const counters = new Map<string, number>();
    return {
        aws: {
            accountId: "123456789012",
            region: "eu-west-1",
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
            zones: new Map([[ZONE_ID, makeZone(ZONE_ID, "example.com")]]),
            shared: { caPem: "", certificatePem: "", privateKeyPem: "" },
        },
        api: { tries: [], waitedMs: 0 },
        variants: { untrustedCertificate: "forbidden", hostMismatch: "refused", voidWithoutCertificate: "refused" },
        webCa: { certificatePem: "", issue: (names) => Promise.resolve({ certificatePem: names.join(","), privateKeyPem: "key" }) },
        keys,
        activationDelayMs: 0,
        gatewayPort80Open: false,
        denied: new Set(),
        commandEnvironment: {},
        providerState: new Map(),
        events: new EventEmitter(),
        invocations: new Map(),
        nextId(prefix) {
            const count = (counters.get(prefix) ?? 0) + 1;
            counters.set(prefix, count);
            return `${prefix}${String(count).padStart(7, "0")}`;
        },
    };
}
