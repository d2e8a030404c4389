/** What keeps the doctor from reading a cloud. */
import type * as http from "node:http";
import { expect } from "chai";
import { hasAwsCredentials } from "../../../doctor/collect/aws/collectAws";
import { SECRET, TOKEN, REGION, setEnvironment, withServer, collectors } from "../../support/collectors";

describe("the doctor's collectors, with the real SDK clients on the lab's control planes", function () {
    const lab = collectors();
    const { aws, cloudflare, told } = lab;

    it("find no zone, no domain, no API and no certificate where there is none, and do not take it for a denial", async () => {
        expect(await cloudflare({ domainName: "api.example.org" })).to.deep.equal({ denied: [], problems: [], zone: null });
        expect(await cloudflare({ zoneId: "zone9" })).to.deep.equal({ denied: [], problems: [], zone: null });
        expect(await aws({ region: "us-east-1" })).to.deep.equal({ region: "us-east-1", denied: [], problems: [], domain: null });
        lab.cloud.aws.apis.clear();
        lab.cloud.aws.certificates.clear();
        expect(await aws()).to.deep.include({ api: null, certificate: null, denied: [], problems: [] });
    });

    it("say that a token or a key is not valid, without telling it", async () => {
        const not = { denied: [], problems: ["the token is not valid"] };
        expect(await cloudflare({ token: "kept-to-ourselves_another" })).to.deep.equal(not);
        const odd = await cloudflare({ token: `${TOKEN}\nX-Other: 1` });
        expect(odd).to.deep.equal({ denied: [], problems: ["the token is not valid: it contains spaces or control characters"] });
        expect((await cloudflare({ token: `${TOKEN}\n` })).problems).to.deep.equal([]);
        process.env.AWS_ACCESS_KEY_ID = "AKIAANOTHERANOTHER12";
        const evidence = await aws();
        expect(evidence).to.deep.equal({
            region: REGION,
            denied: [],
            problems: ["AWS does not accept the credentials (UnrecognizedClientException)"],
        });
        expect(told()).to.not.contain("another");
    });

    it("report an endpoint that refuses connections or never answers, within the time limit", async () => {
        const nobody = await withServer(
            () => undefined,
            (url) => Promise.resolve(url),
        );
        process.env.AWS_ENDPOINT_URL = nobody;
        expect((await aws()).problems).to.deep.equal(["API Gateway cannot be reached (ECONNREFUSED)"]);
        expect((await cloudflare({ baseUrl: nobody })).problems).to.deep.equal(["Cloudflare cannot be reached (ECONNREFUSED)"]);
        await withServer(
            () => undefined,
            async (url) => {
                process.env.AWS_ENDPOINT_URL = url;
                const [fromAws, fromCloudflare] = await Promise.all([
                    aws({ timeoutMs: 400 }),
                    cloudflare({ baseUrl: url, timeoutMs: 400 }),
                ]);
                expect(fromAws.problems).to.deep.equal(["API Gateway did not answer within 400 ms"]);
                expect(fromCloudflare.problems).to.deep.equal(["Cloudflare did not answer within 400 ms"]);
            },
        );
    });

    const answers: [string, number, string][] = [
        ["ExpiredTokenException", 403, "the AWS credentials have expired"],
        ["TooManyRequestsException", 429, "API Gateway throttles this account's calls: try again later"],
        ["InternalFailure", 500, "API Gateway answered InternalFailure (HTTP 500)"],
        // Not every 403 is a missing permission.
        ["OptInRequired", 403, "AWS does not accept the credentials (OptInRequired)"],
        ["RequestRefused", 403, "API Gateway answered RequestRefused (HTTP 403)"],
    ];
    for (const [type, status, sentence] of answers) {
        it(`say in a sentence what ${type} means`, async () => {
            const listener: http.RequestListener = (_req, res) => {
                res.writeHead(status, { "x-amzn-errortype": type, "content-type": "application/json" });
                res.end(JSON.stringify({ message: `your key is ${SECRET}` }));
            };
            await withServer(listener, async (url) => {
                process.env.AWS_ENDPOINT_URL = url;
                expect(await aws()).to.deep.equal({ region: REGION, denied: [], problems: [sentence] });
            });
        });
    }

    it("read AWS's code in the header if the body is not what this service speaks", async () => {
        const listener: http.RequestListener = (_req, res) => {
            res.writeHead(403, { "x-amzn-errortype": "InvalidClientTokenId:http://internal/", "content-type": "application/xml" });
            res.end("<ErrorResponse/>");
        };
        await withServer(listener, async (url) => {
            process.env.AWS_ENDPOINT_URL = url;
            const problems = ["AWS does not accept the credentials (InvalidClientTokenId)"];
            expect(await aws()).to.deep.equal({ region: REGION, denied: [], problems });
        });
    });

    /** What a proxy, a captive portal or a wrong endpoint may answer in AWS's place. */
    const bodies: Record<string, string> = {
        "text/html": "<html><head><title>Blocked</title></head><body><p>no<br></body></html>",
        "text/plain": "no",
        "application/json": '{"message":"no"}',
        "application/xml": "<answer/>",
        nothing: "",
    };
    const services: Record<string, { variable: string; missing: (evidence: Awaited<ReturnType<typeof aws>>) => unknown }> = {
        "API Gateway": { variable: "AWS_ENDPOINT_URL_APIGATEWAYV2", missing: ({ domain, api }) => domain ?? api },
        ACM: { variable: "AWS_ENDPOINT_URL_ACM", missing: ({ certificate }) => certificate },
        S3: {
            variable: "AWS_ENDPOINT_URL_S3",
            missing: ({ truststore }) => (Object.keys(truststore ?? {}).length > 0 ? truststore : undefined),
        },
    };
    for (const [service, { variable, missing }] of Object.entries(services))
        it(`take no denial, no absence and no truststore from what is not AWS's, in place of ${service}`, async () => {
            expect(missing(await aws()), "what is read otherwise").not.to.equal(undefined);
            for (const [type, body] of Object.entries(bodies))
                for (const status of [200, 302, 400, 401, 403, 404, 407, 503]) {
                    const listener: http.RequestListener = (_req, res) => res.writeHead(status, { "content-type": type }).end(body);
                    await withServer(listener, async (url) => {
                        process.env[variable] = url;
                        const evidence = await aws();
                        delete process.env[variable];
                        const seen = `${type} with ${status}`;
                        expect(missing(evidence), seen).to.equal(undefined);
                        expect(evidence.denied, seen).to.deep.equal([]);
                        expect(evidence.problems, seen).to.deep.equal([
                            `${service}'s answer is not in AWS's format (HTTP ${status}): a proxy or another server may have sent it`,
                        ]);
                    });
                }
        });

    it("need credentials and a region, say which is missing, and look for no instance's metadata", async () => {
        expect(hasAwsCredentials()).to.equal(true);
        setEnvironment({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined });
        expect(hasAwsCredentials()).to.equal(false);
        let asked = 0;
        const metadata = (_request: unknown, response: http.ServerResponse): void => void response.writeHead(404).end(String(++asked));
        await withServer(metadata, async (url) => {
            setEnvironment({ AWS_EC2_METADATA_SERVICE_ENDPOINT: url });
            expect((await aws()).problems[0]).to.contain("no AWS credentials were found");
        });
        expect(asked).to.equal(0);
        expect(process.env).to.not.have.property("AWS_EC2_METADATA_DISABLED");
        expect((await aws({ profile: "nobody" })).problems).to.deep.equal(["the AWS profile nobody has no credentials"]);
        delete process.env.AWS_DEFAULT_REGION;
        expect((await aws()).problems).to.deep.equal(["no AWS region is set: set AWS_REGION, or pass --region"]);
    });
});
