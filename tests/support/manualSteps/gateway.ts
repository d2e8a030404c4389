import { expect } from "chai";
import { resolvesUnproxied } from "../../../lab/aws/acm/resources";
import { LAB_DOMAIN } from "../deployedLab";
import type { ManualSteps } from "../fixRunner";
import { NOTHING, moves, takeUrn } from "./steps";

const NEW_CERTIFICATE: ManualSteps = [
    [
        /^take the URN of type aws:acm\/certificate:Certificate whose name ends in -certificate$/,
        takeUrn(/urn:\S+\$aws:acm\/certificate:Certificate::\S+-certificate$/m),
    ],
    [/^this protects it again$/, ({ lab, answers }) => expect(lab.engine.state.get(answers["<that URN>"]!)!.protect).to.equal(true)],
    [/^If you pass your own certificateArn, /, NOTHING],
];

export const GATEWAY: Record<string, ManualSteps> = {
    "DOMAIN-MISSING": [
        [/^First make sure that this is the right account and region \(here: eu-west-1\)\./, NOTHING],
        [/^If so:$/, ({ printed }) => expect(printed).to.equal("123456789012\neu-west-1")],
        [
            /^it must create the domain and its mapping; if it also creates the bucket, the API or the function, stop: wrong account$/,
            (runner) =>
                expect(moves(runner).filter((move) => move.startsWith("create"))).to.deep.equal([
                    "create api-domain",
                    "create api-mapping",
                ]),
        ],
    ],
    "CAA-FORBIDS-AMAZON": [
        [
            /^In Cloudflare's DNS, add a record of type CAA, name (\S+), tag issue, value (\S+); keep the existing ones\./,
            ({ zone, lab }, words) => {
                const [, name, value] = /name (\S+), tag issue, value (\S+);/.exec(words)!;
                const id = lab.cloud.nextId("record");
                const content = `0 issue "${value}"`;
                zone.records.set(id, { id, name: name!, type: "CAA", content, ttl: 300, proxied: false, comment: undefined });
            },
        ],
        [/^Replace a failed certificate:$/, NOTHING],
        ...NEW_CERTIFICATE,
    ],
    "SERVER-CERTIFICATE-EXPIRED": [[/^Replace the certificate; a missing validation record is recreated:$/, NOTHING], ...NEW_CERTIFICATE],
    "SERVER-CERTIFICATE-PENDING": [
        [
            /^Wait for ACM: the validation record exists\. If the status is FAILED or VALIDATION_TIMED_OUT, replace the certificate:$/,
            async ({ lab: { cloud } }) => {
                const held = [...cloud.aws.certificates.values()].find(({ domainName }) => domainName === LAB_DOMAIN)!;
                if (held.status !== "PENDING_VALIDATION") return undefined;
                // What ACM does by itself, if what the text says of the record is so.
                expect(held.validationRecords.every((record) => resolvesUnproxied(cloud, record))).to.equal(true);
                Object.assign(held, { status: "ISSUED", ...(await cloud.webCa.issue([held.domainName])) });
                return "stop";
            },
        ],
        ...NEW_CERTIFICATE,
    ],
    "SERVER-CERTIFICATE-WRONG-NAME": [
        [/^restores a certificate that was swapped by hand$/, NOTHING],
        [/^If the program passes certificateArn: /, NOTHING],
    ],
    "MTLS-REMOVED": [[/^Do this now; then find out who changed the domain/, NOTHING]],
    "STRANGER-ANSWERED": [
        [/^restores mutual TLS and the truststore, if they were changed$/, NOTHING],
        [/^must print your truststore and its version$/, ({ printed }) => expect(printed).to.match(/"TruststoreVersion":"\w+"/)],
        [
            /^If CONFIRM still says so a minute later: make the handler answer 403 .* open a case with AWS Support/,
            ({ lab }) => (lab.cloud.variants.untrustedCertificate = "forbidden"),
        ],
    ],
    "DEFAULT-ENDPOINT-OPEN": [[/^if it still answers a minute later, /, NOTHING]],
    "FLAG-NOT-DEPLOYED": [[/^turns automatic deployment back on$/, NOTHING]],
    "MAPPING-WITHOUT-MTLS": [
        [/^prints the id and path of each mapping$/, (runner) => ([runner.answers["<id>"]] = runner.printed.split("\t") as [string])],
        [/^once for each id$/, NOTHING],
        [/^This cuts off all callers that use \S+: /, NOTHING],
    ],
};
