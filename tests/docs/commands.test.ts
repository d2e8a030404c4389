/** Every command that a page has is played by a test, or its row says why none can. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { ROOT, readPages } from "./pages";

const PROGRAMS = "aws|bash|cd|curl|export|gh|mkdir|node|npm|npx|openssl|printf|pulumi|read";
/** What a line runs, without a reader's comment; continued lines are one. docs/causes.md is played by tests/doctor/fixes.lab.test.ts. */
const typed = [...readPages().values()]
    .filter(({ file }) => file !== "docs/causes.md")
    .flatMap(({ file, text }) =>
        [...text.replace(/ \\\n +/g, " ").matchAll(new RegExp(`^ {4,8}((?:[A-Z_]+="[^"]*" )?(?:${PROGRAMS}) .*?)(?: +# .*)?$`, "gm"))].map(
            ([, command]) => ({ file, command: command! }),
        ),
    );

const STACK = "tests/docs/commands.lab.test.ts";
const START = "tests/engine/gettingStarted.test.ts";
const TAKEN = "tests/outside/commands/docs.outside.test.ts";
const CURL = "tests/outside/curl/docs.outside.test.ts";
const NAMES = "tests/docs/pages.test.ts";

/** The first that fits counts. `by` is a file that runs, pastes or looks up what the page has. */
const ROWS: { commands: RegExp; by?: string; why?: string }[] = [
    // Our own programs.
    { commands: /^npm (ci && )?(ci|start|test|run)\b|^npm ci && npm (start|test)$|^bash \.ci\/run$/, by: NAMES },
    { commands: /^npx --no cloudflare-protected-http-api doctor /, by: NAMES },
    { commands: /^npm ci && npm pack$|^npm install <path>/, why: "npm run test:package packs and installs, in words of its own" },
    // The AWS CLI.
    { commands: /^aws (configure sso|sso login) /, why: "a person signs in at AWS" },
    { commands: /^aws logs tail /, by: STACK },
    { commands: /^aws /, by: TAKEN },
    // Others.
    { commands: /^(gh|openssl) /, by: TAKEN },
    { commands: /^curl -sS "\$\(/, by: STACK },
    { commands: /^curl /, by: CURL },
    { commands: /^printf .* curl .*\/user\/tokens\/verify$/, why: "of the user's own tokens the lab knows nothing" },
    { commands: /^printf .* curl -K - .*\/hostnames\/certificates/, by: "tests/engine/recoveryWorker.ts" },
    { commands: /^printf .* curl -sS -K - /, by: CURL },
    { commands: /^read -rs /, why: "a person types the token" },
    // The empty machine, and the last command of a stack.
    { commands: /^(node|pulumi) (--)?version$/, why: "prints what is here" },
    { commands: /awskms:|^pulumi login 's3:/, why: "needs a bucket and a key in an AWS account" },
    { commands: /^mkdir empty|^printf 'name: |^pulumi (stack select|state unprotect --all|config set deletionProtection false)/, by: "tests/engine/takingDown.test.ts" }, // prettier-ignore
    { commands: /^(mkdir|export|read|printf) |^pulumi (login|stack (init|change-secrets-provider)) |^PULUMI_\w+=/, by: START },
    {
        commands: /^pulumi config set (--secret|aws:region|domainName|zoneId|logRetentionDays|throttle\w+)\b/,
        by: START,
    },
    // A live stack.
    { commands: /^pulumi up --refresh$|^pulumi cancel --yes$/, by: "tests/engine/recoveryWorker.ts" },
    { commands: /^pulumi (preview|up|destroy)$/, by: "tests/engine/takingDown.test.ts" },
    { commands: /^pulumi config(?: set <key> <value>)?$/, why: "the form of a command" },
    {
        commands:
            /^pulumi (config (set|rm) (originPull\w+|cloudflare-protected-http-api:breakGlass)|state unprotect '<URN|stack |preview --refresh --diff$)/,
        by: STACK,
    },
];

const rowOf = (command: string) => ROWS.find(({ commands }) => commands.test(command));

describe("the commands of the docs", () => {
    it("are all played, or say why not", () => {
        expect(typed.length).to.be.greaterThan(80);
        expect(typed.filter(({ command }) => !rowOf(command)).map(({ file, command }) => `${file}: ${command}`)).to.deep.equal([]);
    });

    it("are played by a test that reads one of their pages", () => {
        for (const row of ROWS) {
            const pages = typed.filter(({ command }) => rowOf(command) === row).map(({ file }) => file);
            expect(pages, `${row.commands} fits no command`).to.not.deep.equal([]);
            if (row.by === undefined) continue;
            const source = fs.readFileSync(path.join(ROOT, row.by), "utf8");
            expect(
                pages.some((page) => source.includes(page) || source.includes("readPages().values()")),
                `${row.by}: ${row.commands}`,
            ).to.equal(true);
        }
    });
});
