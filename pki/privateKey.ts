import { createPrivateKey, type KeyObject } from "node:crypto";
import { inside } from "./der";
import { subject } from "./chains";
import { read, type Problem } from "./judge";
import { describePem, normalisePem } from "./pem";

const KEY = /^-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----\n((?:[A-Za-z0-9+/=]+\n)+)-----END \1-----\n$/;
/** What `openssl ecparam -genkey` writes before the key: the curve's name. It is dropped: the key has it too. */
const PARAMETERS = /^-----BEGIN EC PARAMETERS-----\n([A-Za-z0-9+/=]+)\n-----END EC PARAMETERS-----\n+(?=-----BEGIN EC PRIVATE KEY-----\n)/;

interface ReadKey {
    key: KeyObject;
    /** The key and nothing else, as it is passed on. */
    pem: string;
}

/** Reads a text that is exactly one private key. Throws a message that contains no part of it. */
function readKey(text: string): ReadKey {
    const must = "must be an unencrypted PEM private key";
    const normalised = normalisePem(text);
    const block = normalised.replace(PARAMETERS, "");
    if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: ?4,ENCRYPTED/.test(normalised)) throw new Error(`${must}; received an encrypted one`);
    const blocks = normalised.match(/-----BEGIN [^-]*-----/g) ?? [];
    if (!blocks.some((line) => line.includes("PRIVATE KEY"))) {
        const what = blocks.some((line) => line.includes("CERTIFICATE")) ? "a certificate" : describePem(text);
        throw new Error(`${must}; received ${what}`);
    }
    if (blocks.filter((line) => line.includes("PRIVATE KEY")).length > 1)
        throw new Error(`${must}, and only that one; received more than one private key`);
    const [, label, base64 = ""] = KEY.exec(block) ?? [];
    if (label === undefined) {
        const alone = /^-----BEGIN [^-]*PRIVATE KEY-----\n(?:[^-]+)-----END [^-]*PRIVATE KEY-----\n$/.test(block);
        throw new Error(alone ? `${must}; received an unreadable one` : `${must} and nothing else; received one among other text`);
    }
    try {
        const key = createPrivateKey(block);
        const type = label === "RSA PRIVATE KEY" ? "pkcs1" : label === "EC PRIVATE KEY" ? "sec1" : "pkcs8";
        const der = Buffer.from(base64, "base64");
        // The block is passed on as it came only if it holds the key alone: parsers skip what follows the key, or stands beside it.
        const canonical = (key.export({ type: type as "pkcs8", format: "der" }) as Buffer).equals(der);
        inside(der, 0x30);
        const plain = der.toString("base64") === base64.replace(/\n/g, "");
        return { key, pem: canonical && plain ? block : (key.export({ type: type as "pkcs8", format: "pem" }) as string) };
    } catch {
        // The cause is dropped on purpose: a parser's error may quote its input.
        throw new Error(`${must}; received an unreadable one`);
    }
}

/** The key of a text that {@link judgeKeyPair} accepts, and nothing else of it. */
export function normalisePrivateKey(text: string): string {
    return readKey(text).pem;
}

/** Judges a private key against its certificate. No message contains any part of the key. */
export function judgeKeyPair(path: string, leafPem: string, keyPem: string): Problem[] {
    const refuse = (message: string): Problem[] => [{ path, message }];
    let key: KeyObject;
    try {
        ({ key } = readKey(keyPem));
    } catch (error) {
        return refuse((error as Error).message);
    }
    const { reads, refusal } = read(leafPem);
    const leaf = reads[0]?.certificate;
    if (refusal || !leaf) return refuse("must match its certificate; received a key with a text that is not a PEM certificate");
    let fits = false;
    try {
        fits = leaf.checkPrivateKey(key);
    } catch {
        // The key is of a different type than the certificate's: no match.
    }
    return fits ? [] : refuse(`must match its certificate ${subject(leaf)}; received the key of a different certificate`);
}
