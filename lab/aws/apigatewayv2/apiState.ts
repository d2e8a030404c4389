/** An API as it is written, and as its stages have it deployed. */
import type { Cloud, HttpApi, Stage } from "../../cloud";
import { broken } from "../../shared/resourceType";

export function apiOf(cloud: Cloud, id: string): HttpApi {
    return cloud.aws.apis.get(id) ?? broken("api-exists", "apiId", `NotFoundException: no API ${id}`);
}

function deploy(api: HttpApi, stage: Stage): void {
    stage.deployed = {
        disableExecuteApiEndpoint: api.disableExecuteApiEndpoint,
        routes: structuredClone(api.routes),
        integrations: structuredClone(api.integrations),
    };
}

/** A change of the API reaches a stage by itself only with autoDeploy (docs/sources.md 2.2). */
export function autoDeploy(api: HttpApi): void {
    for (const stage of api.stages.values()) if (stage.autoDeploy) deploy(api, stage);
}
