/** An empty cloud for tests: one zone, keys from node:crypto, and a public CA that only writes its names down. */
import { generateKeyPairSync } from "node:crypto";
import type { Cloud } from "../../lab/cloud";
import { emptyCloud } from "../../lab/createCloud";
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

export function makeCloud(): Cloud {
    const cloud = emptyCloud({
        region: "eu-west-1",
        zones: [{ id: ZONE_ID, name: "example.com" }],
        activationDelayMs: 0,
        shared: { caPem: "", certificatePem: "", privateKeyPem: "" },
        webCa: { certificatePem: "", issue: (names) => Promise.resolve({ certificatePem: names.join(","), privateKeyPem: "key" }) },
        keys,
    });
    cloud.cloudflare.zones.get(ZONE_ID)!.settings.clear();
    return cloud;
}
