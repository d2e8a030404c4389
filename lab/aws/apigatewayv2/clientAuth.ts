/** API Gateway's verdict on a client certificate: signed directly by a CA of the truststore, with the whole chain in there. */
import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { Cloud, MutualTls } from "../../cloud";
import { chainFlaw } from "./clientChain";

/** SHA-256 fingerprint of Cloudflare's shared origin-pull CA (docs/sources.md 4.1), whose key only Cloudflare has. */
export const sharedCaFingerprint = "9A:1A:C2:B4:BE:15:F9:F2:7E:EE:20:A7:34:CB:A4:E9:89:8F:61:00:1B:3B:D7:C8:4B:69:B5:6A:3E:25:A2:B9";
/** CA certificates in a chain, the leaf not counted (docs/sources.md 1.3). */
const maxChain = 4;

export interface Truststore {
    certificates: X509Certificate[];
    /** Whether the lab's stand-in took the place of Cloudflare's real CA. */
    standIn: boolean;
}

export function readTruststore(cloud: Cloud, mutualTls: MutualTls): Truststore {
    const blocks = mutualTls.pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    let standIn = false;
    const certificates: X509Certificate[] = [];
    for (const block of blocks) {
        try {
            const certificate = new X509Certificate(block);
            const pinned = certificate.fingerprint256 === sharedCaFingerprint;
            standIn ||= pinned;
            certificates.push(pinned ? new X509Certificate(cloud.cloudflare.shared.caPem) : certificate);
        } catch {
            // An unreadable certificate is a warning of the domain, not an error of its connections (docs/sources.md 1.7).
        }
    }
    return { certificates, standIn };
}

function isCurrent(certificate: X509Certificate, now: number): boolean {
    return Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);
}

/** Why the truststore alone, without anything that the client sends, does not lead from the leaf to a root; undefined if it does. */
export function chainFault(leaf: X509Certificate, truststore: Truststore, now = Date.now()): string | undefined {
    const nowhere = "no chain in the truststore";
    if (!isCurrent(leaf, now)) return nowhere;
    // A self-signed leaf may be listed itself (docs/sources.md 1.1).
    if (truststore.certificates.some((listed) => listed.fingerprint256 === leaf.fingerprint256 && leaf.checkIssued(leaf)))
        return chainFlaw([leaf]);
    let flaw: string | undefined;
    // CAs of one name that sign each other have more paths than anyone can follow.
    let signaturesLeft = 500;
    const climb = (path: X509Certificate[]): boolean => {
        const child = path[path.length - 1]!;
        return truststore.certificates.some((ca) => {
            if (path.length > maxChain || !ca.ca || !isCurrent(ca, now) || !child.checkIssued(ca)) return false;
            if (signaturesLeft-- <= 0 || !child.verify(ca.publicKey)) return false;
            if (!ca.checkIssued(ca) || !ca.verify(ca.publicKey)) return climb([...path, ca]);
            flaw = chainFlaw([...path, ca]);
            return flaw === undefined;
        });
    };
    return climb([leaf]) ? undefined : (flaw ?? nowhere);
}

export type Verdict = { kind: "none" } | { kind: "untrusted"; reason: string } | { kind: "trusted"; certificate: X509Certificate };

/**
 * `socket.authorized` alone is not enough: it is true on a TLS 1.3 resumption without any certificate. Key usage is not among what API
 * Gateway validates (docs/sources.md 1.5), so an error about the purpose is the only one that may be ignored.
 */
export function judgeClient(socket: TLSSocket, truststore: Truststore): Verdict {
    const raw = socket.getPeerCertificate()?.raw as Buffer | undefined;
    if (!raw || raw.length === 0) return { kind: "none" };
    const certificate = new X509Certificate(raw);
    const error = socket.authorized ? undefined : String(socket.authorizationError ?? "not authorized");
    if (error !== undefined && !/INVALID_PURPOSE|unsuitable certificate purpose|unsupported certificate purpose/.test(error)) {
        return { kind: "untrusted", reason: error };
    }
    const fault = chainFault(certificate, truststore);
    return fault === undefined ? { kind: "trusted", certificate } : { kind: "untrusted", reason: fault };
}
