import type { X509Certificate } from "node:crypto";
import type { Fields } from "./fields";
import { nameViolation } from "./nameConstraints";

/** A certificate with what Node does not tell of it; undefined if that cannot be read. */
export interface Read {
    certificate: X509Certificate;
    fields: Fields | undefined;
}

/** The certificate's name in a message: its subject in one line. */
export function subject(certificate: X509Certificate): string {
    return `"${(certificate.subject ?? "").split("\n").join(", ")}"`;
}

export function issuerOf(certificate: X509Certificate): string {
    return `"${(certificate.issuer ?? "").split("\n").join(", ")}"`;
}

export function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
    try {
        // checkIssued compares names, key identifiers and keyUsage; verify checks the signature.
        return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
    } catch {
        return false;
    }
}

/** Every way from a certificate to a self-signed root of the bundle, the certificate first. */
export function pathsOf(start: Read, bundle: Read[]): Read[][] {
    const paths: Read[][] = [];
    const climb = (path: Read[]): void => {
        const last = path[path.length - 1] as Read;
        if (issued(last.certificate, last.certificate)) paths.push(path);
        for (const issuer of bundle) if (!path.includes(issuer) && issued(issuer.certificate, last.certificate)) climb([...path, issuer]);
    };
    climb([start]);
    return paths;
}

/**
 * What a CA forbids of those below it in its path: too many CAs, or their names.
 *
 * @param leafFirst Whether the path starts with a leaf, which no path length counts, even if it is a CA (RFC 5280 4.2.1.9).
 */
export function pathProblems(path: Read[], leafFirst: boolean): string[] {
    const problems: string[] = [];
    path.forEach(({ certificate, fields }, at) => {
        const below = path.slice(0, at);
        const selfIssued = (read: Read) => read.fields?.subject.equals(read.fields.issuer) ?? false;
        const authorities = below.slice(leafFirst ? 1 : 0).filter((read) => read.fields?.ca && !selfIssued(read));
        if (fields?.pathLength !== undefined && authorities.length > fields.pathLength)
            problems.push(
                `must keep within its issuers' path length; received ${subject(certificate)}, which allows ${fields.pathLength} CAs below it and has ${authorities.length}`,
            );
        const constraints = fields?.nameConstraints;
        if (!constraints) return;
        below.forEach((read, index) => {
            // RFC 5280 6.1.3: self-issued certificates are exempt, but not a leaf.
            const violation =
                read.fields && ((index === 0 && leafFirst) || !selfIssued(read)) ? nameViolation(constraints, read.fields) : undefined;
            if (violation)
                problems.push(
                    `must keep to its issuers' name constraints; received ${subject(read.certificate)} with ${violation}, below ${subject(certificate)}`,
                );
        });
    });
    return problems;
}
