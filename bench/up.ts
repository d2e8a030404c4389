/**
 * `npm run bench:up`: the wall time of a first `up` on the lab's engine with simulated latencies, against the longest path through the
 * dependency graph: at 1.00 nothing waits unnecessarily.
 */
import { execFileSync } from "node:child_process";
import * as os from "node:os";
import * as path from "node:path";
import Table from "cli-table3";
import { CloudflareProtectedHttpApi } from "../components";
import { createCloud } from "../lab/createCloud";
import { Engine } from "../lab/engine/engine";
import { providers } from "../lab/providers";
import type { Provider } from "../lab/shared/provider";
import { addHandler, HANDLER_ARN } from "../tests/support/handler";
import { pooledKeys } from "../tests/support/keys";

/** Milliseconds of a create: simulated, in rough proportion to each other. */
const LATENCY: Record<string, number> = {
    "aws:acm/certificateValidation:CertificateValidation": 2000,
    "aws:apigatewayv2/domainName:DomainName": 1500,
    "aws:s3/bucket:Bucket": 600,
    "cloudflare:index/authenticatedOriginPullsHostnameCertificate:AuthenticatedOriginPullsHostnameCertificate": 500,
};
const OTHER = 250;
const DOMAIN = "aws:apigatewayv2/domainName:DomainName";
/** The account's one change of a domain in 30 s, in the same proportion. */
const LIMIT_MS = 3000;
/** Of this process, by its third argument: what is not latency stays as it is when all latencies are longer. */
const FACTOR = Number(process.argv[4] ?? 1);
const RUNS = 3;
/** The limit alone takes half a minute, always the same. */
const LIMITED_RUNS = 1;

interface Measured {
    wall: number;
    path: number;
    megabytes: number;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const latencyOf = (type: string): number =>
    type.startsWith("cloudflare-protected") || type.startsWith("pulumi:") ? 0 : (LATENCY[type] ?? OTHER) * FACTOR;

function delayed(made: Record<string, Provider>, limited: boolean): Record<string, Provider> {
    let free = 0;
    for (const provider of Object.values(made)) {
        const effect = provider.impl.create!;
        provider.impl.create = (call, cb) => {
            const type = (call.request as { getUrn(): string }).getUrn().split("::")[2]!.split("$").at(-1)!;
            const turn = limited && type === DOMAIN ? Math.max(0, free - Date.now()) : 0;
            if (limited && type === DOMAIN) free = Math.max(Date.now(), free) + LIMIT_MS;
            void sleep(turn + latencyOf(type)).then(() => effect(call, cb));
        };
    }
    return made;
}

async function once(components: number, limited: boolean): Promise<Measured> {
    const keys = pooledKeys();
    const cloud = await createCloud({ keys, zones: [{ id: "zone1", name: "example.com" }], activationDelayMs: 0 });
    // Keys are made beforehand: their time is this machine's, not the graph's.
    const warm = pooledKeys();
    for (let i = 0; i <= components + 4; i++) await Promise.all([warm({ type: "RSA", bits: 4096 }), warm({ type: "RSA", bits: 2048 })]);
    addHandler(cloud);
    const engine = new Engine(delayed(providers(cloud), limited));
    const program = (): void => {
        for (let i = 0; i < components; i++)
            new CloudflareProtectedHttpApi(`api-${i}`, {
                domainName: `api-${i}.example.com`,
                zoneId: "zone1",
                routes: [{ routeKey: "$default", lambdaArn: HANDLER_ARN }],
                // The lab's data planes do not run here, and the time of a node process is this machine's.
                verify: { enabled: false },
            });
    };
    const started = process.hrtime.bigint();
    const { ok, errors } = await engine.run(program, { deadlineMs: 300_000 });
    const wall = Number(process.hrtime.bigint() - started) / 1e9;
    if (!ok) throw new Error(errors.join("\n"));
    const ends = new Map<string, number>();
    const endOf = (urn: string): number => {
        const known = ends.get(urn);
        if (known !== undefined) return known;
        const resource = engine.state.get(urn);
        if (!resource) return 0;
        const end = Math.max(0, ...resource.dependencies.map(endOf)) + latencyOf(resource.type);
        ends.set(urn, end);
        return end;
    };
    const longest = Math.max(...[...engine.state.keys()].map(endOf)) / 1000;
    return { wall, path: longest, megabytes: process.resourceUsage().maxRSS / 1024 };
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function main(): Promise<void> {
    const [components, limited] = process.argv.slice(2);
    if (components !== undefined) {
        console.log(JSON.stringify(await once(Number(components), limited === "limited")));
        return;
    }
    const head = ["components", "latencies", "domain limit", "up, median s", "longest path s", "ratio", "peak MB"];
    const table = new Table({ head, style: { head: [], border: [] } });
    for (const [count, factor, limit] of [
        [1, 1, false],
        [10, 1, false],
        [10, 4, false],
        [10, 1, true],
    ] as const) {
        const runs: Measured[] = [];
        const args = ["--import", "tsx", path.join(__dirname, "up.ts"), String(count), limit ? "limited" : "free", String(factor)];
        for (let i = 0; i < (limit ? LIMITED_RUNS : RUNS); i++)
            runs.push(JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Measured);
        const wall = median(runs.map((run) => run.wall));
        const longest = runs[0]!.path;
        const ratio = limit ? "-" : (wall / longest).toFixed(2);
        table.push([
            count,
            `x ${factor}`,
            limit ? "on" : "off",
            wall.toFixed(2),
            longest.toFixed(2),
            ratio,
            median(runs.map((run) => run.megabytes)).toFixed(0),
        ]);
        console.error(`  ${count} components, latencies x ${factor}${limit ? ", with the limit" : ""}`);
    }
    console.log(table.toString());
    console.log(
        `Latencies are simulated. ${RUNS} runs each (${LIMITED_RUNS} with the limit), node ${process.version}, ${os.cpus().length} CPUs.`,
    );
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
});
