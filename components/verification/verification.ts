import * as fs from "node:fs";
import * as path from "node:path";
import { Command } from "@pulumi/command/local";
import * as pulumi from "@pulumi/pulumi";
import type { VerifyArgs } from "../args";
import { checkedLate } from "../validation/validation";
import { lateVerifyProblems } from "../validation/verify";

/** What the verification probes, and what it probes again for when that changed. */
export interface VerificationInputs {
    domainName: string;
    targetDomainName: pulumi.Input<string>;
    apiId: pulumi.Input<string>;
    verify: VerifyArgs;
    truststoreVersion: pulumi.Input<string>;
    certificateArn: pulumi.Input<string>;
    presented: string;
    /** Id of the hostname certificate that the edge presents; empty in mode Shared. */
    certificateId: pulumi.Input<string>;
}

/** The same text whatever a checkout made of its line ends. */
const script = (): string => fs.readFileSync(path.join(__dirname, "check.js"), "utf8").replace(/\r\n/g, "\n");

/**
 * The check inside of `pulumi up`: it fails unless the API answers through the edge and to nobody who goes around it. Its script travels on
 * the standard input, so that the state holds no path and any folder will do.
 */
export function createVerification(
    name: string,
    inputs: VerificationInputs,
    opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): pulumi.CustomResource {
    const { domainName, verify } = inputs;
    const requestPath = checkedLate(opts.parent, verify.path ?? "/", (value) => lateVerifyProblems(value, undefined));
    // Always secret: what must be shown to get in is a credential more often than not.
    const headers = checkedLate(opts.parent, pulumi.secret(verify.headers), (value) => lateVerifyProblems(undefined, value));
    return new Command(
        `${name}-verification`,
        {
            interpreter: ["node", "-"],
            create: `check https://${domainName}`,
            stdin: script(),
            // A change in here is an update, which runs `create` again; `triggers` would replace the verification.
            environment: {
                // Whatever the deploying process is run with, a loader for example, is not for this script.
                NODE_OPTIONS: "",
                VERIFICATION_DOMAIN: domainName,
                VERIFICATION_TARGET: inputs.targetDomainName,
                VERIFICATION_API_ID: inputs.apiId,
                VERIFICATION_PATH: requestPath,
                VERIFICATION_TIMEOUT_SECONDS: String(verify.timeoutSeconds ?? 300),
                ...(verify.headers === undefined ? {} : { VERIFICATION_HEADERS: pulumi.jsonStringify(headers) }),
                // Not read by the script: what was verified is no longer what is there when one of them changes.
                VERIFICATION_TRUSTSTORE_VERSION: inputs.truststoreVersion,
                VERIFICATION_CERTIFICATE_ARN: inputs.certificateArn,
                VERIFICATION_PRESENTED: inputs.presented,
                VERIFICATION_CERTIFICATE_ID: inputs.certificateId,
            },
            // The last answer would only be in the way of the next.
            addPreviousOutputInEnv: false,
            // A failure is told in its error, once.
            logging: "none",
        },
        opts,
    );
}

/** At every run, previews included. */
export function warnUnverified(name: string, resource: pulumi.Resource): void {
    pulumi.log
        .warn(
            `verify is off for "${name}": nothing checks that its url answers through the edge, and to nobody who goes around it.`,
            resource,
        )
        .catch(() => undefined);
}
