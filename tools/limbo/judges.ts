/** The three judges of a client chain: pki/, the lab's gateway in a real handshake, and `openssl verify`. */
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tls from "node:tls";
import { createTlsServer } from "../../lab/aws/apigatewayv2/tlsServer";
import type { Cloud, GatewayDomain } from "../../lab/cloud";
import { createAuthority, generateKeys, type Identity } from "../../lab/pki/authority";
import { judgeLeaf, judgeTruststoreCa } from "../../pki";

export interface ClientChain {
    roots: string[];
    intermediates: string[];
    leaf: string;
    /** Without it there is no handshake. */
    key?: string;
    time: Date;
    /** The use that openssl judges the leaf for. */
    purpose: "sslclient" | "sslserver";
}

/** Undefined is accepted; a text says why not. */
export type Refusal = string | undefined;

/** Certificates as OpenSSL writes them: what PEM looks like is not what is judged here. */
function plain(pem: string): string {
    try {
        return new X509Certificate(pem).toString();
    } catch {
        return pem;
    }
}

/** As an authority with its whole chain, and a leaf. */
export function judgeByPki({ roots, intermediates, leaf, time }: ClientChain): Refusal {
    const caPem = [...roots, ...intermediates].map(plain).join("");
    const problems = [...judgeTruststoreCa("ca", caPem, time), ...judgeLeaf("leaf", plain(leaf), caPem, time)];
    return problems.length === 0 ? undefined : problems.map(({ message }) => message).join("; ");
}

let serverIdentity: Promise<Identity> | undefined;

/** What the gateway says if the client, which is OpenSSL too, presents no certificate: it then judged none. */
export const NOT_PRESENTED = "no client certificate";

/** In a handshake with the lab's gateway, whose truststore has the whole chain; now. */
export async function judgeByGateway({ roots, intermediates, leaf, key }: ClientChain): Promise<Refusal> {
    serverIdentity ??= createAuthority("CN=Gateway", generateKeys).then((ca) =>
        ca.issue({ subject: "CN=gateway", usage: "server", dnsNames: ["gateway.example"] }),
    );
    const events = new EventEmitter();
    let reason = "the connection was closed";
    events.on("event", (event: { action: string; detail: { reason?: string } }) => {
        if (event.action === "refuse-client") reason = event.detail.reason ?? reason;
    });
    const cloud = { events, variants: { untrustedCertificate: "closed" } } as unknown as Cloud;
    const domain = { mutualTls: { pem: [...roots, ...intermediates].map(plain).join("") } } as unknown as GatewayDomain;
    const served = { name: "gateway.example", domain, identity: await serverIdentity };
    const server = createTlsServer(cloud, served, (socket) => socket.end("in"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
        return await new Promise<Refusal>((resolve) => {
            let client: tls.TLSSocket;
            try {
                client = tls.connect({
                    port: (server.address() as AddressInfo).port,
                    host: "127.0.0.1",
                    servername: "gateway.example",
                    rejectUnauthorized: false,
                    // The client may present anything; the gateway judges.
                    ciphers: "DEFAULT:@SECLEVEL=0",
                    cert: leaf,
                    key,
                });
            } catch {
                // OpenSSL does not load the key.
                resolve(NOT_PRESENTED);
                return;
            }
            client.on("data", () => resolve(undefined));
            client.on("error", (error) => (reason = reason === "the connection was closed" ? error.message : reason));
            client.on("close", () => resolve(reason));
        });
    } finally {
        server.close();
    }
}

export function judgeByOpenssl({ roots, intermediates, leaf, time, purpose }: ClientChain): Promise<Refusal> {
    return inFolder(async (folder) => {
        const save = async (name: string, pems: string[]) => {
            await writeFile(join(folder, name), pems.join("\n"));
            return join(folder, name);
        };
        const files = {
            roots: await save("roots.pem", roots),
            intermediates: await save("intermediates.pem", intermediates),
            leaf: await save("leaf.pem", [leaf]),
        };
        const untrusted = intermediates.length > 0 ? ["-untrusted", files.intermediates] : [];
        const when = String(Math.floor(time.getTime() / 1000));
        const args = ["verify", "-no-CApath", "-no-CAstore", "-CAfile", files.roots, ...untrusted, "-attime", when, "-purpose", purpose];
        return new Promise<Refusal>((resolve, reject) =>
            execFile("openssl", [...args, files.leaf], (error, stdout, stderr) => {
                if (!error) resolve(undefined);
                else if (error.code === "ENOENT") reject(new Error("there must be an openssl; install the package openssl"));
                else resolve((/error \d+.*: (.*)/.exec(stdout + stderr)?.[0] ?? stderr.trim()) || "refused");
            }),
        );
    });
}

async function inFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), "chains-"));
    try {
        return await act(folder);
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}
