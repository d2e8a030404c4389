/** The one judge of the verification and the doctor, on what a probe may see. */
import { expect } from "chai";
import { judgeBypass, judgeVisitor, type ProbeEvidence } from "../../probes";

type Seen = Partial<ProbeEvidence>;
const seen = (id: string, tls: "1.2" | "1.3", more: Seen): ProbeEvidence => ({
    ...{ id, tls, outcome: "reset", serverVerified: true, milliseconds: 1, certificateRequested: true },
    ...more,
});
const both = (id: string, tls12: Seen, tls13: Seen = tls12): ProbeEvidence[] => [seen(id, "1.2", tls12), seen(id, "1.3", tls13)];
const answer = (status: number, answeredBy: ProbeEvidence["answeredBy"], body = ""): Seen => ({
    outcome: "status",
    status,
    answeredBy,
    body,
});
const own = (status: number, message: string): Seen => answer(status, "gateway", JSON.stringify({ message }));
const SERVED = answer(200, "gateway", "hello");
const FORBIDDEN = own(403, "Forbidden");
const NOT_FOUND = own(404, "Not Found");
const UNVERIFIED: Seen = { serverVerified: false, certificateRequested: undefined };
const alert = (code: string): Seen => ({ ...UNVERIFIED, outcome: "handshake", reason: `ERR_SSL_${code}` });
const OLD_VERSION = alert("TLSV1_ALERT_PROTOCOL_VERSION");
const UNASKED: Seen = { certificateRequested: false };
const OFF = "mutual TLS is off";

