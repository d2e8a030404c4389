/** The origin lets in requests that bypass the edge, or no longer leads to the API. */
import { createDomain } from "../aws/createApi";
import type { HttpApi } from "../cloud";
import { findFunction } from "../aws/apigatewayv2/routing";
import { addSecondApi, secondApiDomain } from "../traffic/secondApi";
import { apiOf, domainOf, mappingOf, stagesOf, zoneOf, type Faults, type FaultTarget } from "./target";

/** Maps the API to one more custom domain, which asks for no client certificate. */
async function mapOpenly(target: FaultTarget, domainName: string): Promise<void> {
    const { cloud } = target;
    const { id: apiId } = apiOf(target);
    await createDomain(cloud, { domainName, apiId, stage: mappingOf(target).stage });
}

/** The API as it is written, and as each stage has it deployed. */
const versionsOf = (target: FaultTarget): Pick<HttpApi, "routes" | "integrations">[] => [
    apiOf(target),
    ...stagesOf(target).flatMap(({ deployed }) => deployed ?? []),
];

export const GATEWAY: Faults = {
    "mtls-removed": {
        summary: "mutual TLS is removed from the domain",
        row: "no-certificate",
        cause: "MTLS-REMOVED",
        apply: (target) => {
            domainOf(target).mutualTls = undefined;
        },
    },
    "stranger-answered": {
        summary: "any client certificate gets in (no source says so of API Gateway; a variant of the lab)",
        row: "stranger",
        cause: "STRANGER-ANSWERED",
        apply: ({ cloud }) => {
            cloud.variants.untrustedCertificate = "answered";
        },
    },
    "default-endpoint-open": {
        summary: "the execute-api endpoint is turned on again",
        row: "default-endpoint",
        cause: "DEFAULT-ENDPOINT-OPEN",
        apply: (target) => {
            apiOf(target).disableExecuteApiEndpoint = false;
            for (const { deployed } of stagesOf(target)) if (deployed) deployed.disableExecuteApiEndpoint = false;
        },
    },
    "flag-not-deployed": {
        summary: "the execute-api endpoint is off in the API, but not in what the stage has deployed",
        row: "default-endpoint",
        cause: "FLAG-NOT-DEPLOYED",
        apply: (target) => {
            apiOf(target).disableExecuteApiEndpoint = true;
            for (const stage of stagesOf(target)) {
                stage.autoDeploy = false;
                if (stage.deployed) stage.deployed.disableExecuteApiEndpoint = false;
            }
        },
    },
    "second-mapping-without-mtls": {
        summary: "the API is mapped to another custom domain, which asks for no certificate",
        row: "other-mapping",
        cause: "MAPPING-WITHOUT-MTLS",
        apply: (target) => mapOpenly(target, `internal.${zoneOf(target).name}`),
    },
    "wildcard-mapping-without-mtls": {
        summary: "the API is mapped to a wildcard domain, which asks for no certificate",
        row: "other-mapping",
        cause: "MAPPING-WITHOUT-MTLS",
        apply: (target) => mapOpenly(target, `*.${zoneOf(target).name}`),
    },
    "other-domain-answers-for-our-host": {
        summary: "a connection made for another name answers for our Host (UNCONFIRMED of API Gateway; a variant of the lab)",
        row: "sni-other-domain",
        cause: "HOST-MISMATCH-ANSWERED",
        apply: async (target) => {
            const { cloud } = target;
            cloud.variants.hostMismatch = "answered";
            const open = [...cloud.aws.domains.values()].some(({ mutualTls }) => !mutualTls);
            if (!open) await addSecondApi(cloud, secondApiDomain(zoneOf(target).name));
        },
    },
    "port-80-open": {
        summary: "something answers plain HTTP at the origin",
        row: "plain-http-origin",
        cause: "ORIGIN-PORT-80-OPEN",
        apply: ({ cloud }) => {
            cloud.gatewayPort80Open = true;
        },
    },
    "domain-missing": {
        summary: "the custom domain is deleted, the record still points at its regional name",
        row: "visitor",
        cause: "DOMAIN-MISSING",
        apply: (target) => {
            domainOf(target);
            target.cloud.aws.domains.delete(target.domainName);
        },
    },
    "domain-updating": {
        summary: "API Gateway is still applying a change to the domain",
        row: undefined,
        cause: "DOMAIN-UPDATING",
        apply: (target) => void (domainOf(target).status = "UPDATING"),
    },
    "domain-ownership-pending": {
        summary: "API Gateway waits for a proof of who owns the name",
        row: undefined,
        cause: "DOMAIN-OWNERSHIP-PENDING",
        apply: (target) =>
            void Object.assign(domainOf(target), {
                status: "PENDING_OWNERSHIP_VERIFICATION",
                statusMessage: "Ownership verification certificate is required",
            }),
    },
    "domain-reimport-pending": {
        summary: "API Gateway waits for the domain's certificate to be imported again",
        row: undefined,
        cause: "DOMAIN-REIMPORT-PENDING",
        apply: (target) => void (domainOf(target).status = "PENDING_CERTIFICATE_REIMPORT"),
    },
    "routing-rules-only": {
        summary: "the domain routes by rules only, which cannot lead to an HTTP API",
        row: "visitor",
        cause: "ROUTING-RULES-ONLY",
        apply: (target) => void (domainOf(target).routingMode = "ROUTING_RULE_ONLY"),
    },
    "mapping-missing": {
        summary: "the API's mapping to the domain is deleted",
        row: "visitor",
        cause: "MAPPING-MISSING",
        apply: (target) => domainOf(target).mappings.clear(),
    },
    "route-missing": {
        summary: "the API's routes are deleted",
        row: "visitor",
        cause: "ROUTE-MISSING",
        apply: (target) => {
            for (const { routes } of versionsOf(target)) routes.clear();
        },
    },
    "integration-failing": {
        summary: "the handler throws, or the backend does not answer",
        row: "visitor",
        cause: "INTEGRATION-FAILING",
        apply: (target) => {
            for (const { integrations } of versionsOf(target))
                for (const integration of integrations.values()) {
                    const fn = findFunction(target.cloud, integration.integrationUri);
                    const file = fn && `${fn.handler.slice(0, fn.handler.lastIndexOf("."))}.js`;
                    const exported = fn?.handler.split(".").at(-1);
                    if (fn && file) fn.files = { [file]: `exports.${exported} = async () => { throw new Error("broken by a fault"); };` };
                    // The discard port: nothing listens there.
                    else integration.integrationUri = "http://127.0.0.1:9/";
                }
        },
    },
    "integration-not-permitted": {
        summary: "API Gateway's permission to invoke the function is removed",
        row: "visitor",
        cause: "INTEGRATION-FAILING",
        apply: (target) => {
            for (const { integrationUri } of apiOf(target).integrations.values())
                findFunction(target.cloud, integrationUri)?.permissions.clear();
        },
    },
};
