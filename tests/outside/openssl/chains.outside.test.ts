import { expect } from "chai";
import * as fc from "fast-check";
import { doubts } from "../../../pki";
import { judgeByGateway, judgeByOpenssl, judgeByPki, type Refusal } from "../../../tools/limbo/judges";
import { chainOf, plainShape, type ChainShape } from "../../support/chainShapes";
import { runs } from "../../support/seed";

// Not proven here: version 1, other curves and broken DER, which the cases of `npm run test:limbo` have.

const shapes: fc.Arbitrary<ChainShape> = fc.record({
    key: fc.constantFrom("P-256", "P-384", "RSA-2048", "RSA-1024"),
    intermediates: fc.integer({ min: 0, max: 2 }),
    pathLength: fc.constantFrom(undefined, undefined, 0, 1),
    basicConstraints: fc.constantFrom("none", "leaf", "leaf", "CA"),
    keyUsage: fc.constantFrom("none", "digitalSignature", "digitalSignature", "keyEncipherment", "keyCertSign"),
    extendedKeyUsage: fc.constantFrom("none", "client", "client", "server", "both"),
    validity: fc.constantFrom("now", "now", "now", "expired", "future"),
    nameConstraints: fc.constantFrom("none", "none", "permits", "permits another", "excludes"),
    criticalExtension: fc.constantFrom(false, false, false, true),
});

const notForClients = ({ extendedKeyUsage, keyUsage }: ChainShape) =>
    extendedKeyUsage === "server" || ["keyEncipherment", "keyCertSign"].includes(keyUsage);

/** Where a judge may differ from `openssl verify -purpose sslclient`, and why. */
const differences: { judge: "pki" | "gateway"; verdict: "accepts" | "refuses"; of(shape: ChainShape): boolean; reason: string }[] = [
    { judge: "pki", verdict: "accepts", of: notForClients, reason: "pki warns: AWS does not list the purpose among its checks (1.5)" },
    { judge: "gateway", verdict: "accepts", of: notForClients, reason: "AWS does not list the purpose among its checks (1.5)" },
    { judge: "pki", verdict: "refuses", of: (shape) => shape.basicConstraints === "CA", reason: "Cloudflare takes no CA (3.3)" },
    {
        judge: "pki",
        verdict: "refuses",
        of: (shape) => shape.keyUsage === "keyCertSign",
        reason: "a leaf that may sign (RFC 5280 4.2.1.3)",
    },
    { judge: "pki", verdict: "refuses", of: (shape) => shape.key === "RSA-1024", reason: "API Gateway wants 2048 bits (1.2)" },
    { judge: "gateway", verdict: "refuses", of: (shape) => shape.key === "RSA-1024", reason: "API Gateway wants 2048 bits (1.2)" },
];

describe("openssl judges client chains as pki and the lab's gateway do", () => {
    it("accepts the plain chain, as they do", async () => {
        const chain = await chainOf(plainShape);
        expect([judgeByPki(chain), await judgeByGateway(chain), await judgeByOpenssl(chain)]).to.deep.equal([
            undefined,
            undefined,
            undefined,
        ]);
    });
    it("and differs only for a reason that is listed", async () => {
        await fc.assert(
            fc.asyncProperty(shapes, async (shape) => {
                const chain = await chainOf(shape);
                const openssl = await judgeByOpenssl(chain);
                const verdicts: ["pki" | "gateway", Refusal][] = [
                    ["pki", judgeByPki(chain)],
                    ["gateway", await judgeByGateway(chain)],
                ];
                for (const [judge, refusal] of verdicts) {
                    if ((refusal === undefined) === (openssl === undefined)) continue;
                    const verdict = refusal === undefined ? "accepts" : "refuses";
                    const known = differences.some(
                        (difference) => difference.judge === judge && difference.verdict === verdict && difference.of(shape),
                    );
                    expect(known, `${judge} ${verdict} (${refusal ?? "no reason"}), openssl: ${openssl ?? "accepts"}`).to.equal(true);
                }
                // What pki accepts and openssl does not, it warns of.
                if (openssl !== undefined && verdicts[0]?.[1] === undefined)
                    expect(doubts([...chain.roots, ...chain.intermediates].join(""), chain.leaf)).not.to.deep.equal([]);
            }),
            { numRuns: runs(150) },
        );
    });
});
