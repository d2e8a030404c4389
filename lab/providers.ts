/** Every resource type and function that the lab plays, by token. */
import { broken, optional, text, type Props, type ResourceType } from "./shared/resourceType";
import type { Cloud } from "./cloud";
import { acm } from "./aws/acm/resources";
import { apigatewayv2 } from "./aws/apigatewayv2/resources";
import { cloudwatch } from "./aws/cloudwatch";
import { command } from "./local/command";
import { dnsRecord, zoneOf } from "./cloudflare/dnsRecord";
import { iam } from "./aws/iam";
import { lambda } from "./aws/lambda/resources";
import { certificateOutputs, originPullTypes } from "./cloudflare/originPulls";
import { s3 } from "./aws/s3/resources";
import { tls } from "./local/tls";
import { getZoneSetting, zoneSetting } from "./cloudflare/zoneSetting";

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

export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(ALL.map((type) => [type.token, type]));

const HOSTNAME_CERTIFICATE = "getAuthenticatedOriginPullsHostnameCertificate";

export const functions: Readonly<Record<string, (cloud: Cloud, args: Props) => Props>> = {
    "aws:index/getRegion:getRegion": ({ aws }, args) => {
        const region = optional(args, "region") ?? aws.region;
        return { id: region, name: region, region, description: region, endpoint: `ec2.${region}.amazonaws.com` };
    },
    "aws:index/getCallerIdentity:getCallerIdentity": ({ aws }) => ({
        id: aws.accountId,
        accountId: aws.accountId,
        arn: `arn:aws:iam::${aws.accountId}:user/lab`,
        userId: "AIDALAB",
    }),
    "cloudflare:index/getZoneSetting:getZoneSetting": getZoneSetting,
    [`cloudflare:index/${HOSTNAME_CERTIFICATE}:${HOSTNAME_CERTIFICATE}`]: (cloud, args) => {
        const zoneId = text(args, "zoneId");
        const certificateId = text(args, "certificateId");
        const held = zoneOf(cloud, zoneId).hostnameCertificates.get(certificateId);
        if (!held) return broken("origin-cert-exists", "certificateId", `no hostname certificate ${certificateId}`);
        return { id: certificateId, certificateId, zoneId, certificate: held.certificatePem, ...certificateOutputs(held), uploadedOn: "" };
    },
};
