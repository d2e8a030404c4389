/** Tests on the real engine: skipped without a CLI, with one message. */
import type { Context } from "mocha";
import { OLDEST_CLI, findPulumi } from "../../tools/pulumiCli";

let told = false;

export function needsPulumi(context: Context): void {
    if (findPulumi()) return;
    if (process.env.CI) throw new Error("CI skips no test: there must be a Pulumi CLI; `npm run tools:pulumi` gets one");
    if (!told)
        console.log(
            `      skipped: all tests on the real engine, for there is no Pulumi CLI of ${OLDEST_CLI.join(".")} or newer; \`npm run tools:pulumi\` gets one`,
        );
    told = true;
    context.skip();
}
