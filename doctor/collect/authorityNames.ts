/** Names of certificate authorities. */

/** Loaded on demand: it takes a quarter of the command's start-up time. */
async function loadX509(): Promise<typeof import("@peculiar/x509")> {
    await import("reflect-metadata");
    return import("@peculiar/x509");
}

const LONGEST_NAME = 1024;

/** A distinguished name as text, `CN=…, O=…`. A hostile server's may take seconds to parse, or be unreadable. */
export async function nameOf(der: Buffer): Promise<string> {
    if (der.length > LONGEST_NAME) return "a name that is too long";
    const { Name } = await loadX509();
    try {
        return new Name(new Uint8Array(der).buffer).toString();
    } catch {
        return "an unreadable name";
    }
}
