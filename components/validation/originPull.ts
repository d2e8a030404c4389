import {
    CLOUDFLARE_SHARED_CA_FINGERPRINT,
    fingerprint256,
    judgeKeyPair,
    judgeLeaf,
    judgeTruststoreCa,
    PUBLIC_ROOTS,
    publicCas,
    readCertificates,
    splitCertificates,
    type Problem,
} from "../../pki";
import { OriginPullMode, type OriginPullAuthority } from "../args";
import { oneOf, plainString } from "./plain";
import { shown, shownField } from "./shown";
import { certificateIdProblems } from "./values";

/** What the authority behind mode Shared is called in outputs and messages. */
export const CLOUDFLARE_SHARED = "cloudflare-shared";

/** A CA for all the world is no proof of your edge. */
function publicCaProblems(path: string, pem: string): Problem[] {
    return publicCas(readCertificates(pem), PUBLIC_ROOTS).map(({ subject, root, kind }) => ({
        path,
        message:
            `must be a CA of your own; received "${subject}", ${subject === root ? "" : `signed by "${root}", `}` +
            (kind === "origin-ca"
                ? "Cloudflare's Origin CA, which signs certificates for the servers of all Cloudflare customers, and none that the edge presents"
                : "a public CA: the API would let in anyone who buys a client certificate that it signs"),
    }));
}

/** Problems of one authority's PEM, as far as its values are known. */
export function authorityPemProblems(path: string, values: { ca?: unknown; leaf?: unknown; key?: unknown }, now: Date): Problem[] {
    const named = { caCertificatePem: values.ca, certificatePem: values.leaf, privateKeyPem: values.key };
    const problems = Object.entries(named).flatMap(([field, value]): Problem[] =>
        value === undefined || typeof value === "string"
            ? []
            : [
                  {
                      path: `${path}.${field}`,
                      message: `must be a string; received ${value === null ? "null" : `a value of type ${typeof value}`}`,
                  },
              ],
    );
    if (problems.length > 0) return problems;
    const pem = values as { ca?: string; leaf?: string; key?: string };
    if (pem.ca !== undefined) problems.push(...judgeTruststoreCa(`${path}.caCertificatePem`, pem.ca, now));
    if (problems.length === 0 && pem.ca !== undefined) problems.push(...publicCaProblems(`${path}.caCertificatePem`, pem.ca));
    if (problems.length === 0 && pem.leaf !== undefined && pem.ca !== undefined)
        problems.push(...judgeLeaf(`${path}.certificatePem`, pem.leaf, pem.ca, now));
    if (problems.length === 0 && pem.leaf !== undefined && pem.key !== undefined)
        problems.push(...judgeKeyPair(`${path}.privateKeyPem`, pem.leaf, pem.key));
    return problems;
}

/** Whether the PEM holds Cloudflare's shared origin-pull CA. An unreadable PEM is refused elsewhere. */
export function isSharedCa(pem: string): boolean {
    try {
        return splitCertificates(pem).some((certificate) => fingerprint256(certificate) === CLOUDFLARE_SHARED_CA_FINGERPRINT);
    } catch {
        return false;
    }
}

/** The shared CA has one name in every mode, so that moving to or from mode Shared is judged like any other change. */
export function factName({ name, caCertificatePem }: OriginPullAuthority): string {
    return typeof caCertificatePem === "string" && isSharedCa(caCertificatePem) ? CLOUDFLARE_SHARED : name;
}

