/** Breaks the components in a dozen ways, one after another, and wants a named test to fail each time. Files are put back, also on Ctrl-C. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

const ROOT = path.join(__dirname, "..");

/** `test`: words of the title of a test that must fail; `spec`: the file that holds it. */
const MUTATIONS: { file: string; from: string; to: string; test: string; spec?: string }[] = [
    {
        file: "gateway.ts",
        from: "disableExecuteApiEndpoint: true",
        to: "disableExecuteApiEndpoint: false",
        test: "turns the default endpoint off",
    },
    {
        file: "gateway.ts",
        from: ", truststoreVersion: inputs.truststore.version",
        to: "",
        test: "asks for a client certificate of the pinned truststore version",
    },
    {
        file: "gateway.ts",
        from: "mutualTlsAuthentication: {",
        to: "mutualTlsAuthentication: undefined && {",
        test: "asks for a client certificate of the pinned truststore version",
    },
    { file: "gateway.ts", from: "autoDeploy: true", to: "autoDeploy: false", test: "deploys changes of the API by itself" },
    { file: "edge.ts", from: "proxied: true", to: "proxied: false", test: "proxies the record" },
    { file: "routes.ts", from: "${inputs.executionArn}/*/*", to: "${inputs.executionArn}/*", test: "lets only this API call the function" },
    {
        file: "cloudflareProtectedHttpApi.ts",
        from: "const child = { parent: this,",
        to: "const child = { parent: undefined as unknown as pulumi.Resource,",
        test: "has a parent in the component",
    },
    {
        file: "cloudflareProtectedHttpApi.ts",
        from: "dependsOn: [domain]",
        to: "dependsOn: []",
        test: "trusts the leaf before the edge presents it",
    },
    {
        file: "truststore.ts",
        from: "dependsOn: [versioning, ",
        to: "dependsOn: [",
        test: "enables versioning before the truststore is written",
    },
    {
        file: "ledger.ts",
        from: "{ onDryRun: true }",
        to: "{}",
        test: "refuses a swap of CAs in preview and in up",
        spec: "tests/lab/guard.test.ts",
    },
    {
        file: "originPullIdentity.ts",
        from: "if (pulumi.runtime.isDryRun()) return id;",
        to: "return id;",
        test: "is closed and up at every step on the lab's engine",
        spec: "tests/engine/scenarios.test.ts",
    },
    { file: "certificate.ts", from: "proxied: false", to: "proxied: true", test: "is validated by an unproxied record" },
];

let failed = 0;
for (const { file, from, to, test, spec = "tests/unit/component.test.ts" } of MUTATIONS) {
    const target = path.join(ROOT, "components", file);
    const original = fs.readFileSync(target, "utf8");
    if (original.split(from).length !== 2) throw new Error(`components/${file} must hold ${JSON.stringify(from)} exactly once`);
    let result;
    try {
        fs.writeFileSync(
            target,
            original.replace(from, () => to),
        );
        result = spawnSync(
            "npx",
            ["mocha", "--no-config", "--node-option", "import=tsx", "--timeout", "60000", "--reporter", "json", spec],
            {
                cwd: ROOT,
                encoding: "utf8",
            },
        );
    } finally {
        fs.writeFileSync(target, original);
    }
    const report = JSON.parse(result.stdout.slice(result.stdout.indexOf("{"))) as { failures: { fullTitle: string }[] };
    const caught = report.failures.some((one) => one.fullTitle.includes(test));
    if (!caught) failed++;
    console.log(`${caught ? "caught" : "MISSED"}  ${file}: ${from} -> ${to || "(nothing)"}`);
}
console.log(`${MUTATIONS.length - failed} of ${MUTATIONS.length} mutations were caught`);
process.exitCode = failed === 0 ? 0 : 1;
