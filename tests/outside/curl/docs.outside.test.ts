/**
 * The curl commands of the docs and of the doctor's texts, run by curl itself on a live stack, healthy and broken. Other tests play them in a
 * terminal of ours, which must print what curl prints.
 */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { stateOutput } from "../../../lab/lab";
import { readPages } from "../../docs/pages";
import { DeployedLab, LAB_DOMAIN } from "../../support/deployedLab";
import { needsTool } from "../../support/outsideTool";
import { Terminal } from "../../support/terminal";

/** Each command that asks the API, and not Cloudflare's own, once. */
const commands = [
    ...new Set([...readPages().values()].flatMap(({ text }) => [...text.matchAll(/^ {4,8}(curl .*)$/gm)].map(([, line]) => line!))),
].filter((line) => !line.includes("$("));

describe("the curl commands in the docs, run by curl", function () {
    let lab: DeployedLab;
    let folder: string;
    let curl: string;
    let surroundings: string;

    before(async function () {
        curl = needsTool(this, "curl");
        lab = await DeployedLab.deploy("stack");
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "curl-docs-test-"));
        const { edge, gateway } = lab.deployment;
        const regionalName = new Terminal(lab).outputs().targetDomainName!;
        fs.writeFileSync(path.join(folder, "ca.pem"), lab.cloud.webCa.certificatePem);
        fs.writeFileSync(path.join(folder, "leaf.pem"), stateOutput(lab.engine, "api-origin-pull-leaf-1-1-certificate", "certPem")!);
        fs.writeFileSync(path.join(folder, "leaf.key"), stateOutput(lab.engine, "api-origin-pull-leaf-1-1-key", "privateKeyPem")!);
        // What DNS says. After the command's own: curl takes the first that fits.
        const connectTo = [
            `${LAB_DOMAIN}:443:127.0.0.1:${edge.port}`,
            `${regionalName}:80:127.0.0.1:${gateway.httpPort}`,
            `${lab.defaultEndpoint()}:443:127.0.0.1:${gateway.port}`,
        ];
        surroundings = ["--noproxy '*'", `--cacert ${path.join(folder, "ca.pem")}`, ...connectTo.map((to) => `--connect-to '${to}'`)].join(
            " ",
        );
    });
    after(async () => {
        if (folder) fs.rmSync(folder, { recursive: true, force: true });
        await lab?.close();
    });
    beforeEach(() => lab.restore());

    /** What a reader puts in the place of `<…>`. */
    const fill = (command: string): string => {
        const values: Record<string, string> = {
            "domain name": LAB_DOMAIN,
            "regional name": new Terminal(lab).outputs().targetDomainName!,
            "stolen leaf": path.join(folder, "leaf.pem"),
            "stolen key": path.join(folder, "leaf.key"),
            "API id": lab.outside().apiId!,
            region: lab.deployed.region,
        };
        return command.replace(/<([^>]+)>/g, (gap, what: string) => values[what] ?? gap);
    };
    /** In a shell, as it is pasted. The regional name of `--connect-to` has no DNS but this. */
    const runInShell = (line: string): Promise<string> => {
        const command = line.replace(/(--connect-to \S+?:443:)\S+/, `$1127.0.0.1:${lab.deployment.gateway.port}`).replace(/^curl/, curl);
        const env = { PATH: process.env.PATH, HOME: folder };
        return new Promise((done) =>
            execFile("sh", ["-c", `${command} ${surroundings}`], { env, encoding: "utf8" }, (_error, stdout) => done(stdout.trim())),
        );
    };
    const inTerminal = async (line: string): Promise<string> => {
        const terminal = new Terminal(lab);
        await terminal.paste(line);
        return terminal.printed.trim();
    };

    it("are all of them filled in", () => {
        expect(commands.length).to.be.greaterThan(4);
        for (const command of commands) expect(fill(command)).to.not.match(/<[^>]*>/);
    });

    for (const fault of [undefined, "mtls-removed", "default-endpoint-open", "port-80-open", "association-off", "throttled"])
        it(`print what our terminal prints${fault === undefined ? "" : `, with the fault ${fault}`}`, async () => {
            if (fault !== undefined) await lab.break(fault);
            for (const command of commands.map(fill)) expect(await runInShell(command), command).to.equal(await inTerminal(command));
        });

    it("list at Cloudflare what the zone has, with the token on the standard input", async () => {
        const { cloudflareToken = "", cloudflareBaseUrl = "" } = lab.inside();
        const lines = [...readPages().values()]
            .flatMap(({ text }) => [...text.matchAll(/^ {4,8}(printf .* curl -sS -K - .*)$/gm)].map(([, line]) => line!))
            // Of the user's own tokens the lab knows nothing.
            .filter((line) => !line.includes("user/tokens/verify"));
        expect(lines).to.have.length(3);
        for (const line of lines) {
            const url = /'?https:\/\/api\.cloudflare\.com\/client\/v4(\S+?)'?$/;
            const command = line
                .replace("<zone id>", lab.deployed.zoneId)
                .replace(url, (_url, where: string) => `'${cloudflareBaseUrl}${where}'`)
                .replace("| curl", `| ${curl}`);
            const env = { PATH: process.env.PATH, HOME: folder, CLOUDFLARE_API_TOKEN: cloudflareToken };
            const answer = await new Promise<string>((done) =>
                execFile("sh", ["-c", command], { env, encoding: "utf8" }, (_error, stdout) => done(stdout)),
            );
            const { success, result } = JSON.parse(answer) as { success: boolean; result: unknown[] };
            expect([success, result.length > 0], line).to.deep.equal([true, true]);
        }
    });

    it("tell a stack that is closed from one that is open", async () => {
        const around = fill(commands.find((command) => command.includes("--connect-to") && !command.includes("--cert"))!);
        expect(await runInShell(around)).to.equal("000");
        await lab.break("mtls-removed");
        expect(await runInShell(around), "the function itself answers, which asks for a certificate too").to.match(/no client certificate/);
    });
});
