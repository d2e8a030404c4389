/** Every cause that the doctor knows, in the order in which a request travels; what the doctor may not see comes last. */
import { BEHIND } from "./behind";
import { DNS_AND_EDGE } from "./dnsAndEdge";
import { GATEWAY } from "./gateway";
import { ORIGIN_PULLS } from "./originPulls";
import type { Rule } from "./rule";
import { TRUSTSTORE } from "./truststore";

export const RULES: Rule[] = [...DNS_AND_EDGE, ...ORIGIN_PULLS, ...TRUSTSTORE, ...GATEWAY, ...BEHIND];
