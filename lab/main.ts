/** `npm start`: the stack on the lab, and who can reach it. */
import * as fs from "node:fs";
import * as path from "node:path";
import Table from "cli-table3";
import { Command, Option } from "commander";
import pc from "picocolors";
import { parse } from "yaml";
import program from "../index";
import { expired, forged, stranger } from "./traffic/attackers";
import { deploy, stateOutput, type Deployment } from "./lab";
import { doctorLine } from "./doctorCommand";
import { applyFault, FAULTS } from "./faults";
import { playIdentities, type Row, type Scene } from "./traffic/identities";
import { rotate, type Phase } from "./traffic/rotation";
import { addSecondApi, secondApiDomain } from "./traffic/secondApi";

interface Options {
    fault?: string;
    faults?: boolean;
    mode: string;
    json?: boolean;
    rotate?: boolean;
    keep?: boolean;
}

const PROJECT = "cloudflare-protected-http-api";
const ROOT = path.join(__dirname, "..");
const NOT_PROVED =
    "The lab proves this project's wiring against stated rules (lab/README.md). It is not AWS and not Cloudflare, and shares our assumptions about both.";

function readConfig(mode: string): { config: Record<string, string>; domainName: string; zoneId: string; region: string } {
    const file = parse(fs.readFileSync(path.join(ROOT, "Pulumi.dev.yaml"), "utf8")) as { config?: Record<string, unknown> } | null;
    // As the CLI does it: every value is a text.
    const config = Object.fromEntries(Object.entries(file?.config ?? {}).map(([key, value]) => [key, String(value)]));
    for (const key of ["aws:region", `${PROJECT}:domainName`, `${PROJECT}:zoneId`])
        if (!config[key]) throw new Error(`Pulumi.dev.yaml must set ${key}; received nothing`);
    config[`${PROJECT}:originPullMode`] = mode === "shared" ? "Shared" : "Hostname";
    return { config, domainName: config[`${PROJECT}:domainName`]!, zoneId: config[`${PROJECT}:zoneId`]!, region: config["aws:region"]! };
}

/** Everything that the attackers have, of a deployment that is whole; the fault comes after. */
async function surroundings(deployment: Deployment, options: Options, domainName: string, zoneId: string): Promise<Scene> {
    const { cloud, engine, gateway, edge } = deployment;
    const otherDomain = secondApiDomain(domainName.split(".").slice(-2).join("."));
    await addSecondApi(cloud, otherDomain);
    const certificates = [...cloud.cloudflare.zones.get(zoneId)!.hostnameCertificates.values()];
    await activation(certificates.map(({ activeAt }) => activeAt));
    const shared = options.mode === "shared";
    const { targetDomainName, mappings, mutualTls } = cloud.aws.domains.get(domainName)!;
    const caPem = shared ? cloud.cloudflare.shared.caPem : mutualTls!.pem;
    const caKey = stateOutput(engine, "api-origin-pull-ca-1-key", "privateKeyPem");
    return {
        cloud,
        domainName,
        otherDomain,
        regional: targetDomainName,
        apiIds: [[...mappings.values()][0]!.apiId],
        shared,
        gateway,
        edge,
        own: shared ? cloud.cloudflare.shared : certificates[0]!,
        stranger: await stranger(domainName),
        forged: await forged(caPem, domainName),
        expired: caKey ? await expired({ certificatePem: caPem, privateKeyPem: caKey }, domainName) : undefined,
    };
}

/** Waits until Cloudflare's certificates are active, as the gate of a real deployment would. */
async function activation(times: number[]): Promise<void> {
    const left = Math.max(0, ...times.map((at) => at - Date.now()));
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left + 1));
}

const EDGES = ["top", "bottom", "left", "right", "mid"].flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`]);

/** With lines around its cells on a terminal, and plain lines elsewhere. */
function tableOf(head: string[]): Table.Table {
    const plain = { ...Object.fromEntries([...EDGES, "mid-mid"].map((edge) => [edge, ""])), middle: " " };
    return new Table({
        head,
        style: { head: [], border: [], compact: true, ...(process.stdout.isTTY ? {} : { "padding-left": 0 }) },
        ...(process.stdout.isTTY ? {} : { chars: plain }),
    });
}

function printRows(rows: Row[], colour: boolean): void {
    const { green, red, yellow } = pc.createColors(colour);
    const table = tableOf(["", "who", "TLS", "expected", "seen", "Lambda invocations", ""]);
    for (const row of rows)
        table.push([
            row.ok ? green("ok") : red("NO"),
            row.id,
            row.tls,
            row.expected,
            row.ok ? row.seen : red(row.seen),
            row.invocations,
            row.note ? yellow(row.note) : "",
        ]);
    console.log(table.toString());
}

function printPhases(phases: Phase[]): void {
    const head = [
        "deployment",
        "resources moved",
        "seconds",
        "visitors served",
        "on a kept connection",
        "dropped",
        "around the edge",
        "got in",
    ];
    const table = tableOf(head);
    for (const one of phases)
        table.push([
            one.title,
            one.moved,
            one.seconds.toFixed(1),
            one.served,
            one.kept,
            one.dropped.length,
            one.bypasses,
            one.entered.length,
        ]);
    console.log(table.toString());
}

/** `--rotate`: resolves to whether nobody was dropped and nobody got in. */
async function runRotation(deployment: Deployment, options: Options, config: Record<string, string>, scene: Scene): Promise<boolean> {
    const say = (text: string) => (options.json ? undefined : console.log(text));
    say(`\nChanging the CA of https://${scene.domainName} in three deployments, with visitors and attackers all the while.\n`);
    const phases = await rotate(deployment, scene, { program, project: PROJECT, stack: "dev", config }, ({ title, seconds }) =>
        say(`  ${seconds.toFixed(1).padStart(4)} s  ${title}`),
    );
    const ok = phases.every(({ served, dropped, entered }) => served > 0 && dropped.length === 0 && entered.length === 0);
    if (options.json) console.log(JSON.stringify({ phases, ok }));
    else {
        console.log();
        printPhases(phases);
        say(`\n${ok ? "Nobody was dropped, and nobody got in." : "NOT as it should be."}\n\n${NOT_PROVED}`);
    }
    return ok;
}

