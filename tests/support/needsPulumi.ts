/** Tests on the real engine: skipped where there is no CLI, which is said once. */
import type { Context } from "mocha";
import { OLDEST_CLI, findPulumi } from "../../tools/pulumiCli";

let told = false;

export function needsPulumi(context: Context): void {
    if (findPulumi()) return;
    if (!told)
        console.log(
            `      skipped: all tests on the real engine, for there is no Pulumi CLI of ${OLDEST_CLI.join(".")} or newer; \`npm run tools:pulumi\` gets one`,
        );
    told = true;
    context.skip();
}
