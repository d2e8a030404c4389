/**
 * `npm run tools:outside`: the programs that judge us in `npm run test:outside`. One on PATH is taken, else one that was fetched before, else
 * one is fetched with apt into the cache: nothing is installed in the system, and no service is started.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

interface Tool {
    /** Arguments with which it starts, says something and ends well. */
    try: string[];
    /** How a person gets it. */
    get: string;
    /** Where `fetch` puts it, in its folder of the cache. */
    cached?: string;
    /** The commands that fetch it, run in that folder. */
    fetch?: () => string[][];
}

/** Unpacked and not installed: the package of nginx would start a server on port 80. */
const unpack = (name: string) => (): string[][] => [
    ...(process.getuid?.() === 0 ? [["apt-get", "update", "-qq"]] : []),
    ["apt-get", "download", name],
    ["sh", "-c", `dpkg -x ${name}_*.deb .`],
];

const TOOLS = {
    curl: { try: ["--version"], get: "apt-get install curl" },
    openssl: { try: ["version"], get: "apt-get install openssl" },
    nginx: {
        try: ["-v"],
        get: "apt-get install nginx-light",
        cached: "usr/sbin/nginx",
        fetch: unpack("nginx"),
    },
    gh: { try: ["--version"], get: "apt-get install gh", cached: "usr/bin/gh", fetch: unpack("gh") },
    aws: {
        // An older one does not know all that the docs use.
        try: "apigatewayv2 update-domain-name --region eu-west-1 --domain-name a --routing-mode b --generate-cli-skeleton output".split(
            " ",
        ),
        get: "pip install awscli",
        cached: "aws",
        fetch: () => [
            ["python3", "-m", "pip", "install", "--quiet", "--target", "lib", "awscli==1.46.3"],
            ["sh", "-c", `printf '#!/bin/sh\nPYTHONPATH="%s/lib" exec python3 "%s/lib/bin/aws" "$@"\n' "$PWD" "$PWD" >aws && chmod +x aws`],
        ],
    },
} satisfies Record<string, Tool>;

export type ToolName = keyof typeof TOOLS;

const tools: Record<ToolName, Tool> = TOOLS;

export const howToGet = (name: ToolName): string => tools[name].get;

function cacheOf(name: ToolName): string {
    const home = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
    return path.join(home, "cloudflare-protected-http-api", "outside", name);
}

const found = new Map<ToolName, string | undefined>();

/** What starts the tool; undefined without one. Fetches nothing. */
export function findTool(name: ToolName): string | undefined {
    if (!found.has(name)) {
        const { try: trial, cached } = tools[name];
        // Debian's sbin is not on everyone's PATH.
        const candidates = [name, path.join("/usr/sbin", name), ...(cached === undefined ? [] : [path.join(cacheOf(name), cached)])];
        found.set(
            name,
            candidates.find((candidate) => spawnSync(candidate, trial, { stdio: "ignore" }).status === 0),
        );
    }
    return found.get(name);
}

/** Why it could not be fetched; undefined if it could. */
function fetchTool(name: ToolName): string | undefined {
    const { fetch } = tools[name];
    if (!fetch) return "nothing here fetches it";
    const folder = cacheOf(name);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    for (const [command, ...args] of fetch()) {
        const { status, stderr, error } = spawnSync(command!, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
        if (status === 0) continue;
        fs.rmSync(folder, { recursive: true, force: true });
        const lastLine = (stderr ?? "").trim().split("\n").at(-1);
        return `\`${path.basename(command!)} ${args.join(" ")}\`: ${error?.message || lastLine || `exit code ${status}`}`;
    }
    found.delete(name);
    return findTool(name) === undefined ? "it was fetched and does not start" : undefined;
}

function main(): void {
    if (process.argv.includes("--help")) {
        console.log(
            "npm run tools:outside: finds or fetches nginx, gh and aws, and finds curl and openssl, for `npm run test:outside`. Always ends with exit code 0.",
        );
        return;
    }
    for (const name of Object.keys(TOOLS) as ToolName[]) {
        const problem = findTool(name) === undefined ? fetchTool(name) : undefined;
        console.log(
            problem === undefined
                ? `${name}: ${findTool(name)}`
                : `${name}: not here, and its tests are skipped; \`${howToGet(name)}\` gets it (${problem})`,
        );
    }
}

if (require.main === module) main();
