/** The edge's own answers: the request never reached AWS, so no log there has it (docs/sources.md 13.12). */
import type { Facts } from "../facts";
import { doctorCommand, visitorCommand, type Rule } from "./rule";

const REDIRECTS = [301, 302, 303, 307, 308];
const ACCESS = /(^|\.)cloudflareaccess\.com$/;
const NOT_IN_STATE = "Nothing of it is part of this stack: `refresh` and `up` change nothing.";
const answer = ({ visitor }: Facts): string => `the edge itself answered HTTP ${visitor?.status}; API Gateway never saw the request`;
const toAccess = ({ edgeAnswered }: Facts): boolean => ACCESS.test(edgeAnswered?.redirectsTo ?? "");

export const EDGE_ANSWERS: Rule[] = [
    {
        id: "EDGE-RATE-LIMITED",
        title: "A rate limiting rule of Cloudflare's blocks the requests",
        place: "edge",
        impact: "visitors-down",
        find: (facts) =>
            facts.edgeAnswered && (facts.edgeCode === 1015 || facts.edgeAnswered.status === 429)
                ? [answer(facts), ...(facts.edgeCode === 1015 ? ["the page says error code 1015: rate limited"] : [])]
                : undefined,
        refresh: NOT_IN_STATE,
        fix: () =>
            [
                "In Security, Analytics, Events, find the rate limiting rule that blocked the request. It may be stopping an attack: ask before you change it.",
                "If only the doctor or one client was limited: wait until the rule's period is over. Otherwise raise the rule's limit, or exclude this hostname from it.",
            ].join("\n"),
        confirm: doctorCommand,
    },
    {
        id: "EDGE-BLOCKED",
        title: "A security rule of Cloudflare's blocks the requests",
        place: "edge",
        impact: "visitors-down",
        find: (facts) =>
            facts.edgeAnswered && facts.edgeCode === 1020
                ? [answer(facts), "the page says error code 1020: blocked by a security rule"]
                : undefined,
        refresh: NOT_IN_STATE,
        fix: () =>
            [
                "In Security, Analytics, Events, find the rule that blocked the request. It may be stopping an attack: ask before you change it.",
                "If it blocks rightful clients: exclude them, by something that they send, e.g. a header.",
                "If only the doctor was blocked: let its header through, and run it again with --header-env <header>=<environment variable that holds the value>",
            ].join("\n"),
        confirm: doctorCommand,
    },
    {
        id: "EDGE-ACCESS-LOGIN",
        title: "Cloudflare Access asks every client to log in",
        place: "edge",
        impact: "visitors-down",
        find: (facts) => (toAccess(facts) ? [answer(facts), "it redirects to a sign-in page at cloudflareaccess.com"] : undefined),
        refresh: NOT_IN_STATE,
        fix: () =>
            [
                "If Access is meant to protect this API: give clients a service token, and run the doctor with it: --header-env cf-access-client-id=<variable> --header-env cf-access-client-secret=<variable>",
                "If it is not: in Zero Trust, Access, Applications, remove this hostname from the application that covers it.",
            ].join("\n"),
        confirm: doctorCommand,
    },
    {
        id: "EDGE-REDIRECTS",
        title: "Cloudflare redirects the requests elsewhere",
        place: "edge",
        impact: "visitors-down",
        find: (facts) => {
            const { edgeAnswered } = facts;
            if (!edgeAnswered || !REDIRECTS.includes(edgeAnswered.status!) || toAccess(facts)) return undefined;
            return [answer(facts), ...(edgeAnswered.redirectsTo === undefined ? [] : [`it redirects to ${edgeAnswered.redirectsTo}`])];
        },
        refresh: NOT_IN_STATE,
        fix: () =>
            [
                "In Rules, Trace, enter the URL: it names the redirect rule, bulk redirect, page rule or Worker that answers.",
                "Exclude this hostname from it; others may need it.",
            ].join("\n"),
        confirm: visitorCommand,
    },
    {
        id: "WORKER-FAILED",
        title: "A Worker on this route throws an error",
        place: "edge",
        impact: "visitors-down",
        find: (facts) =>
            facts.edgeAnswered && facts.edgeCode === 1101
                ? [answer(facts), "the page says error code 1101: a Worker threw an exception"]
                : undefined,
        refresh: NOT_IN_STATE,
        fix: () =>
            [
                "In Workers Routes, find the Worker whose route matches this hostname, and read its log in Observability.",
                "Roll it back to its last working version, or remove the route: the API answers without it.",
            ].join("\n"),
        confirm: visitorCommand,
    },
    {
        id: "EDGE-ANSWERS-ITSELF",
        title: "Something at the edge, such as a Worker, answers instead of the API",
        place: "edge",
        impact: "visitors-down",
        find: (facts) => {
            const { edgeAnswered, edgeCode } = facts;
            const success = edgeAnswered && !edgeAnswered.cached && edgeAnswered.status! >= 200 && edgeAnswered.status! < 300;
            return success && edgeCode === undefined ? [answer(facts), "the answer has cf-ray, but no apigw-requestid"] : undefined;
        },
        refresh: NOT_IN_STATE,
        fix: () =>
            [
                "In Workers Routes, look for a route that matches this hostname; in Rules, Trace, enter the URL to see what else answers.",
                "If it is meant to answer this path: run the doctor with a path that the API serves: --path /…",
                "Otherwise remove the route.",
            ].join("\n"),
        // A Worker may answer 200 too.
        confirm: doctorCommand,
    },
];
