/**
 * nginx as an origin, behind an edge that nginx plays too: the verification and the doctor must give the verdict that its configuration
 * deserves, and the same one. Does not prove that API Gateway behaves as one of them.
 */
import * as dgram from "node:dgram";
import { once } from "node:events";
import { expect } from "chai";
import * as packet from "dns-packet";
import { Verification } from "../../../components/verification/check";
import { examine, type Report } from "../../../doctor";
import { readConnectTo } from "../../../probes";
import { API_ID, DOMAIN, TARGET } from "../../support/fakeOrigin";
import { needsTool } from "../../support/outsideTool";
import { CASES, ROWS, type Case, type Verdict } from "./cases";
import { ENDPOINT, startNginx, type Nginx, type Ports } from "./nginx";

/** Time enough for a busy machine; only a hanging server takes it all. */
const LONG_MS = 60_000;
const HANGING_MS = 10_000;

/** The doctor's words for the same. */
const DOCTOR: Record<string, Verdict> = { ok: "closed", bad: "open", unknown: "inconclusive" };

describe("verification and doctor, with nginx as the origin,", function () {
    let nginx: Nginx;
    let dns: dgram.Socket;

    before(async function () {
        nginx = await startNginx(needsTool(this, "nginx"), CASES);
        dns = dgram.createSocket("udp4").bind(0, "127.0.0.1");
        await once(dns, "listening");
        dns.on("message", (bytes, from) => {
            const { id, questions } = packet.decode(bytes);
            const [question] = questions!;
            const answers: packet.Answer[] = question!.type === "A" ? [{ type: "A", name: question!.name, ttl: 1, data: "192.0.2.1" }] : [];
            dns.send(packet.encode({ type: "response", id, questions, answers }), from.port, from.address);
        });
    });
    after(async () => {
        dns?.close();
        await nginx?.close();
    });

    /** Both verdicts of every row. */
    async function judge(
        nginxCase: Case,
        { edge, origin, plain }: Ports,
    ): Promise<{ verification: Record<string, Verdict>; report: Report }> {
        const entries = [`${DOMAIN}:443:127.0.0.1:${edge}`, `${TARGET}:443:127.0.0.1:${origin}`, `${ENDPOINT}:443:127.0.0.1:${origin}`];
        const caPem = nginx.webCa.certificatePem;
        const timeoutMs = nginxCase.hangs ? HANGING_MS : LONG_MS;
        const connectTo = entries.map((entry) => readConnectTo(entry)!);
        const settings = {
            domainName: DOMAIN,
            path: "/",
            target: TARGET,
            apiId: API_ID,
            timeoutMs,
            headers: {},
            connectTo,
            proxies: [],
            caPem,
        };
        const [rows, report] = await Promise.all([
            new Verification(settings).round(timeoutMs),
            examine({
                domainName: DOMAIN,
                targetDomainName: TARGET,
                apiId: API_ID,
                aws: false,
                timeoutMs,
                network: {
                    dnsServers: [`127.0.0.1:${dns.address().port}`],
                    connectTo: [...entries, `${TARGET}:80:127.0.0.1:${plain}`],
                    caPem,
                },
            }),
        ]);
        return { verification: Object.fromEntries(rows.map(({ id, verdict }) => [id, verdict])), report };
    }

    CASES.forEach((nginxCase, index) =>
        it(nginxCase.title, async () => {
            const wanted: Record<string, Verdict> = Object.fromEntries(
                ROWS.map((id) => [id, nginxCase.verdicts[id] ?? (id === "visitor" ? "live" : "closed")]),
            );
            const { verification, report } = await judge(nginxCase, nginx.ports[index]!);
            expect(verification, "the verification").to.deep.equal(wanted);
            const checks = Object.fromEntries(report.checks.map(({ id, verdict }) => [id, verdict]));
            const { visitor, ...bypasses } = wanted;
            expect(Object.fromEntries(Object.keys(bypasses).map((id) => [id, DOCTOR[checks[id]!]])), "the doctor").to.deep.equal(bypasses);
            expect(checks.visitor === "ok", "the doctor on the visitor").to.equal(visitor === "live");
            for (const [id, verdict] of Object.entries(nginxCase.doctor ?? {})) expect(DOCTOR[checks[id]!], id).to.equal(verdict);
            const open = [...Object.values(wanted), ...Object.values(nginxCase.doctor ?? {})].includes("open");
            if (open) {
                expect(report.verdict).to.equal("fault");
                expect(report.causes).not.to.deep.equal([]);
            } else if (Object.keys(nginxCase.verdicts).length === 0) {
                expect(report.verdict, JSON.stringify(report.checks.filter((check) => check.verdict !== "ok"))).to.equal("healthy");
            } else expect(report.verdict).not.to.equal("healthy");
        }),
    );
});
