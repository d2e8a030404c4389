import { X509Certificate } from "node:crypto";
import { expect } from "chai";
import { chainFlaw } from "../../../../lab/aws/apigatewayv2/clientChain";
import { judgeByGateway } from "../../../../tools/limbo/judges";
import { chainOf, plainShape, type ChainShape } from "../../../support/chainShapes";

// Not proven here: that API Gateway does the same. docs/sources.md 1.5 says what is known.

describe("the lab's API Gateway judges a client's whole chain in the handshake", () => {
    const verdict = async (shape: Partial<ChainShape>) => judgeByGateway(await chainOf({ ...plainShape, ...shape }));
    const accepted: Record<string, Partial<ChainShape>> = {
        "a leaf of a CA": {},
        "a leaf below a CA that its path length allows": { intermediates: 1, pathLength: 1 },
        "a leaf whose names the constraints permit": { nameConstraints: "permits" },
        "RSA of 2048 bits": { key: "RSA-2048" },
        "a leaf that is not for clients, since AWS does not say that it looks": { extendedKeyUsage: "server" },
    };
    const refused: Record<string, [shape: Partial<ChainShape>, reason: RegExp]> = {
        "a CA below one of path length 0": [{ intermediates: 1, pathLength: 0 }, /path length|PATH_LENGTH/i],
        "the same, if the leaf is not for clients": [
            { intermediates: 1, pathLength: 0, extendedKeyUsage: "server" },
            /path length|PATH_LENGTH/i,
        ],
        "a leaf whose names the constraints exclude": [{ nameConstraints: "excludes" }, /UNSPECIFIED|subtree/],
        "an unknown critical extension": [{ criticalExtension: true }, /UNSPECIFIED|critical extension/],
        "the same, in a leaf that is not for clients": [
            { criticalExtension: true, extendedKeyUsage: "server" },
            /UNSPECIFIED|critical extension/,
        ],
        "RSA of 1024 bits": [{ key: "RSA-1024" }, /weak key/],
        "an expired leaf": [{ validity: "expired" }, /EXPIRED/],
    };
    for (const [what, shape] of Object.entries(accepted))
        it(`accepts ${what}`, async () => expect(await verdict(shape)).to.equal(undefined));
    for (const [what, [shape, reason]] of Object.entries(refused))
        it(`refuses ${what}`, async () => {
            expect(await verdict(shape)).to.match(reason);
        });
    it("refuses version 2 as it refuses version 1", async () => {
        const { leaf } = await chainOf(plainShape);
        const { raw } = new X509Certificate(leaf);
        expect(chainFlaw([new X509Certificate(leaf)])).to.equal(undefined);
        const second = Buffer.from(raw);
        second[raw.indexOf(Buffer.from([0xa0, 3, 2, 1, 2])) + 4] = 1;
        expect(chainFlaw([new X509Certificate(second)])).to.equal("a certificate that is not of X.509 version 3");
    });
});
