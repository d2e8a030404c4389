/** A value that is refused late ends the run with its reason, on both engines, and costs a live API nothing. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { CloudflareProtectedHttpApi, type CloudflareProtectedHttpApiArgs } from "../../components";
import { createCloud } from "../../lab/createCloud";
import { providers } from "../../lab/providers";
import { HANDLER_ARN, addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { needsPulumi } from "../support/needsPulumi";
import { CliHost } from "./cliHost";
import type { Host, Program } from "./host";
import { LabHost } from "./labHost";
import { NAME } from "./programs";

const REASON = "routes[0].lambdaArn must be the ARN of a Lambda function";

/** It returns nothing: an inline program whose outputs failed would end by that alone. Its own resources wait for the API, in a chain. */
const program =
    (args: Partial<CloudflareProtectedHttpApiArgs> = {}): Program =>
    () => {
        const api = new CloudflareProtectedHttpApi("orders", {
            domainName: NAME,
            zoneId: "zone1",
            routes: [{ routeKey: "$default", lambdaArn: HANDLER_ARN }],
            deletionProtection: false,
            verify: { enabled: false },
            ...args,
        });
        const first = new aws.cloudwatch.LogGroup("first", { tags: { url: api.url } });
        new aws.cloudwatch.LogGroup("second", { tags: { first: first.name } });
    };
const refused = program({ routes: [{ routeKey: "$default", lambdaArn: pulumi.output("nonsense") }] });

const hosts: [string, (made: ReturnType<typeof providers>) => Promise<Host>][] = [
    ["the lab's engine", (made) => Promise.resolve(new LabHost(made))],
    ["the real engine", (made) => CliHost.open(made)],
];
for (const [engine, open] of hosts)
    describe(`a late refusal on ${engine}`, function () {
        before(function () {
            if (engine === "the real engine") needsPulumi(this);
        });

        it("ends a preview and an update with its reason, deletes nothing, and is forgotten by the next update", async () => {
            const cloud = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }] });
            addHandler(cloud);
            const host = await open(providers(cloud));
            try {
                const first = await host.preview(refused);
                expect(first.ok).to.equal(false);
                expect(first.text).to.contain(REASON);

                const live = await host.up(program());
                expect(live.ok, live.text).to.equal(true);
                for (const run of [host.preview, host.up]) {
                    const done = await run(refused);
                    expect(done.ok).to.equal(false);
                    expect(done.text).to.contain(REASON);
                    expect(done.steps.filter((step) => step.startsWith("delete"))).to.deep.equal([]);
                }
                cloud.cloudflare.zones.get("zone1")!.settings.set("ssl", "flexible");
                const strict = await host.up(program());
                expect(strict.ok).to.equal(false);
                expect(strict.text).to.contain("strictTls must find the zone in Full or Full (strict)");
                cloud.cloudflare.zones.get("zone1")!.settings.set("ssl", "strict");

                const again = await host.up(program());
                expect(again.ok, again.text).to.equal(true);
                expect(again.steps).to.deep.equal([]);
            } finally {
                await host.close();
            }
        });
    });