/** What a fault is called, and where it shows. */
function tellFault(name: string): string {
    const { summary, row, cause } = FAULTS[name]!;
    const where = row === undefined ? "No row shows this; the doctor does" : `The row ${row} shows it, and so does the doctor`;
    return `Fault ${name}: ${summary}. ${where}: ${cause}.`;
}

function listFaults(colour: boolean): void {
    const { bold } = pc.createColors(colour);
    for (const [name, { summary, row, cause }] of Object.entries(FAULTS))
        console.log(`${bold(name)}\n    ${summary}\n    row: ${row ?? "none"}, cause: ${cause}`);
}

/** Runs the main job; resolves to the exit code. */
async function run(options: Options): Promise<number> {
    const started = Date.now();
    const say = (text: string) => (options.json ? undefined : console.log(text));
    const { config, domainName, zoneId, region } = readConfig(options.mode);
    say(`Deploying ${domainName} (Pulumi.dev.yaml) into the lab: two clouds on loopback, no account, nothing leaves this machine.\n`);
    let count = 0;
    // Assets are named relative to the project.
    process.chdir(ROOT);
    const deployment = await deploy({
        program,
        project: PROJECT,
        stack: "dev",
        config,
        zone: { id: zoneId, name: domainName.split(".").slice(-2).join(".") },
        region,
        onStep: (step) => {
            if (step.done && !step.type.startsWith("pulumi:"))
                say(
                    `  ${String(++count).padStart(2)}  ${((Date.now() - started) / 1000).toFixed(1).padStart(4)} s  ${step.op} ${step.type.split(":").pop()} ${step.name}`,
                );
        },
    });
    const stop = () => {
        void deployment.close().finally(() => process.exit(130));
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    try {
        const scene = await surroundings(deployment, options, domainName, zoneId);
        if (options.rotate) return (await runRotation(deployment, options, config, scene)) ? 0 : 1;
        say(`\nWho can reach https://${domainName}?\n`);
        if (options.fault)
            await applyFault(options.fault, { cloud: deployment.cloud, domainName, zoneId, strangerCaPem: scene.stranger.caPem });
        const rows = await playIdentities(scene, () => undefined);
        const ok = rows.every((row) => row.ok);
        const seconds = (Date.now() - started) / 1000;
        const fault = options.fault && {
            name: options.fault,
            row: FAULTS[options.fault]!.row ?? null,
            cause: FAULTS[options.fault]!.cause,
        };
        if (options.json) console.log(JSON.stringify({ resources: deployment.resources, seconds, rows, ok, ...(fault ? { fault } : {}) }));
        else {
            printRows(rows, pc.isColorSupported && process.stdout.isTTY);
            say(
                `\n${deployment.resources} resources, ${rows.length} rows, ${seconds.toFixed(1)} s. ${ok ? "Every row is as expected." : "NOT every row is as expected."}`,
            );
            if (options.fault) say(`\n${tellFault(options.fault)}`);
            const { port } = deployment.edge;
            say(
                `\nThrough the edge${options.keep ? "" : " (while it runs with --keep)"}:\n  curl -k --connect-to ${domainName}:443:127.0.0.1:${port} https://${domainName}/`,
            );
            say(`\n${NOT_PROVED}`);
        }
        if (options.keep) {
            const { line } = await doctorLine(deployment, { domainName, zoneId });
            say(`\nWhat the doctor says of it:\n  ${line}`);
            say("\nRunning until Ctrl-C.");
            await new Promise(() => undefined);
        }
        return ok ? 0 : 1;
    } finally {
        await deployment.close();
    }
}

function main(): void {
    // A reader that has seen enough, such as `head`, is no error.
    process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
    const command = new Command("npm start --")
        .description(
            "Deploys the stack into the lab and shows who can reach the API. Exit code 0 only if every row is as expected, 1 if not, 2 on bad input. A fault that no row shows leaves every row as expected.",
        )
        .addOption(new Option("--fault <name>", "break one thing after the deployment").choices(Object.keys(FAULTS)))
        .option("--faults", "list the faults")
        .addOption(
            new Option("--mode <mode>", "whose client certificate the edge presents").choices(["hostname", "shared"]).default("hostname"),
        )
        .option("--rotate", "change the CA in three deployments, under load")
        .option("--json", "print one JSON object and nothing else")
        .option("--keep", "keep running until Ctrl-C")
        .allowExcessArguments(false)
        .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
    const options = command.parse().opts<Options>();
    if (options.rotate && (options.fault || options.mode === "shared" || options.keep)) {
        console.error("error: --rotate goes with --json only");
        process.exit(2);
    }
    if (options.faults) {
        listFaults(pc.isColorSupported && process.stdout.isTTY);
        return;
    }
    run(options).then(
        (code) => process.exit(code),
        (error: Error) => {
            console.error(error.message);
            process.exit(1);
        },
    );
}

main();
