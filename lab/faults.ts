/** Named faults, one per way in which this architecture breaks: each edits the cloud behind Pulumi's back. */
import type { Cloud } from "./cloud";

/** What a fault may need besides the cloud. */
export interface FaultTarget {
    cloud: Cloud;
    domainName: string;
    zoneId: string;
    /** PEM of the CA that the stranger's certificate chains to. */
    strangerCaPem: string;
}

/** A fault: what it does, and the row that must turn red. */
export interface Fault {
    summary: string;
    row: string;
    apply(target: FaultTarget): void | Promise<void>;
}

const domainOf = ({ cloud, domainName }: FaultTarget) => {
    const domain = cloud.aws.domains.get(domainName);
    if (!domain) throw new Error(`the lab has no domain ${domainName}`);
    return domain;
};
const zoneOf = ({ cloud, zoneId }: FaultTarget) => {
    const zone = cloud.cloudflare.zones.get(zoneId);
    if (!zone) throw new Error(`the lab has no zone ${zoneId}`);
    return zone;
};

export const FAULTS: Record<string, Fault> = {
    "default-endpoint-open": {
        summary: "the execute-api endpoint is turned on again",
        row: "default-endpoint",
        apply: (target) => {
            for (const { apiId } of domainOf(target).mappings.values()) {
                const api = target.cloud.aws.apis.get(apiId)!;
                api.disableExecuteApiEndpoint = false;
                for (const stage of api.stages.values()) if (stage.deployed) stage.deployed.disableExecuteApiEndpoint = false;
            }
        },
    },
    "truststore-not-pinned-and-overwritten": {
        summary: "the domain takes the newest truststore, which somebody overwrote",
        row: "stranger",
        apply: (target) => {
            const { mutualTls } = domainOf(target);
            if (!mutualTls) throw new Error("the domain has no mutual TLS");
            mutualTls.truststoreVersion = undefined;
            mutualTls.pem += target.strangerCaPem;
        },
    },
    "association-off": {
        summary: "origin pulls are turned off for the hostname",
        row: "visitor",
        apply: (target) => {
            for (const association of zoneOf(target).associations.values()) association.enabled = false;
            zoneOf(target).settings.set("tls_client_auth", "off");
        },
    },
    "grey-record": {
        summary: "the record is no longer proxied",
        row: "visitor",
        apply: (target) => {
            for (const record of zoneOf(target).records.values()) if (record.name === target.domainName) record.proxied = false;
        },
    },
    "mtls-removed": {
        summary: "mutual TLS is removed from the domain",
        row: "no-certificate",
        apply: (target) => {
            domainOf(target).mutualTls = undefined;
        },
    },
    "ssl-flexible": {
        summary: "the zone's SSL/TLS mode is Flexible",
        row: "visitor",
        apply: (target) => {
            zoneOf(target).settings.set("ssl", "flexible");
        },
    },
    "port-80-open": {
        summary: "something answers plain HTTP at the origin",
        row: "plain-http-origin",
        apply: ({ cloud }) => {
            cloud.gatewayPort80Open = true;
        },
    },
    "sibling-answers-for-our-host": {
        summary: "a connection made for another name answers for our Host (UNCONFIRMED of API Gateway; a variant of the lab)",
        row: "sni-sibling",
        apply: ({ cloud }) => {
            cloud.variants.hostMismatch = "answered";
        },
    },
};
