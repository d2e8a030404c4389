/**
 * Deployments on the real engine that are stopped at one operation, each followed by the recovery of docs/recovery.md as it is written. A process of
 * its own, started by recovery.test.ts: what the SDK holds of a program whose CLI was killed fails late, which mocha would take for a
 * failed test.
 */
import { exec } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import type { Cloud } from "../../lab/cloud";
import { resourceTypes } from "../../lab/providers";
import { FailCall, type How } from "./failCall";
import { CliHost } from "./cliHost";
import { PROJECT } from "./host";
import { NAME, STEPS, type Step } from "./programs";
import { ResettableLab } from "./resettableLab";
import { summary } from "./summary";

/** What to do: a message to this process. */
export interface Interruption {
    /** Title of the step. */
    step: string;
    /** The operation to stop at. */
    target: string;
    how: How;
    /** Plays the crash that leaves the checkpoint's attributes empty. */
    torn: boolean;
}

/** What came of it: the answer. */
export interface Recovered {
    asked: Interruption;
    /** Why it did not recover. */
    error?: string;
    torn: boolean;
    probes: number;
    served: number;
    byHand: string[];
    end: Record<string, unknown>;
}

const ZONE = "zone1";
const TOKEN = "cf-token-of-the-recovery_0123456789abcdef";
const RECOVERY = fs.readFileSync(path.join(__dirname, "..", "..", "docs", "recovery.md"), "utf8");

/** The page's table: resource type to the form of its import id. */
const importIds = new Map(
    [...RECOVERY.matchAll(/^ *\| `((?:aws|cloudflare):\S+)` +\| `([^`]+)` +\|/gm)].map(([, type, id]) => [type!, id!]),
);

/** The placeholders of the page's table, as a reader would look them up. */
function lookUp(cloud: Cloud, resource: string): Record<string, string | undefined> {
    const [api] = [...cloud.aws.apis.values()].slice(-1);
    const records = [...cloud.cloudflare.zones.get(ZONE)!.records.values()];
    return {
        "<domain name>": NAME,
        "<API id>": api?.id,
        "<route id>": [...(api?.routes.keys() ?? [])][0],
        "<mapping id>": [...(cloud.aws.domains.get(NAME)?.mappings.keys() ?? [])][0],
        "<zone id>": ZONE,
        "<record id>": records.find(({ name }) => name.startsWith("_") === resource.endsWith("-validation"))?.id,
    };
}

const filled = (text: string, places: Record<string, string | undefined>): string =>
    Object.entries(places).reduce((done, [place, value]) => done.replaceAll(place, value ?? place), text);

/** "After a crash of the CLI": returns whether the checkpoint had to be mended. */
async function cancel(host: CliHost, torn: boolean): Promise<boolean> {
    const attributes = path.join(host.folder, ".pulumi", "stacks", PROJECT, "dev.json.attrs");
    if (torn) fs.writeFileSync(attributes, "");
    const said = await host.cli(["cancel", "--yes"]).catch((error: Error) => error.message);
    if (!said.includes("failed to load checkpoint")) {
        expect(torn, `an empty ${path.basename(attributes)} is an error of the CLI's: ${said}`).to.equal(false);
        expect(said).to.include("has been canceled");
        return false;
    }
    fs.rmSync(attributes);
    await host.cli(["cancel", "--yes"]);
    return true;
}

