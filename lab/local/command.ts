/** `command:local:Command`: runs for real, with the plugin's environment below its own, and fails with the real provider's words. */
import { spawn } from "node:child_process";
import type { Cloud } from "../cloud";
import { broken, list, optional, text, type Props, type ResourceType } from "../shared/resourceType";

/** Beyond any time limit that a program of the lab sets itself. */
const LIMIT_MS = 60_000;
const CONNECT_TO = "CLOUDFLARE_PROTECTED_HTTP_API_CONNECT_TO";

/** Once per create and update, as the real provider does; it does not run on a preview, nor when nothing changed. */
function run(cloud: Cloud, inputs: Props): Promise<Props> {
    // Without the lab's addresses the script would look its names up on the internet.
    if (!cloud.commandEnvironment[CONNECT_TO])
        return broken("command-data-planes", "create", "the lab's edge and gateway are not running, and nothing is asked outside of it");
    const command = optional(inputs, "update") ?? text(inputs, "create");
    const environment = inputs.environment as Record<string, string> | undefined;
    const [, ...parameters] = list(inputs, "interpreter");
    return new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [...parameters, command], {
            env: { ...process.env, ...cloud.commandEnvironment, ...environment },
            timeout: LIMIT_MS,
            killSignal: "SIGKILL",
        });
        let stdout = "";
        let stderr = "";
        let both = "";
        child.stdout.setEncoding("utf8").on("data", (chunk: string) => ((stdout += chunk), (both += chunk)));
        child.stderr.setEncoding("utf8").on("data", (chunk: string) => ((stderr += chunk), (both += chunk)));
        child.stdin.on("error", () => undefined);
        child.stdin.end(text(inputs, "stdin"));
        child.on("error", reject);
        child.on("close", (code, signal) => {
            const bare = (output: string) => output.replace(/\n$/, "");
            if (code === 0) return resolve({ stdout: bare(stdout), stderr: bare(stderr) });
            const end = signal === null ? `exit status ${code}` : "signal: killed";
            reject(new Error(`${end}: running ${JSON.stringify(command)}:\n${both}`));
        });
    });
}

export const command: ResourceType[] = [
    {
        token: "command:local:Command",
        properties: {
            create: "string!",
            update: "string",
            stdin: "string!",
            environment: "map",
            interpreter: "string[]!",
            addPreviousOutputInEnv: "boolean",
            logging: "string",
        },
        computed: ["stdout", "stderr"],
        recomputed: () => ["stdout", "stderr"],
        check(inputs) {
            if (inputs.interpreter !== undefined && list(inputs, "interpreter").join(" ") !== "node -")
                broken("command-node-stdin", "interpreter", "the lab runs node on its standard input, and nothing else");
        },
        async create(cloud, inputs) {
            const id = cloud.nextId("command");
            return { id, outputs: await run(cloud, inputs) };
        },
        update: (cloud, _id, inputs) => run(cloud, inputs),
        delete() {
            // Nothing to run: the lab knows no `delete` command.
        },
    },
];
