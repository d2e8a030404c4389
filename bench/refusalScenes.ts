/** A preview that passes, and one for each place in which this project refuses. Played by the bench and by a test. */
import type { Cloud } from "../lab/cloud";
import { cloneCloud, createCloud } from "../lab/createCloud";
import type { ResourceState } from "../lab/engine/types";
import { devConfig } from "./devConfig";
import { PROJECT, runProgram, type Measured } from "./programHost";

export interface Scene {
    title: string;
    /** In the stack's settings. */
    config?: Record<string, string>;
    /** Behind Pulumi's back. */
    cloud?: (cloud: Cloud) => void;
    /** What the message says; a preview without one passes. */
    refusal?: string;
    /** How often it is said. Defaults to once. */
    mentions?: number;
    /** What the host ends with: 0 too if the engine ends the run. */
    status: number;
}

/** The host has said it, and the CLI adds nothing. */
const REFUSED = 32;

export const SCENES: Scene[] = [
    { title: "no refusal", status: 0 },
    { title: "early: the stack's config", config: { retention: "14" }, refusal: "retention must be one of", status: REFUSED },
    {
        title: "early: the component's arguments",
        config: { originPullAuthorities: "1,2" },
        refusal: "originPull.presented must name one of 1, 2; received nothing",
        status: REFUSED,
    },
    {
        title: "late: in an Output's callback",
        cloud: ({ cloudflare }) => cloudflare.zones.forEach(({ settings }) => settings.set("ssl", "flexible")),
        refusal: 'strictTls must find the zone in Full or Full (strict); received "flexible"',
        // By the program, and by the step that fails so that the engine deletes nothing.
        mentions: 2,
        status: REFUSED,
    },
    { title: "late: in the change guard's hook", config: { originPullAuthorities: "2" }, refusal: "[drop-presented]", status: 0 },
];

/** A stack and its clouds. */
export interface Deployed {
    cloud: Cloud;
    state: Map<string, ResourceState>;
    config: Record<string, string>;
}

/** The sample stack, deployed. */
export async function deployed(folder: string): Promise<Deployed> {
    // No data plane runs here.
    const config: Record<string, string> = { ...devConfig(), [`${PROJECT}:verify`]: "false" };
    const zones = [{ id: config[`${PROJECT}:zoneId`]!, name: "example.com" }];
    const cloud = await createCloud({ region: config["aws:region"], zones, activationDelayMs: 0 });
    const state = new Map<string, ResourceState>();
    const { status, stderr, run } = await runProgram({ cloud, state, config, preview: false, folder });
    if (status !== 0) throw new Error(`the first up ended with ${status}: ${[stderr, ...run.errors].join("\n").slice(0, 2000)}`);
    return { cloud, state, config };
}

/** Previews the stack in the scene; `said` is all that the engine was told and the host printed, line by line. */
export async function playScene(scene: Scene, base: Deployed, folder: string): Promise<Measured & { said: string[] }> {
    const cloud = cloneCloud(base.cloud);
    scene.cloud?.(cloud);
    const more = Object.entries(scene.config ?? {}).map(([key, value]) => [`${PROJECT}:${key}`, value]);
    const config = { ...base.config, ...(Object.fromEntries(more) as Record<string, string>) };
    const { run, ...measured } = await runProgram({ cloud, state: structuredClone(base.state), config, folder });
    return { ...measured, said: [...run.logged, ...run.errors, ...measured.stderr.split("\n")] };
}
