/** What a run of the engine is asked for, keeps and answers. */
import type { Props } from "../shared/propertyValues";

export interface RunOptions {
    preview?: boolean;
    /** Asks the providers first what they hold now, as `--refresh` does. */
    refresh?: boolean;
    /** URNs of resources to replace whether or not they changed, as `--replace` does. */
    replace?: string[];
    project?: string;
    stack?: string;
    /** Keys without a namespace belong to the project. */
    config?: Record<string, string>;
    secretConfigKeys?: string[];
    deadlineMs?: number;
    /** Features of the engine to do without, as one that is too old. */
    without?: string[];
    onStep?: (step: Step) => void;
}

export interface Step {
    op: "create" | "update" | "replace" | "same" | "delete" | "read" | "refresh";
    urn: string;
    type: string;
    name: string;
    /** False when the step starts. */
    done: boolean;
}

export interface RunResult {
    ok: boolean;
    /** The finished ones, in the order in which they finished. */
    steps: Step[];
    /** The stack's outputs; secrets keep their mark (see isSecretValue and plain), unknowns are UNKNOWN. */
    outputs: Record<string, unknown>;
    errors: string[];
    diagnostics: string[];
}

export interface ResourceState {
    type: string;
    name: string;
    custom: boolean;
    parent: string;
    protect: boolean;
    /** The last value of the option `replacementTrigger`. */
    trigger?: unknown;
    inputs: Props;
    outputs: Props;
    id: string;
    dependencies: string[];
}

/** The old half of a replacement, which is still to be deleted. */
export type Pending = [urn: string, old: ResourceState];

export const isProvider = (type: string): boolean => type.startsWith("pulumi:providers:");
