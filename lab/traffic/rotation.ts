/** `npm start -- --rotate`: the three deployments that change the CA of a live API, under load. */
import { bypasses, plainBypasses, VERSIONS, type Surroundings } from "./bypasses";
import type { Deployment } from "../lab";
import { underLoad } from "./visitors";

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
    /** Bypasses that were tried, and those that reached the handler. */
    bypasses: number;
    entered: string[];
}

const PHASES = [
    { title: 'add authority "2"', authorities: "1,2", presented: "1" },
    { title: 'present "2"', authorities: "1,2", presented: "2" },
    { title: 'drop "1"', authorities: "2", presented: "2" },
];

/** Runs the three deployments; throws with every error of one that fails. */
export async function rotate(
    deployment: Deployment,
    surroundings: Surroundings,
    run: { program: () => unknown; project: string; stack: string; config: Record<string, string> },
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
        const { ok, errors, steps } = await underLoad(
            surroundings,
            deployment.engine.run(run.program, { project: run.project, stack: run.stack, config }),
            ({ served, kept, seen }) => {
                if (served) phase.served++;
                else phase.dropped.push(seen);
                if (kept) phase.kept++;
            },
            [
                async () => {
                    for (const { id, tls, send } of [
                        ...VERSIONS.flatMap((version) => bypasses(surroundings, version)),
                        ...plainBypasses(surroundings),
                    ]) {
                        phase.bypasses++;
                        if ((await send()).invocations > 0) phase.entered.push(`${id} over TLS ${tls}`);
                    }
                },
            ],
        );
        if (!ok) throw new Error(`${title} failed:\n${errors.map((line) => `  ${line}`).join("\n")}`);
        phase.moved = steps.filter(({ op, type }) => !["same", "read"].includes(op) && !type.startsWith("pulumi:")).length;
        phase.seconds = (Date.now() - started) / 1000;
        phases.push(phase);
        onPhase(phase);
    }
    return phases;
}
