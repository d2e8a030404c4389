/** `npm start`: the stack on the lab, and who can reach it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Command, Option } from "commander";
import { parse } from "yaml";
import program from "../index";
import { doctorCommand } from "./doctorCommand";
import { applyFault, FAULTS } from "./faults";
import { deploy, stateOutput, type Deployment } from "./lab";
import { closingText, faultsList, phaseLine, phasesReport, rowsReport, stepLines } from "./report";
import { expired, forged, stranger } from "./traffic/attackerCertificates";
import { playIdentities, type Scene } from "./traffic/rows";
import { rotate } from "./traffic/rotation";
import { addSecondApi, secondApiDomain } from "./traffic/secondApi";

interface Options {
    fault?: string;
    faults?: boolean;
    mode: string;
    json?: boolean;
    rotate?: boolean;
    keep?: boolean;
}

/** The settings in Pulumi.dev.yaml. */
interface Site {
    config: Record<string, string>;
    domainName: string;
    zoneId: string;
    region: string;
}

/** One call of `npm start`. */
interface Session {
    options: Options;
    site: Site;
    deployment: Deployment;
    started: number;
    /** Prints, unless the output is JSON. */
    say(text: string): void;
}

const PROJECT = "cloudflare-protected-http-api";
const STACK = "dev";
const ROOT = path.join(__dirname, "..");

const zoneNameOf = (domainName: string): string => domainName.split(".").slice(-2).join(".");

function readSite(mode: string): Site {
    const file = parse(fs.readFileSync(path.join(ROOT, "Pulumi.dev.yaml"), "utf8")) as { config?: Record<string, unknown> } | null;
    // Like the CLI: every value is a string.
    const config = Object.fromEntries(Object.entries(file?.config ?? {}).map(([key, value]) => [key, String(value)]));
    for (const key of ["aws:region", `${PROJECT}:domainName`, `${PROJECT}:zoneId`])
        if (!config[key]) throw new Error(`Pulumi.dev.yaml must set ${key}; received nothing`);
    config[`${PROJECT}:originPullMode`] = mode === "shared" ? "Shared" : "Hostname";
    return { config, domainName: config[`${PROJECT}:domainName`]!, zoneId: config[`${PROJECT}:zoneId`]!, region: config["aws:region"]! };
}

/** The attackers' targets and credentials, taken before the fault. */
async function setScene({ deployment, options, site: { domainName, zoneId } }: Session): Promise<Scene> {
    const { cloud, engine, gateway, edge } = deployment;
    const otherDomain = secondApiDomain(zoneNameOf(domainName));
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

/** Waits until Cloudflare's certificates are active, as the verification of a real deployment would. */
async function activation(times: number[]): Promise<void> {
    const left = Math.max(0, ...times.map((at) => at - Date.now()));
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left + 1));
}

/** `--rotate`: resolves to whether no visitor was dropped and no attacker got in. */
async function runRotation({ deployment, options, site, say }: Session, scene: Scene): Promise<boolean> {
    say(`\nChanging the CA of https://${site.domainName} in three deployments, with visitors and attackers all the while.\n`);
    const run = { program, project: PROJECT, stack: STACK, config: site.config };
    const phases = await rotate(deployment, scene, run, (phase) => say(phaseLine(phase)));
    const ok = phases.every(({ served, dropped, entered }) => served > 0 && dropped.length === 0 && entered.length === 0);
    if (options.json) console.log(JSON.stringify({ phases, ok }));
    say(phasesReport(phases, ok));
    return ok;
}

/** Breaks what `--fault` names, then tries every identity; resolves to whether every row is as expected. */
async function runIdentities({ deployment, options, site, started, say }: Session, scene: Scene): Promise<boolean> {
    const { domainName, zoneId } = site;
    const { cloud, resources, edge } = deployment;
    say(`\nWho can reach https://${domainName}?\n`);
    if (options.fault) await applyFault(options.fault, { cloud, domainName, zoneId, strangerCaPem: scene.stranger.caPem });
    const rows = await playIdentities(scene);
    const ok = rows.every((row) => row.ok);
    const seconds = (Date.now() - started) / 1000;
    if (options.json) {
        const { row = null, cause } = FAULTS[options.fault ?? ""] ?? {};
        const fault = options.fault && { name: options.fault, row, cause };
        console.log(JSON.stringify({ resources, seconds, rows, ok, ...(fault ? { fault } : {}) }));
    }
    say(rowsReport(rows, resources, seconds));
    say(closingText(options, domainName, edge.port));
    return ok;
}

async function keepRunning({ deployment, site, say }: Session): Promise<void> {
    const { command } = await doctorCommand(deployment, site);
    say(`\nAsk the doctor:\n  ${command}`);
    say("\nRunning until Ctrl-C.");
    await new Promise(() => undefined);
}

async function start(options: Options): Promise<Session> {
    const started = Date.now();
    const say = (text: string) => {
        if (!options.json) console.log(text);
    };
    const site = readSite(options.mode);
    const { domainName, zoneId: id, region, config } = site;
    say(`Deploying ${domainName} (Pulumi.dev.yaml) into the lab: two clouds on loopback, no account, nothing leaves this machine.\n`);
    // Assets are named relative to the project.
    process.chdir(ROOT);
    const zone = { id, name: zoneNameOf(domainName) };
    const onStep = stepLines(started, say);
    const deployment = await deploy({ program, project: PROJECT, stack: STACK, config, zone, region, onStep });
    return { options, site, deployment, started, say };
}

/** Runs the main job; resolves to the exit code. */
async function run(options: Options): Promise<number> {
    const session = await start(options);
    const { deployment } = session;
    const stop = () => {
        void deployment.close().finally(() => process.exit(130));
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    try {
        const scene = await setScene(session);
        const ok = await (options.rotate ? runRotation(session, scene) : runIdentities(session, scene));
        if (options.keep) await keepRunning(session);
        return ok ? 0 : 1;
    } finally {
        await deployment.close();
    }
}

function main(): void {
    // A reader that closes the pipe early, such as `head`, is not an error.
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
        console.error("error: --rotate can be combined with --json and with no other option");
        process.exit(2);
    }
    if (options.faults) return console.log(faultsList());
    run(options).then(
        (code) => process.exit(code),
        (error: Error) => {
            console.error(error.message);
            process.exit(1);
        },
    );
}

main();
