/** Named faults, one per way in which this architecture breaks: each edits the cloud behind Pulumi's back, and only one thing of it. */
import { DNS_AND_TLS } from "./dnsAndTls";
import { GATEWAY } from "./gateway";
import { ORIGIN_PULLS } from "./originPulls";
import type { Faults, FaultTarget } from "./target";
import { TRAFFIC } from "./traffic";
import { TRUSTSTORE } from "./truststore";

export type { Fault, FaultTarget } from "./target";

export const FAULTS: Faults = { ...GATEWAY, ...TRUSTSTORE, ...ORIGIN_PULLS, ...DNS_AND_TLS, ...TRAFFIC };

/** Breaks the deployed cloud in one way. */
export async function applyFault(name: string, target: FaultTarget): Promise<void> {
    const fault = FAULTS[name];
    if (!fault) throw new Error(`no fault ${name}; there are ${Object.keys(FAULTS).join(", ")}`);
    await fault.apply(target);
}
