/**
 * Draws the doctor's page in a real browser, in light and dark, from narrow to wide, and measures what no unit test can: that the page does
 * not scroll sideways, that every text has a contrast of 4.5:1, and that nothing is fetched or run.
 *
 *     tsx tools/htmlCheck.ts [folder for the pages and screenshots]
 *
 * It speaks to Chromium over its pipe, since the command line has no width below 500 px and does not switch prefers-color-scheme.
 */
import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { reportHtml } from "../doctor/html";
import type { ProbeEvidence } from "../doctor/evidence";
import type { Check, Report } from "../doctor/report";

// WCAG's reflow is about 320 px; 360 is a common telephone.
const WIDTHS = [320, 360, 768, 1280];
const SCREENSHOTS = [360, 1280];
const SCHEMES = ["light", "dark"] as const;
const ANSWER_MS = 30_000;

const probe = (id: string, more: Partial<ProbeEvidence>): ProbeEvidence => ({
    id,
    tls: "1.3",
    outcome: "reset",
    reason: "ECONNRESET",
    serverVerified: true,
    serverNotAfter: "2027-03-01T23:59:59.000Z",
    milliseconds: 84,
    ...more,
});
const check = (hop: Check["hop"], id: string, expected: string, seen: string, verdict: Check["verdict"] = "ok"): Check => ({
    hop,
    id,
    expected,
    seen,
    verdict,
});

const CLOSED = "closed after the TLS handshake (ECONNRESET)";
const AROUND = [
    check("bypass", "no-certificate", "refused without a client certificate", CLOSED),
    check("bypass", "stranger", "a stranger's certificate refused", CLOSED),
    check("bypass", "sni-none", "no SNI, our Host: refused", "closed in the TLS handshake (ECONNRESET)"),
    check("bypass", "sni-regional", "the regional SNI, our Host: refused", "HTTP 403 (gateway)"),
    check("bypass", "sni-default-endpoint", "the default endpoint's SNI, our Host: refused", "HTTP 403 (gateway)"),
    check("bypass", "plain-http-origin", "plain HTTP at the origin: refused", "no connection (ECONNREFUSED)"),
    check("bypass", "default-endpoint", "the default endpoint: HTTP 404", "HTTP 404 (gateway)"),
];
const ORIGIN = [
    check("origin", "server-certificate", "valid for the name", "valid until 2027-03-01"),
    check("origin", "client-certificate", "asked for", "asked for, of CN=cloudflare-protected-http-api 1, O=Example"),
];
const PROBES = [
    probe("visitor", {
        outcome: "status",
        reason: undefined,
        status: 200,
        answeredBy: "gateway",
        edgeLocation: "FRA",
        body: '{"ok":true}',
    }),
    probe("no-certificate", { tls: "1.2", certificateRequested: true }),
    probe("no-certificate", {}),
    probe("stranger", {}),
    probe("sni-regional", { outcome: "status", reason: undefined, status: 403, answeredBy: "gateway", body: '{"message":"Forbidden"}' }),
    probe("plain-http-origin", { tls: "-", outcome: "refused", reason: "ECONNREFUSED", serverVerified: false, serverNotAfter: undefined }),
    probe("default-endpoint", {
        outcome: "status",
        reason: undefined,
        status: 404,
        answeredBy: "gateway",
        body: '{"message":"Not Found"}',
    }),
];

const HEALTHY: Report = {
    schemaVersion: 1,
    domainName: "api.example.com",
    verdict: "healthy",
    causes: [],
    checks: [
        check("dns", "record", "an address of the edge", "104.16.132.229, 104.16.133.229, 2606:4700::6810:84e5"),
        check("edge", "visitor", "answered by the API", "HTTP 200 (gateway)"),
        ...ORIGIN,
        ...AROUND,
    ],
    probes: PROBES,
    notes: [],
    edgeLocations: ["FRA"],
    took: 1840,
    startedAt: "2026-10-05T02:14:09.412Z",
};

