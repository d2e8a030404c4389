/** Tests whose judge is a program that is not ours: skipped without it, with one message; in CI only if it cannot be had. */
import type { Context } from "mocha";
import { canBeFetched, findTool, howToGet, type ToolName } from "../../tools/outsideTools";

const told = new Set<ToolName>();

/** What starts the tool. Called in a `before` hook: `nginx = needsTool(this, "nginx")`. */
export function needsTool(context: Context, name: ToolName): string {
    const executable = findTool(name);
    if (executable !== undefined) return executable;
    if (process.env.CI === "true" && canBeFetched(name))
        throw new Error(`CI skips no test whose judge can be had: there must be ${name}; \`npm run tools:outside\` gets it`);
    if (!told.has(name))
        console.log(
            `      skipped: all tests that ask ${name}, which is not here; \`npm run tools:outside\` or \`${howToGet(name)}\` gets it`,
        );
    told.add(name);
    return context.skip();
}
