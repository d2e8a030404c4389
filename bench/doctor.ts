/**
 * `npm run bench:doctor`: how long the doctor takes against its slowest probe, with a second of latency injected into every hop (DNS, the
 * way to the edge, the way to the origin, both control planes); how long a dead host takes; how fast the command starts.
 */
import { execFileSync, spawnSync } from "node:child_process";
import * as dgram from "node:dgram";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import Table from "cli-table3";
import { examine, type DoctorOptions } from "../doctor";
import { DeployedLab } from "../tests/support/deployedLab";

const LATENCY_MS = 1000;
const RUNS = 3;
const ROOT = path.join(__dirname, "..");

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const listening = (server: net.Server): Promise<number> =>
    new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as net.AddressInfo).port)));

const closers: (() => void)[] = [];

/** A port that leads to another one, each connection a hop later. */
async function slowTcp(port: number): Promise<number> {
    const server = net.createServer((client) => {
        client.on("error", () => client.destroy());
        setTimeout(() => {
            const far = net.connect(port, "127.0.0.1");
            far.on("error", () => client.destroy());
            client.on("close", () => far.destroy());
            far.on("close", () => client.destroy());
            client.pipe(far).pipe(client);
        }, LATENCY_MS);
    });
    closers.push(() => void server.close());
    return listening(server);
}

/** The same for DNS. */
async function slowUdp(port: number): Promise<number> {
    const socket = dgram.createSocket("udp4");
    socket.on("message", (message, peer) => {
        const far = dgram.createSocket("udp4");
        far.on("message", (answer) => {
            socket.send(answer, peer.port, peer.address);
            far.close();
        });
        setTimeout(() => far.send(message, port, "127.0.0.1"), LATENCY_MS);
    });
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    closers.push(() => void socket.close());
    return socket.address().port;
}

const portOf = (url: string): number => Number(new URL(url).port);

async function main(): Promise<void> {
    const lab = await DeployedLab.deploy();
    lab.awsEnvironment();
    const { gateway, edge, dnsPort } = lab.deployment;
    const [dns, near, far, farHttp, aws, cloudflare] = [
        await slowUdp(dnsPort),
        await slowTcp(edge.port),
        await slowTcp(gateway.port),
        await slowTcp(gateway.httpPort),
        await slowTcp(portOf(process.env.AWS_ENDPOINT_URL!)),
        await slowTcp(portOf(lab.controlPlane.cloudflareBaseUrl)),
    ];
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${aws}`;
    // The edge reaches the origin over a slow hop, too.
    Object.assign(gateway, { port: far, httpPort: farHttp });
    const slow: DoctorOptions = {
        ...lab.inside(),
        timeoutMs: 30_000,
        cloudflareBaseUrl: lab.controlPlane.cloudflareBaseUrl.replace(/:\d+/, `:${cloudflare}`),
        network: {
            ...lab.inside().network,
            dnsServers: [`127.0.0.1:${dns}`],
            connectTo: [`192.0.2.1:443:127.0.0.1:${near}`, `198.51.100.1:443:127.0.0.1:${far}`, `198.51.100.1:80:127.0.0.1:${farHttp}`],
        },
    };
    const table = new Table({ head: ["what", "median", "slowest probe", "ratio"], style: { head: [], border: [] } });
    const row = async (title: string, options: DoctorOptions): Promise<void> => {
        const totals: number[] = [];
        const slowest: number[] = [];
        for (let run = 0; run < RUNS; run++) {
            const { took, probes } = await examine(options);
            totals.push(took / 1000);
            slowest.push(Math.max(...probes.map(({ milliseconds }) => milliseconds)) / 1000);
        }
        const [total, probe] = [median(totals), median(slowest)];
        table.push([title, `${total.toFixed(2)} s`, `${probe.toFixed(2)} s`, (total / probe).toFixed(2)]);
        console.error(`  ${title}`);
    };
    const outside: DoctorOptions = { ...slow, aws: false, cloudflareToken: undefined };
    await row("probes only, 1 s a hop", outside);
    await row("with both control planes, 1 s a hop", slow);
    // A port that takes connections and never answers: every probe waits, and they all wait at once.
    const dead = net.createServer(() => undefined);
    const deadPort = await listening(dead);
    const timeoutMs = 3000;
    await row(`a dead origin, time-out ${timeoutMs / 1000} s`, {
        ...outside,
        timeoutMs,
        network: {
            ...lab.outside().network,
            connectTo: [`192.0.2.1:443:127.0.0.1:${deadPort}`, `198.51.100.1::127.0.0.1:${deadPort}`],
        },
    });
    execFileSync("npm", ["run", "--silent", "build"], { cwd: ROOT, stdio: "inherit" });
    const starts: number[] = [];
    for (let run = 0; run < 5; run++) {
        const started = performance.now();
        spawnSync(process.execPath, [
            path.join(ROOT, "bin", "doctor", "main.js"),
            "doctor",
            "nothing.invalid",
            "--no-aws",
            "--timeout",
            "50ms",
        ]);
        starts.push((performance.now() - started) / 1000);
    }
    table.push(["the command's start (and a name that does not exist)", `${median(starts).toFixed(2)} s`, "", ""]);
    console.log(table.toString());
    console.log(`Latencies are simulated. ${RUNS} runs each, node ${process.version}, ${os.cpus().length} CPUs.`);
    for (const close of closers) close();
    process.exit(0);
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
});
