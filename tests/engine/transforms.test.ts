/** docs/component.md, "Change one with `transforms`", on the real engine: mocks never call a transform. */
import { expect } from "chai";
import { CloudflareProtectedHttpApi } from "../../components";
import { createCloud } from "../../lab/createCloud";
import { providers } from "../../lab/providers";
import { HANDLER_ARN, addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { needsPulumi } from "../support/needsPulumi";
import { CliHost } from "./cliHost";

describe("transforms on the real engine", function () {
    let host: CliHost | undefined;
    afterEach(() => host?.close());

    it("changes the one child that it names", async function () {
        needsPulumi(this);
        const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }], activationDelayMs: 0 });
        addHandler(cloud);
        host = await CliHost.open(providers(cloud));
        const done = await host.up(
            () =>
                void new CloudflareProtectedHttpApi(
                    "orders",
                    {
                        domainName: "api.example.com",
                        zoneId: "zone1",
                        routes: [{ routeKey: "$default", lambdaArn: HANDLER_ARN }],
                        verify: { enabled: false },
                    },
                    {
                        transforms: [
                            ({ name, props, opts }) =>
                                name === "orders-access-log" ? { props: { ...props, retentionInDays: 7 }, opts } : undefined,
                        ],
                    },
                ),
        );
        expect(done.ok, done.text).to.equal(true);
        const groups = [...cloud.aws.logGroups.values()].filter(({ name }) => name.startsWith("/aws/vendedlogs/orders-"));
        expect(groups.map(({ retentionInDays }) => retentionInDays)).to.deep.equal([7]);
    });
});
