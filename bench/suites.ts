/** `npm run bench:suites`: how long each suite takes on this machine. A suite's name as an argument measures that one alone. */
import { spawnSync } from "node:child_process";
import * as os from "node:os";
import Table from "cli-table3";

const SUITES = ["test", "test:lab", "test:engine"];

const [, , ...chosen] = process.argv;
const unknown = chosen.filter((name) => !SUITES.includes(name));
if (unknown.length > 0) {
    console.error(`no suite ${unknown.join(", ")}; there are ${SUITES.join(", ")}`);
    process.exit(2);
}
const table = new Table({ head: ["suite", "seconds", "tests"], style: { head: [], border: [] } });
for (const suite of chosen.length > 0 ? chosen : SUITES) {
    const started = process.hrtime.bigint();
    const { status, stdout } = spawnSync("npm", ["run", "--silent", suite], { encoding: "utf8", maxBuffer: 2 ** 28 });
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    const [, passing] = /^ +(\d+) passing/m.exec(stdout) ?? [];
    table.push([`npm run ${suite}`, seconds.toFixed(0), status === 0 ? (passing ?? "none") : "FAILED"]);
    if (status !== 0) process.exitCode = 1;
}
console.log(`${os.cpus().length} CPUs`);
console.log(table.toString());
