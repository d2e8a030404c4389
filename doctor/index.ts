/** The doctor as a library: one cause with one fix, read-only on both clouds. */
import { gather } from "./collect/gather";
import { diagnose } from "./diagnose/diagnose";
import type { DoctorOptions } from "./options";
import type { Report } from "./report/report";

export { OptionError, type DoctorOptions, type Network } from "./options";
export type { Cause, Check, Impact, Report } from "./report/report";

/**
 * Examines one deployment from outside, and in both clouds if there are credentials.
 *
 * @returns A report; never rejects for a fault of the deployment.
 * @throws OptionError for invalid options.
 */
export async function examine(options: DoctorOptions): Promise<Report> {
    const started = new Date();
    const before = performance.now();
    const evidence = await gather(options);
    return diagnose(evidence, started, Math.round(performance.now() - before));
}
