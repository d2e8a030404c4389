import { weakKey, weakSignature } from "./algorithms";
import { issued, issuerOf, pathProblems, pathsOf, subject, type Read } from "./chains";
import { readFields } from "./fields";
import { readCertificates } from "./pem";

/** One thing wrong with one argument. */
export interface Problem {
    /** The argument's path, for example `originPull.caCertificate`. */
    path: string;
    /** Reads "must …; received …". */
    message: string;
}

/** API Gateway refuses longer chains in a truststore. */
const MAXIMUM_CHAIN = 4;

/** The certificates of a text, or the message that says why it has none. */
export function read(pem: string): { reads: Read[]; refusal?: string } {
    try {
        const reads = readCertificates(pem).map((certificate): Read => {
            try {
                return { certificate, fields: readFields(certificate) };
            } catch {
                return { certificate, fields: undefined };
            }
        });
        return { reads };
    } catch (error) {
        return { reads: [], refusal: (error as Error).message };
    }
}

/** A certificate and all its issuers in the bundle. */
function chainOf(start: Read, bundle: Read[]): Set<Read> {
    const chain = new Set([start]);
    // A Set's iterator also visits elements that are added while it runs.
    for (const member of chain)
        bundle.filter((issuer) => issued(issuer.certificate, member.certificate)).forEach((issuer) => chain.add(issuer));
    return chain;
}

/** The other certificate of the bundle with the same name and key and a different issuer: a cross-signature of the same CA. */
export function crossSigned({ certificate }: Read, bundle: Read[]): Read | undefined {
    return bundle.find(
        (other) =>
            other.certificate.subject === certificate.subject &&
            other.certificate.issuer !== certificate.issuer &&
            other.certificate.publicKey.equals(certificate.publicKey),
    );
}

/** What holds for every certificate: valid now, strong signature, strong key, nothing in it that a validator may not skip. */
function judgeCertificate({ certificate, fields }: Read, now: Date): string[] {
    const who = subject(certificate);
    const messages: string[] = [];
    const from = new Date(certificate.validFrom);
    const to = new Date(certificate.validTo);
    if (!(from <= now)) messages.push(`must already be valid; received ${who}, valid from ${certificate.validFrom}`);
    if (!(now <= to)) messages.push(`must not have expired; received ${who}, valid until ${certificate.validTo}`);
    if (!fields) return [...messages, `must be a well-formed X.509 certificate; received ${who}, with a field that cannot be read`];
    if (fields.version !== 3) messages.push(`must be an X.509 certificate of version 3; received ${who}, of version ${fields.version}`);
    if (fields.repeated.length > 0)
        messages.push(`must have each extension once; received ${who}, with ${fields.repeated.join(" and ")} repeated`);
    if (fields.unknownCritical.length > 0)
        messages.push(
            `must have no critical extension that a validator may not know; received ${who}, with ${fields.unknownCritical.join(" and ")}`,
        );
    if (certificate.issuer === undefined || fields.issuer.length === 0) messages.push(`must name its issuer; received ${who} without one`);
    let signature: string | undefined;
    try {
        signature = weakSignature(fields);
    } catch {
        signature = "an unreadable algorithm";
    }
    if (signature) messages.push(`must be signed with RSA or ECDSA and SHA-256 or stronger; received ${who}, signed with ${signature}`);
    let key: string | undefined;
    try {
        key = weakKey(certificate.publicKey, fields);
    } catch {
        key = "an unreadable key";
    }
    if (key)
        messages.push(`must have an RSA key of at least 2048 bits or an ECDSA key on P-256, P-384 or P-521; received ${who}, with ${key}`);
    return messages;
}

const maySign = ({ fields }: Read): boolean => fields !== undefined && fields.ca && (fields.keyUsage?.keyCertSign ?? true);

