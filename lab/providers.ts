/** Every resource type and function that the lab plays, by token, and the providers that offer them. */
import { getCallerIdentity, getRegion } from "./aws/account";
import { acm } from "./aws/acm/resources";
import { apigatewayv2 } from "./aws/apigatewayv2/resources";
import { cloudwatch } from "./aws/cloudwatch";
import { iam } from "./aws/iam";
import { lambda } from "./aws/lambda/resources";
import { judgedByModel } from "./aws/requests";
import { s3 } from "./aws/s3/resources";
import type { Cloud } from "./cloud";
import { checkConfig } from "./cloudflare/api";
import { dnsRecord } from "./cloudflare/dnsRecord";
import { getHostnameCertificate, originPullTypes } from "./cloudflare/originPulls";
import { getZoneSetting, zoneSetting } from "./cloudflare/zoneSetting";
import { command } from "./local/command";
import { tls } from "./local/tls";
import { createProvider, type Provider } from "./shared/provider";
import type { Package } from "./shared/providerMethods";
import type { ResourceType } from "./shared/resourceType";

const ALL = [
    ...acm,
    ...apigatewayv2,
    ...cloudwatch,
    ...command,
    ...dnsRecord,
    ...iam,
    ...lambda,
    ...originPullTypes,
    ...s3,
    ...tls,
    ...zoneSetting,
];

export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(ALL.map((type) => [type.token, judgedByModel(type)]));

const HOSTNAME_CERTIFICATE = "getAuthenticatedOriginPullsHostnameCertificate";

const FUNCTIONS: Package["functions"] = {
    "aws:index/getRegion:getRegion": getRegion,
    "aws:index/getCallerIdentity:getCallerIdentity": getCallerIdentity,
    "cloudflare:index/getZoneSetting:getZoneSetting": getZoneSetting,
    [`cloudflare:index/${HOSTNAME_CERTIFICATE}:${HOSTNAME_CERTIFICATE}`]: getHostnameCertificate,
};

/** On Terraform's plugin framework: their diffs name top-level properties only. AWS's is on the older SDK, `command` on Pulumi's own. */
const WITHOUT_DETAIL = ["cloudflare", "tls"];

/** The versions that the project pins. */
const VERSIONS: Record<string, string> = { aws: "7.48.0", cloudflare: "6.22.1", tls: "5.6.1", command: "1.2.1" };

export function makeProvider(cloud: Cloud, name: string): Provider {
    const own = (token: string) => token.startsWith(`${name}:`);
    return createProvider({
        name,
        version: VERSIONS[name] ?? "0.0.0",
        cloud,
        ...(name === "cloudflare" && { checkConfig }),
        detailedDiff: !WITHOUT_DETAIL.includes(name),
        types: new Map([...resourceTypes].filter(([token]) => own(token))),
        functions: Object.fromEntries(Object.entries(FUNCTIONS).filter(([token]) => own(token))),
    });
}

export function providers(cloud: Cloud): Record<string, Provider> {
    return Object.fromEntries(Object.keys(VERSIONS).map((name) => [name, makeProvider(cloud, name)]));
}
