/** Routes to an alias whose ARN is known late, on the real engine: served at once, and the same at the next run. */
import { expect } from "chai";
import * as aws from "@pulumi/aws";
import { createCloud } from "../../lab/createCloud";
import { providers } from "../../lab/providers";
import { addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { needsPulumi } from "../support/needsPulumi";
import { CliHost } from "./cliHost";
import type { Program } from "./host";
import { program } from "./programs";

describe("routes to an alias on the real engine", function () {
    let host: CliHost | undefined;
    afterEach(() => host?.close());

    it("share one permission, which is not replaced at the next run", async function () {
        needsPulumi(this);
        const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }], activationDelayMs: 0 });
        addHandler(cloud);
        host = await CliHost.open(providers(cloud));
        const routed: Program = () => {
            const live = new aws.lambda.Alias("live", { name: "live", functionName: "orders", functionVersion: "$LATEST" });
            return program({
                routes: ["$default", "GET /pets/{id}", "GET /pets/id"].map((routeKey) => ({ routeKey, function: "orders" })),
                functions: [{ name: "orders", lambdaArn: live.arn }],
                verify: { enabled: false },
            })();
        };
        const first = await host.up(routed);
        expect(first.ok, first.text).to.equal(true);
        const { permissions } = cloud.aws.functions.get("orders")!;
        expect([...permissions.values()].map(({ qualifier }) => qualifier)).to.deep.equal(["live"]);
        expect([...permissions.values()][0]!.statementId).to.match(/^orders-[0-9a-f]{16}-[A-Za-z0-9_-]+$/);
        const again = await host.up(routed, { refresh: true });
        expect(again.ok, again.text).to.equal(true);
        expect(again.steps).to.deep.equal([]);
    });
});
