/** A whole cloud as plain data, without what differs from run to run: ids, random suffixes, keys, times. */
import { X509Certificate } from "node:crypto";
import type { Cloud } from "../../lab/cloud";

/** Made anew at every run, or told by something that is kept. */
const LEFT_OUT = new Set(["privateKeyPem", "serialNumber", "expiresOn", "activeAt", "etag", "versionId", "lines"]);
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\s*/g;

const subjectOf = (pem: string): string => `<${new X509Certificate(pem).subject.replaceAll("\n", ",")}>`;
/** Of another API of the account or another customer of the edge, whom the tests let attack (traffic.ts). */
export const isNeighbour = (key: unknown): boolean => /second-api|attacker/.test(String(key));

/** Ids count up, and names end in seven random digits. */
const steady = (value: string): string =>
    value
        .replace(BLOCK, subjectOf)
        .replace(/([a-z])\d{7}\b/g, "$1#")
        .replace(/-[0-9a-f]{7}\b/g, "-#");

function walk(value: unknown): unknown {
    if (typeof value === "string") return steady(value);
    if (value instanceof Set || value instanceof Map) {
        const entries = value instanceof Set ? [...value] : [...value].filter(([key]: [unknown, unknown]) => !isNeighbour(key));
        return entries.map(walk).sort((entry, other) => (JSON.stringify(entry) < JSON.stringify(other) ? -1 : 1));
    }
    if (Array.isArray(value)) return value.map(walk);
    if (!value || typeof value !== "object") return value;
    const held = Object.entries(value).filter(([key, inner]) => !LEFT_OUT.has(key) && inner !== undefined);
    return Object.fromEntries(held.map(([key, inner]) => [key, walk(inner)]));
}

export function summary(cloud: Cloud): Record<string, unknown> {
    const { buckets, ...aws } = cloud.aws;
    // An object's newest content; the number of writes does not matter.
    const newest = [...buckets.values()].map(({ objects, ...bucket }) => ({
        ...bucket,
        objects: new Map([...objects].map(([key, versions]) => [key, versions.at(-1)])),
    }));
    const ourZones = [...cloud.cloudflare.zones.values()].filter(({ id }) => !isNeighbour(id));
    const zones = ourZones.map(({ associations, ...zone }) => ({
        ...zone,
        // Which certificate is presented, not merely that one is.
        associations: [...associations.values()].map(({ certId, ...rest }) => ({
            ...rest,
            presents: zone.hostnameCertificates.get(certId)?.issuer,
        })),
    }));
    return walk({ ...aws, buckets: newest, zones }) as Record<string, unknown>;
}

/** One line a fact, e.g. `apis/api#/disableExecuteApiEndpoint = true`. */
function lines(value: unknown, at: string): string[] {
    if (Array.isArray(value))
        return value.flatMap((entry: unknown) =>
            Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string"
                ? lines(entry[1], `${at}/${entry[0]}`)
                : lines(entry, `${at}/`),
        );
    if (value && typeof value === "object") return Object.entries(value).flatMap(([key, inner]) => lines(inner, at ? `${at}/${key}` : key));
    return [`${at} = ${String(value)}`];
}

/** Which facts of `whole` are not in `end`, and which are there that `whole` has not; each as often as it is so. */
export function leftovers(end: unknown, whole: unknown): { missing: string[]; left: string[] } {
    const left = lines(end, "");
    const missing = lines(whole, "").filter((fact) => {
        const index = left.indexOf(fact);
        if (index >= 0) left.splice(index, 1);
        return index < 0;
    });
    return { missing, left };
}

/** Resources with random names: by docs/recovery.md created again, with the first left behind. */
export const ORPHANS =
    /^(buckets|apis\/api#(\/integrations|\/stages\/\$default\/deployed\/integrations)?|certificates|logGroups|functions\/orders\/permissions)\//;
