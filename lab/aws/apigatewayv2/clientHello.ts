/** Reads the server name out of a TLS ClientHello, so that a connection can be handed to the TLS server of that name. */
// Not npm's read-tls-client-hello (2.0.0): it refuses a ClientHello in several records, and limits neither its size nor the wait.
import type { Socket } from "node:net";

const maxBytes = 64 * 1024;

/** The outcome of looking at what has arrived so far; `undefined` means that more is needed. */
export type Hello = { serverName: string | undefined } | undefined;

/** The handshake bytes of the leading records, or undefined while the ClientHello is incomplete. Throws when it is not TLS. */
function handshakeMessage(data: Buffer): Buffer | undefined {
    const parts: Buffer[] = [];
    let offset = 0;
    let length = 0;
    while (offset + 5 <= data.length) {
        if (data[offset] !== 22 || data[offset + 1] !== 3) throw new Error("not a TLS handshake");
        const size = data.readUInt16BE(offset + 3);
        if (size === 0 || size > 16384) throw new Error("bad record length");
        const body = data.subarray(offset + 5, offset + 5 + size);
        parts.push(body);
        length += body.length;
        offset += 5 + size;
        if (length >= 4) {
            const message = Buffer.concat(parts);
            if (message[0] !== 1) throw new Error("not a ClientHello");
            const wanted = 4 + message.readUIntBE(1, 3);
            if (wanted > maxBytes) throw new Error("ClientHello too long");
            if (message.length >= wanted) return message.subarray(4, wanted);
        }
        if (body.length < size) return undefined;
    }
    if (data.length > 0 && data[0] !== 22) throw new Error("not a TLS handshake");
    return undefined;
}

export function parseClientHello(data: Buffer): Hello {
    const body = handshakeMessage(data);
    if (!body) return undefined;
    let offset = 34;
    offset += 1 + body.readUInt8(offset);
    offset += 2 + body.readUInt16BE(offset);
    offset += 1 + body.readUInt8(offset);
    if (offset + 2 > body.length) return { serverName: undefined };
    const end = Math.min(body.length, offset + 2 + body.readUInt16BE(offset));
    offset += 2;
    while (offset + 4 <= end) {
        const type = body.readUInt16BE(offset);
        const size = body.readUInt16BE(offset + 2);
        const extension = body.subarray(offset + 4, offset + 4 + size);
        if (type === 0 && extension.length >= 5 && extension[2] === 0) {
            const name = extension.subarray(5, 5 + extension.readUInt16BE(3)).toString("latin1");
            return { serverName: name.toLowerCase().replace(/\.$/, "") };
        }
        offset += 4 + size;
    }
    return { serverName: undefined };
}

/** Long enough for a client on a machine that is busy with other things. */
const HELLO_MS = 60_000;

/** Waits for the ClientHello and leaves the socket paused with every byte still to be read. */
export function readServerName(socket: Socket): Promise<string | undefined> {
    return new Promise((done, fail) => {
        let data = Buffer.alloc(0);
        const finish = (error?: Error) => {
            clearTimeout(timer);
            socket.off("data", onData).off("end", onEnd).off("close", onEnd);
            if (error) fail(error);
        };
        const onEnd = () => finish(new Error("closed before a ClientHello"));
        const onData = (chunk: Buffer) => {
            data = Buffer.concat([data, chunk]);
            try {
                const hello = parseClientHello(data);
                if (hello) {
                    socket.pause();
                    finish();
                    socket.unshift(data);
                    done(hello.serverName);
                } else if (data.length > maxBytes) finish(new Error("ClientHello too long"));
            } catch (error) {
                finish(error as Error);
            }
        };
        const timer = setTimeout(() => finish(new Error("no ClientHello in time")), HELLO_MS);
        socket.on("data", onData).once("end", onEnd).once("close", onEnd);
    });
}
