/** The lab's `command:local:Command`: the one resource that runs a program. */
import { expect } from "chai";
import { Calls, failure } from "../../support/calls";
import { makeCloud } from "../../support/cloud";

describe("the lab's command", () => {
    const TOKEN = "command:local:Command";
    const inputs = (stdin: string) => ({
        interpreter: ["node", "-"],
        create: "check https://a.test",
        stdin,
        environment: { NODE_OPTIONS: "" },
    });
    const running = () => {
        const cloud = makeCloud();
        cloud.commandEnvironment = { CLOUDFLARE_PROTECTED_HTTP_API_CONNECT_TO: "::127.0.0.1:1", OF_THE_LAB: "yes" };
        return new Calls(cloud);
    };

    it("runs node on its standard input, with the plugin's environment, and again when an input changed", async () => {
        const calls = running();
        const script = (text: string) => `console.log("${text}", process.env.OF_THE_LAB, process.argv[2]); console.error("aside")`;
        const made = await calls.create(TOKEN, inputs(script("one")));
        expect(made.outputs).to.deep.include({ stdout: "one yes check https://a.test", stderr: "aside" });
        const changed = await calls.update(made, inputs(script("two")));
        expect(changed.outputs.stdout).to.equal("two yes check https://a.test");
        expect((await calls.diff(made, inputs(script("two")))).replaces).to.deep.equal([]);
        await calls.delete(changed);
    });

    it("fails with the real provider's words, and runs nothing in a preview", async () => {
        const calls = running();
        const script = `console.log("out"); console.error("err"); process.exitCode = 3`;
        expect(await failure(calls.create(TOKEN, inputs(script)))).to.match(
            /^exit status 3: running "check https:\/\/a.test":\n(out\nerr|err\nout)\n$/,
        );
        expect((await calls.create(TOKEN, inputs(script), { preview: true })).outputs.create).to.equal("check https://a.test");
    });

    it("refuses another interpreter, and to run while the data planes do not", async () => {
        const [, ...failures] = ["", ...(await running().check(TOKEN, { ...inputs(""), interpreter: ["/bin/sh", "-c"] })).failures];
        expect(failures.join()).to.contain("[command-node-stdin]");
        expect(await failure(new Calls(makeCloud()).create(TOKEN, inputs("")))).to.contain("[command-data-planes]");
    });
});
