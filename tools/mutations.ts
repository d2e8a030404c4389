/**
 * Breaks components, probes and doctor, one mutation at a time, and expects a named test to fail each time. Files are restored, also on
 * Ctrl-C. An argument selects the files whose names contain it.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

const ROOT = path.join(__dirname, "..");

export const DEFAULT_SPEC = "tests/components/cloudflareProtectedHttpApi.test.ts";

/** `test`: part of the title of a test that must fail; `spec`: its file. */
export const MUTATIONS: { file: string; from: string; to: string; test: string; spec?: string }[] = [
    {
        file: "pki/privateKey.ts",
        from: ".length > 1)",
        to: ".length > 9)",
        test: "refuses anything beside the key",
        spec: "tests/pki/keyPair.test.ts",
    },
    {
        file: "pki/judge.ts",
        from: "if (leaf.fields?.ca)",
        to: "if (leaf.certificate.ca)",
        test: "refuses a leaf with CA:TRUE, with and without keyCertSign",
        spec: "tests/pki/extensions.test.ts",
    },
    {
        file: "components/httpApi.ts",
        from: "disableExecuteApiEndpoint: true",
        to: "disableExecuteApiEndpoint: false",
        test: "turns the default endpoint off",
        spec: "tests/components/httpApi.test.ts",
    },
    {
        file: "components/customDomain.ts",
        from: ", truststoreVersion: inputs.truststore.version",
        to: "",
        test: "asks for a client certificate of the pinned truststore version",
        spec: "tests/components/customDomain.test.ts",
    },
    {
        file: "components/customDomain.ts",
        from: "mutualTlsAuthentication: {",
        to: "mutualTlsAuthentication: undefined && {",
        test: "asks for a client certificate of the pinned truststore version",
        spec: "tests/components/customDomain.test.ts",
    },
    {
        file: "components/failFast/inMocks.ts",
        from: "if (!heard)",
        to: "if (heard)",
        test: "with one unhandled rejection, which is the reason, if nothing fails that it looks at: apiId",
        spec: "tests/components/failFast.test.ts",
    },
    {
        file: "components/httpApi.ts",
        from: "autoDeploy: true",
        to: "autoDeploy: false",
        test: "deploys changes of the API by itself",
        spec: "tests/components/httpApi.test.ts",
    },
    {
        file: "components/cloudflareZone.ts",
        from: "proxied: true",
        to: "proxied: false",
        test: "proxies the record",
        spec: "tests/components/cloudflareZone.test.ts",
    },
    {
        file: "components/functionTargets.ts",
        from: "arn?.qualifier)",
        to: "arn && undefined)",
        test: "has the alias or version apart",
        spec: "tests/components/routes.test.ts",
    },
    {
        file: "components/cloudflareProtectedHttpApi.ts",
        from: "(args.deletionProtection ?? true) || undefined",
        to: "((args.deletionProtection ?? true) as true)",
        test: "is protected by the component's own `protect`",
    },
    {
        file: "components/functionTargets.ts",
        from: "${inputs.executionArn}/*/*",
        to: "${inputs.executionArn}/*",
        test: "lets only this API call the function",
        spec: "tests/components/routes.test.ts",
    },
    {
        file: "components/changeGuard/changeGuard.ts",
        from: ' && value !== "" && value !== UNKNOWN',
        to: "",
        test: "two values that are both unknown",
        spec: "tests/components/changeGuard/changeGuard.test.ts",
    },
    {
        file: "components/refusal.ts",
        from: "error.stack = undefined",
        to: "void error",
        test: "has a message and no stack",
        spec: "tests/components/refusal.test.ts",
    },
    {
        file: "components/cloudflareProtectedHttpApi.ts",
        from: "const child = { parent: this,",
        to: "const child = { parent: undefined as unknown as pulumi.Resource,",
        test: "has a parent in the component",
    },
    {
        file: "components/cloudflareProtectedHttpApi.ts",
        from: "dependsOn: [domain]",
        to: "dependsOn: []",
        test: "trusts the leaf before the edge presents it",
    },
    {
        file: "components/truststore.ts",
        from: "dependsOn: [versioning, ",
        to: "dependsOn: [",
        test: "enables versioning before the truststore is written",
        spec: "tests/components/truststore.test.ts",
    },
    {
        file: "components/changeGuard/deploymentRecord.ts",
        from: "{ onDryRun: true }",
        to: "{}",
        test: "refuses a swap of CAs in preview and in up",
        spec: "tests/lab/changeGuard.test.ts",
    },
    {
        file: "components/originPullActivation.ts",
        from: "if (pulumi.runtime.isDryRun()) return id;",
        to: "return id;",
        test: "is associated only once Cloudflare has deployed it",
        spec: "tests/components/originPullIdentity.test.ts",
    },
    {
        file: "components/originPullAssociation.ts",
        from: "replacementTrigger: inputs.domainName",
        to: 'replaceOnChanges: ["configs[0].hostname"]',
        test: "is associated anew when the domain changes",
        spec: "tests/components/originPullIdentity.test.ts",
    },
    {
        file: "components/lookUp.ts",
        from: "if (status === 408 || status === 429 || status >= 500)",
        to: "if (status >= 400)",
        test: "is other: 404 Not Found",
        spec: "tests/components/lookUp.test.ts",
    },
    {
        file: "components/certificate.ts",
        from: "proxied: false",
        to: "proxied: true",
        test: "is validated by an unproxied record",
        spec: "tests/components/certificate.test.ts",
    },
    {
        file: "components/verification/check.ts",
        from: "rows.every(({ verdict }) => verdict",
        to: 'rows.every(({ id, verdict }) => id === "no-certificate" || verdict',
        test: "fails what is open, naming where when no route is there",
        spec: "tests/components/verification/check.test.ts",
    },
    {
        file: "components/verification/check.ts",
        from: 'verdict === "live" || verdict === "closed")',
        to: 'verdict !== "down" && verdict !== "open")',
        test: "is inconclusive, and says why when a server answers 403 to everything",
        spec: "tests/components/verification/check.test.ts",
    },
    {
        file: "probes/probe.ts",
        from: "if (!result.serverVerified) headers = undefined;",
        to: "",
        test: "when the origin's certificate is not valid for the name, and sends it no header",
        spec: "tests/components/verification/check.test.ts",
    },
    {
        file: "probes/probe.ts",
        from: "if (result.status === undefined) result.outcome",
        to: "result.outcome",
        test: "an answer that breaks off is an answer",
        spec: "tests/components/verification/hostile.test.ts",
    },
    {
        file: "probes/probe.ts",
        from: "deadline.aborted ? timedOut() : failure",
        to: "failure",
        test: "when a server hangs, within the time limit",
        spec: "tests/components/verification/check.test.ts",
    },
    {
        file: "doctor/diagnose/diagnose.ts",
        from: "Number(b.first) - Number(a.first) ||",
        to: "",
        test: "an answer without a certificate, or to a stranger's, first and for what it is",
        spec: "tests/doctor/diagnose/judges.test.ts",
    },
    {
        file: "probes/serverCertificate.ts",
        from: "socket.getSharedSigalgs().length > 0",
        to: "true",
        test: "when mutual TLS is off, and an authorizer refuses whom the edge does not vouch for",
        spec: "tests/components/verification/check.test.ts",
    },
    {
        file: "doctor/diagnose/diagnose.ts",
        from: '"bypass-open": 2',
        to: '"bypass-open": 5',
        test: "an open bypass before a missing permission",
        spec: "tests/doctor/diagnose/judges.test.ts",
    },
    {
        file: "probes/probe.ts",
        from: "withoutSecrets(body, request.headers)",
        to: "body",
        test: "sends a visitor's header only to a server with a valid certificate",
        spec: "tests/doctor/hostile/servers.test.ts",
    },
    {
        file: "doctor/collect/aws/ask.ts",
        from: "if (UNCODED.includes(name))",
        to: 'if (name === "")',
        test: "in place of API Gateway",
        spec: "tests/doctor/collect/hindrances.test.ts",
    },
    {
        file: "doctor/visible.ts",
        from: "hasLines(key) ? visibleLines(text) : visible(text)",
        to: "text",
        test: "shows no control character and no markup",
        spec: "tests/doctor/hostile/servers.test.ts",
    },
];

