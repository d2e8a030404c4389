import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import program from "../index";

describe("the stack's config", () => {
    const good = { domainName: "api.dev.example.com", zoneId: "zone1" };
    const made: string[] = [];
    const outcome = async (config: Record<string, string>): Promise<string> => {
        const project = "cloudflare-protected-http-api";
        await pulumi.runtime.setMocks(
            {
                newResource: (args) => {
                    made.push(args.name);
                    return { id: args.name, state: args.inputs as Record<string, unknown> };
                },
                call: () => ({}),
            },
            project,
            "dev",
        );
        pulumi.runtime.setAllConfig(Object.fromEntries(Object.entries(config).map(([key, value]) => [`${project}:${key}`, value])));
        try {
            await program();
            await pulumi.runtime.disconnect();
            return "accepted";
        } catch (error) {
            return (error as Error).message;
        }
    };

    it("is accepted when it is whole", async () => {
        expect(await outcome(good)).to.equal("accepted");
    });

    it("names authorities, and the leaf of one after a colon", async () => {
        made.length = 0;
        expect(await outcome({ ...good, originPullAuthorities: "1:2, 3", originPullPresented: "1" })).to.equal("accepted");
        expect(made.filter((name) => /leaf-.*-certificate$/.test(name)).sort()).to.deep.equal([
            "api-origin-pull-leaf-1-2-certificate",
            "api-origin-pull-leaf-3-1-certificate",
        ]);
        expect(await outcome({ ...good, originPullAuthorities: "1,cloudflare-shared", originPullPresented: "1" })).to.equal("accepted");
        expect(await outcome({ ...good, originPullAuthorities: "1:" })).to.contain("leaf must be a plain string");
    });

    it("verifies the url by default", async () => {
        for (const [config, expected] of [
            [{}, true],
            [{ verify: "true" }, true],
            [{ verify: "false" }, false],
        ] as [Record<string, string>, boolean][]) {
            made.length = 0;
            expect(await outcome({ ...good, ...config })).to.equal("accepted");
            expect(made.includes("api-verification"), JSON.stringify(config)).to.equal(expected);
        }
    });

    for (const [key, value] of [
        ["retention", "14"],
        ["originPullMode", "shared"],
        ["strictTls", "yes"],
        ["deletionProtection", "maybe"],
        ["verify", "maybe"],
        ["throttleRateLimit", "many"],
        ["throttleBurstLimit", "50"],
    ] as const)
        it(`is refused with the name of ${key} when that is ${value}`, async () => {
            expect(await outcome({ ...good, [key]: value })).to.contain(key);
        });

    it("is refused without a domain name, by that name", async () => {
        expect(await outcome({ zoneId: "zone1" })).to.contain("domainName");
    });
});
