/** One deployment of a program into a new lab: both clouds, the engine, the data planes. */
import { createCloud } from "./createCloud";
import { startDns } from "./dns";
import { startEdge } from "./cloudflare/edge";
import { Engine, plain, type Step } from "./engine/engine";
import { startGateway } from "./aws/apigatewayv2/server";
import { tellNames } from "./local/commandEnvironment";
import { providers } from "./providers";
import type { Cloud } from "./cloud";
import type { KeySource } from "./pki/authority";

/** What to deploy. */
export interface DeploymentOptions {
    program: () => unknown;
    project: string;
    stack: string;
    /** `<project>:<key>` to value. */
    config: Record<string, string>;
    zone: { id: string; name: string };
    region: string;
    /** Where private keys come from. Defaults to new ones. */
    keys?: KeySource;
    /** What exists in the cloud already. */
    prepare?: (cloud: Cloud) => void;
    onStep?: (step: Step) => void;
}

/** A running lab. */
export interface Deployment {
    cloud: Cloud;
    engine: Engine;
    outputs: Record<string, unknown>;
    resources: number;
    gateway: { port: number; httpPort: number };
    edge: { port: number; httpPort: number };
    dnsPort: number;
    close(): Promise<void>;
}

/** Deploys, or throws with every error of the run. */
export async function deploy(options: DeploymentOptions): Promise<Deployment> {
    const cloud = await createCloud({ region: options.region, zones: [options.zone], keys: options.keys });
    options.prepare?.(cloud);
    const engine = new Engine(providers(cloud));
    // Before the deployment: its last step probes them.
    const gateway = await startGateway(cloud);
    const edge = await startEdge(cloud, gateway);
    const dns = await startDns(cloud);
    const names = tellNames(cloud, { gateway: gateway.port, edge: edge.port });
    const close = async (): Promise<void> => {
        names.close();
        await Promise.all([dns.close(), edge.close(), gateway.close()]);
    };
    const run = await engine.run(options.program, {
        project: options.project,
        stack: options.stack,
        config: options.config,
        onStep: options.onStep,
    });
    if (!run.ok) {
        await close();
        throw new Error(`the deployment failed:\n${run.errors.map((line) => `  ${line}`).join("\n")}`);
    }
    return {
        cloud,
        engine,
        outputs: run.outputs,
        resources: [...engine.state.values()].filter(({ custom }) => custom).length,
        gateway,
        edge,
        dnsPort: dns.port,
        close,
    };
}

/** An output of one resource in the state, unwrapped: some attacks need a key that only the state has. */
export function stateOutput(engine: Engine, name: string, property: string): string | undefined {
    const resource = [...engine.state.values()].find((candidate) => candidate.name === name);
    return resource && String(plain(resource.outputs[property]));
}
