/** API, domain, certificate and functions are in one region (docs/sources.md 13.22). */
import * as pulumi from "@pulumi/pulumi";
import type { Problem } from "../../pki";
import { late } from "./shown";

/** A region, and what names it. */
export interface Region {
    region: string;
    from: string;
}

/** An ARN's region, if it has one that is known. */
const regionOf = (arn: unknown): string | undefined =>
    /^arn:[a-z-]+:[a-z0-9-]+:([a-z0-9-]+):/.exec(typeof arn === "string" ? arn : "")?.[1];

interface Args {
    certificateArn?: unknown;
    routes?: unknown;
    functions?: unknown;
    accessLog?: { destinationArn?: unknown };
}

/** The regions that plain ARNs name. */
function namedRegions({ certificateArn, routes, functions }: Args): Region[] {
    const list = (field: string, value: unknown): [string, unknown][] =>
        (Array.isArray(value) ? Array.from(value as { lambdaArn?: unknown }[]) : []).map((entry, i) => [
            `${field}[${i}].lambdaArn`,
            entry?.lambdaArn,
        ]);
    return [["certificateArn", certificateArn] as [string, unknown], ...list("routes", routes), ...list("functions", functions)].flatMap(
        ([from, arn]) => {
            const region = regionOf(arn);
            return region === undefined ? [] : [{ region, from }];
        },
    );
}

const configured = (region: string | undefined): Region | undefined => (region === undefined ? undefined : { region, from: "aws:region" });

function elsewhere(path: string, region: string | undefined, api: Region | undefined): Problem[] {
    if (region === undefined || api === undefined || region === api.region) return [];
    return [{ path, message: `must be in the API's region, ${api.region} (${api.from}); received one in ${region}` }];
}

/** Problems of one ARN beside the API's region. */
export const outsideProblems = (path: string, arn: unknown, api: Region | undefined): Problem[] => elsewhere(path, regionOf(arn), api);

/**
 * Problems of the plain ARNs beside each other.
 *
 * @param region That of the provider, if it is plain.
 */
export function regionProblems(args: Args, region: string | undefined): Problem[] {
    const named = namedRegions(args);
    const api = configured(region) ?? named[0];
    return named.flatMap(({ from, region: own }) => elsewhere(from, own, api));
}

/** What no source settles: the log's group elsewhere. */
export function regionWarnings(args: Args, region: string | undefined): string[] {
    const api = configured(region) ?? namedRegions(args)[0];
    return outsideProblems("accessLog.destinationArn", args.accessLog?.destinationArn, api).map(
        ({ path, message }) => `${path} ${message}. API Gateway may refuse it.`,
    );
}

/** The API's region, as far as anything tells it before the API is there: a provider of one's own, the configuration, or a plain ARN. */
export function apiRegion(resource: pulumi.ComponentResource, args: Args, region: string | undefined): pulumi.Output<Region | undefined> {
    const provider = resource.getProvider("aws:apigatewayv2/api:Api") as { region?: pulumi.Output<string | undefined> } | undefined;
    const fallback = configured(region) ?? namedRegions(args)[0];
    if (!late(provider?.region)) return pulumi.output(fallback);
    return provider!.region!.apply((known) => (known ? { region: known, from: "the provider's" } : fallback));
}
