/**
 * The CLI is killed after every single create of the first `up`, and the README's recovery is performed as it is written. A script of its
 * own, run by recovery.test.ts: what is left of the SDK after a kill waits for ever, and would hold up the other tests of a process.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { createCloud } from "../../lab/createCloud";
import type { Cloud } from "../../lab/cloud";
import { addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { PROJECT, RealHost, SmallHost } from "./hosts";
import { NAME, program } from "./programs";
import { summary } from "./summary";
import { Watch } from "./watch";

interface ImportFile {
    resources: { type: string; name: string; id: string; component?: boolean }[];
}

/** The README's table: resource type to the form of its import id. */
function importIds(): Map<string, string> {
    const readme = fs.readFileSync(path.join(__dirname, "..", "..", "README.md"), "utf8");
    return new Map([...readme.matchAll(/^ *\| `((?:aws|cloudflare):\S+)` +\| `([^`]+)` +\|/gm)].map(([, type, id]) => [type!, id!]));
}

/** The placeholders of the README's table, as somebody would look them up. */
function lookUp(cloud: Cloud, resource: string): Record<string, string | undefined> {
    const [api] = [...cloud.aws.apis.values()].slice(-1);
    const records = [...cloud.cloudflare.zones.get("zone1")!.records.values()];
    return {
        "<domain name>": NAME,
        "<API id>": api?.id,
        "<route id>": [...(api?.routes.keys() ?? [])][0],
        "<mapping id>": [...(cloud.aws.domains.get(NAME)?.mappings.keys() ?? [])][0],
        "<zone id>": "zone1",
        "<record id>": records.find(({ name }) => name.startsWith("_") === resource.endsWith("-validation"))?.id,
    };
}

async function scene(): Promise<{ cloud: Cloud; watch: Watch }> {
    const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }], activationDelayMs: 0 });
    addHandler(cloud);
    return { cloud, watch: await Watch.start(cloud) };
}

/**
 * After a crash of the CLI. A backend in a folder renames a checkpoint into place and then writes the file of its attributes, which a crash
 * may leave empty: that is done here by hand, if it did not happen. Returns whether it had to be mended.
 */
async function cancel(host: RealHost, torn: boolean): Promise<boolean> {
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

/** "If something exists already", as the README says it. Returns what was imported. */
async function importWhatExists(host: RealHost, cloud: Cloud, error: string): Promise<string> {
    const file = path.join(host.folder, "import.json");
    expect((await host.preview(program(), { importFile: file })).ok).to.equal(true);
    const plan = JSON.parse(fs.readFileSync(file, "utf8")) as ImportFile;
    const ids = importIds();
    const [, stuck] = /^(orders-\S+): .*(?:already exists|81053)/m.exec(error) ?? [];
    const entry = plan.resources.find(({ type, name }) => ids.has(type) && stuck === name);
    expect(entry, `an entry of the README's table for ${error}`).not.to.equal(undefined);
    const { type, name } = entry!;
    entry!.id = Object.entries(lookUp(cloud, name)).reduce((id, [place, value]) => id.replace(place, value ?? place), ids.get(type)!);
    plan.resources = [entry!];
    fs.writeFileSync(file, JSON.stringify(plan));
    await host.cli(["import", "--file", file, "--generate-code=false", "--protect=false", "--yes", "--skip-preview"]);
    return `${name} imported as ${entry!.id}`;
}

async function main(): Promise<void> {
    const whole = await scene();
    const targets: string[] = [];
    const small = whole.watch.watched((operation) => Promise.resolve(void targets.push(operation)));
    expect((await new SmallHost(small).up(program())).ok).to.equal(true);
    await whole.watch.close();
    let probes = 0;
    const byHand: string[] = [];
    let torn = 0;
    for (const [index, target] of targets.entries()) {
        const { cloud, watch } = await scene();
        let armed = true;
        const made = watch.watched(async (operation) => {
            if (!armed || operation !== target) return;
            armed = false;
            await host.kill();
            await new Promise(() => undefined); // Its answer never arrives.
        });
        const host: RealHost = await RealHost.open(made);
        try {
            const killed = await host.up(program());
            expect(killed.ok, `${target} was to be the last`).to.equal(false);
            if (await cancel(host, index % 4 === 3)) torn++;
            let again = await host.up(program());
            // A checkpoint from before may have missed more than one answer.
            for (let tries = 0; !again.ok && tries < 5; tries++) {
                if (again.text.includes("already exists for this zone")) {
                    cloud.cloudflare.zones.get("zone1")!.hostnameCertificates.clear();
                    byHand.push(`${target}: hostname certificate deleted at Cloudflare`);
                } else byHand.push(`${target}: ${await importWhatExists(host, cloud, again.text)}`);
                again = await host.up(program());
            }
            expect(again.ok, `after ${target}: ${again.text}`).to.equal(true);
            await watch.visit(`after ${target}`);
            expect((summary(cloud) as { domains: unknown }).domains).to.deep.equal((summary(whole.cloud) as { domains: unknown }).domains);
            expect((await host.preview(program())).steps, `nothing is left to do after ${target}`).to.deep.equal([]);
            expect(watch.entered).to.deep.equal([]);
            expect(watch.dropped).to.deep.equal([]);
            probes += watch.probes;
        } finally {
            await host.close();
            await watch.close();
        }
    }
    console.log(
        `      ${targets.length} kills, ${torn} with a torn checkpoint, ${probes} bypass probes, none got in; ${byHand.length} needed a hand:`,
    );
    for (const text of byHand) console.log(`        ${text}`);
}

// What is left of a program whose CLI was killed fails late, whenever its connection is noticed to be gone.
process.on("unhandledRejection", () => undefined);
process.on("uncaughtException", (error: Error & { code?: unknown }) => {
    if (error.code === 14) return; // gRPC's UNAVAILABLE
    console.error(error);
    process.exit(1);
});
main().then(
    () => process.exit(0),
    (error: Error) => {
        console.error(error.message);
        process.exit(1);
    },
);