/** "Import what exists". Returns what was imported. */
async function importWhatExists(host: CliHost, cloud: Cloud, step: Step, error: string): Promise<string> {
    const file = path.join(host.folder, "import.json");
    expect((await host.preview(step.program!, { importFile: file })).ok).to.equal(true);
    const plan = JSON.parse(fs.readFileSync(file, "utf8")) as { resources: { type: string; name: string; id: string }[] };
    const [, stuck] = /^(orders-\S+): .*(?:already exists|81053)/m.exec(error) ?? [];
    const entry = plan.resources.find(({ type, name }) => importIds.has(type) && stuck === name);
    expect(entry, `an entry of docs/recovery.md's table for ${error}`).not.to.equal(undefined);
    const { type, name } = entry!;
    entry!.id = filled(importIds.get(type)!, lookUp(cloud, name));
    plan.resources = [entry!];
    fs.writeFileSync(file, JSON.stringify(plan));
    const [command] = /`pulumi (import --file import\.json[^`]*)`/.exec(RECOVERY)!.slice(1);
    await host.cli(command!.replace("import.json", file).split(" "));
    return `${name} imported as ${entry!.id}`;
}

/** Cloudflare's API, as far as the page's commands call it. */
async function cloudflare(cloud: Cloud): Promise<{ base: string; close: () => void }> {
    const type = resourceTypes.get(
        "cloudflare:index/authenticatedOriginPullsHostnameCertificate:AuthenticatedOriginPullsHostnameCertificate",
    )!;
    const server = http.createServer((request, response) => {
        const [, zoneId = "", id] =
            /^\/client\/v4\/zones\/([^/]+)\/origin_tls_client_auth\/hostnames\/certificates(?:\/([^/]+))?$/.exec(request.url!) ?? [];
        const held = cloud.cloudflare.zones.get(zoneId)?.hostnameCertificates;
        const allowed = request.headers.authorization === `Bearer ${TOKEN}`;
        const known = allowed && held && (request.method === "GET" ? id === undefined : held.has(id ?? ""));
        if (known && request.method === "DELETE") void type.delete(cloud, id!, { zoneId });
        response.statusCode = known ? 200 : 403;
        response.end(JSON.stringify({ success: !!known, result: [...(held?.keys() ?? [])].map((id) => ({ id })) }));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

/** "Delete a hostname certificate": the page's two commands, in a shell. */
async function deleteHostnameCertificate(host: CliHost, cloud: Cloud): Promise<string> {
    const api = await cloudflare(cloud);
    const run = async (command: string, places: Record<string, string>): Promise<{ success: boolean; result: { id: string }[] }> => {
        const { stdout } = await promisify(exec)(filled(command, places).replace("https://api.cloudflare.com", api.base), {
            env: { ...process.env, CLOUDFLARE_API_TOKEN: TOKEN },
        });
        return JSON.parse(stdout) as { success: boolean; result: { id: string }[] };
    };
    try {
        const [list, remove] = [...RECOVERY.matchAll(/printf 'header = [^\n]*(?:\\\n[^\n]*)?hostnames\/certificates[^\n]*/g)].map(
            ([text]) => text,
        );
        const { result } = await run(list!, { "<zone id>": ZONE });
        const shown = await host.cli(["stack", "--show-ids"]);
        const unknown = result.map(({ id }) => id).filter((id) => !shown.includes(id));
        expect(unknown, "the certificate that `pulumi stack --show-ids` does not show").to.have.length(1);
        expect(await run(remove!, { "<zone id>": ZONE, "<certificate id>": unknown[0]! })).to.include({ success: true });
        return `hostname certificate ${unknown[0]} deleted at Cloudflare`;
    } finally {
        api.close();
    }
}

const failCall = new FailCall();

async function interrupt(stage: ResettableLab<CliHost>, asked: Interruption): Promise<Recovered> {
    const { target, how } = asked;
    const { traffic, host } = stage;
    const step = STEPS.find(({ title }) => title === asked.step)!;
    await stage.before(step);
    failCall.kill = () => host.kill();
    failCall.arm(target, how);
    const stopped = await stage.run(step);
    expect(failCall.armed, `${target} happens`).to.equal(false);
    expect(stopped.ok, `${target} was to be the last; ${stopped.text}`).to.equal(false);
    if (how !== "killed") expect(stopped.text).to.contain(FailCall.reason(target));
    const torn = how === "killed" && (await cancel(host, asked.torn));
    const byHand: string[] = [];
    expect(RECOVERY).to.contain("\n    pulumi up --refresh\n").and.contain("`pulumi destroy --refresh`");
    let again = await stage.run(step, { refresh: true });
    // A checkpoint from before may have missed more than one answer.
    for (let tries = 0; !again.ok && tries < 5; tries++) {
        byHand.push(
            again.text.includes("already exists for this zone")
                ? await deleteHostnameCertificate(host, traffic.cloud)
                : await importWhatExists(host, traffic.cloud, step, again.text),
        );
        again = await stage.run(step, { refresh: true });
    }
    expect(again.ok, `after ${target}: ${again.text}`).to.equal(true);
    if (step.program) {
        await traffic.visit(`after ${target}`);
        const { ok, steps, text } = await host.preview(step.program);
        expect({ ok, steps }, `nothing is left to do after ${target}: ${text}`).to.deep.equal({ ok: true, steps: [] });
    }
    await traffic.probeBypasses("the recovery");
    expect(traffic.entered).to.deep.equal([]);
    expect(traffic.dropped).to.deep.equal([]);
    expect(host.leaks().found, `a secret, or a fact of the machine, after ${target}`).to.deep.equal([]);
    return { asked, torn, probes: traffic.probes, served: traffic.served, byHand, end: summary(traffic.cloud) };
}

// What is left of a program whose CLI was killed fails late, whenever its connection is noticed to be gone.
process.on("unhandledRejection", () => undefined);
process.on("uncaughtException", (error: Error & { code?: unknown }) => {
    if (error.code === 14) return; // gRPC's UNAVAILABLE
    console.error(error);
    process.exit(1);
});

let stage: Promise<ResettableLab<CliHost>> | undefined;
process.on("message", (asked: Interruption) => {
    stage ??= ResettableLab.open((traffic) => CliHost.open(failCall.providers(traffic)));
    stage
        .then((opened) => interrupt(opened, asked))
        .then(
            (recovered) => process.send!(recovered),
            (error: Error) => process.send!({ asked, error: error.message }),
        );
});
process.on("disconnect", () => {
    Promise.resolve(stage)
        .then((opened) => opened?.close())
        .then(
            () => process.exit(0),
            (error: Error) => {
                console.error(error.message);
                process.exit(1);
            },
        );
});
