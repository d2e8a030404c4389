import { LAB_DOMAIN } from "../deployedLab";
import type { ManualStep, ManualSteps } from "../fixRunner";
import { NOTHING } from "./steps";

/** What AWS does by itself, or after what the text says. */
const available: ManualStep = ({ lab: { cloud } }) =>
    void Object.assign(cloud.aws.domains.get(LAB_DOMAIN)!, { status: undefined, statusMessage: undefined });

export const DOMAIN_STATUS: Record<string, ManualSteps> = {
    "DOMAIN-UPDATING": [[/^Wait: it takes a minute or two/, available]],
    "DOMAIN-OWNERSHIP-PENDING": [[/^With an imported or private certificate API Gateway wants a second one/, available]],
    "DOMAIN-REIMPORT-PENDING": [[/^Import the certificate again in ACM under the same ARN/, available]],
    "ROUTING-RULES-ONLY": [[/^Then find out who changed it \(CloudTrail, UpdateDomainName\)\.$/, NOTHING]],
    "TRUSTSTORE-VERSION-DELETED": [[/^Then find out who deleted the version/, NOTHING]],
};
