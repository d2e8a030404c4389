/** Just enough DER to read a certificate's fields that Node does not expose. Every function throws on what is not DER. */
export interface Der {
    tag: number;
    body: Buffer;
}

/** The consecutive elements of a buffer. */
export function elements(der: Buffer): Der[] {
    const found: Der[] = [];
    for (let at = 0; at < der.length;) {
        const tag = der.readUInt8(at);
        const short = der.readUInt8(at + 1);
        const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
        // Above four bytes no certificate is that long; 0x80 is BER's indefinite length, which DER forbids.
        if (short === 0x80 || lengthBytes > 4) throw new Error("not DER");
        const length = lengthBytes === 0 ? short : der.readUIntBE(at + 2, lengthBytes);
        const start = at + 2 + lengthBytes;
        if (start + length > der.length) throw new Error("not DER");
        found.push({ tag, body: der.subarray(start, start + length) });
        at = start + length;
    }
    return found;
}

/** The elements inside the one element that a buffer consists of. */
export function inside(der: Buffer, tag?: number): Der[] {
    const [outer, ...rest] = elements(der);
    if (!outer || rest.length > 0 || (tag !== undefined && outer.tag !== tag)) throw new Error("not DER");
    return elements(outer.body);
}

export function objectIdentifier(body: Buffer): string {
    const arcs: number[] = [];
    let arc = 0;
    for (const byte of body) {
        arc = arc * 128 + (byte & 0x7f);
        if (byte < 0x80) {
            arcs.push(arc);
            arc = 0;
        }
    }
    const [head = 0, ...rest] = arcs;
    const root = Math.min(2, Math.floor(head / 40));
    return [root, head - root * 40, ...rest].join(".");
}