const FAULT: Report = {
    ...HEALTHY,
    domainName: "orders.api.internal-platform-production.example.org",
    verdict: "fault",
    causes: [
        {
            id: "AOP-ASSOCIATION-OFF",
            title: "Origin pulls are turned off for this hostname",
            impact: "visitors-down",
            evidence: [
                "the association of orders.api.internal-platform-production.example.org exists and is not enabled",
                "a visitor gets HTTP 525 from the edge, and API Gateway asks for a client certificate",
            ],
            refresh: "The provider reads the association back as it was written: `refresh` sees no difference, and `up` writes nothing.",
            fix: `Let the next deployment write the association anew: originPull: { authorities: [{ name: "1", leaf: "2" }] }, then pulumi up. At once: curl -X PUT -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" -H "Content-Type: application/json" --data '{"config":[{"hostname":"orders.api.internal-platform-production.example.org","cert_id":"2458ce5a-0c35-4c7f-82c7-8e9487d3ff60","enabled":true}]}' https://api.cloudflare.com/client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353/origin_tls_client_auth/hostnames`,
            confirm: "curl -sS -o /dev/null -w '%{http_code}\\n' https://orders.api.internal-platform-production.example.org/",
        },
        {
            id: "DEFAULT-ENDPOINT-OPEN",
            title: "The API's default endpoint answers, without mutual TLS",
            impact: "bypass-open",
            evidence: ["a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com answered HTTP 200", "disableExecuteApiEndpoint is false"],
            refresh: "",
            fix: "pulumi up --refresh, now",
            confirm: "curl -sS -o /dev/null -w '%{http_code}\\n' https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/",
        },
        {
            id: "LEAF-EXPIRES-SOON",
            title: "The client certificate that the edge presents is about to expire",
            impact: "none-yet",
            evidence: ["it expires in 9 days, on 2026-10-14"],
            refresh: "Time alone is no difference to Pulumi until the renewal window begins.",
            fix: "pulumi up, and let a pipeline run it every week",
            confirm: "npx --no cloudflare-protected-http-api doctor orders.api.internal-platform-production.example.org",
        },
    ],
    checks: [
        check("dns", "record", "an address of the edge", "104.16.132.229, 104.16.133.229"),
        check("edge", "visitor", "answered by the API", "HTTP 525 (edge)", "bad"),
        ...ORIGIN,
        ...AROUND.slice(0, -1),
        check("bypass", "default-endpoint", "the default endpoint: HTTP 404", "HTTP 200 (gateway)", "bad"),
        check("aws", "domain", "AVAILABLE, mutual TLS", "AVAILABLE, mutual TLS on"),
        check(
            "aws",
            "truststore",
            "the newest version, pinned",
            "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY, newest 3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
        ),
        check("aws", "api", "default endpoint off, deployed automatically", "ON, $default automatic", "bad"),
        check("aws", "acm", "ISSUED", "ISSUED"),
        check("cloudflare", "zone", "active", "example.org, active"),
        check("cloudflare", "dns-record", "proxied, to the regional name", "CNAME d-abc123.execute-api.eu-west-1.amazonaws.com"),
        check("cloudflare", "ssl", "full or strict", "strict"),
        check("cloudflare", "origin-pull", "on, certificate active", "off, active, until 2026-10-14", "bad"),
    ],
    probes: [
        probe("visitor", {
            outcome: "status",
            reason: undefined,
            status: 525,
            answeredBy: "edge",
            edgeLocation: "FRA",
            body: "<!DOCTYPE html><html><head><title>525: SSL handshake failed</title><script>alert(1)</script></head>",
        }),
        ...PROBES.slice(1),
        probe("sni-sibling", { serverVerified: false, serverProblem: "ERR_TLS_CERT_ALTNAME_INVALID" }),
    ],
    notes: ["Cloudflare: 9 of the zone's 10 hostname certificates are used; a rotation needs a spare one"],
};

const UNKNOWN: Report = {
    ...HEALTHY,
    domainName: "api.example.net",
    verdict: "unknown",
    nextProbe:
        "AWS was not asked: give credentials and a region as to the AWS CLI, or --target <regional name> --api-id <id> (pulumi stack output), and run npx --no cloudflare-protected-http-api doctor api.example.net again",
    checks: [
        check("dns", "record", "an address of the edge", "104.16.132.229"),
        check("edge", "visitor", "answered by the API", "HTTP 403 (gateway)", "bad"),
        check("bypass", "no-certificate", "refused without a client certificate", "not tried: the regional name is not known", "unknown"),
        check("bypass", "sni-regional", "the regional SNI, our Host: refused", "not tried: the regional name is not known", "unknown"),
        check("bypass", "default-endpoint", "the default endpoint: HTTP 404", "not tried: the API's id is not known", "unknown"),
    ],
    probes: [probe("visitor", { outcome: "status", reason: undefined, status: 403, answeredBy: "gateway", edgeLocation: "FRA" })],
    notes: ["AWS: no credentials were found"],
};

/** Hand-made: one of each verdict, with long names. The unit test draws them too. */
export const SAMPLES: Report[] = [HEALTHY, FAULT, UNKNOWN];

