/** What the generated script runs: inputs come in the environment; 0 and "live and closed", or 1 and what each probe expected and saw. */
import { settingsOf, Verification } from "./check";

Promise.resolve()
    .then(() => new Verification(settingsOf(process.env)).check())
    .then(
        ({ ok, text }) => {
            (ok ? process.stdout : process.stderr).write(`${text}\n`);
            process.exitCode = ok ? 0 : 1;
        },
        (error: Error) => {
            process.stderr.write(`${error.message}\n`);
            process.exitCode = 1;
        },
    );
