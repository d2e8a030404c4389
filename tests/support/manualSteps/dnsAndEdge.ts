import { expect } from "chai";
import { LAB_DOMAIN } from "../deployedLab";
import type { ManualSteps } from "../fixRunner";
import { NOTHING } from "./steps";

export const DNS_AND_EDGE: Record<string, ManualSteps> = {
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
};
