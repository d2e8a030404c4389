/**
 * Reads what a TLS 1.2 server says in the clear before a client is judged: its certificates, and whether it asks for one of ours and from
 * whom. Node tells neither when the server closes the connection in the middle of the handshake, as API Gateway does without a certificate.
 */
import { Duplex } from "node:stream";
import type { Socket } from "node:net";

/** Server's part of a handshake, as far as it was seen. */
export interface ServerHandshake {
    /** DER, the leaf first. */
    certificates: Buffer[];
    certificateRequested: boolean;
    /** DER of the distinguished names that the server offers to accept. */
    authorities: Buffer[];
}

const RECORD_HANDSHAKE = 22;
const CERTIFICATE = 11;
const CERTIFICATE_REQUEST = 13;
const LIMIT = 256 * 1024;

/** The messages of the records that are in the clear; what is cut off is left out. */
function* messages(bytes: Buffer): Generator<{ type: number; body: Buffer }> {
    const parts: Buffer[] = [];
    for (let at = 0; at + 5 <= bytes.length;) {
        const length = bytes.readUInt16BE(at + 3);
        // A change of cipher: the rest is encrypted.
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

/** Items with a length of `size` bytes before each. */
function items(list: Buffer, size: 2 | 3): Buffer[] {
    const found: Buffer[] = [];
    for (let at = 0; at + size <= list.length;) {
        const length = list.readUIntBE(at, size);
        found.push(list.subarray(at + size, at + size + length));
        at += size + length;
    }
    return found;
}

/** Of a TLS 1.2 connection; RFC 5246, sections 7.4.2 and 7.4.4. */
export function readHandshake(bytes: Buffer): ServerHandshake {
    const seen: ServerHandshake = { certificates: [], certificateRequested: false, authorities: [] };
    try {
        for (const { type, body } of messages(bytes)) {
            if (type === CERTIFICATE) seen.certificates = items(body.subarray(3, 3 + body.readUIntBE(0, 3)), 3);
            if (type !== CERTIFICATE_REQUEST) continue;
            seen.certificateRequested = true;
            const algorithms = 1 + body[0]!;
            const names = algorithms + 2 + body.readUInt16BE(algorithms);
            seen.authorities = items(body.subarray(names + 2, names + 2 + body.readUInt16BE(names)), 2);
        }
    } catch {
        // Whatever speaks there, it is not TLS; what was read until then stands.
    }
    return seen;
}

/** A stream over the socket that keeps the first bytes of what the server says. */
export function tapped(socket: Socket): { stream: Duplex; heard: () => Buffer } {
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
    return { stream, heard: () => Buffer.concat(chunks) };
}
