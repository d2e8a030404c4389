import type { ManualSteps } from "../fixRunner";
import { NOTHING } from "./steps";

export const EDGE_ANSWERS: Record<string, ManualSteps> = {
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
};