/** `why` is a part of what is said. */
type Case = [title: string, id: string, tls12: Seen, tls13: Seen | undefined, verdict: string, why?: string];
const CASES: Case[] = [
    ["a closed connection", "no-certificate", {}, undefined, "closed"],
    ["API Gateway's own 403", "no-certificate", FORBIDDEN, undefined, "closed"],
    [
        "a 403 of an integration",
        "no-certificate",
        answer(403, "gateway", '{"message":"no"}'),
        undefined,
        "open",
        "without a client certificate is let in",
    ],
    [
        "API Gateway's own 404: routing comes after mutual TLS",
        "no-certificate",
        NOT_FOUND,
        undefined,
        "open",
        "without a client certificate",
    ],
    ["a 404 of another server", "stranger", answer(404, "other"), undefined, "open", "a self-signed certificate of nobody's"],
    ["a 400 from behind", "no-certificate", answer(400, "gateway", "bad"), undefined, "open"],
    ["a 400 of another server", "no-certificate", answer(400, "other", "bad"), undefined, "open"],
    [
        "nginx's 400 for a missing certificate",
        "no-certificate",
        answer(400, "other", "<p>No required SSL certificate was sent"),
        undefined,
        "closed",
    ],
    ["a misdirected request", "no-certificate", answer(421, "other"), undefined, "closed"],
    ["a redirect", "no-certificate", answer(301, "other"), undefined, "open"],
    ["one version of TLS that lets in", "stranger", {}, SERVED, "open"],
    ["mutual TLS that is off, and a refusal from behind", "no-certificate", { ...FORBIDDEN, ...UNASKED }, undefined, "open", OFF],
    ["mutual TLS that is off in one version only", "no-certificate", {}, { ...FORBIDDEN, ...UNASKED }, "open", OFF],
    [
        "API Gateway's refusal of a name that it does not know",
        "no-certificate",
        { ...FORBIDDEN, ...UNASKED, serverVerified: false, serverProblem: "ERR_TLS_CERT_ALTNAME_INVALID" },
        undefined,
        "inconclusive",
        "not valid for the name",
    ],
    [
        "the same behind an expired certificate of the name",
        "no-certificate",
        { ...FORBIDDEN, ...UNASKED, serverVerified: false, serverProblem: "CERT_HAS_EXPIRED" },
        undefined,
        "open",
        OFF,
    ],
    ["a server that closes and asks for no certificate", "no-certificate", UNASKED, undefined, "inconclusive", OFF],
    [
        "an unknown server's refusal",
        "no-certificate",
        { ...answer(403, "other"), ...UNVERIFIED, serverProblem: "CERT_HAS_EXPIRED" },
        undefined,
        "inconclusive",
        "not valid for the name (CERT_HAS_EXPIRED)",
    ],
    [
        "an unknown server that answers",
        "no-certificate",
        { ...answer(200, "other"), ...UNVERIFIED, serverProblem: "CERT_HAS_EXPIRED" },
        undefined,
        "open",
    ],
    [
        "a connection that is blocked",
        "no-certificate",
        { ...UNVERIFIED, outcome: "refused", reason: "ECONNREFUSED" },
        undefined,
        "inconclusive",
        "AWS can be reached directly",
    ],
    ["one version that hangs", "no-certificate", {}, { outcome: "timeout" }, "inconclusive", "neither answered nor closed"],
    ["what is not HTTP", "no-certificate", {}, { reason: "HPE_INVALID_CONSTANT" }, "inconclusive", "not HTTP"],
    [
        "a refusal that breaks off",
        "no-certificate",
        { ...FORBIDDEN, body: '{"mess', reason: "ECONNRESET" },
        undefined,
        "inconclusive",
        "broke off",
    ],
    ["TLS 1.2 only", "no-certificate", {}, OLD_VERSION, "closed"],
    ["TLS 1.3 only", "no-certificate", OLD_VERSION, {}, "closed"],
    ["TLS 1.3 only, and open", "no-certificate", OLD_VERSION, SERVED, "open"],
    ["neither version", "no-certificate", OLD_VERSION, undefined, "inconclusive"],
    ["an alert for a name that is not known there", "sni-regional", alert("TLSV1_UNRECOGNIZED_NAME"), undefined, "closed"],
    ["such an alert of a server with TLS 1.2 only", "sni-none", alert("TLSV1_UNRECOGNIZED_NAME"), OLD_VERSION, "closed"],
    [
        "a reset before any certificate",
        "sni-regional",
        { ...UNVERIFIED, outcome: "handshake", reason: "ECONNRESET" },
        undefined,
        "inconclusive",
    ],
    ["a misdirected request by another name", "sni-regional", answer(421, "other"), undefined, "closed"],
    ["API Gateway's own 404 by another name", "sni-regional", NOT_FOUND, undefined, "closed"],
    [
        "a 404 from behind by another name",
        "sni-regional",
        answer(404, "gateway", "no such order"),
        undefined,
        "open",
        "the integration itself refused",
    ],
    ["a 400 from behind by another name", "sni-none", answer(400, "gateway", "bad"), undefined, "open", "the integration itself refused"],
    ["a redirect of another server", "sni-none", answer(302, "other"), undefined, "closed"],
    ["a redirect from behind", "sni-none", answer(302, "gateway"), undefined, "open"],
    ["an endpoint that is off", "default-endpoint", { ...NOT_FOUND, ...UNASKED }, undefined, "closed"],
    [
        "an endpoint behind an authorizer",
        "default-endpoint",
        { ...FORBIDDEN, ...UNASKED },
        undefined,
        "inconclusive",
        "one that is off answers HTTP 404",
    ],
    ["an endpoint that is on", "default-endpoint", { ...own(500, "Internal Server Error"), ...UNASKED }, undefined, "open"],
    ["an endpoint's alert", "default-endpoint", alert("TLSV1_UNRECOGNIZED_NAME"), undefined, "inconclusive"],
];

