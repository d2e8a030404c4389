/**
 * Runs a function's handler in a worker thread, from its files in memory, and counts there what reached it. As at AWS a thread that has
 * answered is kept for a while, serves one request at a time, and is thrown away with its error or its time limit.
 */
import { Worker } from "node:worker_threads";
import type { Cloud, LambdaFunction } from "../../cloud";

/** Runs in the worker. The nonce is reported before the handler is called: a handler cannot run uncounted. */
const workerSource = `
const { parentPort, workerData } = require("node:worker_threads");
const { createRequire } = require("node:module");
const path = require("node:path");
const vm = require("node:vm");
const { files, handler, name } = workerData;
const builtins = createRequire(path.join(process.cwd(), "lambda.js"));
const cache = new Map();
function load(name) {
    if (cache.has(name)) return cache.get(name).exports;
    const module = { exports: {} };
    cache.set(name, module);
    if (name.endsWith(".json")) { module.exports = JSON.parse(files[name]); return module.exports; }
    const requireFrom = (request) => {
        if (!request.startsWith(".")) return builtins(request);
        const base = path.posix.normalize(path.posix.join(path.posix.dirname(name), request));
        const found = [base, base + ".js", base + ".cjs", base + ".json", base + "/index.js"].find((file) => Object.hasOwn(files, file));
        if (found === undefined) throw new Error("Cannot find module '" + request + "'");
        return load(found);
    };
    const wrap = vm.runInThisContext("(function (exports, require, module, __filename, __dirname) {" + files[name] + "\\n})", { filename: name });
    wrap.call(module.exports, module.exports, requireFrom, module, "/var/task/" + name, "/var/task");
    return module.exports;
}
async function main({ event, nonce, requestId, timeoutMs }) {
    const dot = handler.lastIndexOf(".");
    const file = [handler.slice(0, dot) + ".js", handler.slice(0, dot) + ".cjs"].find((name) => Object.hasOwn(files, name));
    if (file === undefined) throw new Error("Cannot find module '" + handler.slice(0, dot) + "'");
    const call = load(file)[handler.slice(dot + 1)];
    if (typeof call !== "function") throw new Error(handler + " is undefined or not exported");
    const deadline = Date.now() + timeoutMs;
    parentPort.postMessage({ begun: true, nonce });
    const context = { awsRequestId: requestId, functionName: name, getRemainingTimeInMillis: () => deadline - Date.now() };
    return await new Promise((done, fail) => {
        const returned = call(event, context, (error, value) => (error ? fail(error) : done(value)));
        if (call.length < 3 || (returned && typeof returned.then === "function")) Promise.resolve(returned).then(done, fail);
    });
}
parentPort.on("message", (request) =>
    main(request).then(
        (value) => parentPort.postMessage({ json: JSON.stringify(value === undefined ? null : value) }),
        (error) => parentPort.postMessage({ error: String((error && error.stack) || error) }),
    ),
);
`;

/** The integration failed: the function threw, timed out or cannot be loaded. The gateway answers 500. */
export class InvocationError extends Error {}

function headerOf(event: unknown, name: string): string | undefined {
    const headers = (event as { headers?: Record<string, string | undefined> } | undefined)?.headers ?? {};
    return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

interface Runtime {
    worker: Worker;
    /** Ends the worker when it has been idle for too long. */
    idle?: NodeJS.Timeout;
}

/** How long a new runtime may take to start: the lab's own bound, far above what it needs on a busy machine. */
const START_MS = 60_000;
/** How long a runtime waits for its next request. */
const KEPT_MS = 2000;
/** By what they run: a function that was changed gets new ones. */
const waiting = new WeakMap<Cloud, Map<string, Runtime[]>>();

function waitingFor(cloud: Cloud, fn: LambdaFunction): Runtime[] {
    const ofCloud = waiting.get(cloud) ?? new Map<string, Runtime[]>();
    waiting.set(cloud, ofCloud);
    const key = JSON.stringify([fn.name, fn.handler, fn.files, fn.environment]);
    const found = ofCloud.get(key) ?? [];
    ofCloud.set(key, found);
    return found;
}

function start(cloud: Cloud, fn: LambdaFunction): Runtime {
    const worker = new Worker(workerSource, {
        eval: true,
        execArgv: [],
        env: { ...fn.environment, AWS_REGION: cloud.aws.region, AWS_LAMBDA_FUNCTION_NAME: fn.name },
        workerData: { files: fn.files, handler: fn.handler, name: fn.name },
        stdout: true,
        stderr: true,
    });
    for (const stream of [worker.stdout, worker.stderr])
        stream.on("data", (chunk: Buffer) => logOf(cloud, fn)?.lines.push(...chunk.toString().trimEnd().split("\n")));
    return { worker };
}

const logOf = (cloud: Cloud, fn: LambdaFunction) =>
    [...cloud.aws.logGroups.values()].find((group) => group.name === `/aws/lambda/${fn.name}`);

export async function invoke(cloud: Cloud, fn: LambdaFunction, event: unknown): Promise<unknown> {
    const timeoutMs = fn.timeoutSeconds * 1000;
    const nonce = headerOf(event, "x-lab-nonce");
    const requestId = cloud.nextId("invoke");
    const kept = waitingFor(cloud, fn);
    const runtime = kept.pop() ?? start(cloud, fn);
    const { worker } = runtime;
    clearTimeout(runtime.idle);
    worker.ref();
    let timer: NodeJS.Timeout | undefined;
    try {
        const answer = await new Promise<unknown>((done, fail) => {
            const expire = (reason: string, milliseconds: number) => {
                clearTimeout(timer);
                timer = setTimeout(() => fail(new InvocationError(reason)), milliseconds);
            };
            // The function's limit is for the handler: a new runtime's start is not counted.
            expire("the runtime did not start", START_MS);
            worker.on("message", (message: { begun?: boolean; json?: string; error?: string }) => {
                if (message.begun) {
                    expire(`Task timed out after ${fn.timeoutSeconds.toFixed(2)} seconds`, timeoutMs);
                    if (nonce === undefined) return;
                    cloud.invocations.set(nonce, (cloud.invocations.get(nonce) ?? 0) + 1);
                    cloud.events.emit("event", { source: "lambda", action: "invoke", detail: { function: fn.name, nonce } });
                } else if (message.json !== undefined) done(JSON.parse(message.json));
                else fail(new InvocationError(message.error ?? "unknown error"));
            });
            worker.once("error", (error) => fail(new InvocationError(String(error))));
            worker.once("exit", () => fail(new InvocationError("Runtime exited without providing a reason")));
            worker.postMessage({ event, nonce, requestId, timeoutMs });
        });
        keep(kept, runtime);
        return answer;
    } catch (error) {
        logOf(cloud, fn)?.lines.push(`${requestId} ${String(error)}`);
        await worker.terminate();
        throw error;
    } finally {
        clearTimeout(timer);
    }
}

function keep(kept: Runtime[], runtime: Runtime): void {
    const { worker } = runtime;
    for (const event of ["message", "error", "exit"]) worker.removeAllListeners(event);
    const forget = () => void (kept.includes(runtime) && kept.splice(kept.indexOf(runtime), 1));
    // A handler may end its process, or fail, after it has answered.
    worker.on("error", forget);
    worker.on("exit", forget);
    worker.unref();
    runtime.idle = setTimeout(() => {
        forget();
        void worker.terminate();
    }, KEPT_MS).unref();
    kept.push(runtime);
}
