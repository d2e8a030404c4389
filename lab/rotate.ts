/** `npm start -- --rotate`: the three deployments that change the CA of a live API, under load. */
import { randomUUID } from "node:crypto";
import * as https from "node:https";
import { stranger } from "./attackers";
import { defaultEndpoint } from "./dns";
import { probe } from "./probe";
import type { Cloud } from "./cloud";
import type { Deployment } from "./deployment";

/** One deployment, and what was seen while it ran. */
export interface Phase {
    title: string;
    /** Resources that were created, updated, replaced or deleted. */
    moved: number;
    seconds: number;
    /** Visitors' requests that the handler answered, on fresh connections and on one that is kept. */
    served: number;
    kept: number;
    /** Visitors' requests that were not answered, with what was seen instead. */
    dropped: string[];
    /** Requests around the edge, and those of them that reached the handler. */
    bypasses: number;
    entered: string[];
}

const PHASES = [
    { title: 'add authority "2"', authorities: "1,2", presented: "1" },
    { title: 'present "2"', authorities: "1,2", presented: "2" },
    { title: 'drop "1"', authorities: "2", presented: "2" },
];

/** A visitor who keeps the connection. Resolves to the status, or to the error's text. */
function ask(cloud: Cloud, port: number, domainName: string, nonce: string, agent: https.Agent): Promise<{ seen: string; kept: boolean }> {
    return new Promise((resolve) => {
        const request = https.get(
            {
                agent,
                host: "127.0.0.1",
                port,
                servername: domainName,
                ca: cloud.webCa.certificatePem,
                path: "/orders/1",
                headers: { host: domainName, "x-lab-nonce": nonce },
            },
            (response) => {
                response.resume();
                response.on("end", () => resolve({ seen: String(response.statusCode), kept: request.reusedSocket }));
            },
        );
        request.on("error", (error) => resolve({ seen: error.message, kept: request.reusedSocket }));
    });
}

/** Visitors and attackers without a pause until `work` has ended. */
async function underLoad<T>(deployment: Deployment, domainName: string, phase: Phase, work: Promise<T>): Promise<T> {
    const { cloud, edge, gateway } = deployment;
    const webCaPem = cloud.webCa.certificatePem;
    const attack = await stranger(domainName);
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    let ended = false;
    const visit = (seen: string, nonce: string): void => {
        if (seen === "200" && cloud.invocations.has(nonce)) phase.served++;
        else phase.dropped.push(seen);
    };
    const fresh = async (): Promise<void> => {
        const nonce = randomUUID();
        const tls = { version: "1.3" as const, servername: domainName, expectedName: domainName, webCaPem };
        const result = await probe({ port: edge.port, host: domainName, nonce, tls });
        visit(result.kind === "status" ? String(result.status) : result.reason, nonce);
    };
    const keeping = async (): Promise<void> => {
        const nonce = randomUUID();
        const { seen, kept } = await ask(cloud, edge.port, domainName, nonce, agent);
        visit(seen, nonce);
        if (kept) phase.kept++;
    };
    const around = async (): Promise<void> => {
        const [api] = cloud.aws.apis.keys();
        const endpoint = defaultEndpoint(cloud, api!);
        for (const [who, servername, identity] of [
            ["no certificate", domainName, undefined],
            ["a stranger's certificate", domainName, attack],
            ["the default endpoint", endpoint, undefined],
        ] as const) {
            const nonce = randomUUID();
            const tls = { version: "1.3" as const, servername, expectedName: servername, webCaPem, ...identity };
            await probe({ port: gateway.port, host: servername, nonce, tls });
            phase.bypasses++;
            if (cloud.invocations.has(nonce)) phase.entered.push(who);
        }
    };
    const loops = [fresh, fresh, keeping, around].map(async (one) => {
        // However short the deployment is.
        for (let i = 0; i < 3 || !ended; i++) await one();
    });
    try {
        return await work;
    } finally {
        ended = true;
        await Promise.all(loops);
        agent.destroy();
    }
}

/** Runs the three deployments; throws with every error of one that fails. */
export async function rotate(
    deployment: Deployment,
    run: { program: () => unknown; project: string; stack: string; config: Record<string, string>; domainName: string },
    onPhase: (phase: Phase) => void,
): Promise<Phase[]> {
    const phases: Phase[] = [];
    for (const { title, authorities, presented } of PHASES) {
        const phase: Phase = { title, moved: 0, seconds: 0, served: 0, kept: 0, dropped: [], bypasses: 0, entered: [] };
        const config = {
            ...run.config,
            [`${run.project}:originPullAuthorities`]: authorities,
            [`${run.project}:originPullPresented`]: presented,
        };
        const started = Date.now();
        const work = deployment.engine.run(run.program, { project: run.project, stack: run.stack, config });
        const { ok, errors, steps } = await underLoad(deployment, run.domainName, phase, work);
        if (!ok) throw new Error(`${title} failed:\n${errors.map((line) => `  ${line}`).join("\n")}`);
        phase.moved = steps.filter(({ op, type }) => !["same", "read"].includes(op) && !type.startsWith("pulumi:")).length;
        phase.seconds = (Date.now() - started) / 1000;
        phases.push(phase);
        onPhase(phase);
    }
    return phases;
}
