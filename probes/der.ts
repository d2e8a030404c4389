/** As much of DER (X.690) as a certificate needs. */

const value = (tag: number, ...contents: Uint8Array[]): Buffer => {
    const content = Buffer.concat(contents);
    const { length } = content;
    // Long form: the number of length bytes, then those bytes.
    const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
    return Buffer.concat([Buffer.from([tag, ...size]), content]);
};

export const sequence = (...items: Buffer[]): Buffer => value(0x30, ...items);
export const set = (...items: Buffer[]): Buffer => value(0x31, ...items);
/** `[number]`, constructed. */
export const tagged = (number: number, ...items: Buffer[]): Buffer => value(0xa0 + number, ...items);
export const octets = (content: Buffer): Buffer => value(0x04, content);
export const bits = (content: Buffer): Buffer => value(0x03, Buffer.from([0]), content);
export const utf8 = (text: string): Buffer => value(0x0c, Buffer.from(text));
export const yes = value(0x01, Buffer.from([255]));

/** A positive number, from its bytes. */
export function integer(bytes: Buffer): Buffer {
    const start = bytes.findIndex((byte) => byte !== 0);
    const short = start < 0 ? Buffer.alloc(1) : bytes.subarray(start);
    // The highest bit is the sign.
    return value(0x02, Buffer.alloc(short[0]! > 127 ? 1 : 0), short);
}

/** An object identifier; no part but the first two may be 2^28 or more. */
export function identifier(text: string): Buffer {
    const [first, second, ...rest] = text.split(".").map(Number) as [number, number, ...number[]];
    const bytes = [first * 40 + second, ...rest].flatMap((part) => {
        const groups = [part & 127];
        for (let left = part >> 7; left > 0; left >>= 7) groups.unshift(128 | (left & 127));
        return groups;
    });
    return value(0x06, Buffer.from(bytes));
}

/** UTCTime until 2049, then GeneralizedTime (RFC 5280, 4.1.2.5). */
export function time(date: Date): Buffer {
    const text = `${date.toISOString().replace(/\D/g, "").slice(0, 14)}Z`;
    return date.getUTCFullYear() < 2050 ? value(0x17, Buffer.from(text.slice(2))) : value(0x18, Buffer.from(text));
}
