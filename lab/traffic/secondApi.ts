/** A second API beside the protected one. */
import { createApi, createDomain, createFunction } from "../aws/createApi";
import type { Cloud } from "../cloud";

const NAME = "second-api";
const HANDLER = `exports.handler = async () => ({ statusCode: 200, body: "${NAME}" });`;

/** A name for its domain, within the zone of another. */
export const secondApiDomain = (zoneName: string): string => `${NAME}.${zoneName}`;

/** Adds another API of the same account on a domain without mutual TLS: a connection to it must not give access to ours. */
export async function addSecondApi(cloud: Cloud, domainName: string): Promise<void> {
    const api = createApi(cloud, { id: cloud.nextId(NAME), fn: createFunction(cloud, NAME, HANDLER) });
    await createDomain(cloud, { domainName, apiId: api.id, certificateId: NAME });
}
