/**
 * What a user does at the words of a FIX that are not commands, knowing nothing else. Each entry quotes its words: a text that
 * says something else has no entry, and fails.
 */
import { expect } from "chai";
import { resolvesUnproxied } from "../../lab/aws/acm/resources";
import type { ManualStep, ManualSteps, FixRunner } from "./fixRunner";
import { LAB_DOMAIN, PROJECT } from "./deployedLab";

/** For another case, or for later. */
const NOTHING: ManualStep = () => undefined;
const unlessHealthy: ManualStep = async (runner) => ((await runner.healthy()) ? "stop" : undefined);

/** What `pulumi up` or `preview` is about to do, or did: "update api-domain". */
export const moves = ({ terminal: { run } }: FixRunner): string[] =>
    run!.steps
        .filter(({ op, type }) => !["same", "read", "refresh"].includes(op) && !type.startsWith("pulumi:"))
        .map(({ op, name }) => `${op} ${name}`);

const takeUrn =
    (which: RegExp): ManualStep =>
    ({ answers, printed }) =>
        (answers["<that URN>"] = which.exec(printed)![0]);

const NEW_LEAF: ManualSteps = [
    [/^not found means 1$/, (runner) => (runner.answers.list = /not found/.test(runner.printed) ? "1" : runner.printed)],
    [
        /^Give the presented authority the next leaf number and keep the others: 1 becomes 1:2, 1:2 becomes 1:3,/,
        ({ answers, lab }) => {
            const entries = answers.list!.split(",").map((entry) => entry.split(":"));
            const presented = lab.config[`${PROJECT}:originPullPresented`] ?? entries[0]![0];
            const next = ([name, leaf = "1"]: string[]) => (name === presented ? `${name}:${Number(leaf) + 1}` : [name, leaf].join(":"));
            answers["<the new value>"] = entries.map((entry) => (entry[0] === presented ? next(entry) : entry.join(":"))).join(",");
        },
    ],
    [/^In your own program: /, NOTHING],
    [/^If the fault remains, /, unlessHealthy],
];
const NEW_CERTIFICATE: ManualSteps = [
    [
        /^take the URN of type aws:acm\/certificate:Certificate whose name ends in -certificate$/,
        takeUrn(/urn:\S+\$aws:acm\/certificate:Certificate::\S+-certificate$/m),
    ],
    [/^this protects it again$/, ({ lab, answers }) => expect(lab.engine.state.get(answers["<that URN>"]!)!.protect).to.equal(true)],
    [/^If you pass your own certificateArn, /, NOTHING],
];

/** What AWS does by itself, or after what the text says. */
const available: ManualStep = ({ lab: { cloud } }) =>
    void Object.assign(cloud.aws.domains.get(LAB_DOMAIN)!, { status: undefined, statusMessage: undefined });

