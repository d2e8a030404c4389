import { expect } from "chai";
import { failureOf, reasonOf } from "../../components/lookUp";

const made = 'failed to make http request: GET "https://api.cloudflare.com/client/v4/zones/z/settings/ssl": ';

describe("a failed look-up", () => {
    const kinds: [failure: string, messages: string[]][] = [
        ["forbidden", ['403 Forbidden {"errors":[{"code":10000,"message":"Authentication error"}]}']],
        ["unreachable", ["500 Internal Server Error", "503 Service Unavailable", "429 Too Many Requests", "EOF"]],
        ["unreachable", ["dial tcp 104.16.1.1:443: connect: connection refused", "read tcp: connection reset by peer"]],
        ["unreachable", ["dial tcp: lookup api.cloudflare.com: no such host", "context deadline exceeded"]],
        [
            "other",
            ["404 Not Found", "400 Bad Request", "401 Unauthorized", '403 Forbidden {"message":"Invalid access token"}', "what is this"],
        ],
    ];
    for (const [failure, messages] of kinds)
        it(`is ${failure}: ${messages.join(", ")}`, () => {
            for (const message of messages) expect(failureOf(made + message), message).to.equal(failure);
        });

    it("is not taken for an outage because an error quotes a number or a word", () => {
        expect(failureOf(made + '404 Not Found {"message":"503 EOF"}')).to.equal("other");
    });

    it("is told in the provider's words, on one line, without a stack", () => {
        const error = new Error(
            "Invoke of 'cloudflare:index/getZoneSetting:getZoneSetting' failed: 1 error occurred:\n\t* no\n    at x (y.js:1:1)",
        );
        expect(reasonOf(error)).to.equal("1 error occurred: * no");
    });
});
