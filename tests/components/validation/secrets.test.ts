/** Nothing secret, and nothing that a terminal obeys, is in a message about a bad argument. */
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { refusal } from "../../support/component";
import { judge, places } from "../../support/badArguments";

const KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
const TOKEN = "c2VjcmV0_".repeat(5);

describe("a message about a bad argument", () => {
    it("holds no private key, wherever in the arguments it stands, nor in a list or an object there", () => {
        for (const value of [KEY, [KEY], { pem: KEY }])
            for (const [place, args] of places(value)) expect(judge(args), place).not.to.contain("c2VjcmV0");
    });

    it("holds no API token in the place of an id, and no text as long as a key", () => {
        const long = "c2VjcmV0".repeat(50);
        for (const args of [
            { zoneId: TOKEN },
            { originPull: { authorities: [{ name: "1", caCertificatePem: "x", certificateId: TOKEN }] } },
        ])
            expect(judge(args)).to.contain("received 45 characters, as long as an API token").and.not.to.contain(TOKEN);
        for (const [place, args] of places(long)) expect(judge(args), place).not.to.contain(long.slice(0, 201));
    });

    it("holds no credentials and no query of a URL", () => {
        for (const url of [
            "http://user:c2VjcmV0@a.example/",
            "http://user:c2V/jcm@V0c2VjcmV0@a.example/",
            "user:c2VjcmV0@a.example",
            "ftp://a.example/?token=c2VjcmV0",
            "ftp://a.example/#c2VjcmV0",
        ])
            for (const args of [
                { routes: [{ routeKey: "$default", httpUrl: url }] },
                { verify: { path: url } },
                { domainName: url },
                { cors: { allowOrigins: [url] } },
            ])
                expect(judge(args)).to.contain("must").and.not.to.contain("c2VjcmV0");
    });

    it("shows nothing that a terminal obeys or hides", () => {
        // eslint-disable-next-line no-control-regex -- the point of it
        const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/;
        for (const [place, args] of places("\u001b[31m\u009b2J\u202eabc\u2028\r")) expect(judge(args), place).not.to.match(obeyed);
    });

    it("does not quote a header's name, which may be the token in its place", () => {
        expect(judge({ verify: { headers: { ok: "x", "Bearer c2VjcmV0": "authorization" } } }))
            .to.contain("verify.headers must have valid HTTP header names; received another as number 2")
            .and.not.to.contain("c2VjcmV0");
    });

    it("shows numbers as they are", () => {
        expect(judge({ throttle: { burstLimit: Number.NaN, rateLimit: Infinity } }))
            .to.contain("received NaN")
            .and.contain("received Infinity");
    });

    const late: [what: string, args: (value: pulumi.Output<string>) => object, path: string][] = [
        ["an ARN", (lambdaArn) => ({ routes: [{ routeKey: "$default", lambdaArn }] }), "routes[0].lambdaArn must be the ARN"],
        ["a URL", (httpUrl) => ({ routes: [{ routeKey: "$default", httpUrl }] }), "routes[0].httpUrl must be an https:// URL"],
        ["a certificate's ARN", (certificateArn) => ({ certificateArn }), "certificateArn must be the ARN"],
        ["a zone", (zoneId) => ({ zoneId }), "zoneId must be the id"],
        ["a path", (path) => ({ verify: { path } }), "verify.path must start with /"],
        ["a log group", (destinationArn) => ({ accessLog: { destinationArn } }), "accessLog.destinationArn must be the ARN"],
        ["an origin", (origin) => ({ cors: { allowOrigins: [origin] } }), "cors.allowOrigins[0] must be"],
    ];
    for (const [what, args, path] of late)
        it(`holds no secret that is only known late: ${what}`, async () => {
            expect(await refusal(args(pulumi.secret("c2Vj cmV0"))))
                .to.contain(path)
                .and.contain("received a secret value")
                .and.not.to.contain("c2Vj");
            expect(await refusal(args(pulumi.output("c2Vj cmV0"))))
                .to.contain(path)
                .and.contain('received "c2Vj cmV0"');
        });
});
