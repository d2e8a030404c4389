/* eslint-disable @typescript-eslint/no-require-imports -- node reads this from its standard input, as CommonJS. */
/**
 * The gate's script: is the deployment live through the edge, and closed to whoever goes around it? It is sent whole to `node -`, so that
 * no path enters the state; whatever it is to know comes in the environment. It ends with 0 and "live and closed", or with 1 and what was
 * expected and seen of each probe. Never a header's value nor a body: either may hold a secret.
 */
"use strict";

const http = require("node:http");
const net = require("node:net");
const tls = require("node:tls");
const { setTimeout: sleep } = require("node:timers/promises");
const { setTimeout: later, clearTimeout: never } = require("node:timers");

const PROBE_MS = 10_000;
const FIRST_WAIT_MS = 250;
/** API Gateway's own words are shorter. */
const OWN_CHARACTERS = 100;
const LONGEST_WAIT_MS = 10_000;
/** How long one address may take before the next one, perhaps of the other family, is tried. */
const ADDRESS_MS = 1500;

/**
 * @typedef {"edge" | "direct" | "regional" | "no-sni" | "endpoint"} Id
 * @typedef {{ id: Id; title: string; expected: string; connect: string; servername: string; certificateFor: string; host: string; refusals: number[] }} Probe
 * What came of a probe. `verified`: a server certificate valid for the expected name was seen, which tells a closed door from a wall before it.
 * @typedef {{ kind: "status" | "closed" | "timeout" | "wrong-certificate"; verified: boolean; status: number; marks: string[]; reason: string }} Seen
 * @typedef {"live" | "closed" | "down" | "open" | "inconclusive"} Verdict
 * @typedef {{ probe: Probe; seen: Seen; verdict: Verdict; why: string }} Row
 * @typedef {{ domain: string; path: string; target: string; apiId: string; timeoutMs: number; headers: Record<string, string>; connectTo: string; trust: string | undefined }} Settings
 */

/**
 * Where to connect to: curl's `--connect-to`, several by comma. An empty host or port means any, `*.` at the start any name below.
 * @param {string} entries @param {string} host @param {number} port
 */
