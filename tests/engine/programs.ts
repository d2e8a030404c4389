/** The programs that the scenarios deploy. */
import { CloudflareProtectedHttpApi, type CloudflareProtectedHttpApiArgs } from "../../components";
import { HANDLER_ARN } from "../support/handler";
import type { Program } from "./hosts";

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
export const trusting = (names: string[], presented: string): Args => ({
    originPull: { authorities: names.map((name) => ({ name })), presented },
});
export const leaf = (generation: string): Args => ({ originPull: { authorities: [{ name: "1", leaf: generation }] } });
