/** Someone with a terminal and a text: follows its FIX line by line, and looks whether its CONFIRM is so. */
import { expect } from "chai";
import type { Cause } from "../../doctor";
import type { Zone } from "../../lab/cloud";
import type { DeployedLab } from "./deployedLab";
import { Terminal } from "./terminal";

/** One fix under way. */
export class FixRunner {
    readonly terminal: Terminal;
    /** Values for the placeholders `<…>`. */
    readonly answers: Record<string, string> = {};
    constructor(
        readonly lab: DeployedLab,
        readonly way: string | undefined,
    ) {
        this.terminal = new Terminal(lab);
    }
    get printed(): string {
        return this.terminal.printed.trim();
    }
    get zone(): Zone {
        return this.lab.cloud.cloudflare.zones.get(this.lab.deployed.zoneId)!;
    }
    healthy = async (): Promise<boolean> => (await this.terminal.diagnose()).verdict === "healthy";
}

/** What a person does at some words: "skip" passes over the commands below them, "stop" has nothing left to do. */
export type ManualStep = (runner: FixRunner, words: string) => unknown;
/** The words that a text must have, and what is done at them. */
export type ManualSteps = [said: RegExp, step: ManualStep][];

/** By what CONFIRM says after `# fixed: `; without these words it is the doctor, which must say healthy. */
const MENDED: [RegExp, RegExp][] = [
    [/^your API's own answer, e\.g\. 200 or 401; not API Gateway's 403, and no 5xx$/, /^(200|401)$/],
    [
        /^000 and a connection error, or 403 with \{"message":"Forbidden"\}; anything else, even another 403, is still open/,
        /^000$|^\{"message":"Forbidden"\}\n403$/,
    ],
    [/^000 and a connection error$/, /^000$/],
    [/^404 with \{"message":"Not Found"\}; anything else is still open$/, /^\{"message":"Not Found"\}\n404$/],
    [/^ISSUED$/, /^ISSUED$/],
    [/^AVAILABLE$/, /^AVAILABLE$/],
    [/^no TruststoreWarnings$/, /^(?!.*TruststoreWarnings)/],
    [/^a line 0 issue "amazon\.com"$/, /^0 issue "amazon\.com"$/m],
    [/^ada\.ns\.cloudflare\.com and bob\.ns\.cloudflare\.com; /, /^ada\.ns\.cloudflare\.com\.\nbob\.ns\.cloudflare\.com\.$/],
    [/^nothing; /, /^$/],
    [/^_[0-9a-f]+\.acm-validations\.aws\.$/, /^_[0-9a-f]+\.acm-validations\.aws\.$/],
];

const COMMAND = /^((?:pulumi|aws|curl|printf|dig|npx) .*?|[A-Z]+='.*?')(?:\s+# (.*))?$/;

/** Follows a FIX, line by line. */
export async function follow(runner: FixRunner, fix: string, steps: ManualSteps): Promise<void> {
    let passing = false;
    for (const line of fix.split("\n")) {
        const [, command, comment] = COMMAND.exec(line) ?? [];
        if (command !== undefined) {
            if (passing) continue;
            const filled = command.replace(/<[^>]+>/g, (gap) => runner.answers[gap] ?? gap);
            const ok = await runner.terminal.paste(filled);
            expect(ok || !/pulumi (up|preview)/.test(command), `${command} fails: ${runner.printed}`).to.equal(true);
        }
        const words = command === undefined ? line : comment;
        if (words === undefined) continue;
        const found = steps.find(([said]) => said.test(words));
        if (!found) throw new Error(`no manual step for: ${words}`);
        const answer = await found[1](runner, words);
        if (answer === "stop") return;
        if (command === undefined) passing = answer === "skip";
    }
}

/** Whether CONFIRM passes. */
export async function confirms({ terminal }: FixRunner, { confirm }: Cause): Promise<boolean> {
    const [line = "", ...others] = confirm.split("\n");
    const [, command] = COMMAND.exec(line) ?? [];
    const ok = await terminal.paste(command!);
    const [, mended] = /^# fixed: (.*)$/m.exec(others.join("\n")) ?? [];
    if (mended === undefined) return ok;
    const [, expected] = MENDED.find(([said]) => said.test(mended)) ?? [];
    if (!expected) throw new Error(`no check for: ${mended}`);
    return expected.test(terminal.printed.trim());
}
