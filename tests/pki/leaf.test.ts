import { expect } from "chai";
import { chain, expectNoEcho, expectOne, leaf, madeBefore, make, messages, type Made } from "../support/certificates";

// Not proven here: that API Gateway and Cloudflare accept what these functions accept.

describe("pki", () => {
    const made = madeBefore();

    describe("accepts as client certificate only one that its CA signed", () => {
        it("accepts a leaf of the CA, or of any CA of the chain", async () => {
            const [top, middle] = (await chain(2)) as [Made, Made];
            const below = await make({ name: "below", issuer: middle, ca: false });
            expect(leaf(made.client.pem, made.root.pem)).to.deep.equal([]);
            expect(leaf(below.pem, top.pem + middle.pem)).to.deep.equal([]);
            expectOne(leaf(below.pem, top.pem), /signed directly by "CN=level 0"/, "leaf");
        });
        it("refuses a leaf of a CA of the same name with another key", () => {
            expectOne(leaf(made.client.pem, made.stranger.pem), /signed directly by "CN=root"; received "CN=client"/, "leaf");
        });
        it("refuses a leaf that a leaf signed", async () => {
            const forged = await make({ name: "forged", issuer: made.client, ca: false });
            expectOne(leaf(forged.pem, made.client.pem), /signed directly/, "leaf");
        });
        it("refuses a CA", async () => {
            const middle = await make({ name: "middle", issuer: made.root });
            expectOne(leaf(middle.pem, made.root.pem), /not a CA; received the CA "CN=middle"/, "leaf");
        });
        it("refuses two certificates", () => {
            expectOne(leaf(made.client.pem + made.root.pem, made.root.pem), /exactly one certificate; received 2/, "leaf");
        });
        it("refuses one that has expired", async () => {
            const old = await make({ name: "old", issuer: made.root, ca: false, notAfter: "2026-05-31T23:59:59Z" });
            expectOne(leaf(old.pem, made.root.pem), /must not have expired/, "leaf");
        });
        it("says so when the CA cannot be read, without echoing it", () => {
            const problems = leaf(made.client.pem, made.client.keyPem);
            expectOne(problems, /CA that is not PEM certificates/, "leaf");
            expectNoEcho(messages(problems).join(), made.client.keyPem);
        });
    });
});
