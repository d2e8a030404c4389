/**
 * The verification's script: is the deployment live through the edge, and is every bypass closed? It is passed whole to `node -`, so that no
 * path enters the state; its inputs come in the environment. It exits with 0 and "live and closed", or with 1 and what each probe expected
 * and saw. It never prints a header's value or a body: either may hold a secret.
 */
"use strict";

const http = require("node:http");
const net = require("node:net");
const tls = require("node:tls");
const { setTimeout: sleep } = require("node:timers/promises");
const { setTimeout: later, clearTimeout: never } = require("node:timers");

const PROBE_MS = 10_000;
const FIRST_WAIT_MS = 250;
/** API Gateway's own answers are shorter. */
const OWN_CHARACTERS = 100;
const LONGEST_WAIT_MS = 10_000;
/** How long one address may take before the next one is tried. */
const ADDRESS_MS = 1500;

/**
 * @typedef {"edge" | "direct" | "regional" | "no-sni" | "endpoint"} Id
 * @typedef {{ id: Id; title: string; expected: string; connect: string; servername: string; certificateFor: string; host: string; refusals: number[] }} Probe
 * The result of a probe. `verified`: it saw a server certificate valid for the expected name, so a refusal came from that server and not from
 * something before it.
 * @typedef {{ kind: "status" | "closed" | "timeout" | "wrong-certificate"; verified: boolean; status: number; marks: string[]; reason: string }} Seen
 * @typedef {"live" | "closed" | "down" | "open" | "inconclusive"} Verdict
 * @typedef {{ probe: Probe; seen: Seen; verdict: Verdict; why: string }} Row
 * @typedef {{ domain: string; path: string; target: string; apiId: string; timeoutMs: number; headers: Record<string, string>; connectTo: string; trust: string | undefined }} Settings
 */

/**
 * Where to connect: curl's `--connect-to`, separated by commas. An empty host or port matches any, a leading `*.` any name below.
 * @param {string} entries @param {string} host @param {number} port
 */
function locate(entries, host, port) {
    const part = "(\\[[^\\]]*\\]|[^:]*)";
    for (const entry of entries.split(",").filter(Boolean)) {
        const match = new RegExp(`^${part}:(\\d*):${part}:(\\d*)$`).exec(entry.trim());
        if (!match) throw new Error("CLOUDFLARE_PROTECTED_HTTP_API_CONNECT_TO must be host:port:host:port entries separated by commas");
        const [, from = "", fromPort = "", to = "", toPort = ""] = match;
        const fits = from === "" || from === host || (from.startsWith("*.") && host.endsWith(from.slice(1)));
        if (fits && (fromPort === "" || Number(fromPort) === port))
            return { host: to === "" ? host : to.replace(/^\[|\]$/g, ""), port: toPort === "" ? port : Number(toPort) };
    }
    return { host, port };
}

/** @param {Settings} settings @returns {Probe[]} */
function probesOf({ domain, target, apiId }) {
    const endpoint = `${apiId}.${target.slice(target.indexOf(".") + 1)}`;
    const direct = `directly at ${target}`;
    const bypass = { expected: "must be refused: closed, or HTTP 400, 403, 404 or 421", refusals: [400, 403, 404, 421] };
    const ours = { servername: domain, certificateFor: domain, host: domain };
    const theirs = { connect: target, certificateFor: target, host: domain, ...bypass };
    return [
        {
            ...{ id: "edge", title: "through the edge", connect: domain, ...ours },
            ...{ expected: "must be answered by API Gateway (apigw-requestid)", refusals: [] },
        },
        {
            ...{ id: "direct", title: `${direct}, without a client certificate`, connect: target, ...ours },
            ...{ expected: "must be refused: closed, or HTTP 403", refusals: [403] },
        },
        { id: "regional", title: `${direct}, with its own name in the handshake and our Host`, servername: target, ...theirs },
        { id: "no-sni", title: `${direct}, with no name in the handshake and our Host`, servername: "", ...theirs },
        {
            ...{ id: "endpoint", title: `the default endpoint ${endpoint}`, connect: endpoint },
            ...{ servername: endpoint, certificateFor: endpoint, host: endpoint },
            ...{ expected: "must be off: HTTP 404", refusals: [403, 404] },
        },
    ];
}

