/** Every cause that the doctor knows, in the order in which a request travels; what the doctor may not see comes last. */
import { BEHIND } from "./behind";
import { DNS_AND_EDGE } from "./dnsAndEdge";
import { DOMAIN_STATUS } from "./domainStatus";
import { EDGE_ANSWERS } from "./edgeAnswers";
import { GATEWAY } from "./gateway";
import { ORIGIN_PULLS } from "./originPulls";
import { ORIGIN_TLS } from "./originTls";
import type { Rule } from "./rule";
import { TRUSTSTORE } from "./truststore";

export const RULES: Rule[] = [
    ...DNS_AND_EDGE,
    ...EDGE_ANSWERS,
    ...ORIGIN_TLS,
    ...ORIGIN_PULLS,
    ...TRUSTSTORE,
    ...DOMAIN_STATUS,
    ...GATEWAY,
    ...BEHIND,
];