function authorityProblems(path: string, authority: OriginPullAuthority, presented: boolean, now: Date): Problem[] {
    const problems: Problem[] = [];
    const { name, leaf, caCertificatePem: ca, certificatePem, privateKeyPem, certificateId } = authority;
    if (typeof name !== "string") problems.push(...plainString(`${path}.name`, name));
    else if (!/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/.test(name))
        problems.push({ path: `${path}.name`, message: `must be 1 to 22 characters of a-z, 0-9 and -; received ${shown(name)}` });
    else if (name === CLOUDFLARE_SHARED)
        problems.push({
            path: `${path}.name`,
            message: `must not be the name reserved for Cloudflare's shared CA; received ${shown(name)}`,
        });
    if (leaf !== undefined && (typeof leaf !== "string" || !/^[a-z0-9-]{1,22}$/.test(leaf)))
        problems.push({
            path: `${path}.leaf`,
            message: `must be a plain string of 1 to 22 characters of a-z, 0-9 and -; received ${shown(leaf)}`,
        });
    if ((certificatePem === undefined) !== (privateKeyPem === undefined))
        problems.push({ path, message: "must have both certificatePem and privateKeyPem, or neither; received one of them" });
    if (certificatePem !== undefined && certificateId !== undefined)
        problems.push({ path, message: "must have either certificatePem or certificateId; received both" });
    if (typeof certificateId === "string") problems.push(...certificateIdProblems(`${path}.certificateId`, certificateId));
    if (leaf !== undefined && ca !== undefined)
        problems.push({
            path: `${path}.leaf`,
            message: "must be left out with a caCertificatePem: only a leaf that this component issues has it; received a value",
        });
    if ((certificatePem !== undefined || certificateId !== undefined) && ca === undefined)
        problems.push({ path: `${path}.caCertificatePem`, message: "must be set with your own leaf; received nothing" });
    if (presented && ca !== undefined && certificatePem === undefined && certificateId === undefined)
        problems.push({
            path,
            message: "must have a leaf (certificatePem or certificateId) to be presented; received only caCertificatePem",
        });
    const text = (value: unknown) => (typeof value === "string" ? value : undefined);
    problems.push(...authorityPemProblems(path, { ca: text(ca), leaf: text(certificatePem), key: text(privateKeyPem) }, now));
    if (presented && typeof ca === "string" && isSharedCa(ca))
        problems.push({
            path: `${path}.caCertificatePem`,
            message: "must be your own CA to be presented; received Cloudflare's shared CA",
        });
    return problems;
}

/** Issued leaves whose children would have one name: `a` with leaf `b-c`, and `a-b` with leaf `c`. */
function sameLeafProblems(authorities: OriginPullAuthority[]): Problem[] {
    const leaves = new Map<string, number>();
    return authorities.flatMap(({ name, leaf, caCertificatePem }, i) => {
        if (caCertificatePem !== undefined || typeof name !== "string") return [];
        const key = `${name}-${typeof leaf === "string" ? leaf : "1"}`;
        const other = leaves.get(key);
        leaves.set(key, i);
        // Equal names are told of already.
        if (other === undefined || authorities[other]!.name === name) return [];
        return [
            {
                path: `originPull.authorities[${i}]`,
                message: `must not name its children as authorities[${other}] does: name and leaf of both are ${shown(key)}; received name ${shown(name)} beside ${shown(authorities[other]!.name)}`,
            },
        ];
    });
}

/** Problems of `originPull`. */
export function originPullProblems(originPull: unknown, now: Date): Problem[] {
    if (originPull === undefined) return [];
    const { mode, authorities, presented } = originPull as Record<string, unknown>;
    if (mode === "Zone")
        return [{ path: "originPull.mode", message: 'must be Hostname or Shared: this version does not support Zone; received "Zone"' }];
    const problems = oneOf("originPull.mode", mode, OriginPullMode);
    if (presented !== undefined) problems.push(...plainString("originPull.presented", presented));
    if (authorities !== undefined && !Array.isArray(authorities))
        return [...problems, { path: "originPull.authorities", message: `must be a plain list; received ${shown(authorities)}` }];
    const list = (authorities ?? []) as OriginPullAuthority[];
    const shared = mode === OriginPullMode.Shared;
    if (authorities !== undefined && list.length === 0 && !shared)
        problems.push({ path: "originPull.authorities", message: "must have at least one authority; received none" });
    const names = list.map((authority) => authority?.name);
    const listed = names.map((name) => (typeof name === "string" ? shownField(name) : shown(name))).join(", ");
    if (new Set(names).size !== names.length)
        problems.push({ path: "originPull.authorities", message: `must have unique names; received ${listed}` });
    problems.push(...sameLeafProblems(list));
    if (shared && presented !== undefined)
        problems.push({
            path: "originPull.presented",
            message: "must be left out in mode Shared, which presents Cloudflare's own certificate; received a value",
        });
    if (!shared && presented === undefined && list.length > 1)
        problems.push({ path: "originPull.presented", message: `must name one of ${listed}; received nothing` });
    if (!shared && typeof presented === "string" && !(authorities === undefined ? ["1"] : names).includes(presented))
        problems.push({
            path: "originPull.presented",
            message: `must name one of ${listed || "1"}; received ${shown(presented)}`,
        });
    list.forEach((authority, i) =>
        problems.push(
            ...authorityProblems(`originPull.authorities[${i}]`, authority, !shared && (presented ?? names[0]) === authority?.name, now),
        ),
    );
    return problems;
}