/**
 * What is wrong with the server's certificate; undefined if it is valid for the name. A TLS 1.2 server that requires a client certificate
 * closes during the handshake, and Node reports the server's certificate only after it: the handle has OpenSSL's verdict. Without such a
 * handle nothing counts as verified, which fails safely.
 * @param {tls.TLSSocket} socket @param {string} name @returns {string | undefined}
 */
function problemOf(socket, name) {
    const certificate = socket.getPeerCertificate();
    const handle = /** @type {{ _handle?: { verifyError?: () => NodeJS.ErrnoException | null } }} */ (/** @type {unknown} */ (socket))
        ._handle;
    if (!certificate?.subject || typeof handle?.verifyError !== "function") return "no certificate";
    const problem = /** @type {NodeJS.ErrnoException | null | undefined} */ (
        handle.verifyError() ?? tls.checkServerIdentity(name, certificate)
    );
    return problem ? (problem.code ?? "not valid for this name") : undefined;
}

/**
 * One request. Never rejects: a failure is a result. Nothing is sent before the server's certificate is known to be valid.
 * @param {Settings} settings @param {Probe} probe @param {number} timeoutMs @returns {Promise<Seen>}
 */
function send(settings, probe, timeoutMs) {
    return new Promise((resolve) => {
        let verified = false;
        const at = locate(settings.connectTo, probe.connect, 443);
        const tcp = net.connect({ ...at, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: ADDRESS_MS });
        /** @param {Partial<Seen> & { kind: Seen["kind"] }} seen */
        const finish = (seen) => {
            never(timer);
            tcp.destroy();
            resolve({ verified, status: 0, marks: [], reason: "", ...seen });
        };
        const timer = later(() => finish({ kind: "timeout", reason: `no answer within ${timeoutMs / 1000} s` }), timeoutMs);
        /** @type {{ status: number; marks: string[] } | undefined} */
        let begun;
        /** An answer that breaks off is an answer: a refusal sends nothing at all. @param {NodeJS.ErrnoException} error */
        const closed = (error) => finish(begun ? { kind: "status", ...begun } : { kind: "closed", reason: error.code ?? "closed" });
        tcp.on("error", closed);
        // Only now: while addresses are tried, the underlying socket may change.
        tcp.on("connect", () => {
            const socket = tls.connect({
                socket: tcp,
                servername: probe.servername,
                ca: settings.trust,
                ALPNProtocols: ["http/1.1"],
                // Judged below: an invalid certificate is a finding, not an error.
                rejectUnauthorized: false,
                checkServerIdentity: () => undefined,
            });
            socket.on("error", closed);
            socket.on("close", () => closed(new Error()));
            // TLS 1.2: the server has proved its certificate, and has not judged ours yet.
            socket.on("keylog", () => (verified = problemOf(socket, probe.certificateFor) === undefined));
            socket.on("secureConnect", () => {
                const problem = problemOf(socket, probe.certificateFor);
                verified = problem === undefined;
                if (problem !== undefined) return finish({ kind: "wrong-certificate", reason: problem });
                ask(socket, settings, probe.host, (answer) => (begun = answer)).then(
                    (answer) => finish({ kind: "status", ...answer }),
                    closed,
                );
            });
        });
    });
}

/** Whether API Gateway itself refused, with its own body (docs/sources.md 1.15, 2.1). @param {string} body */
function isGatewaysOwn(body) {
    try {
        const { message, ...more } = JSON.parse(body);
        return ["Forbidden", "Not Found"].includes(message) && Object.keys(more).length === 0;
    } catch {
        return false;
    }
}

/**
 * @param {tls.TLSSocket} socket @param {Settings} settings @param {string} host
 * @param {(answer: { status: number; marks: string[] }) => void} begin called as soon as the answer's headers arrive
 * @returns {Promise<{ status: number; marks: string[] }>}
 */
