import { PROJECT } from "../deployedLab";
import type { FixRunner, ManualStep, ManualSteps } from "../fixRunner";

/** For another case, or for later. */
export const NOTHING: ManualStep = () => undefined;

export const unlessHealthy: ManualStep = async (runner) => ((await runner.healthy()) ? "stop" : undefined);

/** What `pulumi up` or `preview` is about to do, or did: "update api-domain". */
export const moves = ({ terminal: { run } }: FixRunner): string[] =>
    run!.steps
        .filter(({ op, type }) => !["same", "read", "refresh"].includes(op) && !type.startsWith("pulumi:"))
        .map(({ op, name }) => `${op} ${name}`);

export const takeUrn =
    (which: RegExp): ManualStep =>
    ({ answers, printed }) =>
        (answers["<that URN>"] = which.exec(printed)![0]);

export const NEW_LEAF: ManualSteps = [
    [/^not found means 1$/, (runner) => (runner.answers.list = /not found/.test(runner.printed) ? "1" : runner.printed)],
    [
        /^Give the presented authority the next leaf number and keep the others: 1 becomes 1:2, 1:2 becomes 1:3,/,
        ({ answers, lab }) => {
            const entries = answers.list!.split(",").map((entry) => entry.split(":"));
            const presented = lab.config[`${PROJECT}:originPullPresented`] ?? entries[0]![0];
            const next = ([name, leaf = "1"]: string[]) => (name === presented ? `${name}:${Number(leaf) + 1}` : [name, leaf].join(":"));
            answers["<the new value>"] = entries.map((entry) => (entry[0] === presented ? next(entry) : entry.join(":"))).join(",");
        },
    ],
    [/^In your own program: /, NOTHING],
    [/^If the fault remains, /, unlessHealthy],
];
