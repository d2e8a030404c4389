import { expect } from "chai";
import { chain, expectNoEcho, expectOne, leaf, make, messages, type Made } from "../support/certificates";

// Not proven here: that API Gateway and Cloudflare accept what these functions accept.

describe("pki", () => {
    let root: Made;
    let client: Made;
    let stranger: Made;
    before(async () => {
        root = await make({ name: "root" });
        client = await make({ name: "client", issuer: root, ca: false });
        stranger = await make({ name: "root" });
    });

    describe("accepts as client certificate only one that its CA signed", () => {
        it("accepts a leaf of the CA, or of any CA of the chain", async () => {
            const [top, middle] = (await chain(2)) as [Made, Made];
            const below = await make({ name: "below", issuer: middle, ca: false });
            expect(leaf(client.pem, root.pem)).to.deep.equal([]);
            expect(leaf(below.pem, top.pem + middle.pem)).to.deep.equal([]);
            expectOne(leaf(below.pem, top.pem), /signed directly by "CN=level 0"/, "leaf");
        });
        it("refuses a leaf of a CA of the same name with another key", () => {
            expectOne(leaf(client.pem, stranger.pem), /signed directly by "CN=root"; received "CN=client"/, "leaf");
        });
        it("refuses a leaf that a leaf signed", async () => {
            const forged = await make({ name: "forged", issuer: client, ca: false });
            expectOne(leaf(forged.pem, client.pem), /signed directly/, "leaf");
        });
        it("refuses a CA", async () => {
            const middle = await make({ name: "middle", issuer: root });
            expectOne(leaf(middle.pem, root.pem), /not a CA; received the CA "CN=middle"/, "leaf");
        });
        it("refuses two certificates", () => {
            expectOne(leaf(client.pem + root.pem, root.pem), /exactly one certificate; received 2/, "leaf");
        });
        it("refuses one that has expired", async () => {
            const old = await make({ name: "old", issuer: root, ca: false, notAfter: "2026-05-31T23:59:59Z" });
            expectOne(leaf(old.pem, root.pem), /must not have expired/, "leaf");
        });
        it("says so when the CA cannot be read, without echoing it", () => {
            const problems = leaf(client.pem, client.keyPem);
            expectOne(problems, /CA that is not PEM certificates/, "leaf");
            expectNoEcho(messages(problems).join(), client.keyPem);
        });
    });
});
