/**
 * `npm run tools:outside`: the programs that judge us in `npm run test:outside`. One on PATH is taken, else one that was fetched before, else
 * one is fetched with apt or pip into the cache: nothing is installed in the system, and no service is started.
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
    /** Only the one of the cache is taken: what it says depends on its version. */
    pinned?: true;
    /** Where `fetch` puts it, in its folder of the cache. */
    cached?: string;
    /** The commands that fetch it, run in that folder. */
    fetch?: () => string[][];
    /** What `fetch` cannot do without: it ends well if that is here. */
    needs?: string[];
}

const MOTO = "5.2.5";
const AWS_CLI = "1.46.3";
const PIP = ["python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"];

/** A Debian package, unpacked and not installed: that of nginx would start a server on port 80. */
const unpack = (name: string): Pick<Tool, "fetch" | "needs"> => ({
    fetch: () => [
        ...(process.getuid?.() === 0 ? [["apt-get", "update", "-qq"]] : []),
        ["apt-get", "download", name],
        ["sh", "-c", `dpkg -x ${name}_*.deb .`],
    ],
    // Without root, only what an earlier update has listed.
    needs: process.getuid?.() === 0 ? ["apt-get", "--version"] : ["apt-get", "download", "--print-uris", name],
});

const TOOLS = {
    curl: { try: ["--version"], get: "apt-get install curl" },
    openssl: { try: ["version"], get: "apt-get install openssl" },
    nginx: {
        try: ["-v"],
        get: "apt-get install nginx-light",
        cached: "usr/sbin/nginx",
        ...unpack("nginx"),
    },
    gh: { try: ["--version"], get: "apt-get install gh", cached: "usr/bin/gh", ...unpack("gh") },
    aws: {
        try: ["--version"],
        get: "apt-get install python3-pip && npm run tools:outside",
        // An older one does not know all that the docs use.
        pinned: true,
        cached: `aws-${AWS_CLI}`,
        fetch: () => [
            [...PIP, "--target", ".", `awscli==${AWS_CLI}`],
            [
                "sh",
                "-c",
                `printf '#!/bin/sh\nhere="$(dirname "$0")"\nPYTHONPATH="$here" exec python3 "$here/bin/aws" "$@"\n' >aws-${AWS_CLI}`,
            ],
            ["chmod", "+x", `aws-${AWS_CLI}`],
        ],
        needs: ["python3", "-c", "import sys, pip; sys.exit(sys.version_info < (3, 10))"],
    },
    moto: {
        try: ["--help"],
        get: "apt-get install python3-pip && npm run tools:outside", // Python 3.10 or newer
        pinned: true,
        cached: `moto-${MOTO}`,
        // What moto's server needs for these services: all that `moto[server]` brings is more than twice as much.
        fetch: () => [
            [...PIP, "--target", ".", `moto[apigatewayv2,s3]==${MOTO}`, "flask", "flask-cors"],
            ["sh", "-c", `printf '#!/bin/sh\nPYTHONPATH="$(dirname "$0")" exec python3 -m moto.server "$@"\n' >moto-${MOTO}`],
            ["chmod", "+x", `moto-${MOTO}`],
        ],
        needs: ["python3", "-c", "import sys, pip; sys.exit(sys.version_info < (3, 10))"],
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
        const { try: trial, cached, pinned } = tools[name];
        const candidates = [
            // Debian's sbin is not on everyone's PATH.
            ...(pinned ? [] : [name, path.join("/usr/sbin", name)]),
            ...(cached === undefined ? [] : [path.join(cacheOf(name), cached)]),
        ];
        found.set(
            name,
            candidates.find((candidate) => runs([candidate, ...trial])),
        );
    }
    return found.get(name);
}

const runs = ([command, ...args]: string[]): boolean => spawnSync(command!, args, { stdio: "ignore" }).status === 0;

/** Whether `npm run tools:outside` can fetch it on this machine. */
export function canBeFetched(name: ToolName): boolean {
    const { fetch, needs } = tools[name];
    return fetch !== undefined && (needs === undefined || runs(needs));
}

/** Why it could not be fetched; undefined if it could. */
function fetchTool(name: ToolName): string | undefined {
    const { fetch } = tools[name];
    if (!fetch || !canBeFetched(name)) return "nothing here fetches it";
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
            "npm run tools:outside: finds or fetches nginx, moto, gh, aws, curl and openssl for `npm run test:outside`. Always ends with exit code 0.",
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
