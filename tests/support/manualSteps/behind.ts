import { expect } from "chai";
import type { ManualSteps } from "../fixRunner";
import { NOTHING } from "./steps";

export const BEHIND: Record<string, ManualSteps> = {
    "ROUTE-MISSING": [
        [/^recreates a deleted route$/, NOTHING],
        [/^Or run the doctor again with a path that the API has: /, NOTHING],
    ],
    THROTTLED: [
        [/^restores a limit that was changed in the console$/, NOTHING],
        [
            /^If the configured limit is too low, and this is not an attack/,
            ({ way, answers }) => {
                answers["<requests a second>"] = "1000";
                answers["<requests>"] = "500";
                return way === "more" || way === "none configured" ? undefined : "skip";
            },
        ],
        [/^If no limit is configured, but the evidence above shows one: .* until you configure one, as above\.$/, NOTHING],
        [/^If no limit is configured, and the evidence shows none: /, NOTHING],
    ],
    "INTEGRATION-FAILING": [
        [/^the access log$/, ({ printed }) => expect(printed).to.contain('"status":"500"')],
        [
            /^If its integrationError mentions permissions:$/,
            // The lab's access log leaves that field empty: whether it would speak of them is looked up.
            ({ lab }) => ([...lab.cloud.aws.functions.values()].some(({ permissions }) => permissions.size === 0) ? undefined : "skip"),
        ],
        [
            /^Otherwise the function or the backend fails: read its log, and deploy the last working version\.$/,
            ({ lab }) => {
                for (const [name, fn] of lab.cloud.aws.functions) fn.files = { ...lab.whole.aws.functions.get(name)!.files };
            },
        ],
    ],
    "ORIGIN-PORT-80-OPEN": [
        [
            /^It must print (\S+)\. If it prints another name:$/,
            ({ printed }, words) => (printed === /print (\S+)\. /.exec(words)![1] ? "skip" : undefined),
        ],
        [
            /^If it prints this one, run CONFIRM from another network: .* If it answers there too, contact AWS Support\.$/,
            ({ lab }) => (lab.cloud.gatewayPort80Open = false),
        ],
    ],
    "HOST-MISMATCH-ANSWERED": [
        [
            /^Make the handler answer 403 to every event without requestContext\.authentication\.clientCert \(the sample handler does\), and deploy\./,
            async ({ terminal }) => {
                // This stack has the sample handler: each way in ends at its 403, as CONFIRM says.
                const [cause] = (await terminal.diagnose()).causes;
                for (const seen of cause!.evidence) expect(seen).to.match(/: HTTP 403$/);
            },
        ],
        [
            /^Do not delete other custom domains because of this\. Open a case with AWS Support/,
            ({ lab }) => (lab.cloud.variants.hostMismatch = "refused"),
        ],
    ],
    "ROLE-WITHOUT-SCOPE": [
        [
            /^Allow (.+) for the role or user that runs the doctor$/,
            ({ lab }, words) => {
                for (const action of /^Allow (.+) for the role/.exec(words)![1]!.split(", ")) lab.cloud.denied.delete(action);
            },
        ],
    ],
    "TOKEN-WITHOUT-SCOPE": [
        [
            /^Add (.+) for this zone to the token/,
            ({ lab }, words) => {
                for (const scope of /^Add (.+) for this zone/.exec(words)![1]!.split(", ")) lab.cloud.denied.delete(scope);
            },
        ],
    ],
};
