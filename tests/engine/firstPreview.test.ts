/** What a pull request's first preview knows of each output, on both engines, as listed in firstPreview.json. */
import * as fs from "node:fs";
import * as path from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { CloudflareProtectedHttpApi } from "../../components";
import { createCloud } from "../../lab/createCloud";
import { providers } from "../../lab/providers";
import { HANDLER_ARN, addHandler } from "../support/handler";
import { pooledKeys } from "../support/keys";
import { CliHost } from "./cliHost";
import type { Host } from "./host";
import { LabHost } from "./labHost";
import { NAME } from "./programs";
import { needsPulumi } from "../support/needsPulumi";

const OUTPUTS = [
    "url",
    "domainName",
    "apiId",
    "stageName",
    "executionArn",
    "targetDomainName",
    "certificateArn",
    "truststoreUri",
    "truststoreVersion",
    "truststorePem",
    "presentedAuthority",
    "clientCertificateExpires",
    "logGroupName",
] as const;
type Marks = Record<string, string>;

/** The SDK's own marks of an output: they are not in its types. */
const marksOf = async (output: pulumi.Output<string>): Promise<string> => {
    const { isKnown, isSecret } = output as unknown as { isKnown: Promise<boolean>; isSecret: Promise<boolean> };
    return `${(await isKnown) ? "known" : "unknown"}${(await isSecret) ? ", secret" : ""}`;
};

describe("the first preview", function () {
    const listed = JSON.parse(fs.readFileSync(path.join(__dirname, "firstPreview.json"), "utf8")) as Marks;

    async function seen(host: Host): Promise<Marks> {
        const marks: Marks = {};
        const done = await host.preview(async () => {
            const api = new CloudflareProtectedHttpApi("orders", {
                domainName: NAME,
                zoneId: "zone1",
                routes: [{ routeKey: "$default", lambdaArn: HANDLER_ARN }],
            });
            for (const name of OUTPUTS) marks[name] = await marksOf(api[name]);
        });
        expect(done.ok, done.text).to.equal(true);
        return marks;
    }
    const cloud = async () => {
        const made = await createCloud({ keys: pooledKeys(), zones: [{ id: "zone1", name: "example.com" }] });
        addHandler(made);
        return made;
    };

    it("knows what is listed on the lab's engine", async () => {
        expect(await seen(new LabHost(providers(await cloud())))).to.deep.equal(listed);
    });

    it("knows what is listed on the real engine", async function () {
        needsPulumi(this);
        const host = await CliHost.open(providers(await cloud()));
        try {
            expect(await seen(host)).to.deep.equal(listed);
        } finally {
            await host.close();
        }
    });
});
