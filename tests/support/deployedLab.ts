/** A deployed lab with both control planes, which can be broken and made whole again: what the doctor is tried on. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import stack from "../../index";
import { deploy, type Deployment } from "../../lab/lab";
import { Engine, type ResourceState } from "../../lab/engine/engine";
import { providers } from "../../lab/providers";
import { stranger, type Attacker } from "../../lab/traffic/attackerCertificates";
import { startControlPlane, type ControlPlane } from "../../lab/controlPlane";
import { applyFault } from "../../lab/faults";
import { CloudflareProtectedHttpApi } from "../../components";
import type { Cloud } from "../../lab/cloud";
import { defaultEndpoint } from "../../lab/dns";
import type { DoctorOptions } from "../../doctor";
import { HANDLER_ARN, addHandler } from "./handler";
import { pooledKeys } from "./keys";
import { restoreSnapshot, takeSnapshot, type CloudSnapshot } from "./snapshot";

export const LAB_DOMAIN = "api.dev.example.com";
export const TOKEN = "cf-token-of-the-test_0123456789abcdefghi";
export const PROJECT = "cloudflare-protected-http-api";

/** What is deployed, and how. */
interface Program {
    program: () => unknown;
    /** `<project>:<key>` to value. */
    config: Record<string, string>;
    region: string;
    zoneId: string;
    prepare?: (cloud: Cloud) => void;
}

/** The component alone, with a handler that asks for nothing, and without the verification. */
const COMPONENT: Program = {
    program: () => {
        const api = new CloudflareProtectedHttpApi("orders", {
            domainName: LAB_DOMAIN,
            zoneId: "zone1",
            routes: [{ routeKey: "$default", lambdaArn: HANDLER_ARN }],
            verify: { enabled: false },
        });
        return { url: api.url };
    },
    config: {},
    region: "eu-central-1",
    zoneId: "zone1",
    prepare: addHandler,
};

/** This repository's stack, configured by Pulumi.dev.yaml and protected as a live one is. */
function liveStack(): Program {
    const text = readFileSync(path.join(__dirname, "..", "..", "Pulumi.dev.yaml"), "utf8");
    const { config } = parse(text) as { config: Record<string, string> };
    return {
        program: stack,
        config: { ...config, [`${PROJECT}:deletionProtection`]: "true" },
        region: config["aws:region"]!,
        zoneId: config[`${PROJECT}:zoneId`]!,
    };
}

export class DeployedLab {
    /** What `pulumi` works with: the stack's configuration, and an engine with the stack's state. */
    config: Record<string, string>;
    engine: Engine;
    readonly #state: Map<string, ResourceState>;
    #closing = (): void => undefined;

    private constructor(
        readonly deployed: Program,
        readonly deployment: Deployment,
        readonly controlPlane: ControlPlane,
        readonly attacker: Attacker,
        readonly whole: CloudSnapshot,
    ) {
        this.config = { ...deployed.config };
        this.engine = deployment.engine;
        this.#state = structuredClone(deployment.engine.state);
    }

    static async deploy(kind: "component" | "stack" = "component"): Promise<DeployedLab> {
        const deployed = kind === "component" ? COMPONENT : liveStack();
        const { program, config, region, zoneId, prepare } = deployed;
        const deployment = await deploy({
            program,
            project: PROJECT,
            stack: "dev",
            config,
            zone: { id: zoneId, name: "example.com" },
            region,
            keys: pooledKeys(),
            prepare,
        });
        const controlPlane = await startControlPlane(deployment.cloud, { cloudflareToken: TOKEN });
        return new DeployedLab(deployed, deployment, controlPlane, await stranger(LAB_DOMAIN), takeSnapshot(deployment.cloud));
    }

    get cloud(): Cloud {
        return this.deployment.cloud;
    }

    /** Everything as it was after the deployment: both clouds, the state, the configuration. */
    restore(): void {
        restoreSnapshot(this.cloud, this.whole);
        this.engine = new Engine(providers(this.cloud));
        this.engine.state = structuredClone(this.#state);
        this.config = { ...this.deployed.config };
    }

    async break(fault: string): Promise<void> {
        await applyFault(fault, {
            cloud: this.cloud,
            domainName: LAB_DOMAIN,
            zoneId: this.deployed.zoneId,
            strangerCaPem: this.attacker.caPem,
        });
    }

    /** What is known from outside only: the stack's outputs. */
    outside(): DoctorOptions {
        const { gateway, edge, dnsPort } = this.deployment;
        const [domain] = this.whole.aws.domains.values();
        const [apiId] = this.whole.aws.apis.keys();
        return {
            domainName: LAB_DOMAIN,
            targetDomainName: domain!.targetDomainName,
            apiId,
            aws: false,
            timeoutMs: 120_000,
            network: {
                dnsServers: [`127.0.0.1:${dnsPort}`],
                // The lab's two clouds, by the addresses that its DNS gives.
                connectTo: [
                    `192.0.2.1:443:127.0.0.1:${edge.port}`,
                    `198.51.100.1:443:127.0.0.1:${gateway.port}`,
                    `198.51.100.1:80:127.0.0.1:${gateway.httpPort}`,
                ],
                caPem: this.cloud.webCa.certificatePem,
            },
        };
    }

    /** With credentials for both clouds. */
    inside(): DoctorOptions {
        return {
            ...this.outside(),
            aws: true,
            region: this.deployed.region,
            zoneId: this.deployed.zoneId,
            cloudflareToken: TOKEN,
            cloudflareBaseUrl: this.controlPlane.cloudflareBaseUrl,
        };
    }

    /** Sets the variables that the AWS SDK reads, until the lab is closed. */
    awsEnvironment(): void {
        const set = {
            AWS_ENDPOINT_URL: this.controlPlane.awsEndpoint,
            AWS_ACCESS_KEY_ID: "AKIALAB",
            AWS_SECRET_ACCESS_KEY: "lab-secret",
            AWS_REGION: this.deployed.region,
        };
        const before = Object.keys(set).map((key) => [key, process.env[key]] as const);
        Object.assign(process.env, set);
        this.#closing = () => {
            for (const [key, value] of before)
                if (value === undefined) delete process.env[key];
                else process.env[key] = value;
        };
    }

    defaultEndpoint = (): string => defaultEndpoint(this.cloud, [...this.whole.aws.apis.keys()][0]!);

    async close(): Promise<void> {
        this.#closing();
        await this.controlPlane.close();
        await this.deployment.close();
    }
}
