/**
 * The commands of `aws`, `gh` and `openssl` in the docs and in the doctor's texts, run by those programs without an account: each must take
 * the words as they are written. Not proved: what the clouds answer.
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { readPages, typedBelow } from "../../docs/pages";
import { needsTool } from "../../support/outsideTool";

const pages = [...readPages().values()];
/** Each command of a program once, typed, or within a sentence with its options. */
const commandsOf = (program: string): string[] => [
    ...new Set(
        pages.flatMap(({ text }) =>
            [
                ...text.matchAll(new RegExp(`^ {4,8}(${program} .*)$`, "gm")),
                ...text.matchAll(new RegExp(`\`(${program} [a-z][^\`]* --[^\`]*)\``, "g")),
            ].map(([, line]) => line!),
        ),
    ),
];
/** Only version 2 has them, and that is in no registry: tests/support/awsCli.ts plays the first, the others ask a person to sign in. */
const VERSION_2 = /^aws (logs tail|configure sso|sso login) /;

/** The CLI's own sample answers to some calls break its model: it has taken the options by then. */
const SAMPLE_REFUSED = /Invalid length for parameter (Arn|Certificate\.CertificateArn|FunctionUrlConfigs\[0\]\.FunctionUrl), value/;

const VALUES: Record<string, string> = {
    region: "eu-west-1",
    "API id": "ApiId",
    "key id": "AKIAIOSFODNN7EXAMPLE",
    "domain name": "api.example.com",
    "other domain": "other.example.com",
};

describe("the commands in the docs, taken by the program itself:", function () {
    let folder: string;
    beforeEach(() => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "docs-commands-"));
    });
    afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

    /** Stands before the program on PATH. */
    const stub = (name: string, body: string): void =>
        fs.writeFileSync(path.join(folder, name), `#!/bin/sh\nexport PATH='${process.env.PATH}'\n${body}\n`, { mode: 0o755 });
    /** In a shell, as it is pasted, with what a reader puts in the place of `<…>`. */
    const run = (line: string, more: Record<string, string> = {}): Promise<{ status: number | null; output: string }> => {
        const command = line.replace(/<([^>]+)>/g, (_gap, what: string) => VALUES[what] ?? what.replace(/ /g, "-"));
        const env = {
            PATH: `${folder}:${process.env.PATH}`,
            HOME: folder,
            GH_REPO: "owner/repository",
            AWS_EC2_METADATA_DISABLED: "true",
            ...more,
        };
        const child = spawn("bash", ["-euo", "pipefail", "-c", command], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
        let output = "";
        for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
        return new Promise((resolve) => child.on("close", (status) => resolve({ status, output })));
    };

    it("gh, up to the sign-in", async function () {
        const gh = needsTool(this, "gh");
        stub("gh", `exec "${gh}" "$@"`);
        const lines = commandsOf("gh");
        expect(lines.length).to.be.greaterThan(5);
        for (const line of lines) {
            const { status, output } = await run(line);
            expect(output, line).to.contain("gh auth login");
            expect(status, line).to.equal(4);
        }
        expect((await run("gh workflow disable deploy --now")).output).to.contain("unknown flag: --now");
    });

    describe("aws,", () => {
        const lines = commandsOf("aws").filter((line) => !VERSION_2.test(line));
        let aws: string;
        beforeEach(function () {
            aws = needsTool(this, "aws");
            stub("pulumi", "echo value");
        });

        it("with their options, and what they look for in the answer", async () => {
            stub("aws", `printf '%s\\n' "$*" >>"${folder}/given"; exec "${aws}" "$@" --generate-cli-skeleton output`);
            expect(lines.length).to.be.greaterThan(15);
            // One is a file, which the next test fetches.
            const answers = await Promise.all(
                lines
                    .filter((line) => !line.includes("get-object"))
                    .map(async (line) => ({ line, ...(await run(line, { AWS_DEFAULT_REGION: "eu-west-1" })) })),
            );
            for (const { line, status, output } of answers) {
                if (SAMPLE_REFUSED.test(output)) continue;
                expect(status, `${line}: ${output}`).to.equal(0);
                if (line.includes("--query")) expect(output.trim(), line).to.match(/^(?!null|None|\[\])./);
            }
            const given = fs.readFileSync(path.join(folder, "given"), "utf8");
            const [, policy] = /--policy-document (.*)$/m.exec(given)!;
            const { Statement } = JSON.parse(policy!) as { Statement: { Condition: { DateLessThan: Record<string, string> } }[] };
            expect(Statement[0]!.Condition.DateLessThan["aws:TokenIssueTime"]).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
            expect((await run("aws apigatewayv2 get-apis --all")).output).to.contain("Unknown options");
        });

        it("and openssl, which shows whose certificates a truststore has", async function () {
            needsTool(this, "openssl");
            stub("aws", `exec "${aws}" "$@"`);
            const page = pages.find(({ file }) => file === "docs/incident/ca-key.md")!;
            const [, download, show] = typedBelow(page, "Proof");
            const made = await run(
                "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out ca.pem -subj '/CN=api.example.com pull CA 2' 2>/dev/null",
            );
            expect(made.status, made.output).to.equal(0);
            const asked: string[] = [];
            const server = http.createServer((request, response) => {
                asked.push(`${request.method} ${request.url}`);
                response.end(fs.readFileSync(path.join(folder, "ca.pem")));
            });
            await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
            try {
                const { status, output } = await run(download!, {
                    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
                    AWS_ACCESS_KEY_ID: "AKIALAB",
                    AWS_SECRET_ACCESS_KEY: "lab-secret",
                    AWS_DEFAULT_REGION: "eu-west-1",
                });
                expect(status, output).to.equal(0);
            } finally {
                server.close();
            }
            expect(asked).to.deep.equal(["GET /bucket/truststore.pem?versionId=value"]);
            const { output } = await run(show!);
            expect(output.match(/^issuer=.*pull CA 2$/gm), output).to.have.length(1);
        });
    });
});
