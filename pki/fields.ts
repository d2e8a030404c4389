import type { X509Certificate } from "node:crypto";
import { elements, inside, objectIdentifier, type Der } from "./der";

/** What Node's X509Certificate does not tell of a certificate. */
export interface Fields {
    /** 1 or 3. */
    version: number;
    /** The algorithm inside the signed part is the one outside it. */
    sameAlgorithm: boolean;
    algorithm: Der[];
    /** An elliptic curve by its parameters instead of its name; Node names it all the same. */
    explicitCurve: boolean;
    emptySubject: boolean;
    subject: Buffer;
    issuer: Buffer;
    /** basicConstraints has CA:TRUE. Node's `ca` is false for one whose keyUsage lacks keyCertSign (docs/sources.md 13.15). */
    ca: boolean;
    pathLength: number | undefined;
    /** Undefined without the extension. */
    keyUsage: { digitalSignature: boolean; keyAgreement: boolean; keyCertSign: boolean } | undefined;
    extendedKeyUsage: string[] | undefined;
    nameConstraints: Buffer | undefined;
    /** GeneralNames of the subject. */
    alternativeNames: Der[];
    unknownCritical: string[];
    repeated: string[];
}

const EC_PUBLIC_KEY = "1.2.840.10045.2.1";
const BASIC_CONSTRAINTS = "2.5.29.19";
const KEY_USAGE = "2.5.29.15";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const NAME_CONSTRAINTS = "2.5.29.30";
const ALTERNATIVE_NAMES = "2.5.29.17";
/** Extensions that may be critical: those read here, and those of policies, which every validator of X.509 knows. */
const KNOWN = new Set([
    BASIC_CONSTRAINTS,
    KEY_USAGE,
    EXTENDED_KEY_USAGE,
    NAME_CONSTRAINTS,
    ALTERNATIVE_NAMES,
    "2.5.29.31", // cRLDistributionPoints
    "2.5.29.32", // certificatePolicies
    "2.5.29.33", // policyMappings
    "2.5.29.36", // policyConstraints
    "2.5.29.54", // inhibitAnyPolicy
]);

interface Extension {
    oid: string;
    critical: boolean;
    value: Buffer;
}

function readExtension({ body }: Der): Extension {
    const [oid, ...rest] = elements(body);
    const value = rest.at(-1);
    if (!oid || value?.tag !== 0x04) throw new Error("not an extension");
    return { oid: objectIdentifier(oid.body), critical: rest[0]?.tag === 0x01 && rest[0].body[0] !== 0, value: value.body };
}

function readKeyUsage(value: Buffer): Fields["keyUsage"] {
    const [bits, ...rest] = elements(value);
    if (bits?.tag !== 0x03 || rest.length > 0) throw new Error("not a keyUsage");
    const first = bits.body[1] ?? 0;
    return { digitalSignature: (first & 0x80) !== 0, keyAgreement: (first & 0x08) !== 0, keyCertSign: (first & 0x04) !== 0 };
}

function readPurposes(value: Buffer): string[] {
    const purposes = inside(value, 0x30).map(({ body }) => objectIdentifier(body));
    // RFC 5280 4.2.1.12: one or more.
    if (purposes.length === 0) throw new Error("not an extendedKeyUsage");
    return purposes;
}

/** The fields of a certificate. Throws if one cannot be read. */
export function readFields(certificate: X509Certificate): Fields {
    // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
    const [tbs, outer] = inside(certificate.raw, 0x30);
    const parts = elements(tbs?.body ?? Buffer.alloc(0));
    const versioned = parts[0]?.tag === 0xa0;
    // [version], serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, …, [3] extensions
    const [, inner, issuer, , subject, publicKey] = versioned ? parts.slice(1) : parts;
    const version = versioned ? (elements(parts[0]?.body ?? Buffer.alloc(0))[0]?.body[0] ?? 0) + 1 : 1;
    if (!outer || !inner || !issuer || !subject || !publicKey) throw new Error("not a certificate");
    const keyAlgorithm = elements(elements(publicKey.body)[0]?.body ?? Buffer.alloc(0));
    const list = parts.find(({ tag }) => tag === 0xa3);
    const extensions = list ? inside(list.body, 0x30).map(readExtension) : [];
    const valueOf = (oid: string) => extensions.find((extension) => extension.oid === oid)?.value;
    const constraints = valueOf(BASIC_CONSTRAINTS);
    const constraintParts = constraints ? inside(constraints, 0x30) : [];
    const length = constraintParts.find(({ tag }) => tag === 0x02)?.body;
    const usage = valueOf(KEY_USAGE);
    const purposes = valueOf(EXTENDED_KEY_USAGE);
    const names = valueOf(ALTERNATIVE_NAMES);
    const oids = extensions.map(({ oid }) => oid);
    return {
        version,
        sameAlgorithm: inner.body.equals(outer.body),
        algorithm: elements(outer.body),
        explicitCurve: keyAlgorithm[1]?.tag === 0x30 && objectIdentifier(keyAlgorithm[0]?.body ?? Buffer.alloc(0)) === EC_PUBLIC_KEY,
        emptySubject: subject.body.length === 0,
        subject: subject.body,
        issuer: issuer.body,
        ca: constraintParts[0]?.tag === 0x01 && constraintParts[0].body[0] !== 0,
        pathLength: length && length.length > 0 ? length.readUIntBE(0, Math.min(length.length, 6)) : undefined,
        keyUsage: usage ? readKeyUsage(usage) : undefined,
        extendedKeyUsage: purposes ? readPurposes(purposes) : undefined,
        nameConstraints: valueOf(NAME_CONSTRAINTS),
        alternativeNames: names ? inside(names, 0x30) : [],
        unknownCritical: extensions.filter(({ oid, critical }) => critical && !KNOWN.has(oid)).map(({ oid }) => oid),
        repeated: oids.filter((oid, index) => oids.indexOf(oid) !== index),
    };
}
