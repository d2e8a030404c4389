import { Engine } from "../../lab/engine/engine";
import type { Provider } from "../../lab/shared/provider";
import { PROJECT, ours, type Done, type Host, type Program, type RunOptions } from "./host";

/** The lab's engine. */
export class LabHost implements Host {
    engine: Engine;

    constructor(readonly providers: Record<string, Provider>) {
        this.engine = new Engine(providers);
    }

    async #run(program: Program, preview: boolean, options: RunOptions): Promise<Done> {
        const { config, refresh } = options;
        return this.#done(await this.engine.run(program, { preview, project: PROJECT, config, refresh }));
    }

    #done({ ok, steps, errors, diagnostics }: Awaited<ReturnType<Engine["run"]>>): Done {
        const moved = steps.filter(({ op, type }) => !["same", "read", "refresh"].includes(op) && ours(type));
        return { ok, steps: moved.map(({ op, name }) => `${op} ${name}`).sort(), text: [...errors, ...diagnostics].join("\n") };
    }

    preview = (program: Program, options: RunOptions = {}): Promise<Done> => this.#run(program, true, options);
    up = (program: Program, options: RunOptions = {}): Promise<Done> => this.#run(program, false, options);
    destroy = async ({ refresh }: RunOptions = {}): Promise<Done> => this.#done(await this.engine.destroy({ project: PROJECT, refresh }));
    save = (): (() => void) => {
        const saved = structuredClone(this.engine.state);
        return () => {
            this.engine = new Engine(this.providers);
            this.engine.state = structuredClone(saved);
        };
    };
    searchForSecrets = (): void => undefined;
    close = (): Promise<void> => Promise.resolve();
}