describe("the judge of a bypass", () => {
    const visitor = both("visitor", SERVED);
    for (const [title, id, tls12, tls13, verdict, why = ""] of CASES)
        it(`takes ${title} for ${verdict} (${id})`, () => {
            const direct = id === "no-certificate" ? [] : both("no-certificate", {});
            const judgement = judgeBypass(id, [...visitor, ...direct, ...both(id, tls12, tls13)])!;
            expect(judgement.verdict).to.equal(verdict);
            expect(judgement.why).to.contain(why);
            expect(judgement.entry !== undefined, "names the probe").to.equal(verdict === "open");
            if (verdict === "inconclusive") expect(judgement.why).not.to.equal("");
        });

    it("takes a visitor's own answer for no proof, whichever it is", () => {
        for (const [status, message] of [
            [403, "Forbidden"],
            [421, "Misdirected Request"],
        ] as const) {
            const probes = [...both("visitor", own(status, message)), ...both("no-certificate", own(status, message))];
            expect(judgeBypass("no-certificate", probes)).to.deep.include({ verdict: "inconclusive" });
            expect(judgeBypass("no-certificate", [...visitor, ...probes.slice(2)])).to.deep.include({ verdict: "closed" });
        }
    });

    it("does not judge what was not tried", () => {
        expect(judgeBypass("stranger", visitor)).to.equal(undefined);
        expect(judgeVisitor([])).to.equal(undefined);
    });
});

describe("the judge of a visitor", () => {
    const cases: [title: string, tls12: Seen, tls13: Seen | undefined, verdict: string, why?: string][] = [
        ["an answer", SERVED, undefined, "live"],
        ["an edge of TLS 1.2 only", SERVED, OLD_VERSION, "live"],
        ["an edge of TLS 1.3 only", OLD_VERSION, SERVED, "live"],
        ["an edge of neither", OLD_VERSION, undefined, "down"],
        ["an edge without a certificate for the name", alert("SSLV3_ALERT_HANDSHAKE_FAILURE"), undefined, "down"],
        ["a 403 of the handler's own", answer(403, "gateway", '{"error":"no token"}'), undefined, "live"],
        ["API Gateway's own 403", FORBIDDEN, undefined, "inconclusive", "verify.path"],
        ["a firewall's 403", answer(403, "edge", "error code: 1020"), undefined, "inconclusive", "a firewall"],
        ["a challenge", answer(403, "challenge"), undefined, "inconclusive", "challenged this machine"],
        ["an old answer", { ...SERVED, cached: true }, undefined, "inconclusive", "cache"],
        ["one bad answer of two", SERVED, answer(525, "edge"), "down", "not API Gateway's"],
        [
            "an invalid certificate",
            { ...SERVED, serverVerified: false, serverProblem: "CERT_HAS_EXPIRED" },
            undefined,
            "down",
            "CERT_HAS_EXPIRED",
        ],
        ["a name that does not resolve", { ...UNVERIFIED, outcome: "unresolved" }, undefined, "down", "does not resolve"],
        ["a closed connection", {}, undefined, "down"],
    ];
    for (const [title, tls12, tls13, verdict, why = ""] of cases)
        it(`takes ${title} for ${verdict}`, () => {
            const judgement = judgeVisitor(both("visitor", tls12, tls13))!;
            expect(judgement.verdict).to.equal(verdict);
            expect(judgement.why).to.contain(why);
        });

    it("takes packets dropped at port 80 for closed only beside the same address's answer at 443, and silence for neither", () => {
        const plain = (more: Seen) => seen("plain-http-origin", "1.3", { tls: "-", outcome: "timeout", ...UNVERIFIED, ...more });
        const verdict = (...probes: ProbeEvidence[]) => judgeBypass("plain-http-origin", probes)?.verdict;
        expect(verdict(plain({}), ...both("no-certificate", FORBIDDEN))).to.equal("closed");
        expect(verdict(plain({}))).to.equal("inconclusive");
        expect(verdict(plain({}), ...both("no-certificate", { outcome: "timeout", ...UNVERIFIED }))).to.equal("inconclusive");
        expect(verdict(plain({ silent: true }), ...both("no-certificate", FORBIDDEN))).to.equal("inconclusive");
    });
});
