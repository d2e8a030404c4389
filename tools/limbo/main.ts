/** `npm run test:limbo -- FILE`: every case of x509-limbo, judged as a client's chain by the three judges. */
import { readFileSync } from "node:fs";
import { expected, reasonOf, type Judge } from "./deviations";
import { judgeByGateway, judgeByOpenssl, judgeByPki, NOT_PRESENTED, type ClientChain, type Refusal } from "./judges";

const HELP = `Usage: npm run test:limbo -- FILE

Judges the cases of FILE, x509-limbo's limbo.json, as chains of a client: by pki/, by the lab's gateway in a handshake (cases with a
key and without a date), and by \`openssl verify\` at the case's time. A verdict other than the case's must be in
tools/limbo/deviations.ts with its reason. Exits with 1 if one is not, or is there in vain.
  --all    print every deviation, with what the judge said`;

interface LimboCase {
    id: string;
    validation_kind: "CLIENT" | "SERVER";
    trusted_certs: string[];
    untrusted_intermediates: string[];
    peer_certificate: string;
    peer_certificate_key: string | null;
    validation_time: string | null;
    expected_result: "SUCCESS" | "FAILURE";
}

/** What is judged by the server's name alone; nobody asks a client for one. */
const SERVER_NAMES = [
    /^webpki::cn::/,
    /^webpki::san::(mismatch|public-suffix|wildcard|san-wildcard|unicode-emoji|no-san)/,
    /^rfc5280::san::(underscore-dns|ip-in-dns)$/,
    /^rfc5280::ca-as-leaf-wrong-san$/,
];

function readCases(file: string): LimboCase[] {
    let text: string;
    try {
        text = readFileSync(file, "utf8");
    } catch {
        throw new Error(`FILE must be x509-limbo's limbo.json; received ${file}, which cannot be read`);
    }
    let cases: LimboCase[] | undefined;
    try {
        cases = (JSON.parse(text) as { testcases?: LimboCase[] }).testcases;
    } catch {
        // Said below.
    }
    if (!Array.isArray(cases) || cases.length === 0 || cases.some(({ id, peer_certificate: leaf }) => !id || !leaf))
        throw new Error(`FILE must be x509-limbo's limbo.json; received ${file}, which has no test cases`);
    return cases;
}

function chainOf(limbo: LimboCase): ClientChain {
    return {
        roots: limbo.trusted_certs,
        intermediates: limbo.untrusted_intermediates,
        leaf: limbo.peer_certificate,
        key: limbo.peer_certificate_key ?? undefined,
        time: limbo.validation_time ? new Date(limbo.validation_time) : new Date(),
        purpose: limbo.validation_kind === "CLIENT" ? "sslclient" : "sslserver",
    };
}

async function main(): Promise<number> {
    const args = process.argv.slice(2);
    const all = args.includes("--all");
    const [file, ...rest] = args.filter((arg) => arg !== "--all");
    if (args.includes("--help")) {
        console.log(HELP);
        return 0;
    }
    if (file === undefined || rest.length > 0 || file.startsWith("-")) {
        console.error(`FILE must be x509-limbo's limbo.json; received ${args.join(" ") || "nothing"}\n\n${HELP}`);
        return 1;
    }
    const cases = readCases(file);
    const judged = cases.filter(({ id }) => !SERVER_NAMES.some((rule) => rule.test(id)));
    const counts: Record<Judge, number> = { pki: 0, gateway: 0, openssl: 0 };
    const explained = new Set<string>();
    const unexplained: string[] = [];
    const notPresented: string[] = [];
    for (const limbo of judged) {
        const chain = chainOf(limbo);
        const inHandshake = limbo.peer_certificate_key && !limbo.validation_time;
        const verdicts: [Judge, Refusal][] = [
            ["pki", judgeByPki(chain)],
            ["openssl", await judgeByOpenssl(chain)],
            ...(inHandshake ? [["gateway", await judgeByGateway(chain)] as [Judge, Refusal]] : []),
        ];
        for (const [judge, refusal] of verdicts) {
            if (judge === "gateway" && refusal === NOT_PRESENTED) {
                notPresented.push(limbo.id);
                continue;
            }
            counts[judge]++;
            if ((refusal === undefined) === (limbo.expected_result === "SUCCESS")) continue;
            const line = `${limbo.id} ${judge}: ${refusal === undefined ? "accepts" : `refuses: ${refusal}`}`;
            const reason = reasonOf(limbo.id, judge);
            if (reason === undefined) unexplained.push(line);
            else {
                explained.add(`${limbo.id} ${judge}`);
                if (all) console.log(`${line}\n    ${reason}`);
            }
        }
    }
    const ids = new Set(cases.map(({ id }) => id));
    const stale = expected
        .filter(([id]) => ids.has(id))
        .map(([id, judge]) => `${id} ${judge}`)
        .filter((line) => !explained.has(line));
    for (const line of unexplained) console.log(`unexplained: ${line}`);
    for (const line of stale) console.log(`in the table, but no deviation any more: ${line}`);
    console.log(`${cases.length} cases: ${judged.length} judged, ${cases.length - judged.length} of a server's name left out`);
    console.log(
        `verdicts: ${Object.entries(counts)
            .map(([judge, count]) => `${judge} ${count}`)
            .join(", ")}`,
    );
    if (notPresented.length > 0) console.log(`not judged by the gateway, because no TLS client presents it: ${notPresented.join(", ")}`);
    console.log(`${explained.size} deviations explained, ${unexplained.length} unexplained, ${stale.length} stale`);
    return unexplained.length + stale.length === 0 ? 0 : 1;
}

main().then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
        console.error((error as Error).message);
        process.exitCode = 1;
    },
);
