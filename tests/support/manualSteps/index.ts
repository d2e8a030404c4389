/**
 * What a user does at the words of a FIX that are not commands, knowing nothing else: a file for each of doctor/diagnose/causes. Each entry
 * quotes its words: a text that says something else has no entry, and fails.
 */
import type { ManualSteps } from "../fixRunner";
import { BEHIND } from "./behind";
import { DNS_AND_EDGE } from "./dnsAndEdge";
import { DOMAIN_STATUS } from "./domainStatus";
import { EDGE_ANSWERS } from "./edgeAnswers";
import { GATEWAY } from "./gateway";
import { ORIGIN_PULLS } from "./originPulls";
import { ORIGIN_TLS } from "./originTls";
import { TRUSTSTORE } from "./truststore";

/** By cause. */
export const MANUAL_STEPS: Record<string, ManualSteps> = {
    ...BEHIND,
    ...DNS_AND_EDGE,
    ...DOMAIN_STATUS,
    ...EDGE_ANSWERS,
    ...GATEWAY,
    ...ORIGIN_PULLS,
    ...ORIGIN_TLS,
    ...TRUSTSTORE,
};
