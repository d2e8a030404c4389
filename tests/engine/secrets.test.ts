/** No secret in clear text anywhere: state, checkpoints, history, events, output, process list. Nor any fact of the machine in the state. */
import { execFileSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { stranger } from "../../lab/attackers";
import { createCloud } from "../../lab/createCloud";
import { addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { PASSPHRASE, RealHost } from "./hosts";
import { NAME, program } from "./programs";
import { Watch } from "./watch";
import { needsPulumi } from "../support/needsPulumi";

const TOKEN = "cf-token-b5d1c2a4e6f80317";

/** What a key looks like in PEM, in base64 without line breaks, and in DER: a piece from its middle each. */
function needles(pem: string): Buffer[] {
    const base64 = pem.replace(/-----[^-]+-----|\s/g, "");
    const der = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
    const middle = Math.floor(base64.length / 2);
    const line = pem.split("\n")[Math.floor(pem.split("\n").length / 2)]!;
    const start = Math.floor(der.length / 2);
    return [Buffer.from(line), Buffer.from(base64.slice(middle, middle + 60)), der.subarray(start, start + 40)];
}

function files(folder: string): string[] {
    return fs
        .readdirSync(folder, { recursive: true, withFileTypes: true })
        .flatMap((entry) => (entry.isFile() ? [path.join(entry.parentPath, entry.name)] : []));
}

describe("secrets on the real engine", function () {
    this.timeout(120_000);

    it("are nowhere in clear text, and the state knows nothing of the machine", async function () {
        needsPulumi(this);
        const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }], activationDelayMs: 0 });
        addHandler(cloud);
        const watch = await Watch.start(cloud);
        let processes = "";
        const made = watch.watched(() => Promise.resolve(void (processes += execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }))));
        const host: RealHost = await RealHost.open(made);
        const own = await stranger(NAME);
        const corp = { name: "corp", caCertificatePem: own.caPem, certificatePem: own.certificatePem, privateKeyPem: own.privateKeyPem };
        const both = (presented: string) => program({ originPull: { authorities: [{ name: "1" }, corp], presented } });
        const secrets = { "cloudflare:apiToken": TOKEN };
        try {
            for (const presented of ["1", "corp"]) {
                const done = await host.up(both(presented), { secrets });
                expect(done.ok, done.text).to.equal(true);
            }
            // A leaf that is not of this CA, known only late: refused, without the key in the message.
            const other = await stranger(NAME);
            const bad = await host.up(
                program({ originPull: { authorities: [{ name: "1" }, { ...corp, privateKeyPem: other.privateKeyPem }], presented: "1" } }),
                { secrets },
            );
            expect(bad.ok).to.equal(false);
            expect((await host.refresh(both("corp"))).ok).to.equal(true);

            const open = await host.cli(["stack", "export", "--show-secrets"]);
            // Strings within strings: a line break is escaped once or twice.
            const text = open.replace(/\\+n/g, "\n");
            const keys = [...new Set(text.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/g))];
            expect(keys.length, "an issued CA, an issued leaf and a brought leaf").to.be.at.least(3);
            const wanted = [...keys, other.privateKeyPem].flatMap(needles);
            // The search finds what is there.
            expect(wanted.some((needle) => Buffer.from(text).includes(needle))).to.equal(true);
            wanted.push(Buffer.from(TOKEN), Buffer.from(PASSPHRASE));

            const searched: [string, Buffer][] = [
                ...files(host.folder).map((file): [string, Buffer] => [path.relative(host.folder, file), fs.readFileSync(file)]),
                ["what the CLI said", Buffer.from(host.transcript)],
                ["the process list", Buffer.from(processes)],
            ];
            const found = searched.filter(([, content]) => wanted.some((needle) => content.includes(needle))).map(([place]) => place);
            expect(found).to.deep.equal([]);
            console.log(`      ${keys.length} keys, a token and a passphrase: not found in ${searched.length} places`);

            // Source positions are relative to the project's folder: an inline program has another one than its sources.
            const state = JSON.stringify(JSON.parse(await host.state()), (key, value: unknown) =>
                ["sourcePosition", "stackTrace"].includes(key) ? undefined : value,
            );
            for (const fact of [os.homedir(), process.cwd(), path.basename(host.folder)]) expect(state, "the state").not.to.contain(fact);
            // A short name may occur within an encrypted value: only a word of its own counts.
            expect(state).not.to.match(new RegExp(`(?<![\\w+/=])${os.hostname()}(?![\\w+/=])`));
            const elsewhere = await RealHost.open(made, { HOME: "/nonexistent", USER: "somebody" });
            try {
                await elsewhere.stack.importStack(await host.stack.exportStack());
                const seen = await elsewhere.preview(both("corp"), { secrets });
                expect(seen.ok, seen.text).to.equal(true);
                expect(seen.steps).to.deep.equal([]);
            } finally {
                await elsewhere.close();
            }
        } finally {
            await host.close();
            await watch.close();
        }
    });
});
