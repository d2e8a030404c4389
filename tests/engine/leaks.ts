/** Where a secret, or a fact of the machine, must not be: searched after every use of the real engine. */
import { createPrivateKey } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** A line from its middle, base64 without line breaks, and DER: what a private key looks like. */
function piecesOf(pem: string): Buffer[] {
    const base64 = pem.replace(/-----[^-]+-----|\s/g, "");
    const der = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
    const middle = Math.floor(base64.length / 2);
    const line = pem.split("\n")[Math.floor(pem.split("\n").length / 2)]!;
    const start = Math.floor(der.length / 2);
    return [Buffer.from(line), Buffer.from(base64.slice(middle, middle + 60)), der.subarray(start, start + 40)];
}

export const secretPieces = (privateKeys: Iterable<string>, words: string[]): Buffer[] => [
    ...[...new Set(privateKeys)].flatMap(piecesOf),
    ...words.map((word) => Buffer.from(word)),
];

function files(folder: string): string[] {
    return fs
        .readdirSync(folder, { recursive: true, withFileTypes: true })
        .flatMap((entry) => (entry.isFile() ? [path.join(entry.parentPath, entry.name)] : []));
}

/** The places, of all files of the folder and these texts, that hold one of the pieces. */
export function findSecrets(pieces: Buffer[], folder: string, texts: Record<string, string>): { searched: number; found: string[] } {
    const places: [string, Buffer][] = [
        ...files(folder).map((file): [string, Buffer] => [path.relative(folder, file), fs.readFileSync(file)]),
        ...Object.entries(texts).map(([place, text]): [string, Buffer] => [place, Buffer.from(text)]),
    ];
    const found = places.filter(([, content]) => pieces.some((piece) => content.includes(piece))).map(([place]) => place);
    return { searched: places.length, found };
}

/** What holds any letters by chance, `/tmp` too: keys and certificates, and fingerprints. */
const BASE64 = /-----BEGIN [^-]+-----[^-]+-----END [^-]+-----|SHA256:[\w+/=]{43}/g;

/** Facts of this machine that the state holds: paths, the user's name, the machine's. */
export function findMachine(state: string, folder: string): string[] {
    // Source positions are relative to the project's folder: an inline program has another one than its sources.
    const text = JSON.stringify(JSON.parse(state), (key, value: unknown) => {
        if (["sourcePosition", "stackTrace", "ciphertext", "salt"].includes(key)) return undefined;
        return typeof value === "string" ? value.replace(BASE64, "") : value;
    });
    const paths = [os.homedir(), process.cwd(), os.tmpdir(), path.basename(folder)].filter((fact) => text.includes(fact));
    // A short name may occur within another word: only a word of its own counts.
    const names = [os.hostname(), os.userInfo().username].filter((name) => new RegExp(`(?<![\\w+/=])${name}(?![\\w+/=])`).test(text));
    return [...paths, ...names];
}
