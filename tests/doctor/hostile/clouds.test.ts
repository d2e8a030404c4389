/** Servers in a cloud's place that are none. */
import * as http from "node:http";
import { expect } from "chai";
import { collectAws } from "../../../doctor/collect/aws/collectAws";
import { collectCloudflare } from "../../../doctor/collect/cloudflare/collectCloudflare";
import { DOMAIN } from "../../support/fakeOrigin";
import { hostileServers } from "../../support/hostileServers";

describe("the doctor takes from a server that is not a cloud", () => {
    const { listen } = hostileServers();
    let back: () => void;
    before(() => {
        const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
        const before = { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
        back = () => {
            for (const [key, value] of Object.entries(before))
                if (value === undefined) delete process.env[key];
                else process.env[key] = value;
        };
        Object.assign(process.env, { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" });
    });
    after(() => back());
    const both = async (answer: http.RequestListener) => {
        const baseUrl = `http://127.0.0.1:${await listen(http.createServer(answer))}`;
        process.env.AWS_ENDPOINT_URL = baseUrl;
        return Promise.all([
            collectAws({ domainName: DOMAIN, region: "eu-west-1", timeoutMs: 30_000 }),
            collectCloudflare({ domainName: DOMAIN, token: "t", baseUrl, timeoutMs: 30_000 }),
        ]);
    };

    for (const status of [200, 404])
        it(`no absence, where a page of HTML comes with ${status}`, async () => {
            const [aws, cloudflare] = await both((_request, response) =>
                response.writeHead(status, { "content-type": "text/html" }).end("<html>"),
            );
            expect([aws.domain, cloudflare.zone]).to.deep.equal([undefined, undefined]);
            expect(aws.problems.join()).to.contain(`(HTTP ${status})`);
            expect(cloudflare.problems.join()).to.contain("NOT_JSON");
        });

    for (const status of [200, 403, 404])
        it(`no absence and no denial, where another API's JSON comes with ${status}`, async () => {
            const [aws, cloudflare] = await both((_request, response) =>
                response.writeHead(status, { "content-type": "application/json" }).end('{"message":"no"}'),
            );
            expect([aws.domain, cloudflare.zone]).to.deep.equal([undefined, undefined]);
            expect([aws.denied, cloudflare.denied]).to.deep.equal([[], []]);
            expect(aws.problems.join()).to.contain(`not in AWS's format (HTTP ${status})`);
            expect(cloudflare.problems).to.deep.equal(["Cloudflare cannot be reached (NOT_CLOUDFLARES_JSON)"]);
        });

    it("no more than a few megabytes", async () => {
        let sent = 0;
        const [aws, cloudflare] = await both((_request, response) => {
            response.writeHead(200, { "content-type": "application/json" });
            const more = (): void => {
                while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x20))) sent += 65_536;
                if (!response.destroyed) response.once("drain", more);
            };
            more();
        });
        expect(aws.problems.join()).to.contain("TooLarge");
        expect(cloudflare.problems.join()).to.contain("TOO_LARGE");
        expect(sent).to.be.lessThan(400 * 1024 * 1024);
    });
});
