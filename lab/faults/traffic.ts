/** Requests that fail although every part is in place, and credentials that may not look. */
import { stagesOf, zoneOf, type Faults } from "./target";

export const TRAFFIC: Faults = {
    throttled: {
        summary: "the stage's throttling lets no request through",
        row: "visitor",
        cause: "THROTTLED",
        apply: (target) => {
            for (const stage of stagesOf(target)) Object.assign(stage, { throttlingRateLimit: 0, throttlingBurstLimit: 0 });
        },
    },
    "challenge-page": {
        summary: "a security rule answers every visitor with a challenge page",
        row: "visitor",
        cause: "CHALLENGE-PAGE",
        apply: (target) => {
            zoneOf(target).challenge = true;
        },
    },
    "edge-blocked": {
        summary: "a security rule blocks every visitor",
        row: "visitor",
        cause: "EDGE-BLOCKED",
        apply: (target) => void (zoneOf(target).edgeAnswer = "blocked"),
    },
    "edge-rate-limited": {
        summary: "a rate limiting rule of Cloudflare's blocks every visitor",
        row: "visitor",
        cause: "EDGE-RATE-LIMITED",
        apply: (target) => void (zoneOf(target).edgeAnswer = "rate-limited"),
    },
    "access-login": {
        summary: "Cloudflare Access sends every visitor to a sign-in page",
        row: "visitor",
        cause: "EDGE-ACCESS-LOGIN",
        apply: (target) => void (zoneOf(target).edgeAnswer = "access-login"),
    },
    "edge-redirect": {
        summary: "a redirect rule sends every visitor elsewhere",
        row: "visitor",
        cause: "EDGE-REDIRECTS",
        apply: (target) => void (zoneOf(target).edgeAnswer = "redirect"),
    },
    "worker-failed": {
        summary: "a Worker on the route throws",
        row: "visitor",
        cause: "WORKER-FAILED",
        apply: (target) => void (zoneOf(target).edgeAnswer = "worker-failed"),
    },
    "worker-answers": {
        summary: "a Worker on the route answers by itself",
        row: "visitor",
        cause: "EDGE-ANSWERS-ITSELF",
        apply: (target) => void (zoneOf(target).edgeAnswer = "worker"),
    },
    "token-without-scope": {
        summary: "the Cloudflare token may read neither zone settings nor certificates",
        row: undefined,
        cause: "TOKEN-WITHOUT-SCOPE",
        apply: ({ cloud }) => void cloud.denied.add("Zone Settings Read").add("SSL and Certificates Read"),
    },
    "role-without-scope": {
        summary: "the AWS role may not read API Gateway",
        row: undefined,
        cause: "ROLE-WITHOUT-SCOPE",
        apply: ({ cloud }) => void cloud.denied.add("apigateway:GET"),
    },
};
