import "reflect-metadata";
import { createHash, createPrivateKey, webcrypto, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { expect } from "chai";
import {
    CLOUDFLARE_SHARED_CA_EXPIRES,
    CLOUDFLARE_SHARED_CA_FINGERPRINT,
    expires,
    fingerprint256,
    judgeKeyPair,
    judgeLeaf,
    judgeTruststoreCa,
    keyFingerprints,
    normalisePem,
    Problem,
    splitCertificates,
} from "../../pki";

// Not proven here: that API Gateway and Cloudflare accept what these functions accept.

const NOW = new Date("2026-06-01T00:00:00Z");
const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const rsa = (modulusLength: number, hash = "SHA-256", name = "RSASSA-PKCS1-v1_5") => ({
    name,
    modulusLength,
    hash,
    publicExponent: new Uint8Array([1, 0, 1]),
    saltLength: 32,
});

interface Made {
    name: string;
    pem: string;
    keyPem: string;
    keys: webcrypto.CryptoKeyPair;
    algorithm: object;
}
interface Wanted {
    name: string;
    issuer?: Made;
    ca?: boolean;
    algorithm?: object;
    keys?: webcrypto.CryptoKeyPair;
    hash?: string;
    notBefore?: string;
    notAfter?: string;
}

async function make({ name, issuer, ca = true, algorithm = P256, keys: given, hash, notBefore, notAfter }: Wanted): Promise<Made> {
    const keys =
        given ??
        ((await webcrypto.subtle.generateKey(algorithm as webcrypto.EcKeyGenParams, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair);
    const signer = issuer ?? { name, keys, algorithm };
    const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${name}`,
        issuer: `CN=${signer.name}`,
        notBefore: new Date(notBefore ?? "2026-01-01T00:00:00Z"),
        notAfter: new Date(notAfter ?? "2027-01-01T00:00:00Z"),
        publicKey: keys.publicKey,
        signingKey: signer.keys.privateKey,
        signingAlgorithm: { ...signer.algorithm, ...(hash ? { hash } : {}) } as x509.X509CertificateCreateParams["signingAlgorithm"],
        extensions: [new x509.BasicConstraintsExtension(ca, undefined, true)],
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
    const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
    return {
        name,
        keys,
        algorithm,
        pem: `${certificate.toString("pem").trim()}\n`,
        keyPem: key.export({ type: "pkcs8", format: "pem" }) as string,
    };
}

/** Root first; each issues the next. */
async function chain(length: number): Promise<Made[]> {
    const made: Made[] = [];
    for (let i = 0; i < length; i++) made.push(await make({ name: `level ${i}`, issuer: made[i - 1] }));
    return made;
}

const pems = (made: Made[]) => made.map((one) => one.pem).join("");
const messages = (problems: Problem[]) => problems.map((problem) => problem.message);
const thrown = (act: () => unknown): string => {
    try {
        act();
    } catch (error) {
        return (error as Error).message;
    }
    throw new Error("expected an error, but nothing was thrown");
};

function expectOne(problems: Problem[], message: RegExp, path = "ca") {
    expect(messages(problems), "one problem").to.have.length(1);
    expect(problems[0]?.path).to.equal(path);
    expect(problems[0]?.message)
        .to.match(/^must .*; received ./)
        .and.to.match(message);
}

/** No line of a key, in whole or in part, may be found in a text. */
function expectNoEcho(text: string, keyPem: string) {
    const body = keyPem.split("\n").filter((line) => line && !line.startsWith("-----"));
    for (const line of body) expect(text).not.to.contain(line.slice(0, 8));
}

const ca = (pem: string) => judgeTruststoreCa("ca", pem, NOW);
const leaf = (pem: string, caPem: string) => judgeLeaf("leaf", pem, caPem, NOW);

describe("pki", () => {
    let root: Made;
    let client: Made;
    let stranger: Made;
    before(async () => {
        root = await make({ name: "root" });
        client = await make({ name: "client", issuer: root, ca: false });
        stranger = await make({ name: "root" });
    });

    describe("reads certificates and nothing else", () => {
        it("normalises CRLF, indentation and the end of the text", () => {
            const messy = `\r\n  ${root.pem.replace(/\n/g, "\r\n  ")}\r\n\r\n`;
            expect(normalisePem(messy)).to.equal(root.pem);
            expect(normalisePem(root.pem)).to.equal(root.pem);
            expect(splitCertificates(messy)).to.deep.equal([root.pem]);
            expect(ca(messy)).to.deep.equal([]);
        });
        it("splits a bundle into its certificates, in order", () => {
            expect(splitCertificates(`${root.pem}\r\n\n${client.pem.trim()}`)).to.deep.equal([root.pem, client.pem]);
        });
        it("refuses what is not a certificate", () => {
            const cutOff = root.pem.slice(0, -30);
            const noX509 = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
            for (const garbage of ["", "hello", cutOff, `${root.pem}hello`, `${root.pem}${cutOff}`]) {
                expect(thrown(() => splitCertificates(garbage))).to.match(/^must be PEM certificates; received ./);
                expectOne(ca(garbage), /must be PEM certificates/);
                expectOne(leaf(garbage, root.pem), /must be PEM certificates/, "leaf");
            }
            expectOne(ca(noX509), /must be PEM certificates.*number 1/);
            expect(thrown(() => fingerprint256(noX509))).to.match(/must be PEM certificates/);
            expect(thrown(() => splitCertificates("hello"))).not.to.contain("hello");
        });
        it("refuses a private key without echoing it", () => {
            const disguised = client.keyPem.replace(/PRIVATE KEY/g, "CERTIFICATE");
            for (const text of [client.keyPem, root.pem + client.keyPem, client.keyPem + root.pem, disguised]) {
                const said = [...messages(ca(text)), ...messages(leaf(text, root.pem)), thrown(() => fingerprint256(text))];
                expect(said).to.have.length(3);
                for (const message of said) {
                    expect(message).to.match(/^must be PEM certificates; received /);
                    expectNoEcho(message, client.keyPem);
                }
            }
            expect(thrown(() => splitCertificates(client.keyPem))).to.equal("must be PEM certificates; received a private key");
        });
        it("tells fingerprint, key fingerprint and the earliest end of validity", async () => {
            const certificate = new X509Certificate(client.pem);
            const spki = certificate.publicKey.export({ type: "spki", format: "der" });
            expect(fingerprint256(client.pem)).to.equal(certificate.fingerprint256);
            expect(keyFingerprints(client.pem)).to.deep.equal([createHash("sha256").update(spki).digest("hex")]);
            expect(keyFingerprints(root.pem + stranger.pem)).to.deep.equal([
                ...keyFingerprints(root.pem),
                ...keyFingerprints(stranger.pem),
            ]);
            const short = await make({ name: "short", issuer: root, notAfter: "2026-07-01T00:00:00Z" });
            expect(expires(root.pem).toISOString()).to.equal("2027-01-01T00:00:00.000Z");
            expect(expires(root.pem + short.pem).toISOString()).to.equal("2026-07-01T00:00:00.000Z");
        });
    });

    describe("knows the CA that Cloudflare shares", () => {
        const pem = readFileSync(join(__dirname, "../../certs/cloudflare-origin-pull-ca.pem"), "utf8");
        it("accepts the packaged copy and recognises its fingerprint and end", () => {
            expect(ca(pem)).to.deep.equal([]);
            expect(fingerprint256(pem)).to.equal(CLOUDFLARE_SHARED_CA_FINGERPRINT);
            expect(expires(pem).toISOString().slice(0, 10)).to.equal(CLOUDFLARE_SHARED_CA_EXPIRES);
        });
        it("refuses it once it has expired", () => {
            expectOne(judgeTruststoreCa("ca", pem, new Date("2029-11-02T00:00:00Z")), /must not have expired/);
        });
        it("does not take another CA for it", () => {
            expect(fingerprint256(root.pem)).not.to.equal(CLOUDFLARE_SHARED_CA_FINGERPRINT);
        });
    });

    describe("accepts as truststore only one CA with its chain", () => {
        it("accepts a self-signed CA and refuses a leaf", async () => {
            const selfSigned = await make({ name: "self", ca: false });
            expect(ca(root.pem)).to.deep.equal([]);
            expectOne(ca(selfSigned.pem), /must be a CA .*"CN=self"/);
            expectOne(ca(root.pem + client.pem), /must be a CA .*"CN=client"/);
        });
        it("accepts a chain of four in any order and refuses five", async () => {
            const five = await chain(5);
            expect(ca(pems(five.slice(0, 4)))).to.deep.equal([]);
            expect(ca(pems(five.slice(0, 4).reverse()))).to.deep.equal([]);
            expectOne(ca(pems(five)), /at most 4 CA certificates; received 5/);
        });
        it("refuses a chain that does not reach its root", async () => {
            const three = await chain(3);
            expect(ca(pems(three))).to.deep.equal([]);
            expectOne(ca(pems(three.slice(1))), /"CN=level 1" without its issuer "CN=level 0"/);
        });
        it("is not taken in by a root of the right name with another key", async () => {
            const middle = await make({ name: "middle", issuer: root });
            expect(ca(middle.pem + root.pem)).to.deep.equal([]);
            expectOne(ca(middle.pem + stranger.pem), /"CN=middle" without its issuer/);
        });
        it("refuses a second CA beside the chain, and a repeated one", () => {
            expectOne(ca(root.pem + stranger.pem), /one CA and its chain; received unrelated CAs/);
            expectOne(ca(root.pem + root.pem), /each certificate once/);
        });
        it("accepts a root beside its renewal, and refuses a stranger hidden behind the two", async () => {
            const renewal = await make({ name: "root", issuer: root, keys: root.keys, notAfter: "2028-01-01T00:00:00Z" });
            const other = await make({ name: "other" });
            expect(ca(root.pem + renewal.pem)).to.deep.equal([]);
            expectOne(ca(root.pem + renewal.pem + other.pem), /one CA and its chain/);
        });
        it("accepts the first and the last moment of validity and refuses those beyond", () => {
            const at = (iso: string) => judgeTruststoreCa("ca", root.pem, new Date(iso));
            expect(at("2026-01-01T00:00:00Z")).to.deep.equal([]);
            expect(at("2027-01-01T00:00:00Z")).to.deep.equal([]);
            expectOne(at("2025-12-31T23:59:59Z"), /must already be valid/);
            expectOne(at("2027-01-01T00:00:01Z"), /must not have expired/);
        });
        it("reports every problem at once", async () => {
            const bad = await make({ name: "bad", ca: false, notAfter: "2026-02-01T00:00:00Z", algorithm: rsa(1024, "SHA-1") });
            expect(messages(ca(bad.pem)).map((message) => message.split(";")[0])).to.deep.equal([
                "must be a CA (basicConstraints CA:TRUE, allowed to sign)",
                "must not have expired",
                "must be signed with RSA or ECDSA and SHA-256 or stronger",
                "must have an RSA key of at least 2048 bits or an ECDSA key of at least 256 bits",
            ]);
        });
    });

    describe("accepts strong algorithms only", () => {
        for (const [label, algorithm] of Object.entries({
            "RSA-2048 with SHA-256": rsa(2048),
            "RSA-2048 with SHA-384": rsa(2048, "SHA-384"),
            "RSA-2048 with SHA-512": rsa(2048, "SHA-512"),
            "RSASSA-PSS with SHA-256": rsa(2048, "SHA-256", "RSA-PSS"),
            "P-256 with SHA-256": P256,
            "P-384 with SHA-384": { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
        }))
            it(`accepts ${label}`, async () => {
                expect(ca((await make({ name: "strong", algorithm })).pem)).to.deep.equal([]);
            });
        it("refuses SHA-1, with RSA, RSASSA-PSS and ECDSA", async () => {
            expectOne(ca((await make({ name: "weak", algorithm: rsa(2048, "SHA-1") })).pem), /SHA-1 with RSA/);
            expectOne(ca((await make({ name: "weak", algorithm: rsa(2048, "SHA-1", "RSA-PSS") })).pem), /RSASSA-PSS with a weak hash/);
            expectOne(ca((await make({ name: "weak", hash: "SHA-1" })).pem), /SHA-1 with ECDSA/);
        });
        it("refuses RSA of 1024 bits", async () => {
            expectOne(ca((await make({ name: "weak", algorithm: rsa(1024) })).pem), /RSA of 1024 bits/);
        });
        it("refuses Ed25519 for its key and its signature", async () => {
            const weak = await make({ name: "weak", algorithm: { name: "Ed25519" } });
            expect(messages(ca(weak.pem)).join()).to.match(/1\.3\.101\.112.*type ed25519/);
        });
        it("judges a leaf by the same rule", async () => {
            const sha1 = await make({ name: "client", issuer: root, ca: false, hash: "SHA-1" });
            const short = await make({ name: "client", issuer: root, ca: false, algorithm: rsa(1024) });
            const long = await make({ name: "client", issuer: root, ca: false, algorithm: rsa(2048) });
            expectOne(leaf(sha1.pem, root.pem), /SHA-1 with ECDSA/, "leaf");
            expectOne(leaf(short.pem, root.pem), /RSA of 1024 bits/, "leaf");
            expect(leaf(long.pem, root.pem)).to.deep.equal([]);
        });
    });

    describe("accepts as client certificate only one that its CA signed", () => {
        it("accepts a leaf of the CA, or of any CA of the chain", async () => {
            const [top, middle] = (await chain(2)) as [Made, Made];
            const below = await make({ name: "below", issuer: middle, ca: false });
            expect(leaf(client.pem, root.pem)).to.deep.equal([]);
            expect(leaf(below.pem, top.pem + middle.pem)).to.deep.equal([]);
            expectOne(leaf(below.pem, top.pem), /signed directly by "CN=level 0"/, "leaf");
        });
        it("refuses a leaf of a CA of the same name with another key", () => {
            expectOne(leaf(client.pem, stranger.pem), /signed directly by "CN=root"; received "CN=client"/, "leaf");
        });
        it("refuses a leaf that a leaf signed", async () => {
            const forged = await make({ name: "forged", issuer: client, ca: false });
            expectOne(leaf(forged.pem, client.pem), /signed directly/, "leaf");
        });
        it("refuses a CA", async () => {
            const middle = await make({ name: "middle", issuer: root });
            expectOne(leaf(middle.pem, root.pem), /not a CA; received the CA "CN=middle"/, "leaf");
        });
        it("refuses two certificates", () => {
            expectOne(leaf(client.pem + root.pem, root.pem), /exactly one certificate; received 2/, "leaf");
        });
        it("refuses one that has expired", async () => {
            const old = await make({ name: "old", issuer: root, ca: false, notAfter: "2026-05-31T23:59:59Z" });
            expectOne(leaf(old.pem, root.pem), /must not have expired/, "leaf");
        });
        it("says so when the CA cannot be read, without echoing it", () => {
            const problems = leaf(client.pem, client.keyPem);
            expectOne(problems, /CA that is not PEM certificates/, "leaf");
            expectNoEcho(messages(problems).join(), client.keyPem);
        });
    });

    describe("accepts only the key that fits, and never tells it", () => {
        const key = (keyPem: string, leafPem = client.pem) => judgeKeyPair("key", leafPem, keyPem);
        it("accepts the key of the certificate, with LF or CRLF", () => {
            expect(key(client.keyPem)).to.deep.equal([]);
            expect(key(client.keyPem.replace(/\n/g, "\r\n"))).to.deep.equal([]);
        });
        it("refuses the key of another certificate, of the same type or not", async () => {
            const other = await make({ name: "other", algorithm: rsa(2048) });
            for (const made of [stranger, other]) {
                expectOne(key(made.keyPem), /must match its certificate "CN=client"/, "key");
                expectNoEcho(messages(key(made.keyPem)).join(), made.keyPem);
            }
        });
        it("refuses an encrypted key", () => {
            const encrypted = createPrivateKey(client.keyPem).export({
                type: "pkcs8",
                format: "pem",
                cipher: "aes-256-cbc",
                passphrase: "x",
            }) as string;
            expectOne(key(encrypted), /unencrypted PEM private key; received an encrypted one/, "key");
            expectNoEcho(messages(key(encrypted)).join(), encrypted);
        });
        it("refuses a damaged key, a certificate and a text without PEM", () => {
            const damaged = client.keyPem.replace(/\n[^-\n]{20}/, "\n");
            expectOne(key(damaged), /received an unreadable one/, "key");
            expectNoEcho(messages(key(damaged)).join(), damaged);
            expectOne(key(client.pem), /must be an unencrypted PEM private key; received a certificate$/, "key");
            expectOne(key("secret"), /6 characters without a PEM block/, "key");
        });
        it("refuses a key beside something that is not a certificate", () => {
            expectOne(key(client.keyPem, client.keyPem), /not a PEM certificate/, "key");
            expectNoEcho(messages(key(client.keyPem, client.keyPem)).join(), client.keyPem);
        });
    });
});
