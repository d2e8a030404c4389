/** What the two hosts of the scenarios have in common: the real Pulumi engine (cliHost) and the lab's small one (labHost). */

export const PROJECT = "cloudflare-protected-http-api";
export type Program = () => unknown;

/** What one operation did. */
export interface Done {
    ok: boolean;
    /** `<op> <name>` of everything that was not the same, sorted: both engines work in parallel. */
    steps: string[];
    /** The output for the user. */
    text: string;
}

export interface RunOptions {
    config?: Record<string, string>;
    /** `--target`, by the resources' names. Real engine only. */
    target?: string[];
    /** `--exclude`, by the resources' names. Real engine only. */
    exclude?: string[];
    /** `--refresh`. */
    refresh?: boolean;
    /** `--import-file`, for a preview on the real engine. */
    importFile?: string;
}

export interface Host {
    preview(program: Program, options?: RunOptions): Promise<Done>;
    up(program: Program, options?: RunOptions): Promise<Done>;
    destroy(options?: Pick<RunOptions, "refresh">): Promise<Done>;
    /** The stack's state, put aside; what it returns puts it back. */
    save(): () => void;
    /** Throws if a secret, or a fact of the machine, is anywhere. */
    searchForSecrets(): void;
    close(): Promise<void>;
}

export const ours = (type: string): boolean => !type.startsWith("pulumi:");
