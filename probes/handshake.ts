/**
 * Reads the plaintext part of a TLS 1.2 handshake: the server's certificates, and which client certificates it requests. Node reports neither
 * if the server closes the connection during the handshake, as API Gateway does without a client certificate.
 */
import { Duplex } from "node:stream";
import type { Socket } from "node:net";

/** The server's part of a handshake, as far as it was received. */
export interface ServerHandshake {
    /** DER, the leaf first. */
    certificates: Buffer[];
    certificateRequested: boolean;
    /** DER of the distinguished names that the server accepts. */
    authorities: Buffer[];
}

const RECORD_HANDSHAKE = 22;
const CERTIFICATE = 11;
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

/** Items, each after a length of `size` bytes. */
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
        // Not TLS; what was read so far counts.
    }
    return seen;
}

/** A stream over the socket that keeps the first bytes that the server sends. */
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