function locate(entries, host, port) {
    const part = "(\\[[^\\]]*\\]|[^:]*)";
    for (const entry of entries.split(",").filter(Boolean)) {
        const match = new RegExp(`^${part}:(\\d*):${part}:(\\d*)$`).exec(entry.trim());
        if (!match) throw new Error("CLOUDFLARE_PROTECTED_HTTP_API_CONNECT_TO must be host:port:host:port, several by comma");
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
    const straight = `straight at ${target}`;
    const around = { expected: "must be refused: closed, or HTTP 400, 403, 404 or 421", refusals: [400, 403, 404, 421] };
    const ours = { servername: domain, certificateFor: domain, host: domain };
    const theirs = { connect: target, certificateFor: target, host: domain, ...around };
    return [
        {
            ...{ id: "edge", title: "through the edge", connect: domain, ...ours },
            ...{ expected: "must be answered by API Gateway (apigw-requestid)", refusals: [] },
        },
        {
            ...{ id: "direct", title: `${straight}, without a client certificate`, connect: target, ...ours },
            ...{ expected: "must be refused: closed, or HTTP 403", refusals: [403] },
        },
        { id: "regional", title: `${straight}, that name in the handshake and our Host`, servername: target, ...theirs },
        { id: "no-sni", title: `${straight}, no name in the handshake and our Host`, servername: "", ...theirs },
        {
            ...{ id: "endpoint", title: `the default endpoint ${endpoint}`, connect: endpoint },
            ...{ servername: endpoint, certificateFor: endpoint, host: endpoint },
            ...{ expected: "must be off: HTTP 404", refusals: [403, 404] },
        },
    ];
}

/**
 * What is wrong with the certificate that the server has shown; undefined when it is valid for the name. A TLS 1.2 server that wants a client
 * certificate closes before the handshake is over, and Node tells of the server's only after it: OpenSSL's verdict is asked of the handle.
 * Where Node has no such handle nothing is verified, which fails safely.
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
 * One request. Never rejects: a failure is a result. Nothing of it is sent before the server's certificate is known to be good.
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
        /** An answer that breaks off is an answer: who refuses says nothing at all. @param {NodeJS.ErrnoException} error */
        const closed = (error) => finish(begun ? { kind: "status", ...begun } : { kind: "closed", reason: error.code ?? "closed" });
        tcp.on("error", closed);
        // Only then: while addresses are tried the socket under the handshake would change.
        tcp.on("connect", () => {
            const socket = tls.connect({
                socket: tcp,
                servername: probe.servername,
                ca: settings.trust,
                ALPNProtocols: ["http/1.1"],
                // Judged by hand, so that a bad certificate is a finding and not an end.
                rejectUnauthorized: false,
                checkServerIdentity: () => undefined,
            });
            socket.on("error", closed);
            socket.on("close", () => closed(new Error()));
            // TLS 1.2: the server has shown its certificate and signed with it, and has not judged ours yet.
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

/** Whether API Gateway itself refused, in its own words (facts 1.15, 2.1). @param {string} body */
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
 * @param {(answer: { status: number; marks: string[] }) => void} begin told as soon as the answer's headers are there
 * @returns {Promise<{ status: number; marks: string[] }>}
 */
function ask(socket, settings, host, begin) {
    return new Promise((resolve, reject) => {
        const own = { "user-agent": "cloudflare-protected-http-api-gate" };
        const headers = { ...own, ...settings.headers, host, connection: "close" };
        const request = http.request({ createConnection: () => socket, path: settings.path, headers });
        request.on("error", reject);
        // Nobody asked to switch protocols: it is an answer like others.
        request.on("upgrade", ({ statusCode = 0 }) => resolve({ status: statusCode, marks: [] }));
        request.on("response", (response) => {
            const { statusCode = 0, headers: answer } = response;
            const marks = ["apigw-requestid", "cf-ray"].filter((name) => answer[name] !== undefined);
            if (answer["cf-mitigated"] === "challenge") marks.push("challenge");
            if (/^(HIT|STALE|UPDATING|REVALIDATED)$/.test(String(answer["cf-cache-status"]))) marks.push("cached");
            begin({ status: statusCode, marks: [...marks, "broken off"] });
            let body = "";
            const end = () => {
                // What is behind API Gateway may say 403 or 404 as well: then it was reached.
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
    if (kind === "wrong-certificate") return `a server certificate that is not good for the name (${reason})`;
    return verified || kind === "timeout" ? reason : `${reason}, before any server certificate that is valid for the name`;
}

/** @param {Seen} seen @returns {[Verdict, string]} */
function judgeEdge({ kind, status, marks, reason }) {
    if (kind !== "status") {
        const unresolved = reason === "ENOTFOUND" || reason === "EAI_AGAIN";
        return ["down", unresolved ? "the name does not resolve here; a resolver may remember for half an hour that it did not" : ""];
    }
    if (marks.includes("challenge"))
        return [
            "inconclusive",
            "Cloudflare challenged this machine: let the gate's request pass, by a rule that knows a header of verify.headers",
        ];
    if (marks.includes("broken off")) return ["down", "the answer broke off"];
    if (marks.includes("cached")) return ["inconclusive", "the answer is from Cloudflare's cache: pass a verify.path that is not cached"];
    if (status === 403)
        return [
            "inconclusive",
            "a 403 is what a refused client certificate, a missing mapping, an authorizer and a firewall say alike: pass a verify.path or verify.headers that get another answer",
        ];
    return marks.includes("apigw-requestid") ? ["live", ""] : ["down", "this is not an answer of API Gateway's"];
}

/**
 * @param {Probe} probe @param {Seen} seen @param {Seen} edge @param {Seen} direct @returns {[Verdict, string]}
 */
function judgeAround(probe, seen, edge, direct) {
    if (seen.kind === "timeout") return ["inconclusive", "neither answered nor closed"];
    // An alert comes from whoever speaks TLS there, and at that address the direct probe saw who that is.
    const alerted = probe.id !== "endpoint" && direct.verified && seen.kind === "closed" && /^ERR_SSL_(SSLV3|TLSV13?)_/.test(seen.reason);
    const reached = seen.verified || alerted;
    if (/^HPE_/.test(seen.reason)) return ["inconclusive", "an answer that is not HTTP is no refusal"];
    if (!reached) return ["inconclusive", "a blocked way out looks like a closed door: run this where AWS can be reached without a proxy"];
    if (seen.kind === "closed") return ["closed", ""];
    if (!probe.refusals.includes(seen.status)) return ["open", "this way around the edge is open"];
    if (seen.marks.includes("broken off")) return ["inconclusive", "the answer broke off before it told who refuses"];
    // An API that says the same to visitors may have said it itself. The default endpoint's 404 is its own (facts 2.1).
    if (edge.kind === "status" && edge.status === seen.status && !(probe.id === "endpoint" && seen.status === 404))
        return ["inconclusive", `HTTP ${seen.status} is what the edge's visitor gets too, so that it tells nothing`];
    if ([403, 404].includes(seen.status) && seen.marks.includes("from behind it"))
        return ["open", "this way around the edge is open: what is behind the API refused by itself"];
    return ["closed", ""];
}

/** One round: every probe at once. @param {Settings} settings @param {number} timeoutMs @returns {Promise<Row[]>} */
async function round(settings, timeoutMs) {
    const seen = await Promise.all(probesOf(settings).map(async (probe) => ({ probe, seen: await send(settings, probe, timeoutMs) })));
    const of = (/** @type {Id} */ id) => /** @type {Seen} */ (seen.find((one) => one.probe.id === id)?.seen);
    return seen.map((one) => {
        const [verdict, why] = one.probe.id === "edge" ? judgeEdge(one.seen) : judgeAround(one.probe, one.seen, of("edge"), of("direct"));
        return { ...one, verdict, why };
    });
}

const passed = (/** @type {Row[]} */ rows) => rows.every(({ verdict }) => verdict === "live" || verdict === "closed");

/** @param {Settings} settings @param {Row[]} rows @param {number} rounds */
function failureText(settings, rows, rounds) {
    const { domain, target, apiId, timeoutMs } = settings;
    const verdicts = rows.map(({ verdict }) => verdict);
    const verdict = verdicts.includes("open")
        ? "open around the edge"
        : verdicts.includes("down")
          ? "not live through the edge"
          : "inconclusive";
    return [
        `https://${domain} was not shown to be live and closed within ${timeoutMs / 1000} s (${rounds} rounds of probes). Verdict: ${verdict}.`,
        ...rows.map(
            (row) =>
                `  ${row.verdict}: ${row.probe.title}: ${row.probe.expected}; seen: ${told(row.seen)}${row.why ? ` - ${row.why}` : ""}`,
        ),
        "`url` stays unresolved. What was deployed stays, may be rolled back, and is checked again by the next `pulumi up`. To find the cause:",
        `  npx --no cloudflare-protected-http-api doctor ${domain} --target ${target} --api-id ${apiId}`,
    ].join("\n");
}

/**
 * Probes until everything is as it must be, or the time is over.
 * @param {Settings} settings @returns {Promise<{ ok: boolean; text: string }>}
 */
async function check(settings) {
    const deadline = Date.now() + settings.timeoutMs;
    // A last round that is cut short would only tell of its own haste.
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
        if (!value) throw new Error(`${name} is not set: this script is run by the gate of CloudflareProtectedHttpApi`);
        return value;
    };
    /** @type {Record<string, string>} */
    const headers = {};
    for (const [name, value] of Object.entries(JSON.parse(environment.GATE_HEADERS || "{}"))) headers[name.toLowerCase()] = String(value);
    return {
        domain: text("GATE_DOMAIN"),
        path: text("GATE_PATH"),
        target: text("GATE_TARGET"),
        apiId: text("GATE_API_ID"),
        timeoutMs: Number(text("GATE_TIMEOUT_SECONDS")) * 1000,
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
                // Of JSON only the fact: its error quotes the text.
                process.stderr.write(`${error instanceof SyntaxError ? "GATE_HEADERS must be JSON" : error.message}\n`);
                process.exitCode = 1;
            },
        );
