/** Servers that misbehave, options that lead the doctor to them, and the command itself. Its hooks belong to the enclosing `describe`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import * as tls from "node:tls";
import type { DoctorOptions } from "../../doctor";
import { createWebCa, type WebCa } from "../../lab/pki/authority";
import { API_ID, DOMAIN, TARGET } from "./fakeOrigin";
import { pooledKeys } from "./keys";

const ROOT = path.join(__dirname, "..", "..");
export const SECRET = "secret-of-the-visitor";
/** Characters that move the cursor or reverse a line; line ends are the report's own. */
export const HARMFUL = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
export const ESCAPES = "\x1b[2J\u009b31m";

export function hostileServers() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "doctor-hostile-"));
    const open: { close(): unknown }[] = [];
    let webCa: WebCa;

    before(async () => {
        webCa = await createWebCa(pooledKeys());
    });
    after(() => fs.rmSync(folder, { recursive: true, force: true }));
    afterEach(() => {
        for (const server of open.splice(0)) server.close();
    });

    const listen = async (server: net.Server): Promise<number> => {
        const sockets = new Set<net.Socket>();
        server.on("connection", (socket: net.Socket) => sockets.add(socket.on("error", () => undefined)));
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        open.push({ close: () => (sockets.forEach((socket) => socket.destroy()), server.close()) });
        return (server.address() as net.AddressInfo).port;
    };
    const raw = (work: (socket: net.Socket) => void) => listen(net.createServer(work));
    /** A server of a good certificate for every name that is asked, or of that one. */
    const secure = async (work: (socket: tls.TLSSocket) => void, own?: { cert: string; key: string }) => {
        const issued = await webCa.issue([DOMAIN, "*.execute-api.eu-west-1.amazonaws.com"]);
        const identity = own ?? { cert: issued.certificatePem, key: issued.privateKeyPem };
        const server = tls.createServer({ ...identity, requestCert: true, rejectUnauthorized: false });
        server.on("tlsClientError", () => undefined);
        server.on("secureConnection", (socket) => work(socket.on("error", () => undefined)));
        return listen(server);
    };
    const against = (port: number, more: Partial<DoctorOptions> = {}): DoctorOptions => ({
        domainName: DOMAIN,
        targetDomainName: TARGET,
        apiId: API_ID,
        aws: false,
        timeoutMs: 60_000,
        network: { dnsServers: ["127.0.0.1:1"], connectTo: [`:443:127.0.0.1:${port}`, ":80:127.0.0.1:1"], caPem: webCa.certificatePem },
        ...more,
    });
    const run = (args: string[], env: Record<string, string> = {}, during: (child: ReturnType<typeof spawn>) => void = () => undefined) =>
        new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
            const child = spawn(process.execPath, ["--import", "tsx", path.join(ROOT, "doctor", "main.ts"), "doctor", ...args], {
                cwd: ROOT,
                env: { PATH: process.env.PATH, HOME: folder, ...env },
            });
            const ended = { stdout: "", stderr: "" };
            child.stdout.on("data", (chunk: Buffer) => (ended.stdout += chunk.toString()));
            child.stderr.on("data", (chunk: Buffer) => (ended.stderr += chunk.toString()));
            child.on("error", reject);
            child.on("close", (code) => resolve({ ...ended, code }));
            during(child);
        });
    const file = (name: string, text: string): string => {
        fs.writeFileSync(path.join(folder, name), text);
        return path.join(folder, name);
    };
    return { folder, open, listen, raw, secure, against, run, file, caPem: () => webCa.certificatePem };
}
