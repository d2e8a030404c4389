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
