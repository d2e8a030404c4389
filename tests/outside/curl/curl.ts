/** Requests as curl sends them, and what curl says of the answers. */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Identity } from "../../../lab/pki/authority";

export interface CurlResult {
    /** curl's exit code: 0, 35 (TLS handshake), 52 (empty reply), 56 (reset while receiving), 60 (server certificate). */
    exit: number;
    /** What curl prints for a person. */
    message: string;
    /** 0 without an answer. */
    status: number;
    /** As curl names it: 1.1 or 2. */
    httpVersion: string;
    /** Connections that the transfers needed. */
    connects: number;
    redirects: number;
    /** Lower-case names; the last answer's. */
    headers: Record<string, string[]>;
    body: string;
}

export class Curl {
    readonly #folder = fs.mkdtempSync(path.join(os.tmpdir(), "curl-test-"));
    #files = 0;

    constructor(
        readonly executable: string,
        /** The CA of the servers' certificates. */
        readonly caPem: string,
    ) {}

    /** A file with this content, until `close`. */
    file(content: string | Buffer): string {
        const file = path.join(this.#folder, String(this.#files++));
        fs.writeFileSync(file, content);
        return file;
    }

    /** Arguments that present a client certificate. */
    client = ({ certificatePem, privateKeyPem }: Identity): string[] => [
        "--cert",
        this.file(certificatePem),
        "--key",
        this.file(privateKeyPem),
    ];

    /** Runs curl once; several URLs in one run may share connections, and the result is the last one's. */
    async run(...args: string[]): Promise<CurlResult> {
        const headers = path.join(this.#folder, `headers-${this.#files++}`);
        const format = "\n%{json}";
        const options = [
            "--disable",
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--cacert",
            this.file(this.caPem),
            "--write-out",
            format,
        ];
        const { exit, stdout, stderr } = await new Promise<{ exit: number; stdout: string; stderr: string }>((done) =>
            execFile(
                this.executable,
                [...options, "--dump-header", headers, ...args],
                { maxBuffer: 2 ** 26, encoding: "utf8", env: { PATH: process.env.PATH } },
                (error, stdout, stderr) => done({ exit: error === null ? 0 : Number(error.code), stdout, stderr }),
            ),
        );
        const end = stdout.lastIndexOf("\n");
        const told = JSON.parse(stdout.slice(end + 1)) as {
            response_code: number;
            http_version: string;
            num_connects: number;
            num_redirects: number;
        };
        const blocks = fs.existsSync(headers) ? fs.readFileSync(headers, "utf8").trim().split("\r\n\r\n") : [];
        return {
            exit,
            message: stderr.trim(),
            status: told.response_code,
            httpVersion: told.http_version,
            connects: told.num_connects,
            redirects: told.num_redirects,
            headers: readHeaders(blocks.at(-1) ?? ""),
            body: stdout.slice(0, end),
        };
    }

    close = (): void => fs.rmSync(this.#folder, { recursive: true, force: true });
}

function readHeaders(block: string): Record<string, string[]> {
    const headers: Record<string, string[]> = {};
    for (const line of block.split("\r\n").slice(1)) {
        const colon = line.indexOf(":");
        (headers[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
    }
    return headers;
}