/** Judges one CA with its chain up to a self-signed root, in any order: what API Gateway accepts as a truststore. */
export function judgeTruststoreCa(path: string, pem: string, now: Date): Problem[] {
    const { reads, refusal } = read(pem);
    if (refusal) return [{ path, message: refusal }];

    const messages = reads.flatMap((one) => [
        ...(maySign(one)
            ? []
            : [`must be a CA (basicConstraints CA:TRUE, allowed to sign); received ${subject(one.certificate)}, which is not`]),
        ...(one.fields?.emptySubject ? ["must have a subject, by which API Gateway finds a leaf's issuer; received a CA without one"] : []),
        ...judgeCertificate(one, now),
    ]);
    const certificates = reads.map(({ certificate }) => certificate);
    if (certificates.length > MAXIMUM_CHAIN)
        messages.push(`must be at most ${MAXIMUM_CHAIN} CA certificates; received ${certificates.length}`);
    if (new Set(certificates.map((certificate) => certificate.fingerprint256)).size < certificates.length)
        messages.push("must contain each certificate once; received a duplicate");

    const orphans = reads.filter(({ certificate }) => !certificates.some((issuer) => issued(issuer, certificate)));
    for (const orphan of orphans) {
        const hint = crossSigned(orphan, reads)
            ? ". The text has a second certificate of the same name and key: this one is a cross-signature by another CA. Leave it out, or add that CA to trust it too"
            : "";
        messages.push(
            `must include every issuer up to a self-signed root; received ${subject(orphan.certificate)} without its issuer ${issuerOf(orphan.certificate)}${hint}`,
        );
    }
    if (orphans.length === 0 && !certificates.some((certificate) => issued(certificate, certificate)))
        messages.push("must end at a self-signed root; received CAs that only sign each other");

    // A second CA beside the chain would admit callers that were never meant to be trusted.
    if (messages.length === 0 && !reads.some((one) => chainOf(one, reads).size === reads.length))
        messages.push(`must be one CA and its chain; received unrelated CAs among ${certificates.map(subject).join(" and ")}`);
    if (messages.length === 0)
        for (const one of reads) {
            const problems = pathsOf(one, reads).map((way) => pathProblems(way, false));
            if (problems.length > 0 && problems.every((list) => list.length > 0)) messages.push(...(problems[0] ?? []));
        }
    return [...new Set(messages)].map((message) => ({ path, message }));
}

/** Judges a client certificate: exactly one, not a CA, signed directly by a CA of the truststore. */
export function judgeLeaf(path: string, leafPem: string, caPem: string, now: Date): Problem[] {
    const { reads, refusal } = read(leafPem);
    if (refusal) return [{ path, message: refusal }];
    const [leaf] = reads;
    if (!leaf || reads.length > 1) return [{ path, message: `must be exactly one certificate; received ${reads.length}` }];

    const messages: string[] = [];
    const who = subject(leaf.certificate);
    // Cloudflare refuses a CA as a missing leaf certificate (docs/sources.md 3.3).
    if (leaf.fields?.ca) messages.push(`must be a client certificate, not a CA; received the CA ${who}`);
    else if (leaf.fields?.keyUsage?.keyCertSign)
        messages.push(`must not be allowed to sign certificates; received ${who}, whose keyUsage has keyCertSign`);
    if (leaf.fields?.nameConstraints)
        messages.push(`must have no name constraints, which only a CA may have; received ${who}, which has some`);
    messages.push(...judgeCertificate(leaf, now));
    const cas = read(caPem);
    if (cas.refusal) messages.push("must be signed by its CA; received a CA that is not PEM certificates");
    else if (!cas.reads.some((ca) => maySign(ca) && issued(ca.certificate, leaf.certificate)))
        messages.push(
            `must be signed directly by ${cas.reads.map(({ certificate }) => subject(certificate)).join(" or ")}; received ${who}, which is not`,
        );
    else if (cas.reads.length <= MAXIMUM_CHAIN) {
        // A larger bundle is refused as such, and could have too many paths to follow.
        const problems = pathsOf(leaf, cas.reads).map((way) => pathProblems(way, true));
        if (problems.length > 0 && problems.every((list) => list.length > 0)) messages.push(...(problems[0] ?? []));
    }
    return [...new Set(messages)].map((message) => ({ path, message }));
}
