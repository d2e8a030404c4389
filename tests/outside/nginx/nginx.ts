/** One nginx that plays the edge and the origin of every case, each at ports of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { createAuthority, generateKeys, createWebCa, type Identity, type WebCa } from "../../../lab/pki/authority";
import { listen } from "../../../lab/shared/loopback";
import { x509 } from "../../../lab/pki/x509";
import { importPrivate } from "../../../lab/pki/keys";
import { API_ID, DOMAIN, TARGET } from "../../support/fakeOrigin";
import { FORBIDDEN, NOT_FOUND, everywhere, type Origin } from "./cases";

export const ENDPOINT = `${API_ID}.${TARGET.slice(TARGET.indexOf(".") + 1)}`;

export interface Ports {
    edge: number;
    origin: number;
    plain: number;
}

export interface Nginx {
    webCa: WebCa;
    /** One for each origin, in their order. */
    ports: Ports[];
    close(): Promise<void>;
}

const DAY_MS = 86_400_000;
/** Ports that were free a moment ago may be taken: then others are tried. */
const STARTS = 10;

async function freePorts(count: number): Promise<number[]> {
    const servers = Array.from({ length: count }, () => net.createServer());
    const ports = await Promise.all(servers.map(listen));
    await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    return ports;
}

/** The files that the configuration names. */
async function writeCertificates(folder: string, webCa: WebCa): Promise<void> {
    const clientCa = await createAuthority("CN=client CA", generateKeys);
    const other = await createAuthority("CN=other client CA", generateKeys);
    const save = (name: string, { certificatePem, privateKeyPem }: Identity): void => {
        fs.writeFileSync(path.join(folder, `${name}.pem`), certificatePem);
        fs.writeFileSync(path.join(folder, `${name}.key`), privateKeyPem, { mode: 0o600 });
    };
    const leaf = await clientCa.issue({ subject: "CN=edge", usage: "client" });
    save("leaf", leaf);
    save("own", await webCa.issue([DOMAIN]));
    save("expired", await webCa.issue([DOMAIN], { notBefore: new Date(Date.now() - 9 * DAY_MS), notAfter: new Date(Date.now() - DAY_MS) }));
    save("wrong-name", await webCa.issue(["other.example.com"]));
    save("regional", await webCa.issue([`*.${TARGET.slice(TARGET.indexOf(".") + 1)}`]));
    fs.writeFileSync(path.join(folder, "client-ca.pem"), clientCa.certificatePem);
    fs.writeFileSync(path.join(folder, "other-ca.pem"), other.certificatePem);
    const { privateKey, signing } = await importPrivate(clientCa.privateKeyPem, "privateKeyPem");
    const list = await x509.X509CrlGenerator.create({
        issuer: new x509.X509Certificate(clientCa.certificatePem).subject,
        thisUpdate: new Date(Date.now() - DAY_MS),
        nextUpdate: new Date(Date.now() + DAY_MS),
        entries: [
            { serialNumber: new x509.X509Certificate(leaf.certificatePem).serialNumber, revocationDate: new Date(Date.now() - DAY_MS) },
        ],
        signingKey: privateKey,
        signingAlgorithm: signing,
    });
    fs.writeFileSync(path.join(folder, "revoked.pem"), `${list.toString("pem").replace(/(BEGIN|END) CRL/g, "$1 X509 CRL")}\n`);
}

const has = (text: string, directive: string): boolean => new RegExp(`(^|\\s)${directive}\\s`).test(text);
const certificate = (name: string): string => `ssl_certificate ${name}.pem; ssl_certificate_key ${name}.key;`;

