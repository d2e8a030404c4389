/**
 * Certificates as attackers make them, by another generator than the rest of the lab: a bug in one library cannot hide itself.
 * node-forge only knows RSA, so authorities of any kind are copied and signed at the level of ASN.1.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, randomBytes, sign, X509Certificate } from "node:crypto";
import { promisify } from "node:util";
import * as forge from "node-forge";
import type { Identity } from "../pki/authority";

const { asn1, pki } = forge;
const generate = promisify(generateKeyPair);
const day = 24 * 60 * 60 * 1000;

export interface Attacker extends Identity {
    /** The attacker's own CA, which the leaf is signed by. */
    caPem: string;
}

/** What a signature names of its issuer: the exact bytes of the name, and the key identifier. */
interface Issuer {
    name: forge.asn1.Asn1;
    keyIdentifier: string | undefined;
    privateKeyPem: string;
}

interface Content {
    subject: forge.pki.CertificateField[];
    /** Exact bytes of a name in place of `subject`. */
    subjectName?: forge.asn1.Asn1;
    ca: boolean;
    keyIdentifier?: string;
    notBefore: Date;
    notAfter: Date;
}

function child(node: forge.asn1.Asn1, index: number): forge.asn1.Asn1 {
    return (node.value as forge.asn1.Asn1[])[index]!;
}

/** Subject (exact bytes) and subject key identifier of a certificate of any key type. */
function nameOf(certificatePem: string): { name: forge.asn1.Asn1; keyIdentifier: string | undefined } {
    const der = asn1.fromDer(new X509Certificate(certificatePem).raw.toString("binary"));
    const fields = child(der, 0).value as forge.asn1.Asn1[];
    const extensions = fields.find((field) => field.tagClass === asn1.Class.CONTEXT_SPECIFIC && Number(field.type) === 3);
    const identifier = ((extensions && (child(extensions, 0).value as forge.asn1.Asn1[])) ?? []).find(
        (extension) => asn1.derToOid(child(extension, 0).value as string) === pki.oids.subjectKeyIdentifier,
    );
    const octets = identifier && (identifier.value as forge.asn1.Asn1[]).at(-1);
    return { name: fields[5]!, keyIdentifier: octets && (asn1.fromDer(octets.value as string).value as string) };
}

/** `AlgorithmIdentifier` of SHA-256 with RSA (parameters NULL) or with ECDSA (none). */
function algorithmOf(privateKeyPem: string): forge.asn1.Asn1 {
    const rsa = createPrivateKey(privateKeyPem).asymmetricKeyType === "rsa";
    const oid = asn1.oidToDer(rsa ? "1.2.840.113549.1.1.11" : "1.2.840.10045.4.3.2").getBytes();
    const parameters = rsa ? [asn1.create(asn1.Class.UNIVERSAL, asn1.Type.NULL, false, "")] : [];
    return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, [
        asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, oid),
        ...parameters,
    ]);
}

const octetString = (bytes: string) => asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OCTETSTRING, false, bytes);

function signedBy(issuer: Issuer, publicKeyPem: string, content: Content): string {
    const certificate = pki.createCertificate();
    // A placeholder, as forge only knows RSA: the real key is put in below.
    certificate.publicKey = pki.setRsaPublicKey(new forge.jsbn.BigInteger("3"), new forge.jsbn.BigInteger("3"));
    certificate.serialNumber = `4${randomBytes(15).toString("hex").slice(1)}`;
    certificate.validity.notBefore = content.notBefore;
    certificate.validity.notAfter = content.notAfter;
    certificate.setSubject(content.subject);
    certificate.setIssuer(content.subject);
    certificate.setExtensions([
        { name: "basicConstraints", cA: content.ca, critical: true },
        content.ca
            ? { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true }
            : { name: "keyUsage", digitalSignature: true, critical: true },
        ...(content.ca ? [] : [{ name: "extKeyUsage", clientAuth: true }]),
        ...(content.keyIdentifier
            ? // By value: forge would compute the identifier of its placeholder key otherwise.
              [{ id: pki.oids.subjectKeyIdentifier, value: asn1.toDer(octetString(content.keyIdentifier)).getBytes() }]
            : []),
        ...(issuer.keyIdentifier ? [{ name: "authorityKeyIdentifier", keyIdentifier: issuer.keyIdentifier }] : []),
    ]);
    const algorithm = algorithmOf(issuer.privateKeyPem);
    certificate.signatureOid = pki.oids.sha256WithRSAEncryption!;
    certificate.siginfo.algorithmOid = pki.oids.sha256WithRSAEncryption!;
    certificate.signature = "";
    const whole = pki.certificateToAsn1(certificate);
    const tbs = child(whole, 0);
    const fields = tbs.value as forge.asn1.Asn1[];
    fields[2] = algorithm;
    fields[3] = issuer.name;
    fields[6] = asn1.fromDer(createPublicKey(publicKeyPem).export({ type: "spki", format: "der" }).toString("binary"));
    if (content.subjectName) fields[5] = content.subjectName;
    const signature = sign("sha256", Buffer.from(asn1.toDer(tbs).getBytes(), "binary"), issuer.privateKeyPem).toString("binary");
    whole.value = [tbs, algorithm, asn1.create(asn1.Class.UNIVERSAL, asn1.Type.BITSTRING, false, `\0${signature}`)];
    const base64 = Buffer.from(asn1.toDer(whole).getBytes(), "binary").toString("base64");
    return `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)!.join("\n")}\n-----END CERTIFICATE-----\n`;
}

