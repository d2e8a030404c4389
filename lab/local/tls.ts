/** The tls provider: real keys and real certificates. */
import { serialNumber, toPem, x509 } from "../pki/x509";
import { importPrivate, importPublic, keyOutputs } from "../pki/keys";
import { broken, list, number, oneOf, text, type Props, type ResourceType, type Table } from "../shared/resourceType";

const HOUR = 3_600_000;
const USAGES: Record<string, x509.KeyUsageFlags> = {
    digital_signature: x509.KeyUsageFlags.digitalSignature,
    content_commitment: x509.KeyUsageFlags.nonRepudiation,
    key_encipherment: x509.KeyUsageFlags.keyEncipherment,
    data_encipherment: x509.KeyUsageFlags.dataEncipherment,
    key_agreement: x509.KeyUsageFlags.keyAgreement,
    cert_signing: x509.KeyUsageFlags.keyCertSign,
    crl_signing: x509.KeyUsageFlags.cRLSign,
    encipher_only: x509.KeyUsageFlags.encipherOnly,
    decipher_only: x509.KeyUsageFlags.decipherOnly,
};
const EXTENDED: Record<string, string> = {
    any_extended: "2.5.29.37.0",
    server_auth: "1.3.6.1.5.5.7.3.1",
    client_auth: "1.3.6.1.5.5.7.3.2",
    code_signing: "1.3.6.1.5.5.7.3.3",
    email_protection: "1.3.6.1.5.5.7.3.4",
    timestamping: "1.3.6.1.5.5.7.3.8",
    ocsp_signing: "1.3.6.1.5.5.7.3.9",
};
/** In the order in which Go writes a distinguished name. */
const SUBJECT = [
    ["country", "C"],
    ["organization", "O"],
    ["organizationalUnit", "OU"],
    ["locality", "L"],
    ["province", "ST"],
    ["commonName", "CN"],
    ["serialNumber", "2.5.4.5"],
] as const;
const SUBJECT_SPEC: [string, Table] = ["object replace", Object.fromEntries(SUBJECT.map(([name]) => [name, "string"]))];
const VALIDITY = ["validityStartTime", "validityEndTime", "readyForRenewal"];
const ISSUE: Table = {
    allowedUses: "string[]! replace",
    validityPeriodHours: "number! replace",
    earlyRenewalHours: "number",
    isCaCertificate: "boolean replace",
    maxPathLength: "number replace",
    setSubjectKeyId: "boolean replace",
};

function nameOf(inputs: Props): x509.JsonName {
    const subject = (inputs.subject as Props | undefined) ?? {};
    return SUBJECT.filter(([name]) => subject[name] !== undefined).map(([name, short]) => ({ [short]: [text(subject, name)] }));
}

function altNames(inputs: Props): x509.Extension[] {
    const names = list(inputs, "dnsNames");
    return names.length ? [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns" as const, value })))] : [];
}

async function extensionsOf(inputs: Props, publicKey: x509.PublicKeyType): Promise<x509.Extension[]> {
    const uses = list(inputs, "allowedUses");
    const flags = uses.reduce((sum, use) => sum | (USAGES[use] ?? 0), 0);
    const oids = uses.flatMap((use) => EXTENDED[use] ?? []);
    const ca = inputs.isCaCertificate === true;
    return [
        new x509.BasicConstraintsExtension(ca, ca ? number(inputs, "maxPathLength") : undefined, true),
        ...(flags ? [new x509.KeyUsagesExtension(flags, true)] : []),
        ...(oids.length ? [new x509.ExtendedKeyUsageExtension(oids)] : []),
        ...(ca || inputs.setSubjectKeyId === true ? [await x509.SubjectKeyIdentifierExtension.create(publicKey)] : []),
    ];
}

/** Whole seconds from now, by the signer's clock; a leaf may outlive its CA (docs/sources.md 11.7). */
function validity(inputs: Props): { notBefore: Date; notAfter: Date; outputs: Props } {
    const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000);
    const notAfter = new Date(notBefore.getTime() + (number(inputs, "validityPeriodHours") ?? 0) * HOUR);
    const rfc3339 = (date: Date): string => date.toISOString().replace(".000Z", "Z");
    return {
        notBefore,
        notAfter,
        outputs: { validityStartTime: rfc3339(notBefore), validityEndTime: rfc3339(notAfter), readyForRenewal: false },
    };
}

function checkIssue(inputs: Props): void {
    for (const use of list(inputs, "allowedUses")) {
        if (use !== undefined && !(use in USAGES) && !(use in EXTENDED)) broken("tls-allowed-use", "allowedUses", `unknown use ${use}`);
    }
    for (const property of ["validityPeriodHours", "earlyRenewalHours"]) {
        if ((number(inputs, property) ?? 0) < 0) broken("tls-hours", property, "must not be negative");
    }
}

/** Judged by the stored end and the clock, not by the stored flag (docs/sources.md 11.7). */
function renew(inputs: Props, state: Props): string[] {
    const end = Date.parse(text(state, "validityEndTime"));
    return Date.now() >= end - (number(inputs, "earlyRenewalHours") ?? 0) * HOUR ? ["readyForRenewal"] : [];
}

/** Exists only in the state, not in the cloud. */
const STATE_ONLY: Pick<ResourceType, "read" | "delete"> = { read: () => ({}), delete: () => undefined };