function main(): void {
    // Without a listener the signal would end this process before the file is restored; the running test ends by it too.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
    const [, , only = ""] = process.argv;
    const chosen = MUTATIONS.filter(({ file }) => file.includes(only));
    let failed = 0;
    for (const { file, from, to, test, spec = DEFAULT_SPEC } of chosen) {
        const target = path.join(ROOT, file);
        const original = fs.readFileSync(target, "utf8");
        if (original.split(from).length !== 2) throw new Error(`${file} must hold ${JSON.stringify(from)} exactly once`);
        let result;
        try {
            fs.writeFileSync(
                target,
                original.replace(from, () => to),
            );
            result = spawnSync(
                "npx",
                ["mocha", "--no-config", "--node-option", "import=tsx", "--timeout", "600000", "--reporter", "json", "--fgrep", test, spec],
                {
                    cwd: ROOT,
                    encoding: "utf8",
                },
            );
        } finally {
            fs.writeFileSync(target, original);
        }
        const report = JSON.parse(result.stdout.slice(result.stdout.indexOf("{"))) as { failures: { fullTitle: string }[] };
        const caught = report.failures.some((failure) => failure.fullTitle.includes(test));
        if (!caught) failed++;
        console.log(`${caught ? "caught" : "MISSED"}  ${file}: ${from} -> ${to || "(nothing)"}`);
    }
    console.log(`${chosen.length - failed} of ${chosen.length} mutations were caught`);
    process.exitCode = failed === 0 ? 0 : 1;
}

if (require.main === module) main();