/** In the page. It is a text since TypeScript here knows no DOM, and tsx would put names of its own into a function. */
const MEASURE = `(() => {
    const problems = [];
    const named = (element) => element.tagName.toLowerCase() + (element.className && typeof element.className === "string" ? "." + element.className : "");
    const root = document.documentElement;
    if (root.scrollWidth > innerWidth) problems.push("the page is " + root.scrollWidth + " px wide in a window of " + innerWidth + " px");
    const numbers = (colour) => { const found = colour.match(/[\\d.]+/g).map(Number); return found.length < 4 ? [...found, 1] : found; };
    const light = (rgb) => {
        const [r, g, b] = rgb.slice(0, 3).map((one) => one / 255).map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const colour = numbers(getComputedStyle(one).backgroundColor);
            if (colour[3] === 1) return colour;
        }
        return [255, 255, 255, 1];
    };
    let texts = 0;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim();
        if (text === "") continue;
        texts += 1;
        const element = walker.currentNode.parentElement;
        const pair = [light(numbers(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
        const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
        if (contrast < 4.5) problems.push(named(element) + " has a contrast of " + contrast.toFixed(2) + ': "' + text.slice(0, 40) + '"');
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        const box = range.getBoundingClientRect();
        if (!element.closest(".scroll") && (box.right > innerWidth + 0.5 || box.left < -0.5)) problems.push(named(element) + ' is cut off: "' + text.slice(0, 40) + '"');
    }
    if (texts < 100) problems.push("only " + texts + " texts are shown");
    let level = 0;
    for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
        const next = Number(heading.tagName[1]);
        if (next > level + 1) problems.push("a heading of level " + next + ' follows one of level ' + level + ': "' + heading.textContent + '"');
        level = next;
    }
    for (const element of document.querySelectorAll("script, iframe, object, embed, img, link, form, input, [onclick], [onload], [onerror]"))
        problems.push("there is a " + named(element));
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    if (dark !== light(ground(document.body)) < 0.2) problems.push("the colours do not follow prefers-color-scheme");
    return { problems, dark, width: innerWidth, height: Math.ceil(root.getBoundingClientRect().height) };
})()`;
const INTRUDE = `(() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
    return window.ran === true;
})()`;
interface Measured {
    problems: string[];
    dark: boolean;
    width: number;
    height: number;
}

/** Chromium's debugging protocol over its pipe: JSON with a NUL behind each message. */
class Browser {
    readonly #process: ChildProcess;
    readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
    readonly #listeners: ((method: string, params: Record<string, unknown>) => void)[] = [];
    #last = 0;
    session?: string;

