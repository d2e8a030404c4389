/** The verification's script against servers that break off. */
import { expect } from "chai";
import { Verification } from "../../../components/verification/check";
import { readConnectTo } from "../../../probes";
import { API_ID, DOMAIN, TARGET } from "../../support/fakeOrigin";
import { hostileServers } from "../../support/hostileServers";

describe("the verification's script", () => {
    const { secure, caPem } = hostileServers();
    for (const [title, answer, verdict] of [
        ["an answer that breaks off is an answer", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx", "open"],
        ["a refusal that breaks off does not tell whose", "HTTP/1.1 403 No\r\ncontent-length: 100\r\n\r\nx", "inconclusive"],
        ["switching protocols is an answer", "HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", "open"],
        ["what is not HTTP is no refusal", "SSH-2.0-x\r\n", "inconclusive"],
    ] as const)
        it(`${title}: ${verdict}`, async () => {
            const port = await secure((socket) => socket.once("data", () => socket.end(answer)));
            const settings = {
                domainName: DOMAIN,
                path: "/",
                target: TARGET,
                apiId: API_ID,
                timeoutMs: 60_000,
                headers: {},
                connectTo: [readConnectTo(`:443:127.0.0.1:${port}`)!],
                proxies: [],
                caPem: caPem(),
            };
            const rows = await new Verification(settings).round(60_000);
            expect(rows.find(({ id }) => id === "no-certificate")?.verdict).to.equal(verdict);
            // The visitor gets the same answer, and is not served.
            expect(rows.find(({ id }) => id === "visitor")?.verdict).not.to.equal("live");
        });
});
