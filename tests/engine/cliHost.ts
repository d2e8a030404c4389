import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import * as runtime from "@pulumi/pulumi/runtime";
import { LocalWorkspace, PulumiCommand, type EngineEvent, type Stack } from "@pulumi/pulumi/automation";
import { serve, type Provider } from "../../lab/shared/provider";
import { findPulumi } from "../../tools/pulumiCli";
import { PROJECT, ours, type Done, type Host, type Program, type RunOptions } from "./host";
import { serveProgram } from "./inlineProgram";
import { findMachine, findSecrets, secretPieces } from "./leaks";
import { keepingKeys } from "./privateKeys";

const execFile = promisify(childProcess.execFile);

export const PASSPHRASE = "correct-horse-battery-staple";
export const TOKEN = "cf-token-b5d1c2a4e6f80317_of-the-engine-tests";

/** The words for both halves of a replacement that the small engine has one step for. */
const OPS: Record<string, string | undefined> = {
    create: "create",
    update: "update",
    replace: "replace",
    delete: "delete",
    "delete-replaced": "delete",
};

// As one type: the overloads of `process.on` know each event only by itself.
const LISTENED = ["uncaughtException", "unhandledRejection"] as unknown as "unhandledRejection"[];

/**
 * The SDK never closes the connections of a program whose CLI is gone, and gRPC goes on trying them. By default all clients of a process
 * share what is known of an address: a new engine that was given such a port counted as dead before it was asked.
 */
const { grpcChannelOptions, grpcClientOptions } = runtime as unknown as Record<string, Record<string, unknown> | undefined>;
// Older SDKs have one set of options for clients and servers.
(grpcClientOptions ?? grpcChannelOptions)!["grpc.use_local_subchannel_pool"] = 1;

/** The real engine, its state in a folder of its own. */
export class CliHost implements Host {
    #config: string[] = [];
    /** Whether the program of the present operation has run to its end. */
    #ended = false;
    /** The CLI's output, events included, without debug messages. */
    transcript = "";
    /** The process list while the CLI was running. */
    processes = "";

    private constructor(
        readonly stack: Stack,
        readonly folder: string,
        readonly servers: { close(): void }[],
        readonly privateKeys: Set<string>,
    ) {}

