/** Reads from the plaintext part of a TLS 1.2 handshake which CAs the server accepts client certificates of. Node does not report them. */
import { Duplex } from "node:stream";
import type { Socket } from "node:net";

/** A stream over a socket, and what was heard on it. */
export interface Tap {
    stream: Duplex;
    /** DER of the distinguished names that the server accepts; empty if it named none, undefined if it was not heard to ask. */
    authorities: () => Buffer[] | undefined;
}

const RECORD_HANDSHAKE = 22;
const CERTIFICATE_REQUEST = 13;
const LIMIT = 256 * 1024;

/** The handshake messages of the plaintext records; a truncated one is ignored. */
function* messages(bytes: Buffer): Generator<{ type: number; body: Buffer }> {
    const parts: Buffer[] = [];
    for (let at = 0; at + 5 <= bytes.length;) {
        const length = bytes.readUInt16BE(at + 3);
        // After the change of cipher everything is encrypted.
        if (bytes[at] !== RECORD_HANDSHAKE || at + 5 + length > bytes.length) break;
        parts.push(bytes.subarray(at + 5, at + 5 + length));
        at += 5 + length;
    }
    const all = Buffer.concat(parts);
    for (let at = 0; at + 4 <= all.length;) {
        const length = all.readUIntBE(at + 1, 3);
        if (at + 4 + length > all.length) return;
        yield { type: all[at]!, body: all.subarray(at + 4, at + 4 + length) };
        at += 4 + length;
    }
}

/** Items, each after a length of two bytes. */
function items(list: Buffer): Buffer[] {
    const found: Buffer[] = [];
    for (let at = 0; at + 2 <= list.length;) {
        const length = list.readUInt16BE(at);
        found.push(list.subarray(at + 2, at + 2 + length));
        at += 2 + length;
    }
    return found;
}

/** Of a TLS 1.2 connection; RFC 5246, section 7.4.4. */
function authoritiesOf(bytes: Buffer): Buffer[] | undefined {
    try {
        for (const { type, body } of messages(bytes)) {
            if (type !== CERTIFICATE_REQUEST) continue;
            const algorithms = 1 + body[0]!;
            const names = algorithms + 2 + body.readUInt16BE(algorithms);
            return items(body.subarray(names + 2, names + 2 + body.readUInt16BE(names)));
        }
    } catch {
        // Not TLS.
    }
    return undefined;
}

/** A stream over the socket that keeps the first bytes that the server sends. */
export function tapped(socket: Socket): Tap {
    const chunks: Buffer[] = [];
    let size = 0;
    const stream = new Duplex({
        read: () => socket.resume(),
        write: (chunk, _encoding, done) => void socket.write(chunk as Buffer, (error) => done(error)),
        final: (done) => void socket.end(done),
        destroy: (error, done) => {
            socket.destroy();
            done(error);
        },
    });
    socket.on("data", (chunk: Buffer) => {
        if (size < LIMIT) chunks.push(chunk);
        size += chunk.length;
        if (!stream.push(chunk)) socket.pause();
    });
    socket.on("end", () => stream.push(null));
    socket.on("error", (error) => stream.destroy(error));
    socket.on("close", () => stream.destroy());
    return { stream, authorities: () => authoritiesOf(Buffer.concat(chunks)) };
}
