/**
 * The commands of the docs, pasted into the lab's terminal in their order, on this repository's stack as a live one is deployed. Proves that
 * they do what the page says in the lab; the clouds' own command lines are only played.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { stateOutput } from "../../lab/lab";
import { LAB_DOMAIN, PROJECT, DeployedLab } from "../support/deployedLab";
import { Terminal } from "../support/terminal";
import { commandsBelow, readPages } from "./pages";

const pages = readPages();
const commands = (file: string, heading: string): string[] => commandsBelow(pages.get(file)!, heading);

describe("the commands in the docs, pasted", function () {
    let lab: DeployedLab;
    let terminal: Terminal;
    let folder: string;

    before(async () => {
        lab = await DeployedLab.deploy("stack");
        lab.awsEnvironment();
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "docs-test-"));
    });
    after(async () => {
        fs.rmSync(folder, { recursive: true, force: true });
        await lab.close();
    });
    beforeEach(() => {
        lab.restore();
        terminal = new Terminal(lab);
        // The attacker's copy.
        for (const [name, resource, property] of [
            ["leaf.pem", "api-origin-pull-leaf-1-1-certificate", "certPem"],
            ["leaf.key", "api-origin-pull-leaf-1-1-key", "privateKeyPem"],
        ] as const)
            fs.writeFileSync(path.join(folder, name), stateOutput(lab.engine, resource, property)!);
    });

    /** What a reader puts in the place of `<…>`. */
    const fill = (command: string): string =>
        command.replace(/<([^>]+)>/g, (gap, what: string) => {
            const [, name] = /^URN of (\S+)$/.exec(what) ?? [];
            if (name !== undefined) return [...lab.engine.state.keys()].find((urn) => urn.endsWith(`::${name}`)) ?? gap;
            return (
                {
                    "domain name": LAB_DOMAIN,
                    "regional name": terminal.outputs().targetDomainName,
                    region: lab.deployed.region,
                    "stolen leaf": path.join(folder, "leaf.pem"),
                    "stolen key": path.join(folder, "leaf.key"),
                }[what] ?? gap
            );
        });
    const paste = async (command: string): Promise<string> => {
        expect(await terminal.paste(fill(command)), `${command}: ${terminal.printed}`).to.equal(true);
        return terminal.printed.trim();
    };
    const expectHealthy = async () => {
        const deadline = Date.now() + 60_000;
        let report = await terminal.diagnose();
        while (report.verdict !== "healthy" && Date.now() < deadline) report = await terminal.diagnose();
        expect([report.verdict, ...report.causes.map(({ id }) => id)]).to.deep.equal(["healthy"]);
    };
    /** A request with the thief's leaf, and the same through the edge, as the page has them. */
    const proof = () => commands("docs/incident/leaf-key.md", "Proof").filter((command) => command.startsWith("curl"));
    const REFUSED = /^000$|^\{"message":"Forbidden"\}\n403$/;

    it("changes the CA of a live API", async () => {
        for (const command of commands("docs/authorities.md", "Change the CA of a live API")) {
            await paste(command);
            await expectHealthy();
        }
        expect(terminal.outputs().presentedAuthority).to.equal("2");
    });

    it("renews a leaf before its time", async () => {
        const presentedId = () => lab.cloud.cloudflare.zones.get(lab.deployed.zoneId)!.associations.get(LAB_DOMAIN)!.certId;
        const before = presentedId();
        for (const command of commands("docs/authorities.md", "Renewal")) await paste(command);
        expect(presentedId()).to.not.equal(before);
        await expectHealthy();
    });

    it("moves to mode Shared and back, with the association or the setting unprotected first", async () => {
        const [trust, move, returning, drop] = commands("docs/authorities.md", "Modes");
        await paste(trust!);
        await paste("pulumi state unprotect '<URN of api-association>' --yes");
        await paste(move!);
        expect(terminal.outputs().presentedAuthority).to.equal("cloudflare-shared");
        await paste("pulumi state unprotect '<URN of api-tls-client-auth>' --yes");
        await paste(returning!);
        await paste(drop!);
        expect(terminal.outputs().presentedAuthority).to.equal("1");
        await expectHealthy();
    });

    it("shuts a stolen leaf out with a new CA, and not with a new leaf", async () => {
        const [around, through] = proof();
        expect(await paste(around!), "the thief gets in before").to.match(/200$/);
        for (const command of commands("docs/authorities.md", "Renewal")) await paste(command);
        expect(await paste(around!), "and after a renewal").to.match(/200$/);
        const [trust, present, drop, log] = commands("docs/incident/leaf-key.md", "Commands");
        for (const command of [trust!, present!]) await paste(command);
        const seen = (await paste(log!)).split("\n").length;
        expect(await paste(around!), "and until the old CA is dropped").to.match(/200$/);
        expect((await paste(log!)).split("\n"), "which the access log shows").to.have.length(seen + 1);
        await paste(drop!);
        expect(await paste(around!)).to.match(REFUSED);
        expect(await paste(through!)).to.equal("200");
        const [version, domain] = commands("docs/incident/leaf-key.md", "Proof");
        expect(await paste(domain!)).to.contain(`"TruststoreVersion":"${await paste(version!)}"`);
        await expectHealthy();
    });

    it("drops a CA in one deployment behind break-glass", async () => {
        const all = commands("docs/incident/ca-key.md", "Commands");
        const deploy = all.findIndex((command) => command.endsWith("pulumi up"));
        expect(await terminal.paste(fill(all[deploy]!)), "the change guard refuses it first").to.equal(false);
        expect(terminal.printed).to.contain("[drop-presented]");
        lab.restore();
        terminal = new Terminal(lab);
        for (const command of all) await paste(command);
        const [around, through] = proof();
        expect(await paste(around!)).to.match(REFUSED);
        expect(await paste(through!)).to.equal("200");
        expect(lab.config).to.not.have.property(`${PROJECT}:breakGlass`);
        await paste("pulumi preview");
        await expectHealthy();
    });

    it("puts everything back after a stolen token or role, what a refresh does not see included", async () => {
        const token = commands("docs/incident/cloudflare-token.md", "Commands").filter(
            (command) => command.startsWith("pulumi") && !command.includes("--secret"),
        );
        const role = commands("docs/incident/aws-role.md", "Commands").filter((command) => command.startsWith("pulumi"));
        for (const [faults, lines] of [
            [["association-off", "record-missing"], token],
            [["truststore-not-pinned-and-overwritten", "default-endpoint-open"], role],
        ] as const) {
            lab.restore();
            terminal = new Terminal(lab);
            for (const fault of faults) await lab.break(fault);
            expect((await terminal.diagnose()).verdict).to.equal("fault");
            expect(lines).to.have.length(2);
            for (const command of lines) await paste(command);
            await expectHealthy();
        }
    });

    it("asks the API itself, at the stack's url", async () => {
        const [, ask] = commands("docs/getting-started.md", "6 The first deployment");
        expect(await paste(ask!)).to.match(/\n200$/);
    });

    it("starts again in a new stack when the state is lost, after what the page deletes by hand", async () => {
        const { records } = lab.cloud.cloudflare.zones.get(lab.deployed.zoneId)!;
        // The proxied one, and the certificate's validation record.
        const deleted = [...records.values()].filter(({ name }) => name === LAB_DOMAIN || /^_[^.]+\./.test(name));
        expect(deleted.map(({ proxied }) => proxied).sort()).to.deep.equal([false, true]);
        lab.engine.state = new Map();
        for (const { id } of deleted) records.delete(id);
        lab.cloud.aws.domains.get(LAB_DOMAIN)!.mappings.clear();
        lab.cloud.aws.domains.delete(LAB_DOMAIN);
        await paste("pulumi up");
        await expectHealthy();
    });
});