/** The servers of one origin, and its edge. */
function serversOf(origin: Origin, { edge, origin: port, plain }: Ports): string {
    const { own = "", other = everywhere(FORBIDDEN), endpoint = everywhere(NOT_FOUND) } = origin;
    const tls = origin.withoutTls ? "" : " ssl";
    const shown = (name: string): string => (origin.withoutTls ? "" : certificate(name));
    const clientAuth = [
        ...(has(own, "ssl_verify_client") ? [] : ["ssl_verify_client on;"]),
        ...(has(own, "ssl_client_certificate") ? [] : ["ssl_client_certificate client-ca.pem;"]),
    ].join(" ");
    const edgeTls = origin.edge === "http2" ? "" : (origin.edge ?? "");
    return [
        `server { listen 127.0.0.1:${port}${tls} default_server; server_name _; ${shown("regional")} ${other} }`,
        `server { listen 127.0.0.1:${port}${tls}; server_name ${ENDPOINT}; ${shown("regional")} ${endpoint} }`,
        `server { listen 127.0.0.1:${port}${tls}; server_name ${DOMAIN}; ${shown(origin.certificate ?? "own")} ${origin.withoutTls ? "" : clientAuth} ${own} ${has(own, "location") ? "" : "location / { add_header apigw-requestid r; return 200 served; }"} }`,
        ...(origin.plain === undefined ? [] : [`server { listen 127.0.0.1:${plain}; ${origin.plain} }`]),
        `server { listen 127.0.0.1:${edge} ssl${origin.edge === "http2" ? " http2" : ""}; server_name ${DOMAIN}; ${certificate("own")} ${edgeTls}
            location / {
                add_header cf-ray 1-FRA always;
                proxy_pass https://127.0.0.1:${port}; proxy_set_header Host ${DOMAIN}; proxy_set_header x-edge secret;
                proxy_ssl_protocols TLSv1.2 TLSv1.3; proxy_ssl_server_name on; proxy_ssl_name ${DOMAIN}; proxy_ssl_certificate leaf.pem; proxy_ssl_certificate_key leaf.key;
            } }`,
    ].join("\n");
}

/** Resolves to nginx once it listens; to what it said if it ended. */
async function start(executable: string, folder: string, port: number): Promise<ChildProcess | string> {
    const child = spawn(executable, ["-p", folder, "-c", "nginx.conf", "-e", "error.log"], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    let ended = false;
    child.stderr!.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const end = new Promise<void>((resolve) => child.on("close", () => ((ended = true), resolve())));
    child.on("error", (error) => (said += error.message));
    const listens = (): Promise<boolean> =>
        new Promise((resolve) => {
            const socket = net.connect(port, "127.0.0.1", () => resolve((socket.destroy(), true)));
            socket.on("error", () => resolve(false));
        });
    while (!ended) {
        if (await listens()) return child;
        await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 20))]);
    }
    return said + (fs.existsSync(path.join(folder, "error.log")) ? fs.readFileSync(path.join(folder, "error.log"), "utf8") : "");
}

/** Starts it for all origins. */
export async function startNginx(executable: string, origins: Origin[]): Promise<Nginx> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "nginx-test-"));
    const webCa = await createWebCa(generateKeys);
    await writeCertificates(folder, webCa);
    const sockets = new Set<net.Socket>();
    const hanging = net.createServer((socket) => void sockets.add(socket.on("error", () => undefined).resume()));
    const hangingPort = await listen(hanging);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`);
    let said: ChildProcess | string = "";
    for (let tries = 0; tries < STARTS; tries++) {
        const free = await freePorts(origins.length * 3);
        const ports = origins.map((_, i) => ({ edge: free[3 * i]!, origin: free[3 * i + 1]!, plain: free[3 * i + 2]! }));
        fs.writeFileSync(
            path.join(folder, "nginx.conf"),
            [
                "daemon off; master_process off; pid nginx.pid; error_log error.log;",
                "events { worker_connections 1024; }",
                `http { access_log off; server_names_hash_bucket_size 128; ${temporary.join(" ")}`,
                `upstream hanging { server 127.0.0.1:${hangingPort}; }`,
                ...origins.map((origin, i) => serversOf(origin, ports[i]!)),
                "}",
            ].join("\n"),
        );
        said = await start(executable, folder, ports[0]!.edge);
        if (typeof said !== "string") {
            const child = said;
            return {
                webCa,
                ports,
                async close() {
                    for (const socket of sockets) socket.destroy();
                    hanging.close();
                    const closed = new Promise((resolve) => child.on("close", resolve));
                    child.kill("SIGTERM");
                    await closed;
                    fs.rmSync(folder, { recursive: true, force: true });
                },
            };
        }
        if (!said.includes("Address already in use")) break;
    }
    hanging.close();
    throw new Error(`nginx did not start: ${said as string}`);
}
