/** The doctor against hostile servers: one clear outcome, in time, and no raw server output on the terminal. */
import * as dgram from "node:dgram";
import { once } from "node:events";
import type * as tls from "node:tls";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { expect } from "chai";
import * as packet from "dns-packet";
import { examine, type Report } from "../../../doctor";
import { reportHtml } from "../../../doctor/report/html";
import { reportText } from "../../../doctor/report/text";
import { alike, pem, serverHandshake } from "../../support/craftedTls";
import { withTime } from "../../support/deadlines";
import { DOMAIN, TARGET } from "../../support/fakeOrigin";
import { ESCAPES, HARMFUL, SECRET, hostileServers } from "../../support/hostileServers";

describe("the doctor with hostile servers", function () {
    const { open, raw, secure, against, caPem } = hostileServers();

    it("is not slowed by certificates that all issue one another", async () => {
        const { ders } = await alike([DOMAIN, TARGET], 6);
        const port = await raw((socket) => socket.once("data", () => socket.end(serverHandshake(ders, []))));
        const before = process.cpuUsage();
        const { probes } = await examine(against(port));
        // Of this process alone: a busy machine does not count.
        expect(process.cpuUsage(before).user / 1000).to.be.lessThan(3000);
        expect(probes.filter(({ id }) => id === "no-certificate").map(({ serverVerified }) => serverVerified)).to.deep.equal([
            false,
            false,
        ]);
    });

    it("survives names of CAs that are garbage, too long and too many", async () => {
        const { ders } = await alike([DOMAIN], 1);
        const names = [
            Buffer.from("ffff", "hex"),
            Buffer.alloc(0),
            Buffer.alloc(30_000, 0x30),
            ...Array.from({ length: 5000 }, () => Buffer.alloc(2, 0x30)),
        ];
        const port = await raw((socket) => socket.once("data", () => socket.end(serverHandshake(ders, names))));
        const before = process.cpuUsage();
        const { checks } = await examine(against(port));
        expect(process.cpuUsage(before).user / 1000).to.be.lessThan(3000);
        const { seen } = checks.find(({ id }) => id === "client-certificate")!;
        expect(seen).to.contain("an unreadable name").and.contain("a name that is too long");
        expect(seen.length).to.be.lessThan(1000);
    });

    it("survives a certificate whose expiry is not a date", async () => {
        const { ders, key } = await alike([DOMAIN], 1);
        const der = ders[0]!;
        // The second of its two times; an untrusted certificate's signature is not checked.
        const at = der.indexOf(Buffer.from([0x17, 13]), der.indexOf(Buffer.from([0x17, 13])) + 1);
        der.write("991399999999Z", at + 2, "latin1");
        const port = await secure((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n"), { cert: pem(der), key });
        const { probes } = await examine(against(port));
        expect(probes.filter(({ id }) => id === "visitor").map(({ status, serverVerified }) => [status, serverVerified])).to.deep.equal(
            Array.from({ length: 4 }, () => [200, false]),
        );
    });

    it("shows no control character and no markup of a server's, of DNS and of a CA's name", async () => {
        const { ders } = await alike([DOMAIN], 1);
        const name = Buffer.from(new x509.Name([{ CN: [{ utf8String: `${ESCAPES}\nrm -rf <script>` }] }]).toArrayBuffer());
        const answer = `HTTP/1.1 520 ${ESCAPES}\r\ncf-ray: 1-${ESCAPES}<script>\r\n\r\n${ESCAPES}<script>\u202e`;
        const good = await secure((socket) => socket.end(answer, "latin1"));
        const bad = await raw((socket) => socket.once("data", () => socket.end(serverHandshake(ders, [name]))));
        const dns = dgram.createSocket("udp4").bind(0, "127.0.0.1");
        await once(dns, "listening");
        open.push(dns);
        dns.on("message", (bytes, from) => {
            const asked = packet.decode(bytes);
            const [question] = asked.questions!;
            const answers: packet.Answer[] =
                question?.type === "CAA"
                    ? [{ type: "CAA", name: question.name, ttl: 1, data: { flags: 0, tag: "issue", value: `${ESCAPES}\nrm -rf <script>` } }]
                    : [];
            dns.send(packet.encode({ type: "response", id: asked.id, questions: asked.questions, answers }), from.port, from.address);
        });
        const network = {
            dnsServers: [`127.0.0.1:${dns.address().port}`],
            connectTo: [`${DOMAIN}:443:127.0.0.1:${good}`, `${TARGET}:443:127.0.0.1:${bad}`, "::127.0.0.1:1"],
            caPem: caPem(),
        };
        const report = await examine(against(good, { network }));
        const [text, page] = [reportText(report, false), reportHtml([report])];
        for (const shown of [text, JSON.stringify(report, null, 2), page]) expect(shown).not.to.match(HARMFUL);
        expect(page).not.to.contain("<script");
        expect(text)
            .to.contain("\\u{1b}[2J")
            .and.not.match(/^\s*rm -rf/m);
    });

    it("sends a visitor's header only to a server with a valid certificate, and never prints an echo of it", async () => {
        const told: string[] = [];
        const echo = (socket: tls.TLSSocket): void =>
            void socket.on("data", (chunk: Buffer) => {
                told.push(chunk.toString());
                socket.end(`HTTP/1.1 200 OK\r\napigw-requestid: 1\r\n\r\nyou said ${chunk.toString().replaceAll("\r\n", " ")}`);
            });
        const { ders, key } = await alike([DOMAIN], 1);
        const [liar, good] = await Promise.all([secure(echo, { cert: pem(ders[0]!), key }), secure(echo)]);
        const headers = { authorization: `Bearer ${SECRET}` };
        await examine(against(liar, { headers }));
        expect(told.length).to.be.greaterThan(3);
        expect(told.join()).not.to.contain(SECRET);
        const report = await examine(against(good, { headers }));
        expect(told.join()).to.contain(SECRET);
        expect(report.probes.find(({ id }) => id === "visitor")?.body).to.contain("***");
        expect(reportHtml([report]) + JSON.stringify(report)).not.to.contain(SECRET);
    });

    for (const [title, end] of [
        ["breaks off in its body", (socket: tls.TLSSocket) => socket.end()],
        ["never ends its body", () => undefined],
    ] as const)
        it(`takes an answer that ${title} for an answer: the bypass is open`, async () => {
            const port = await secure((socket) => {
                socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx");
                end(socket);
            });
            const ids = ["no-certificate", "default-endpoint"];
            const verdictOf = (report: Pick<Report, "checks">, id: string) => report.checks.find((check) => check.id === id)?.verdict;
            const { checks, verdict } = await withTime(
                (timeoutMs) => examine(against(port, { timeoutMs })),
                (report) => ids.every((id) => verdictOf(report, id) !== "unknown"),
            );
            for (const id of ids) expect(verdictOf({ checks }, id), id).to.equal("bad");
            expect(verdict).to.equal("fault");
        });
});
