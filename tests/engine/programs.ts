/** The programs that the scenarios deploy. */
import * as fs from "node:fs";
import * as path from "node:path";
import { CloudflareProtectedHttpApi, type CloudflareProtectedHttpApiArgs, type OriginPullMode } from "../../components";
import { createCertificate } from "../../lab/aws/createApi";
import type { Cloud } from "../../lab/cloud";
import { HANDLER_ARN } from "../support/handler";
import type { Program } from "./host";

export const NAME = "api.example.com";
export type Args = Partial<CloudflareProtectedHttpApiArgs>;

export const program =
    (args: Args = {}, more: () => unknown = () => undefined): Program =>
    () => {
        const api = new CloudflareProtectedHttpApi("orders", {
            domainName: NAME,
            zoneId: "zone1",
            routes: [{ routeKey: "$default", lambdaArn: HANDLER_ARN }],
            deletionProtection: false,
            ...args,
        });
        more();
        return { url: api.url };
    };
/** A certificate that ACM has issued already, for `certificateArn`. */
export const BRING_YOUR_OWN_ARN = "arn:aws:acm:eu-central-1:123456789012:certificate/bring-your-own";

export async function addCertificate(cloud: Cloud): Promise<void> {
    await createCertificate(cloud, NAME, "bring-your-own");
}

export const SHARED_CA = fs.readFileSync(path.join(__dirname, "..", "..", "certs", "cloudflare-origin-pull-ca.pem"), "utf8");

/** Between the modes both CAs are trusted. In mode Shared Cloudflare's is so by itself. */
export const moving = (mode: OriginPullMode, shared: boolean): Args => ({
    originPull: {
        mode,
        authorities: [{ name: "1" }, ...(shared ? [{ name: "cloudflare", caCertificatePem: SHARED_CA }] : [])],
        ...(mode === "Hostname" ? { presented: "1" } : {}),
    },
});
export const trusting = (names: string[], presented: string): Args => ({
    originPull: { authorities: names.map((name) => ({ name })), presented },
});
export const leaf = (generation: string): Args => ({ originPull: { authorities: [{ name: "1", leaf: generation }] } });

/** A deployment that is stopped at any point; without a program it is a destroy. */
export interface Step {
    title: string;
    /** The title of the step that it starts from. */
    after?: string;
    program?: Program;
}

export const STEPS: Step[] = [
    { title: "the first up", program: program() },
    { title: "an authority added", after: "the first up", program: program(trusting(["1", "2"], "1")) },
    { title: "it presented", after: "an authority added", program: program(trusting(["1", "2"], "2")) },
    { title: "the old one dropped", after: "it presented", program: program(trusting(["2"], "2")) },
    { title: "destroy", after: "the first up" },
];

/** The kind of an operation: `create`, `update` or `delete`. */
export const methodOf = (operation: string): string => operation.split(" ")[0]!;
