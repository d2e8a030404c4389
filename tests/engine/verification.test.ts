/** The verification inside of a deployment on the real engine. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { readDeployed } from "../../components/changeGuard/changeGuard";
import type { VerifyArgs } from "../../components";
import { applyFault } from "../support/applyFault";
import { needsPulumi } from "../support/needsPulumi";
import { CliHost } from "./cliHost";
import type { Host } from "./host";
import { NAME, program, trusting } from "./programs";
import { startLab } from "./resettableLab";

const SECRET = "token-6d0f2b7a91";

describe("the verification on the real engine", function () {
    it("fails, rolls back, passes, and a secret header is nowhere in clear text", async function () {
        needsPulumi(this);
        const traffic = await startLab();
        const { cloud } = traffic;
        let processes = "";
        // The moment in which the verification's process waits for an answer.
        cloud.events.on("event", ({ source, action }) => {
            if (source === "edge" && action === "request") processes += execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
        });
        const host: CliHost & Host = await CliHost.open(traffic.watched());
        const verify: VerifyArgs = { timeoutSeconds: 120, headers: { authorization: SECRET } };
        const deploymentRecord = async () =>
            readDeployed(
                (JSON.parse(host.state()) as { resources: { urn: string; outputs?: unknown }[] }).resources.find(({ urn }) =>
                    urn.endsWith("::orders-deployment-record"),
                )?.outputs,
            )?.presented;
        try {
            const first = await host.up(program({ ...trusting(["1", "2"], "1"), verify }));
            expect(first.ok, first.text).to.equal(true);
            expect((await host.preview(program({ ...trusting(["1", "2"], "1"), verify }))).steps).to.deep.equal([]);
            const mend = await applyFault(cloud, "default-endpoint-open");
            const broken = await host.up(program({ ...trusting(["1", "2"], "2"), verify: { ...verify, timeoutSeconds: 3 } }));
            expect(broken.ok).to.equal(false);
            expect(broken.text)
                .to.match(/open: the default endpoint/)
                .and.contain("npx --no cloudflare-protected-http-api doctor");
            expect(await deploymentRecord()).to.equal("2");
            const back = await host.up(program({ ...trusting(["1", "2"], "1"), verify }));
            expect(back.ok, back.text).to.equal(true);
            mend();
            const forth = await host.up(program({ ...trusting(["1", "2"], "2"), verify }));
            expect(forth.steps).to.include("update orders-verification");
            expect((JSON.parse(await host.cli(["stack", "output", "--json"])) as { url: unknown }).url).to.equal(`https://${NAME}`);
            expect(await host.cli(["stack", "export", "--show-secrets"])).to.contain(SECRET);
            expect(host.state()).not.to.match(/CONNECT_TO":|NODE_EXTRA_CA_CERTS|lab-names/);
            const files = fs.readdirSync(host.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
            const searched: [string, string][] = [
                ...files.map(({ parentPath, name }): [string, string] => [name, fs.readFileSync(path.join(parentPath, name), "latin1")]),
                ["what the CLI said", host.transcript],
                ["what a failure said", broken.text],
                ["the process list", processes],
            ];
            expect(processes).to.contain("check https://api.example.com");
            expect(searched.filter(([, text]) => text.includes(SECRET)).map(([place]) => place)).to.deep.equal([]);
        } finally {
            await host.close();
            await traffic.close();
        }
    });
});