function ask(socket, settings, host, begin) {
    return new Promise((resolve, reject) => {
        const own = { "user-agent": "cloudflare-protected-http-api-verification" };
        const headers = { ...own, ...settings.headers, host, connection: "close" };
        const request = http.request({ createConnection: () => socket, path: settings.path, headers });
        request.on("error", reject);
        // An unrequested protocol switch is an answer like any other.
        request.on("upgrade", ({ statusCode = 0 }) => resolve({ status: statusCode, marks: [] }));
        request.on("response", (response) => {
            const { statusCode = 0, headers: answer } = response;
            const marks = ["apigw-requestid", "cf-ray"].filter((name) => answer[name] !== undefined);
            if (answer["cf-mitigated"] === "challenge") marks.push("challenge");
            if (/^(HIT|STALE|UPDATING|REVALIDATED)$/.test(String(answer["cf-cache-status"]))) marks.push("cached");
            begin({ status: statusCode, marks: [...marks, "broken off"] });
            let body = "";
            const end = () => {
                // An integration may answer 403 or 404 as well: then the request got in.
                if (marks.includes("apigw-requestid") && !isGatewaysOwn(body)) marks.push("from behind it");
                resolve({ status: statusCode, marks });
            };
            response.setEncoding("utf8");
            response.on("data", (/** @type {string} */ chunk) => {
                body += chunk;
                if (body.length > OWN_CHARACTERS) end();
            });
            response.on("end", end);
            response.on("error", end);
        });
        request.end();
    });
}

/** @param {Seen} seen */
function told({ kind, status, marks, reason, verified }) {
    if (kind === "status") return `HTTP ${status}${marks.length > 0 ? ` (${marks.join(", ")})` : ""}`;
    if (kind === "wrong-certificate") return `a server certificate that is not valid for the name (${reason})`;
    return verified || kind === "timeout" ? reason : `${reason}, before any server certificate that is valid for the name`;
}

/** @param {Seen} seen @returns {[Verdict, string]} */
function judgeEdge({ kind, status, marks, reason }) {
    if (kind !== "status") {
        const unresolved = reason === "ENOTFOUND" || reason === "EAI_AGAIN";
        return ["down", unresolved ? "the name does not resolve here; resolvers may cache this for half an hour" : ""];
    }
    if (marks.includes("challenge"))
        return [
            "inconclusive",
            "Cloudflare challenged this machine: let the verification pass, with a rule that matches a header in verify.headers",
        ];
    if (marks.includes("broken off")) return ["down", "the answer broke off"];
    if (marks.includes("cached")) return ["inconclusive", "the answer came from Cloudflare's cache: set a verify.path that is not cached"];
    if (status === 403)
        return [
            "inconclusive",
            "a refused client certificate, a missing mapping, an authorizer and a firewall all answer 403: set a verify.path or verify.headers that get another answer",
        ];
    return marks.includes("apigw-requestid") ? ["live", ""] : ["down", "this answer is not API Gateway's"];
}

/**
 * @param {Probe} probe @param {Seen} seen @param {Seen} edge @param {Seen} direct @returns {[Verdict, string]}
 */
function judgeBypass(probe, seen, edge, direct) {
    if (seen.kind === "timeout") return ["inconclusive", "neither answered nor closed"];
    // A TLS alert comes from the server at that address, which the direct probe has identified.
    const alerted = probe.id !== "endpoint" && direct.verified && seen.kind === "closed" && /^ERR_SSL_(SSLV3|TLSV13?)_/.test(seen.reason);
    const reached = seen.verified || alerted;
    if (/^HPE_/.test(seen.reason)) return ["inconclusive", "an answer that is not HTTP is not a refusal"];
    if (!reached) return ["inconclusive", "a blocked connection looks like a refusal: run this where AWS can be reached without a proxy"];
    if (seen.kind === "closed") return ["closed", ""];
    if (!probe.refusals.includes(seen.status)) return ["open", "this bypass is open"];
    if (seen.marks.includes("broken off")) return ["inconclusive", "the answer broke off before it showed who refused"];
    // An API that answers visitors the same way may have answered itself. The default endpoint's 404 is its own (docs/sources.md 2.1).
    if (edge.kind === "status" && edge.status === seen.status && !(probe.id === "endpoint" && seen.status === 404))
        return ["inconclusive", `a visitor through the edge gets HTTP ${seen.status} too, so it proves nothing`];
    if ([403, 404].includes(seen.status) && seen.marks.includes("from behind it"))
        return ["open", "this bypass is open: the integration itself refused"];
    return ["closed", ""];
}

