/** A deployed lab with both control planes, which can be broken and made whole again: what the doctor is tried on. */
import { deploy, type Deployment } from "../../lab/deployment";
import { stranger, type Attacker } from "../../lab/attackers";
import { startControlPlane, type ControlPlane } from "../../lab/controlPlane";
import { applyFault } from "../../lab/faults";
import { CloudflareProtectedHttpApi } from "../../components";
import type { Cloud } from "../../lab/cloud";
import { defaultEndpoint } from "../../lab/dns";
import type { DoctorOptions } from "../../doctor";
import { HANDLER_ARN, addHandler } from "./handler";
import { pooledKeys } from "./keys";

export const PATIENT = "api.dev.example.com";
export const TOKEN = "cf-token-of-the-test";
const REGION = "eu-central-1";
const ZONE = "zone1";

/** The plain data of the cloud, which faults edit. */
const PARTS = ["aws", "cloudflare", "variants", "gatewayPort80Open", "denied"] as const;
type Parts = Pick<Cloud, (typeof PARTS)[number]>;

const copyOf = (cloud: Parts): Parts => structuredClone(Object.fromEntries(PARTS.map((part) => [part, cloud[part]])) as unknown as Parts);

export class Patient {
    private constructor(
        readonly deployment: Deployment,
        readonly controlPlane: ControlPlane,
        readonly attacker: Attacker,
        readonly whole: Parts,
    ) {}

    static async admit(): Promise<Patient> {
        const deployment = await deploy({
            program: () => {
                const api = new CloudflareProtectedHttpApi("orders", {
                    domainName: PATIENT,
                    zoneId: ZONE,
                    routes: [{ routeKey: "$default", lambdaArn: HANDLER_ARN }],
                    verify: { enabled: false },
                });
                return { url: api.url };
            },
            project: "cloudflare-protected-http-api",
            stack: "dev",
            config: {},
            zone: { id: ZONE, name: "example.com" },
            region: REGION,
            keys: pooledKeys(),
            prepare: addHandler,
        });
        const controlPlane = await startControlPlane(deployment.cloud, { cloudflareToken: TOKEN });
        return new Patient(deployment, controlPlane, await stranger(PATIENT), copyOf(deployment.cloud));
    }

    get cloud(): Cloud {
        return this.deployment.cloud;
    }

    heal(): void {
        Object.assign(this.cloud, copyOf(this.whole));
    }

    async break(fault: string): Promise<void> {
        await applyFault(fault, { cloud: this.cloud, domainName: PATIENT, zoneId: ZONE, strangerCaPem: this.attacker.caPem });
    }

    /** What is known from outside only: the stack's outputs. */
    outside(): DoctorOptions {
        const { gateway, edge, dnsPort } = this.deployment;
        const [domain] = this.whole.aws.domains.values();
        const [apiId] = this.whole.aws.apis.keys();
        return {
            domainName: PATIENT,
            targetDomainName: domain!.targetDomainName,
            apiId,
            aws: false,
            timeoutMs: 5000,
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
            region: REGION,
            zoneId: ZONE,
            cloudflareToken: TOKEN,
            cloudflareBaseUrl: this.controlPlane.cloudflareBaseUrl,
        };
    }

    /** The variables that the AWS SDK reads; returns what puts them back. */
    awsEnvironment(): () => void {
        const set = {
            AWS_ENDPOINT_URL: this.controlPlane.awsEndpoint,
            AWS_ACCESS_KEY_ID: "AKIALAB",
            AWS_SECRET_ACCESS_KEY: "lab-secret",
            AWS_REGION: REGION,
        };
        const before = Object.keys(set).map((key) => [key, process.env[key]] as const);
        Object.assign(process.env, set);
        return () => {
            for (const [key, value] of before)
                if (value === undefined) delete process.env[key];
                else process.env[key] = value;
        };
    }

    defaultEndpoint = (): string => defaultEndpoint(this.cloud, [...this.whole.aws.apis.keys()][0]!);

    async discharge(): Promise<void> {
        await this.controlPlane.close();
        await this.deployment.close();
    }
}
