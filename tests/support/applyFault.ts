/** A fault of the lab, applied to the deployment that the programs of tests/engine make. */
import type { Cloud } from "../../lab/cloud";
import { applyFault as apply } from "../../lab/faults";
import { NAME } from "../engine/programs";

/** Applies a fault; what it returns takes it back, and leaves alone what was deployed in between. */
export async function applyFault(cloud: Cloud, fault: string): Promise<() => void> {
    const domain = cloud.aws.domains.get(NAME)!;
    const zone = cloud.cloudflare.zones.get("zone1")!;
    const apis = [...cloud.aws.apis.values()];
    const { mutualTls } = structuredClone(domain);
    const { settings, associations, records } = structuredClone(zone);
    const stages = apis.map((api) => structuredClone(api.stages));
    const variants = { ...cloud.variants };
    await apply(fault, { cloud, domainName: NAME, zoneId: "zone1", strangerCaPem: "" });
    return () => {
        domain.mutualTls = mutualTls;
        Object.assign(cloud.variants, variants);
        Object.assign(zone, { settings, associations, records });
        apis.forEach((api, i) => Object.assign(api, { stages: stages[i], disableExecuteApiEndpoint: true }));
    };
}