/** By cause. */
export const MANUAL_STEPS: Record<string, ManualSteps> = {
    "ZONE-WRONG": [
        [/ is delegated away, to .*\. First find out who owns that delegation/, NOTHING],
        [
            /^If it is not needed: delete the NS records named (\S+) in its parent zone\.$/,
            ({ zone }, words) => zone.delegatedElsewhere.delete(/named (\S+)/.exec(words)![1]!),
        ],
        [/^Otherwise: choose a name outside it/, NOTHING],
        [
            /^At your registrar, change the name servers of (\S+) to (\S+) and (\S+)\.$/,
            ({ zone }, words) => {
                const [, name, ...servers] = /of (\S+) to (\S+) and (\S+)\.$/.exec(words)!;
                expect(servers).to.deep.equal(zone.nameServers);
                zone.delegatedElsewhere.delete(name!);
            },
        ],
        [/^Copy all its records, including mail, into Cloudflare first/, NOTHING],
    ],
    "RECORD-TO-DEFAULT-ENDPOINT": [
        [
            /^Or by hand: set the record's content to (\S+)$/,
            ({ way, zone }, words) => {
                const record = [...zone.records.values()].find(({ name }) => name === LAB_DOMAIN)!;
                if (way === "by hand") record.content = /to (\S+)$/.exec(words)![1]!;
            },
        ],
    ],
    "NAME-TOO-DEEP": [
        [/^Order an advanced certificate for the name/, ({ zone }) => (zone.deepCertificates = true)],
        [/^Or deploy a second component with a name one label below the zone/, NOTHING],
    ],
    "CHALLENGE-PAGE": [
        [/^In Security, Analytics, find the rule that challenged the request\./, NOTHING],
        [/^Then let API clients pass: skip the rule for this hostname/, ({ zone }) => (zone.challenge = false)],
        [/^If only the doctor was challenged: /, NOTHING],
    ],
    "EDGE-RATE-LIMITED": [
        [/^In Security, Analytics, Events, find the rate limiting rule/, NOTHING],
        [/raise the rule's limit, or exclude this hostname from it\.$/, ({ zone }) => (zone.edgeAnswer = undefined)],
    ],
    "EDGE-BLOCKED": [
        [/^In Security, Analytics, Events, find the rule that blocked the request\./, NOTHING],
        [/^If it blocks rightful clients: exclude them/, ({ zone }) => (zone.edgeAnswer = undefined)],
        [/^If only the doctor was blocked: /, NOTHING],
    ],
    "EDGE-ACCESS-LOGIN": [
        [/^If Access is meant to protect this API: /, NOTHING],
        [/remove this hostname from the application that covers it\.$/, ({ zone }) => (zone.edgeAnswer = undefined)],
    ],
    "EDGE-REDIRECTS": [
        [/^In Rules, Trace, enter the URL: it names the redirect rule/, NOTHING],
        [/^Exclude this hostname from it; others may need it\.$/, ({ zone }) => (zone.edgeAnswer = undefined)],
    ],
    "WORKER-FAILED": [
        [/^In Workers Routes, find the Worker whose route matches/, NOTHING],
        [/^Roll it back to its last working version, or remove the route/, ({ zone }) => (zone.edgeAnswer = undefined)],
    ],
    "EDGE-ANSWERS-ITSELF": [
        [/^In Workers Routes, look for a route that matches this hostname/, NOTHING],
        [/^If it is meant to answer this path: /, NOTHING],
        [/^Otherwise remove the route\.$/, ({ zone }) => (zone.edgeAnswer = undefined)],
    ],
    "CUSTOM-ORIGIN-TRUST-STORE": [
        [/^Other origins in the zone may need these CAs/, NOTHING],
        [/^Add Amazon's root CAs .* If nothing needs the store, delete its certificates\.$/, ({ zone }) => (zone.originTrustStore = [])],
    ],
    "ORIGIN-TLS-COMPLIANCE": [
        [/^The mode may be required by policy: ask first\./, NOTHING],
        [/^If it must stay: use a name in another zone/, NOTHING],
    ],
    "ORIGIN-OVERRIDDEN-BY-RULE": [
        [/^In Rules, Trace, enter the URL: it names the page rule/, NOTHING],
        [/^Exclude this hostname from it; other hosts may need it\.$/, ({ zone }) => (zone.pageRuleSsl = undefined)],
    ],
    "DOMAIN-UPDATING": [[/^Wait: it takes a minute or two/, available]],
    "DOMAIN-OWNERSHIP-PENDING": [[/^With an imported or private certificate API Gateway wants a second one/, available]],
    "DOMAIN-REIMPORT-PENDING": [[/^Import the certificate again in ACM under the same ARN/, available]],
    "ROUTING-RULES-ONLY": [[/^Then find out who changed it \(CloudTrail, UpdateDomainName\)\.$/, NOTHING]],
    "TRUSTSTORE-VERSION-DELETED": [[/^Then find out who deleted the version/, NOTHING]],
    "SSL-OVERRIDDEN-BY-RULE": [
        [
            /^In Rules, Configuration Rules, edit "([^"]+)" so that its expression excludes this name:$/,
            ({ zone }, words) => expect(words).to.contain(`"${zone.sslRule!.description}"`),
        ],
        [
            /^In the dashboard, not in a shell, set its expression to: \(.+\) and http\.host ne "[^"]+"$/,
            ({ zone }, words) => {
                const { hostname } = zone.sslRule!;
                const operator = hostname.startsWith("*") ? "wildcard" : "eq";
                expect(words).to.contain(`: ((http.host ${operator} "${hostname}")) and http.host ne "${LAB_DOMAIN}"`);
                // What the lab's rules can say: it is for another host then.
                zone.sslRule!.hostname = `legacy.${zone.name}`;
            },
        ],
        [/^Do not delete it: another host may need it\.$/, NOTHING],
    ],
    "SSL-MODE-PLAIN": [
        [
            /^For this hostname only: Rules, Configuration Rules: hostname equals (\S+), SSL = Full \(strict\)\./,
            ({ way, zone }, words) => {
                if (way === "the whole zone") return "skip";
                zone.sslRule = { hostname: /equals (\S+),/.exec(words)![1]!, value: "strict", description: "the API" };
            },
        ],
        [/^For the whole zone, if every other proxied origin/, ({ way }) => (way === "the whole zone" ? undefined : "skip")],
    ],
    "AOP-OTHER-LEVEL-ONLY": [[/^Immediately \(CLOUDFLARE_API_TOKEN needs .* it must print "success":true/, NOTHING], ...NEW_LEAF],
    "AOP-ASSOCIATION-OFF": [[/^Immediately \(CLOUDFLARE_API_TOKEN needs .* it must print "success":true/, NOTHING]],
    "AOP-ASSOCIATION-MISSING": NEW_LEAF,
    "AOP-CERTIFICATE-PENDING": [
        [
            /^Wait a few minutes\. If it does not become active:$/,
            async (runner, words) => {
                // The minutes pass, and with them what comes by waiting.
                if (runner.way === "it comes") for (const one of runner.zone.hostnameCertificates.values()) one.activeAt = Date.now();
                return unlessHealthy(runner, words);
            },
        ],
        ...NEW_LEAF,
    ],
    "LEAF-EXPIRED": [[/^renews an issued leaf, and uploads it again/, NOTHING], [/^If it is your own, /, NOTHING], ...NEW_LEAF],
    "LEAF-EXPIRES-SOON": [
        [/^renews an issued leaf, and uploads it again/, NOTHING],
        [/^Run it in a weekly pipeline from now on\.$/, NOTHING],
        ...NEW_LEAF,
    ],
    "TRUSTSTORE-OVERWRITTEN": [
        [
            /^it must update the truststore object; if it changes only the domain's truststoreVersion, stop$/,
            (runner) => expect(moves(runner)).to.include("update api-truststore-object"),
        ],
        [/^Then find out who wrote the object/, NOTHING],
    ],
    "TRUSTSTORE-NOT-PINNED-VERSION": [[/^pins the version that it writes/, NOTHING], ...NEW_LEAF],
    "CA-REISSUED-SAME-NAME": [[/^restores a truststore that was changed by hand$/, NOTHING], ...NEW_LEAF],
    "LEAF-WRONG-CA": [...NEW_LEAF, [/^Then find out who uploaded the other certificate\.$/, NOTHING]],
    "TRUSTSTORE-LACKS-AUTHORITY": [[/^restores the program's truststore$/, NOTHING], ...NEW_LEAF],
    "PUBLIC-CA-TRUSTED": [
        [/^restores the program's truststore$/, NOTHING],
        [/^Then find out who wrote the object, and why\.$/, NOTHING],
    ],
    "SHARED-CA-TRUSTED": [
        [
            /^not found means Hostname$/,
            ({ answers, printed }) => {
                const [mode, list] = printed.split("\n");
                Object.assign(answers, { mode, list });
            },
        ],
        [
            /^Mode Shared: move to Hostname\. If originPullAuthorities was not found, trust the new authority first:$/,
            ({ answers }) => (answers.mode === "Shared" && answers.list!.includes("not found") ? undefined : "skip"),
        ],
        [
            /^Mode Shared: its zone setting will be deleted, so unprotect it \(tls_client_auth itself stays on\):$/,
            ({ answers }) => (answers.mode === "Shared" ? undefined : "skip"),
        ],
        [
            /^take the URN of type cloudflare:index\/zoneSetting:ZoneSetting whose name ends in -tls-client-auth$/,
            takeUrn(/urn:\S+\$cloudflare:index\/zoneSetting:ZoneSetting::\S+-tls-client-auth$/m),
        ],
        [
            /^Mode Shared: run two deployments, with your own list instead of 1 if it was found:$/,
            ({ answers }) => (answers.mode === "Shared" ? undefined : "skip"),
        ],
        [
            /^Mode Hostname with cloudflare-shared in the list: finish the move:$/,
            ({ answers }) => {
                const names = answers.list!.split(",");
                answers["<the list without cloudflare-shared>"] = names.filter((name) => name !== "cloudflare-shared").join(",");
                return answers.mode !== "Shared" && names.includes("cloudflare-shared") ? undefined : "skip";
            },
        ],
        [
            /^Neither: the truststore was changed by hand\. Restore it, and find out who did it:$/,
            ({ answers }) => (answers.mode === "Shared" || answers.list!.includes("cloudflare-shared") ? "skip" : undefined),
        ],
    ],
    "TRUSTSTORE-WARNINGS": [
        [/^removes a certificate that was added to the program's$/, NOTHING],
        [/^If the warning remains, it is about one of the program's authorities\./, NOTHING],
    ],
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