/** One round: every probe at once. @param {Settings} settings @param {number} timeoutMs @returns {Promise<Row[]>} */
async function round(settings, timeoutMs) {
    const seen = await Promise.all(probesOf(settings).map(async (probe) => ({ probe, seen: await send(settings, probe, timeoutMs) })));
    const of = (/** @type {Id} */ id) => /** @type {Seen} */ (seen.find((one) => one.probe.id === id)?.seen);
    return seen.map((one) => {
        const [verdict, why] = one.probe.id === "edge" ? judgeEdge(one.seen) : judgeBypass(one.probe, one.seen, of("edge"), of("direct"));
        return { ...one, verdict, why };
    });
}

const passed = (/** @type {Row[]} */ rows) => rows.every(({ verdict }) => verdict === "live" || verdict === "closed");

/** @param {Settings} settings @param {Row[]} rows @param {number} rounds */
function failureText(settings, rows, rounds) {
    const { domain, target, apiId, timeoutMs } = settings;
    const verdicts = rows.map(({ verdict }) => verdict);
    const verdict = verdicts.includes("open")
        ? "a bypass is open"
        : verdicts.includes("down")
          ? "not live through the edge"
          : "inconclusive";
    return [
        `https://${domain} could not be verified as live and closed within ${timeoutMs / 1000} s (${rounds} rounds of probes). Verdict: ${verdict}.`,
        ...rows.map(
            (row) =>
                `  ${row.verdict}: ${row.probe.title}: ${row.probe.expected}; seen: ${told(row.seen)}${row.why ? ` - ${row.why}` : ""}`,
        ),
        "`url` stays unresolved. The deployed changes stay; you may roll them back, and the next `pulumi up` verifies again. To find the cause:",
        `  npx --no cloudflare-protected-http-api doctor ${domain} --target ${target} --api-id ${apiId}`,
    ].join("\n");
}

/**
 * Retries until every probe passes, or the time is up.
 * @param {Settings} settings @returns {Promise<{ ok: boolean; text: string }>}
 */
async function check(settings) {
    const deadline = Date.now() + settings.timeoutMs;
    // A last round that is cut short would only fail for lack of time.
    const shortestMs = Math.min(PROBE_MS / 2, settings.timeoutMs / 4);
    let wait = FIRST_WAIT_MS;
    for (let rounds = 1; ; rounds++) {
        const rows = await round(settings, Math.min(PROBE_MS, deadline - Date.now()));
        if (passed(rows)) return { ok: true, text: "live and closed" };
        const left = deadline - Date.now() - shortestMs;
        if (left <= 0) return { ok: false, text: failureText(settings, rows, rounds) };
        await sleep(Math.min(wait, left));
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
}

/** @param {Record<string, string | undefined>} environment @returns {Settings} */
function settingsOf(environment) {
    const text = (/** @type {string} */ name) => {
        const value = environment[name];
        if (!value) throw new Error(`${name} is not set: the verification of CloudflareProtectedHttpApi runs this script`);
        return value;
    };
    /** @type {Record<string, string>} */
    const headers = {};
    for (const [name, value] of Object.entries(JSON.parse(environment.VERIFICATION_HEADERS || "{}")))
        headers[name.toLowerCase()] = String(value);
    return {
        domain: text("VERIFICATION_DOMAIN"),
        path: text("VERIFICATION_PATH"),
        target: text("VERIFICATION_TARGET"),
        apiId: text("VERIFICATION_API_ID"),
        timeoutMs: Number(text("VERIFICATION_TIMEOUT_SECONDS")) * 1000,
        headers,
        connectTo: environment.CLOUDFLARE_PROTECTED_HTTP_API_CONNECT_TO ?? "",
        trust: undefined,
    };
}

module.exports = { check, failureText, locate, passed, round, settingsOf };

if (process.argv[1] === "-")
    Promise.resolve()
        .then(() => check(settingsOf(process.env)))
        .then(
            ({ ok, text }) => {
                (ok ? process.stdout : process.stderr).write(`${text}\n`);
                process.exitCode = ok ? 0 : 1;
            },
            (error) => {
                // Not the parser's own error: it quotes the text.
                process.stderr.write(`${error instanceof SyntaxError ? "VERIFICATION_HEADERS must be JSON" : error.message}\n`);
                process.exitCode = 1;
            },
        );
