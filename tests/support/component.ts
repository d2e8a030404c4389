/** The component on mocked clouds, with the arguments that its tests start from. */
import * as fs from "node:fs";
import * as path from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { CloudflareProtectedHttpApi, type CloudflareProtectedHttpApiArgs } from "../../components";
import { record, type Recorded, type RecordOptions } from "./recorder";

export const LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
export const ARGS: CloudflareProtectedHttpApiArgs = {
    domainName: "api.dev.example.com",
    zoneId: "zone1",
    routes: [{ routeKey: "$default", lambdaArn: LAMBDA }],
    tags: { team: "orders" },
};
export const ROOT = path.join(__dirname, "..", "..");
export const SHARED_CA = fs.readFileSync(path.join(ROOT, "certs", "cloudflare-origin-pull-ca.pem"), "utf8");

type Options = RecordOptions & { name?: string };

/** The mocked tls provider makes no real certificates, so that the tests of the graph say when theirs ends. */
export const build = (
    args: Partial<CloudflareProtectedHttpApiArgs> = {},
    { name = "orders", ...options }: Options = {},
    opts?: pulumi.ComponentResourceOptions,
): Promise<Recorded<CloudflareProtectedHttpApi>> =>
    record(() => new CloudflareProtectedHttpApi(name, { ...ARGS, ...args } as CloudflareProtectedHttpApiArgs, opts), {
        ...options,
        computed: { "tls:index/locallySignedCert:LocallySignedCert": () => ({ certPem: SHARED_CA }), ...options.computed },
    });

/** True if the child `name` waits for the child `other`. */
export const dependsOn = (recorded: Recorded<unknown>, name: string, other: string): boolean =>
    recorded.byName(name).dependencies.some((urn) => urn.endsWith(`::${other}`));

/** What the component says about arguments that it refuses. */
export const refusal = async (args: Partial<CloudflareProtectedHttpApiArgs>, options?: Options): Promise<string> => {
    try {
        await build(args, options);
    } catch (error) {
        return (error as Error).message;
    }
    return "nothing was refused";
};