    static async open(providers: Record<string, Provider>, env: Record<string, string> = {}): Promise<CliHost> {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "engine-test-"));
        const cli = findPulumi();
        const privateKeys = new Set<string>();
        const served = await Promise.all(
            Object.entries(keepingKeys(providers, privateKeys)).map(async ([name, provider]) => ({ name, server: await serve(provider) })),
        );
        const stack = await LocalWorkspace.createOrSelectStack(
            { stackName: "dev", projectName: PROJECT, program: async () => Promise.resolve() },
            {
                pulumiCommand: await PulumiCommand.get(cli?.root === undefined ? {} : { root: cli.root }),
                pulumiHome: path.join(folder, "home"),
                projectSettings: { name: PROJECT, runtime: "nodejs", backend: { url: `file://${folder}` } },
                envVars: {
                    PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
                    PULUMI_DEBUG_PROVIDERS: served.map(({ name, server }) => `${name}:${server.port}`).join(","),
                    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
                    PULUMI_SKIP_UPDATE_CHECK: "true",
                    ...env,
                },
            },
        );
        const host = new CliHost(
            stack,
            folder,
            served.map(({ server }) => server),
            privateKeys,
        );
        // The Automation API reads outputs and history after each operation: three more starts of the CLI, for what no test looks at.
        Object.assign(stack, { outputs: () => Promise.resolve({}), info: () => Promise.resolve(undefined) });
        // As in docs/component.md. The Automation API's own `setConfig` passes the value as an argument: the process list would show it.
        await host.cli(["config", "set", "--secret", "cloudflare:apiToken"], {}, TOKEN);
        return host;
    }

    async #run(
        program: Program,
        options: RunOptions,
        operation: (listen: (event: EngineEvent) => void) => Promise<unknown>,
    ): Promise<Done> {
        for (const key of this.#config) await this.stack.removeConfig(key);
        this.#config = Object.keys(options.config ?? {});
        for (const [key, value] of Object.entries(options.config ?? {})) await this.stack.setConfig(key, { value });
        this.#ended = false;
        this.stack.workspace.program = async () => {
            const outputs = await program();
            this.#ended = true;
            return (outputs ?? {}) as Record<string, unknown>;
        };
        const steps: string[] = [];
        const messages: string[] = [];
        let looked: Promise<unknown> | undefined;
        const listen = (event: EngineEvent): void => {
            looked ??= execFile("ps", ["-eo", "args"]).then(({ stdout }) => (this.processes += stdout));
            // The SDK puts whole answers, secrets included, into its debug messages; docs/authorities.md warns of their logs.
            if ((event.diagnosticEvent?.severity as string | undefined) !== "debug") this.transcript += `${JSON.stringify(event)}\n`;
            const step = event.resourcePreEvent?.metadata;
            const op = step && OPS[step.op];
            if (step && op && ours(step.type)) steps.push(`${op} ${step.urn.split("::").slice(3).join("::")}`);
            if (event.diagnosticEvent) {
                const { urn, message } = event.diagnosticEvent;
                messages.push(urn === undefined ? message : `${urn.split("::").at(-1)}: ${message.replace(/<\{%[^%]*%\}>/g, "")}`);
            }
        };
        // A program that was cut off by the end of its CLI leaves the SDK's listeners behind, which would hide later rejections.
        const before = LISTENED.map((event) => process.listeners(event));
        try {
            await operation(listen);
            return { ok: true, steps: steps.sort(), text: messages.join("\n") };
        } catch (error) {
            return { ok: false, steps: steps.sort(), text: `${messages.join("\n")}\n${(error as Error).message}` };
        } finally {
            await looked;
            LISTENED.forEach((event, i) => {
                for (const listener of process.listeners(event))
                    if (!before[i]!.includes(listener)) process.off(event, listener as (error: unknown) => void);
            });
        }
    }

    /** The SDK swallows a lost connection, and a program that it stopped counts as one that ended: with success, what it did not name is deleted. */
    #mustHaveEnded(): void {
        if (!this.#ended) throw new Error("the program did not come to its end, and the CLI has taken what it named for all");
    }

    readonly #heard = (text: string): void => void (this.transcript += text);

    preview = (program: Program, options: RunOptions = {}): Promise<Done> =>
        this.#run(program, options, async (onEvent) => {
            await this.stack.preview({ onEvent, onOutput: this.#heard, onError: this.#heard, importFile: options.importFile });
            this.#mustHaveEnded();
        });
    /** The Automation API's `up` is `up --skip-preview`. */
    up = async (program: Program, options: RunOptions = {}): Promise<Done> => {
        const target = options.target && this.urns(options.target);
        const exclude = options.exclude && this.urns(options.exclude);
        return this.#run(program, options, async (onEvent) => {
            await this.stack.up({ onEvent, onOutput: this.#heard, onError: this.#heard, target, exclude, refresh: options.refresh });
            this.#mustHaveEnded();
        });
    };
    destroy = ({ refresh }: RunOptions = {}): Promise<Done> =>
        this.#run(
            () => undefined,
            {},
            (onEvent) => this.stack.destroy({ onEvent, onOutput: this.#heard, onError: this.#heard, refresh }),
        );
    /** With `runProgram` it runs the program, as `--run-program` does, and deploys nothing all the same. */
    refresh = (program: Program, options: RunOptions & { runProgram?: boolean } = {}): Promise<Done> =>
        this.#run(program, options, (onEvent) =>
            this.stack.refresh({ onEvent, onOutput: this.#heard, onError: this.#heard, runProgram: options.runProgram }),
        );

    /** The URNs of the resources of these names. */
    urns(names: string[]): string[] {
        const { resources } = JSON.parse(this.state()) as { resources: { urn: string }[] };
        return resources.map(({ urn }) => urn).filter((urn) => names.includes(urn.split("::").at(-1)!));
    }

    /** Sends SIGKILL to the running CLI. */
    async kill(): Promise<void> {
        const { stdout } = await execFile("ps", ["-eo", "pid=,ppid=,args="]);
        for (const line of stdout.split("\n")) {
            const [, pid, parent, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
            if (Number(parent) === process.pid && args?.includes("pulumi")) process.kill(Number(pid), "SIGKILL");
        }
    }

    /** The CLI itself, as the person at the terminal would call it. */
    cli = (args: string[], extra: Record<string, string> = {}, input = ""): Promise<string> => {
        const { workDir, pulumiCommand } = this.stack.workspace;
        const argv = [...args, "--non-interactive", "--stack", this.stack.name];
        return this.#execute(pulumiCommand.command, argv, workDir, extra, input);
    };

    /** A command that runs the program, with arguments that the Automation API does not have. */
    async cliWith(program: Program, args: string[], extra: Record<string, string> = {}): Promise<string> {
        const served = await serveProgram(program);
        let failed = true;
        try {
            const printed = await this.cli([...args, `--client=127.0.0.1:${served.port}`, "--exec-kind", "auto.inline"], extra);
            failed = false;
            return printed;
        } finally {
            served.close(failed);
        }
    }

    /** Lines that a person types, in a shell in this folder that stops at the first that fails. */
    shell(lines: string[], cwd: string): Promise<string> {
        return this.#execute("bash", ["-euo", "pipefail", "-c", lines.join("\n")], cwd, { PULUMI_BACKEND_URL: `file://${this.folder}` });
    }

    /** What a command prints; an error names that too. */
    async #execute(command: string, args: string[], cwd: string, extra: Record<string, string>, input = ""): Promise<string> {
        const { envVars, pulumiCommand } = this.stack.workspace;
        const env = {
            ...process.env,
            ...envVars,
            PATH: [this.#languageHost(), path.dirname(pulumiCommand.command), process.env.PATH].join(path.delimiter),
            PULUMI_HOME: path.join(this.folder, "home"),
            ...extra,
        };
        const running = execFile(command, args, { cwd, env, maxBuffer: 256 * 1024 * 1024 });
        running.child.stdin?.end(input);
        const { stdout, stderr } = await running.catch((error: Error & { stdout: string; stderr: string }) => {
            throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
        });
        return stdout + stderr;
    }

    /** A folder with a `pulumi-language-nodejs` that does nothing. */
    #languageHost(): string {
        const folder = path.join(this.folder, "bin");
        fs.mkdirSync(folder, { recursive: true });
        const tsx = pathToFileURL(require.resolve("tsx")).href;
        const host = path.join(__dirname, "..", "support", "languageHost.ts");
        fs.writeFileSync(
            path.join(folder, "pulumi-language-nodejs"),
            `#!/bin/sh\nexec "${process.execPath}" --import "${tsx}" "${host}"\n`,
            {
                mode: 0o755,
            },
        );
        return folder;
    }

    get #backend(): string {
        return path.join(this.folder, ".pulumi");
    }

    /** The whole state, as it is stored. */
    state = (): string => {
        const file = path.join(this.#backend, "stacks", PROJECT, "dev.json");
        return JSON.stringify((JSON.parse(fs.readFileSync(file, "utf8")) as { checkpoint: { latest: unknown } }).checkpoint.latest);
    };

    /** The same as the CLI shows it: a stored secret is encrypted anew at each write, an exported one is not. */
    exported = async (): Promise<unknown> => (await this.stack.exportStack()).deployment;

    save = (): (() => void) => {
        const saved = path.join(fs.mkdtempSync(path.join(this.folder, "saved-")), ".pulumi");
        fs.cpSync(this.#backend, saved, { recursive: true });
        return () => {
            fs.rmSync(this.#backend, { recursive: true });
            fs.cpSync(saved, this.#backend, { recursive: true });
        };
    };

    /** The places in which a secret is in clear text, and facts of this machine in the state. */
    leaks(more: Record<string, string> = {}): { searched: number; found: string[] } {
        const pieces = secretPieces(this.privateKeys, [TOKEN, PASSPHRASE]);
        const texts = { "what the CLI said": this.transcript, "the process list": this.processes, ...more };
        const { searched, found } = findSecrets(pieces, this.folder, texts);
        const facts = findMachine(this.#stateIfWhole(), this.folder).map((fact) => `the state names ${fact}`);
        return { searched, found: [...found, ...facts] };
    }

    /** One that a killed CLI left torn is another test's business. */
    #stateIfWhole(): string {
        try {
            return this.state();
        } catch {
            return "null";
        }
    }

    /** Ends it, and fails if it leaves a secret anywhere. */
    async close(): Promise<void> {
        for (const server of this.servers) server.close();
        try {
            this.searchForSecrets();
        } finally {
            fs.rmSync(this.folder, { recursive: true, force: true });
        }
    }

    searchForSecrets(): void {
        const { found } = this.leaks();
        if (found.length > 0) throw new Error(`a secret, or a fact of the machine, is in: ${found.join(", ")}`);
    }
}