export interface KeyPair {
    publicKeyPem: string;
    privateKeyPem: string;
}

/** A key pair of the given curve, or else of RSA. */
export async function newKeys(namedCurve?: string): Promise<KeyPair> {
    const { publicKey, privateKey } =
        namedCurve === undefined ? await generate("rsa", { modulusLength: 2048 }) : await generate("ec", { namedCurve });
    return {
        publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
        privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    };
}

function nameNode(commonName: string): forge.asn1.Asn1 {
    const certificate = pki.createCertificate();
    certificate.setSubject([{ name: "commonName", value: commonName }]);
    return pki.distinguishedNameToAsn1(certificate.subject);
}

const valid = () => ({ notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + 365 * day) });

/** A CA with the given name and key identifier, but the attacker's own key, and a client leaf signed by it. */
async function attackerWith(
    name: forge.asn1.Asn1,
    keyIdentifier: string,
    leafName: string,
    keysOf = newKeys,
    namedCurve?: string,
): Promise<Attacker> {
    const [caKeys, leafKeys] = await Promise.all([keysOf(namedCurve), keysOf()]);
    const issuer: Issuer = { name, keyIdentifier, privateKeyPem: caKeys.privateKeyPem };
    const subject = [{ name: "commonName", value: "attacker" }];
    const caPem = signedBy(issuer, caKeys.publicKeyPem, { subject, subjectName: name, ca: true, keyIdentifier, ...valid() });
    const leaf = { subject: [{ name: "commonName", value: leafName }], ca: false, ...valid() };
    return { caPem, certificatePem: signedBy(issuer, leafKeys.publicKeyPem, leaf), privateKeyPem: leafKeys.privateKeyPem };
}

/** An attacker with a CA of their own. `keysOf`: the source of key pairs, for tests that need many attackers. */
export function stranger(leafName = "stranger", keysOf = newKeys): Promise<Attacker> {
    return attackerWith(nameNode("Stranger CA"), createHash("sha1").update(randomBytes(20)).digest("binary"), leafName, keysOf);
}

/** A CA that calls itself exactly like the given one, down to its key identifier and type of key: only the signature tells. */
export function forged(caPem: string, leafName = "forged", keysOf = newKeys): Promise<Attacker> {
    const { name, keyIdentifier } = nameOf(caPem);
    const { namedCurve } = new X509Certificate(caPem).publicKey.asymmetricKeyDetails ?? {};
    return attackerWith(name, keyIdentifier ?? randomBytes(20).toString("binary"), leafName, keysOf, namedCurve);
}

/** An expired leaf, signed by the given CA. */
export async function expired(ca: Identity, leafName = "expired", keysOf = newKeys): Promise<Identity> {
    const keys = await keysOf();
    const certificatePem = signedBy({ ...nameOf(ca.certificatePem), privateKeyPem: ca.privateKeyPem }, keys.publicKeyPem, {
        subject: [{ name: "commonName", value: leafName }],
        ca: false,
        notBefore: new Date(Date.now() - 30 * day),
        notAfter: new Date(Date.now() - day),
    });
    return { certificatePem, privateKeyPem: keys.privateKeyPem };
}

/** An intermediate CA under the given one and a leaf of it that brings the whole chain along. */
export async function intermediate(ca: Identity): Promise<{ caPem: string; leaf: Identity }> {
    const [caKeys, leafKeys] = await Promise.all([newKeys(), newKeys()]);
    const subject = [{ name: "commonName", value: "Intermediate CA" }];
    const keyIdentifier = randomBytes(20).toString("binary");
    const above = { ...nameOf(ca.certificatePem), privateKeyPem: ca.privateKeyPem };
    const caPem = signedBy(above, caKeys.publicKeyPem, { subject, ca: true, keyIdentifier, ...valid() });
    const leafPem = signedBy({ ...nameOf(caPem), privateKeyPem: caKeys.privateKeyPem }, leafKeys.publicKeyPem, {
        subject: [{ name: "commonName", value: "leaf" }],
        ca: false,
        ...valid(),
    });
    return { caPem, leaf: { certificatePem: leafPem + caPem, privateKeyPem: leafKeys.privateKeyPem } };
}

/** The given CA, reissued: the same name, another key and key identifier. */
export async function reissued(caPem: string): Promise<string> {
    const { name } = nameOf(caPem);
    const keys = await newKeys("prime256v1");
    const keyIdentifier = randomBytes(20).toString("binary");
    const subject = [{ name: "commonName", value: "reissued" }];
    return signedBy({ name, keyIdentifier, privateKeyPem: keys.privateKeyPem }, keys.publicKeyPem, {
        subject,
        subjectName: name,
        ca: true,
        keyIdentifier,
        ...valid(),
    });
}
