/** No secret in clear text anywhere: state, checkpoints, history, events, output, process list. Nor any fact of the machine in the state. */
import * as os from "node:os";
import { expect } from "chai";
import { stranger } from "../../lab/traffic/attackerCertificates";
import { CliHost } from "./cliHost";
import { findMachine, findSecrets, secretPieces } from "./leaks";
import { NAME, program } from "./programs";
import { startLab } from "./resettableLab";
import { needsPulumi } from "../support/needsPulumi";

describe("secrets on the real engine", function () {
    it("are nowhere in clear text, and the state knows nothing of the machine", async function () {
        needsPulumi(this);
        const traffic = await startLab();
        const { cloud } = traffic;
        const log: string[] = [];
        cloud.events.on("event", (event) => log.push(JSON.stringify(event)));
        const made = traffic.watched();
        const host: CliHost = await CliHost.open(made);
        const own = await stranger(NAME);
        const corp = { name: "corp", caCertificatePem: own.caPem, certificatePem: own.certificatePem, privateKeyPem: own.privateKeyPem };
        const both = (presented: string) => program({ originPull: { authorities: [{ name: "1" }, corp], presented } });
        try {
            for (const presented of ["1", "corp"]) {
                const done = await host.up(both(presented));
                expect(done.ok, done.text).to.equal(true);
            }
            // A leaf that is not of this CA, known only late: refused, without the key in the message.
            const other = await stranger(NAME);
            const bad = await host.up(
                program({ originPull: { authorities: [{ name: "1" }, { ...corp, privateKeyPem: other.privateKeyPem }], presented: "1" } }),
            );
            expect(bad.ok).to.equal(false);
            expect((await host.refresh(both("corp"))).ok).to.equal(true);

            const open = await host.cli(["stack", "export", "--show-secrets"]);
            // Strings within strings: a line break is escaped once or twice.
            const text = open.replace(/\\+n/g, "\n");
            expect(host.privateKeys.size, "an issued CA, an issued leaf and a bring-your-own leaf").to.be.at.least(3);
            // The search finds what is there.
            expect(findSecrets(secretPieces(host.privateKeys, []), host.folder, { open: text }).found).to.deep.equal(["open"]);
            host.privateKeys.add(other.privateKeyPem);
            const { searched, found } = host.leaks({ "the lab's log": log.join("\n") });
            expect(found).to.deep.equal([]);
            console.log(`      ${host.privateKeys.size} keys, a token and a passphrase: not found in ${searched} places`);
            // So does the search for the machine, and it takes no letters of a key, encrypted or not, for a path.
            const machine = (state: Record<string, string>): string[] => findMachine(JSON.stringify(state), host.folder);
            const letters = `Q9${os.tmpdir()}x+${os.homedir()}a`;
            for (const text of [`at ${process.cwd()}/index.ts`, `${own.caPem}${process.cwd()}`])
                expect(machine({ text })).to.include(process.cwd());
            expect(machine({ text: letters })).to.include.members([os.tmpdir(), os.homedir()]);
            expect(machine({ text: os.hostname() })).to.include(os.hostname());
            const pem = `-----BEGIN PRIVATE KEY-----\n${letters}\n-----END PRIVATE KEY-----\n`;
            expect(machine({ pem, plaintext: JSON.stringify(pem), ciphertext: letters })).to.deep.equal([]);

            const elsewhere = await CliHost.open(made, { HOME: "/nonexistent", USER: "somebody" });
            try {
                await elsewhere.stack.importStack(await host.stack.exportStack());
                const seen = await elsewhere.preview(both("corp"));
                expect(seen.ok, seen.text).to.equal(true);
                expect(seen.steps).to.deep.equal([]);
            } finally {
                await elsewhere.close();
            }
        } finally {
            await host.close();
            await traffic.close();
        }
    });
});
