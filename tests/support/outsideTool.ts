/** Tests whose judge is a program that is not ours: skipped without it, with one message. */
import type { Context } from "mocha";
import { findTool, howToGet, type ToolName } from "../../tools/outsideTools";

const told = new Set<ToolName>();

/** What starts the tool. Called in a `before` hook: `nginx = needsTool(this, "nginx")`. CI skips too: a tool of others needs a network. */
export function needsTool(context: Context, name: ToolName): string {
    const executable = findTool(name);
    if (executable !== undefined) return executable;
    if (!told.has(name))
        console.log(
            `      skipped: all tests that ask ${name}, which is not here; \`npm run tools:outside\` or \`${howToGet(name)}\` gets it`,
        );
    told.add(name);
    return context.skip();
}
