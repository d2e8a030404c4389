/**
 * `npm run tools:pulumi`: a real Pulumi CLI for the tests on the real engine. One on PATH if it is new enough, else the one that was built
 * before, else it is built from the Go module that tools/pulumi pins with its checksums. The cache is outside of the clone.
 */
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** Resource hooks came with this version; without them there is no change guard. */
export const OLDEST_CLI = [3, 212] as const;
const MODULE = path.join(__dirname, "pulumi");
const PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const PROGRESS_MS = 15_000;

const pinned = (): string => /pulumi\/pkg\/v3 v(\S+)/.exec(fs.readFileSync(path.join(MODULE, "go.mod"), "utf8"))?.[1] ?? "";

/** The folder whose `bin/pulumi` is the cached build. */
function cacheRoot(): string {
    const home = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
    return path.join(home, "cloudflare-protected-http-api", `pulumi-${pinned()}`);
}

/** The version that a CLI reports; undefined without a CLI. */
function versionOf(executable: string): string | undefined {
    const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const { status, stdout } = spawnSync(executable, ["version"], { encoding: "utf8", env });
    return status === 0 ? stdout.trim().replace(/^v/, "") : undefined;
}

export function newEnough(version: string): boolean {
    const [major = 0, minor = 0] = version.split(".").map(Number);
    return major > OLDEST_CLI[0] || (major === OLDEST_CLI[0] && minor >= OLDEST_CLI[1]);
}

/** The CLI to use, without building one. `root` is undefined for the one on PATH. */
export function findPulumi(): { version: string; root: string | undefined } | undefined {
    const onPath = versionOf("pulumi");
    if (onPath !== undefined && newEnough(onPath)) return { version: onPath, root: undefined };
    const root = cacheRoot();
    const cached = versionOf(path.join(root, "bin", "pulumi"));
    return cached === undefined ? undefined : { version: cached, root };
}

async function build(): Promise<void> {
    const version = pinned();
    const root = cacheRoot();
    if (spawnSync("go", ["version"]).status !== 0)
        throw new Error(
            `there is no Pulumi CLI of ${OLDEST_CLI.join(".")} or newer, and no Go to build one. Install Pulumi (https://www.pulumi.com/docs/install/) or Go (https://go.dev/doc/install)`,
        );
    fs.mkdirSync(path.join(root, "bin"), { recursive: true });
    const target = path.join(root, "bin", "pulumi");
    // Built beside and moved, so that a build that was stopped leaves nothing that looks whole.
    const unfinished = `${target}.${process.pid}`;
    const linked = `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`;
    const started = Date.now();
    console.log(`Building the Pulumi CLI ${version} from its Go module: some minutes the first time.`);
    const ticking = setInterval(() => console.log(`  ... ${Math.round((Date.now() - started) / 1000)} s`), PROGRESS_MS);
    try {
        const child = spawn("go", ["build", "-o", unfinished, "-ldflags", linked, PACKAGE], { cwd: MODULE, stdio: "inherit" });
        const code = await new Promise<number | null>((resolve, reject) => {
            child.on("error", reject);
            child.on("exit", resolve);
        });
        if (code !== 0) throw new Error(`go build ended with ${code ?? "a signal"}; run \`npm run tools:pulumi\` again`);
        fs.renameSync(unfinished, target);
    } finally {
        clearInterval(ticking);
        fs.rmSync(unfinished, { force: true });
    }
}

async function main(): Promise<void> {
    if (process.argv.includes("--help")) {
        console.log("npm run tools:pulumi: finds a Pulumi CLI for the tests on the real engine, or builds one (needs Go).");
        return;
    }
    if (!findPulumi()) await build();
    const found = findPulumi();
    if (!found) throw new Error("the CLI was built and does not start");
    console.log(`Pulumi CLI ${found.version}, ${found.root ?? "on PATH"}`);
}

if (require.main === module)
    main().catch((error: Error) => {
        console.error(error.message);
        process.exit(1);
    });