const privateKey: ResourceType = {
    token: "tls:index/privateKey:PrivateKey",
    properties: { algorithm: "string! replace", rsaBits: "number replace", ecdsaCurve: "string replace" },
    computed: ["privateKeyPem", "privateKeyPemPkcs8", "publicKeyPem", "publicKeyFingerprintSha256"],
    check(inputs) {
        oneOf(inputs, "algorithm", ["RSA", "ECDSA"], "tls-algorithm");
        // The provider's own default is P224, which API Gateway refuses (docs/sources.md 1.2).
        if (inputs.algorithm === "ECDSA")
            oneOf({ ecdsaCurve: inputs.ecdsaCurve ?? "P224" }, "ecdsaCurve", ["P256", "P384"], "tls-ecdsa-curve");
        oneOf(inputs, "rsaBits", [2048, 3072, 4096], "tls-rsa-bits");
    },
    async create(cloud, inputs) {
        const ecdsa = inputs.algorithm === "ECDSA";
        const curve = inputs.ecdsaCurve === "P384" ? "P384" : "P256";
        const pem = await cloud.keys(ecdsa ? { type: "ECDSA", curve } : { type: "RSA", bits: number(inputs, "rsaBits") ?? 2048 });
        const outputs = keyOutputs(pem);
        return { id: text(outputs, "publicKeyFingerprintSha256"), outputs };
    },
    ...STATE_ONLY,
};

const selfSigned: ResourceType = {
    token: "tls:index/selfSignedCert:SelfSignedCert",
    properties: {
        ...ISSUE,
        privateKeyPem: "string! replace",
        subject: SUBJECT_SPEC,
        dnsNames: "string[] replace",
        setAuthorityKeyId: "boolean replace",
    },
    computed: ["certPem", "keyAlgorithm", ...VALIDITY],
    check: checkIssue,
    async create(_cloud, inputs) {
        const keys = await importPrivate(text(inputs, "privateKeyPem"), "privateKeyPem");
        const { outputs, ...dates } = validity(inputs);
        const extensions = [...(await extensionsOf(inputs, keys.publicKey)), ...altNames(inputs)];
        if (inputs.setAuthorityKeyId === true) extensions.push(await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey));
        const serial = serialNumber();
        const name = nameOf(inputs);
        const certificate = await x509.X509CertificateGenerator.createSelfSigned({
            serialNumber: serial,
            name,
            keys,
            signingAlgorithm: keys.signing,
            extensions,
            ...dates,
        });
        return { id: serial, outputs: { certPem: toPem(certificate), keyAlgorithm: keys.algorithm, ...outputs } };
    },
    update: () => ({}),
    renew,
    ...STATE_ONLY,
};

const request: ResourceType = {
    token: "tls:index/certRequest:CertRequest",
    properties: { privateKeyPem: "string! replace", subject: SUBJECT_SPEC, dnsNames: "string[] replace" },
    computed: ["certRequestPem", "keyAlgorithm"],
    async create(_cloud, inputs) {
        const keys = await importPrivate(text(inputs, "privateKeyPem"), "privateKeyPem");
        const extensions = altNames(inputs);
        const certificateRequest = await x509.Pkcs10CertificateRequestGenerator.create({
            name: nameOf(inputs),
            keys,
            signingAlgorithm: keys.signing,
            extensions,
        });
        return { id: serialNumber(), outputs: { certRequestPem: toPem(certificateRequest), keyAlgorithm: keys.algorithm } };
    },
    ...STATE_ONLY,
};

function parsed<T>(property: string, parse: () => T): T {
    try {
        return parse();
    } catch {
        return broken("tls-pem", property, "not the PEM that it should be");
    }
}

const locallySigned: ResourceType = {
    token: "tls:index/locallySignedCert:LocallySignedCert",
    properties: { ...ISSUE, certRequestPem: "string! replace", caCertPem: "string! replace", caPrivateKeyPem: "string! replace" },
    computed: ["certPem", "caKeyAlgorithm", ...VALIDITY],
    check: checkIssue,
    async create(_cloud, inputs) {
        const csr = parsed("certRequestPem", () => new x509.Pkcs10CertificateRequest(text(inputs, "certRequestPem")));
        const ca = parsed("caCertPem", () => new x509.X509Certificate(text(inputs, "caCertPem")));
        const signer = await importPrivate(text(inputs, "caPrivateKeyPem"), "caPrivateKeyPem");
        if (Buffer.compare(Buffer.from(ca.publicKey.rawData), signer.spki) !== 0) {
            broken("tls-ca-key-fits", "caPrivateKeyPem", "does not belong to caCertPem");
        }
        const { outputs, ...dates } = validity(inputs);
        const publicKey = await importPublic(Buffer.from(csr.publicKey.rawData));
        const names = csr.getExtension("2.5.29.17");
        const extensions = await extensionsOf(inputs, publicKey);
        if (names) extensions.push(names);
        extensions.push(await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey));
        const serial = serialNumber();
        const certificate = await x509.X509CertificateGenerator.create({
            serialNumber: serial,
            subject: csr.subjectName,
            issuer: ca.subjectName,
            publicKey,
            signingKey: signer.privateKey,
            signingAlgorithm: signer.signing,
            extensions,
            ...dates,
        });
        return {
            id: serial,
            outputs: { certPem: toPem(certificate), caKeyAlgorithm: signer.algorithm, ...outputs },
        };
    },
    update: () => ({}),
    renew,
    ...STATE_ONLY,
};

export const tls: ResourceType[] = [privateKey, selfSigned, request, locallySigned];
