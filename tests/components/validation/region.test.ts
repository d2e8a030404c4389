/** Regions that are only known late, and what is no more than a warning. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { CloudflareProtectedHttpApi } from "../../../components";
import { argsProblems, argsWarnings } from "../../../components/validation/validation";
import { ARGS, LAMBDA, refusal } from "../../support/component";
import { record } from "../../support/recorder";

describe("a region that is only known late", () => {
    const other = LAMBDA.replace("eu-west-1", "us-east-1");
    const certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1";
    const routes = (lambdaArn: pulumi.Input<string>) => [...ARGS.routes, { routeKey: "GET /a", lambdaArn }];

    it("is refused: a function or a certificate elsewhere than the plain ones, in previews too", async () => {
        for (const preview of [true, false]) {
            expect(await refusal({ routes: routes(pulumi.output(other)) }, { preview })).to.contain(
                "routes[1].lambdaArn must be in the API's region, eu-west-1 (routes[0].lambdaArn); received one in us-east-1",
            );
            expect(await refusal({ certificateArn: pulumi.output(certificate) }, { preview })).to.contain(
                "certificateArn must be in the API's region, eu-west-1 (routes[0].lambdaArn); received one in us-east-1",
            );
        }
        expect(await refusal({ routes: routes(pulumi.output(LAMBDA)) })).to.equal("nothing was refused");
    });

    const withProvider = (region: string, options: (provider: aws.Provider) => pulumi.ComponentResourceOptions): Promise<string> =>
        record(
            () => new CloudflareProtectedHttpApi("orders", ARGS, options(new aws.Provider("other", { region: region as aws.Region }))),
        ).then(
            () => "nothing was refused",
            (error: Error) => error.message,
        );

    it("is refused: a plain ARN elsewhere than the provider's, however the provider is given", async () => {
        for (const options of [
            (provider: aws.Provider) => ({ provider }),
            (provider: aws.Provider) => ({ providers: [provider] }),
            (provider: aws.Provider) => ({ providers: { aws: provider } }),
        ]) {
            expect(await withProvider("us-east-1", options)).to.contain(
                "routes[0].lambdaArn must be in the API's region, us-east-1 (the provider's); received one in eu-west-1",
            );
            expect(await withProvider("eu-west-1", options)).to.equal("nothing was refused");
        }
    });
});

describe("what no source settles is a warning", () => {
    const warnings = (args: object): string => argsWarnings({ ...ARGS, ...args }).join("\n");
    const problems = (args: object) => argsProblems("orders", { ...ARGS, ...args }, new Date(0), undefined);
    const origin = (...allowOrigins: string[]) => ({ cors: { allowOrigins } });

    it("an origin that no browser sends", () => {
        for (const odd of ["HTTPS://a.example", "https://münchen.example", "https://a.example:123456"]) {
            expect(warnings(origin(odd)), odd).to.contain("cors.allowOrigins[0] is no origin that a browser sends");
            expect(problems(origin(odd))).to.deep.equal([]);
        }
        for (const sent of ["https://[2001:db8::1]:8443", "http://a_b.localhost:3000", "https://*.example.com", "*"]) {
            expect(warnings(origin(sent)), sent).to.equal("");
            expect(problems(origin(sent))).to.deep.equal([]);
        }
        expect(warnings(origin())).to.contain("cors.allowOrigins is empty");
    });

    it("a log group in another region", () => {
        const log = (region: string) => ({ accessLog: { destinationArn: `arn:aws:logs:${region}:123456789012:log-group:orders` } });
        expect(warnings(log("us-east-1"))).to.contain(
            "accessLog.destinationArn must be in the API's region, eu-west-1 (routes[0].lambdaArn); received one in us-east-1. API Gateway may",
        );
        expect(warnings(log("eu-west-1"))).to.equal("");
    });
});
