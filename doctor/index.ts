/** The doctor, to import: one cause with one fix, read-only on both clouds. */
import { gather } from "./collect/gather";
import { diagnose } from "./diagnose/diagnose";
import type { DoctorOptions } from "./options";
import type { Report } from "./report/report";

export { OptionError, type DoctorOptions, type Network } from "./options";
export type { Cause, Check, Impact, Report } from "./report/report";

/**
 * Looks at one deployment from outside, and at both clouds where there are credentials.
 *
 * @returns A report; never rejects for what is wrong out there.
 * @throws OptionError for options that cannot be read.
 */
export async function examine(options: DoctorOptions): Promise<Report> {
    const started = new Date();
    const before = performance.now();
    const evidence = await gather(options);
    return diagnose(evidence, started, Math.round(performance.now() - before));
}
