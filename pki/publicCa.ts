import { createHash, type X509Certificate } from "node:crypto";

/** A certificate of a truststore that a public CA stands behind. */
export interface PublicCa {
    /** The subject in one line. */
    subject: string;
    /** The public CA: the certificate's own name, or its issuer's. */
    root: string;
    /** Cloudflare's Origin CA signs servers' certificates only; any other sells client certificates to anyone. */
    kind: "public" | "origin-ca";
}

const oneLine = (name: string | undefined): string => (name ?? "").split("\n").join(", ");
const keyOf = ({ publicKey }: X509Certificate): string =>
    createHash("sha256")
        .update(publicKey.export({ type: "spki", format: "der" }))
        .digest("hex");

/** The list by key and by subject. */
function readList(list: string): { keys: Map<string, string>; names: Set<string> } {
    const entries = list
        .trim()
        .split("\n")
        .map((line): [string, string] => [line.slice(0, 64), line.slice(65)]);
    return { keys: new Map(entries), names: new Set(entries.map(([, name]) => name)) };
}

/**
 * The certificates that hold the key of a listed root, under whatever name and signature, or that name one as their issuer
 * (docs/sources.md 13.1). Names are enough for the latter: nobody but the user could have chosen them.
 *
 * @param list Lines of `<SHA-256 of the key> <subject>`.
 */
export function publicCas(certificates: X509Certificate[], list: string): PublicCa[] {
    const { keys, names } = readList(list);
    return certificates.flatMap((certificate): PublicCa[] => {
        const [subject, issuer] = [oneLine(certificate.subject), oneLine(certificate.issuer)];
        let root: string | undefined;
        try {
            root = keys.get(keyOf(certificate));
        } catch {
            // A key of a type that Node does not know: judged elsewhere.
        }
        root ??= issuer !== subject && names.has(issuer) ? issuer : undefined;
        if (root === undefined) return [];
        return [{ subject, root, kind: root.includes("OU=CloudFlare Origin SSL") ? "origin-ca" : "public" }];
    });
}
