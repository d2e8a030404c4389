/** The lab's AWS account and region. */
import type { Cloud } from "../cloud";
import { optional, type Props } from "../shared/resourceType";

export function getRegion({ aws }: Cloud, args: Props): Props {
    const region = optional(args, "region") ?? aws.region;
    return { id: region, name: region, region, description: region, endpoint: `ec2.${region}.amazonaws.com` };
}

export const getCallerIdentity = ({ aws: { accountId } }: Cloud): Props => ({
    id: accountId,
    accountId,
    arn: `arn:aws:iam::${accountId}:user/lab`,
    userId: "AIDALAB",
});