    constructor(executable: string, profile: string) {
        // Without a sandbox, since it needs rights that containers lack; the page is ours, and there is no network for it.
        const options = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --remote-debugging-pipe".split(
            " ",
        );
        this.#process = spawn(executable, [...options, "--host-resolver-rules=MAP * ~NOTFOUND", `--user-data-dir=${profile}`], {
            stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
        });
        const failed = (why: string): void => {
            for (const { reject } of this.#waiting.values()) reject(new Error(why));
            this.#waiting.clear();
        };
        this.#process.on("error", (error) => failed(`${executable} does not start (${error.message})`));
        this.#process.on("exit", (code) => failed(`${executable} ended too early (exit code ${code})`));
        const input = this.#process.stdio[3] as Writable;
        input.on("error", (error) => failed(`${executable} takes no commands (${error.message})`));
        let text = "";
        (this.#process.stdio[4] as Readable).setEncoding("utf8").on("data", (chunk: string) => {
            const messages = (text + chunk).split("\0");
            text = messages.pop()!;
            for (const message of messages) this.#received(JSON.parse(message));
        });
    }

    #received(message: {
        id?: number;
        result?: unknown;
        error?: { message: string };
        method?: string;
        params?: Record<string, unknown>;
    }): void {
        if (message.id === undefined) for (const listener of this.#listeners) listener(message.method ?? "", message.params ?? {});
        else {
            const asked = this.#waiting.get(message.id);
            this.#waiting.delete(message.id);
            if (message.error) asked?.reject(new Error(message.error.message));
            else asked?.resolve(message.result);
        }
    }

    on(listener: (method: string, params: Record<string, unknown>) => void): void {
        this.#listeners.push(listener);
    }

    /** The first event of that name from now on. */
    once(method: string): Promise<void> {
        return new Promise((resolve) => this.on((one) => one === method && resolve()));
    }

    async send<Result>(method: string, params: object = {}): Promise<Result> {
        const id = ++this.#last;
        const timer = setTimeout(() => {
            this.#waiting.get(id)?.reject(new Error(`Chromium does not answer ${method}`));
            this.#waiting.delete(id);
        }, ANSWER_MS);
        try {
            return await new Promise((resolve, reject) => {
                this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
                const message = { id, method, params, ...(this.session === undefined ? {} : { sessionId: this.session }) };
                (this.#process.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
            });
        } finally {
            clearTimeout(timer);
        }
    }

    async close(): Promise<void> {
        if (this.#process.exitCode !== null || this.#process.pid === undefined) return;
        const gone = new Promise((resolve) => this.#process.once("exit", resolve));
        this.#process.kill();
        await gone;
    }
}

/** Chromium or Chrome: `CHROMIUM`, or the first on the path. */
function executable(): string | undefined {
    const given = process.env.CHROMIUM;
    if (given) {
        if (!fs.existsSync(given)) throw new Error(`CHROMIUM must be a file; there is no ${given}`);
        return given;
    }
    const folders = (process.env.PATH ?? "").split(path.delimiter);
    return ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
        .flatMap((name) => folders.map((folder) => path.join(folder, name)))
        .find((file) => fs.existsSync(file));
}

async function examined(browser: Browser, pages: Record<string, string>, folder: string | undefined): Promise<string[]> {
    const { targetId } = await browser.send<{ targetId: string }>("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await browser.send<{ sessionId: string }>("Target.attachToTarget", { targetId, flatten: true });
    browser.session = sessionId;
    const problems: string[] = [];
    let at = "";
    browser.on((method, params) => {
        if (method === "Network.requestWillBeSent") {
            const { url } = params.request as { url: string };
            if (!Object.values(pages).includes(url)) problems.push(`${at}: it fetches ${url}`);
        }
        if (method === "Log.entryAdded") problems.push(`${at}: ${(params.entry as { text: string }).text}`);
    });
    for (const domain of ["Page", "Network", "Log"]) await browser.send(`${domain}.enable`);
    for (const [name, url] of Object.entries(pages))
        for (const scheme of SCHEMES)
            for (const width of WIDTHS) {
                at = `${name}, ${scheme}, ${width} px`;
                await browser.send("Emulation.setDeviceMetricsOverride", { width, height: 800, deviceScaleFactor: 1, mobile: width < 768 });
                await browser.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
                const loaded = browser.once("Page.loadEventFired");
                await browser.send("Page.navigate", { url });
                await loaded;
                const { result } = await browser.send<{ result: { value: Measured } }>("Runtime.evaluate", {
                    expression: MEASURE,
                    returnByValue: true,
                });
                const measured = result.value;
                problems.push(...measured.problems.map((problem) => `${at}: ${problem}`));
                if (measured.width !== width || measured.dark !== (scheme === "dark"))
                    problems.push(`${at}: the browser shows ${measured.width} px in ${measured.dark ? "dark" : "light"}`);
                if (folder === undefined || !SCREENSHOTS.includes(width)) continue;
                const { data } = await browser.send<{ data: string }>("Page.captureScreenshot", {
                    captureBeyondViewport: true,
                    clip: { x: 0, y: 0, width, height: measured.height, scale: 1 },
                });
                fs.writeFileSync(path.join(folder, `${name}-${scheme}-${width}.png`), Buffer.from(data, "base64"));
            }
    // Were a script to get into the page, it would not run: the listener is deaf by now to the refusal that the log has then.
    await browser.send("Log.disable");
    const { result } = await browser.send<{ result: { value: boolean } }>("Runtime.evaluate", { expression: INTRUDE, returnByValue: true });
    if (result.value) problems.push(`${at}: a script in the page runs in spite of the policy`);
    return problems;
}

async function main(folder: string | undefined): Promise<number> {
    const chromium = executable();
    if (chromium === undefined) {
        console.log("skipped: there is no Chromium (set CHROMIUM, or put chromium or google-chrome on the PATH)");
        return 0;
    }
    const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "doctor-html-"));
    if (folder !== undefined) fs.mkdirSync(folder, { recursive: true });
    const browser = new Browser(chromium, path.join(temporary, "profile"));
    try {
        const pages = Object.fromEntries(
            Object.entries({ several: SAMPLES, fault: [FAULT] }).map(([name, reports]) => {
                const file = path.resolve(folder ?? temporary, `${name}.html`);
                fs.writeFileSync(file, reportHtml(reports));
                return [name, pathToFileURL(file).href];
            }),
        );
        const problems = await examined(browser, pages, folder);
        for (const problem of problems) console.error(problem);
        const drawn = Object.keys(pages).length * SCHEMES.length * WIDTHS.length;
        console.log(`${drawn} drawings of the doctor's page, ${problems.length} problems${folder === undefined ? "" : ` (see ${folder})`}`);
        return problems.length === 0 ? 0 : 1;
    } finally {
        await browser.close();
        fs.rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
    }
}

if (require.main === module)
    main(process.argv[2]).then(
        (code) => (process.exitCode = code),
        (error: Error) => {
            console.error(`error: ${error.message}`);
            process.exitCode = 1;
        },
    );
