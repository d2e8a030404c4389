import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { failureOf, lookUp, reasonOf, type Reserve } from "../../components/lookUp";

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

    it("is no missing permission if a proxy answers, or the token is good for nothing", () => {
        for (const answer of [
            "403 Forbidden <!DOCTYPE html><title>Access denied</title><p>{blocked}</p>",
            "403 Forbidden ",
            "403 Forbidden blocked by policy",
            '403 Forbidden {"errors":[{"code":9109,"message":"Cannot use the access token from location: 192.0.2.1"}]}',
            '403 Forbidden {"errors":[{"code":9103,"message":"Unknown X-Auth-Key or X-Auth-Email"}]}',
            '403 Forbidden {"errors":[{"code":10502,"message":"Too many authentication failures. Please try again later."}]}',
            "451 Unavailable For Legal Reasons",
            "302 Found",
            "invalid character '<' looking for beginning of value",
            "x509: certificate signed by unknown authority",
        ])
            expect(failureOf(made + answer), answer).to.equal("other");
        expect(failureOf(`${made}403 Forbidden {"errors":[{"code":9109,"message":"Unauthorized to access requested resource"}]}`)).to.equal(
            "forbidden",
        );
    });

    it("is an outage however the connection is lost, and when Cloudflare gives up first", () => {
        for (const lost of [
            "proxyconnect tcp: dial tcp 192.0.2.1:3128: connect: no route to host",
            "connect: network is unreachable",
            "read: connection timed out",
            "lookup api.cloudflare.com on 192.0.2.53:53: server misbehaving",
            "net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
            "http2: server sent GOAWAY and closed the connection",
            "unexpected EOF",
            "408 Request Timeout",
            "522 <none> <html>",
        ])
            expect(failureOf(made + lost), lost).to.equal("unreachable");
    });

    it("is not judged by a number in an answer that has no status", () => {
        expect(failureOf('error decoding {"code": 503 , "x": 403 {}')).to.equal("other");
    });

    it("is told in one line that a terminal only shows, and not with a whole page", () => {
        expect(reasonOf(new Error("a\u001b[31m red\u009b2J\u202e line\r\n\tat least this"))).to.equal("a red2J line at least this");
        const page = reasonOf(new Error(`403 Forbidden ${"<p>".repeat(10_000)}`));
        expect(page)
            .to.match(/^403 Forbidden <p>/)
            .and.contain("… (30014 characters)");
        expect(page.length).to.be.below(700);
    });

    const asked = (message: string, hooks: pulumi.ResourceHookBinding | undefined) => {
        const reserve: Reserve = { hooks, reason: undefined };
        const options = { what: "the mode", permission: "Zone Settings Read", cure: "Check", reserve, resource: undefined as never };
        return lookUp(() => Promise.reject(new Error(message)), options).then(
            () => reserve.reason ?? "tolerated",
            (error: Error) => error.message,
        );
    };

    it("is refused on an engine if it has no reason, and tolerated of a consumer's mock only", async () => {
        const warn = pulumi.log.warn;
        (pulumi.log as { warn: typeof warn }).warn = () => Promise.resolve();
        try {
            expect(await asked("", { beforeCreate: [] })).to.contain("the mode must be readable at Cloudflare; received: no reason. Check");
            expect(await asked("", undefined)).to.equal("tolerated");
            expect(await asked(`${made}403 Forbidden {}`, { beforeCreate: [] })).to.equal("tolerated");
            expect(await asked(`${made}403 Forbidden <html>`, { beforeCreate: [] })).to.contain("403 Forbidden <html>. Check");
            expect(await asked(`${made}503 x`, { beforeCreate: [] })).to.contain("Cloudflare does not answer");
        } finally {
            (pulumi.log as { warn: typeof warn }).warn = warn;
        }
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
