/** API Gateway's side of the lab, as curl sees it. Proves that the lab speaks TLS and HTTP as the specifications have them, not that AWS does. */
import { expect } from "chai";
import { startGateway, type Gateway } from "../../../lab/aws/apigatewayv2/server";
import { apiHost, build, type Fixture } from "../../lab/fixture";
import { needsTool } from "../../support/outsideTool";
import { Curl } from "./curl";

describe("the lab's API Gateway, judged by curl", function () {
    let fixture: Fixture;
    let gateway: Gateway;
    let curl: Curl;
    let trusted: string[];

    before(async function () {
        const executable = needsTool(this, "curl");
        fixture = await build();
        gateway = await startGateway(fixture.cloud);
        curl = new Curl(executable, fixture.cloud.webCa.certificatePem);
        trusted = curl.client(fixture.own);
    });
    after(async () => {
        curl?.close();
        await gateway?.close();
    });

    const at = (host: string, ...args: string[]) =>
        curl.run("--resolve", `${host}:${gateway.port}:127.0.0.1`, ...args, `https://${host}:${gateway.port}/orders`);

    for (const version of ["1.2", "1.3"])
        describe(`in TLS ${version}`, () => {
            const tls = [`--tlsv${version}`, "--tls-max", version];

            it("answers a trusted client certificate", async () => {
                const { exit, status, message } = await at(apiHost, ...tls, ...trusted);
                expect({ exit, status, message }).to.deep.equal({ exit: 0, status: 200, message: "" });
            });

            it("closes the connection without a client certificate, and sends no status", async () => {
                const { exit, status } = await at(apiHost, ...tls);
                expect(status).to.equal(0);
                expect(exit, "35: in the handshake; 52, 56: after the client believes it finished (docs/sources.md 1.15)").to.be.oneOf([
                    35, 52, 56,
                ]);
            });
        });
});
