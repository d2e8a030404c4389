import { Command } from "@pulumi/command/local";
import * as pulumi from "@pulumi/pulumi";
import type { VerifyArgs } from "../args";
import { checkedLate } from "../validation/late";
import { lateVerifyProblems } from "../validation/verify";
import { warn } from "../warn";
import { VERIFICATION_SCRIPT } from "./script";

/** What the verification probes, and the values whose change makes it probe again. */
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

/**
 * The check inside `pulumi up`: it fails unless the API answers through the edge and refuses every bypass. Its script is passed on the
 * standard input, so that the state holds no path.
 */
export function createVerification(
    name: string,
    inputs: VerificationInputs,
    opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): pulumi.CustomResource {
    const { domainName, verify } = inputs;
    const requestPath = checkedLate(opts.parent, verify.path ?? "/", (value) => lateVerifyProblems(value, undefined));
    // Always secret: such a header is usually a credential.
    const headers = checkedLate(opts.parent, pulumi.secret(verify.headers), (value) => lateVerifyProblems(undefined, value));
    return new Command(
        `${name}-verification`,
        {
            interpreter: ["node", "-"],
            create: `check https://${domainName}`,
            stdin: VERIFICATION_SCRIPT,
            // A change here is an update, which runs `create` again; `triggers` would replace the resource.
            environment: {
                // Options of the deploying process, such as a loader, are not meant for this script.
                NODE_OPTIONS: "",
                VERIFICATION_DOMAIN: domainName,
                VERIFICATION_TARGET: inputs.targetDomainName,
                VERIFICATION_API_ID: inputs.apiId,
                VERIFICATION_PATH: requestPath,
                VERIFICATION_TIMEOUT_SECONDS: String(verify.timeoutSeconds ?? 300),
                ...(verify.headers === undefined ? {} : { VERIFICATION_HEADERS: pulumi.jsonStringify(headers) }),
                // Not read by the script: a change of one of them invalidates the last verification.
                VERIFICATION_TRUSTSTORE_VERSION: inputs.truststoreVersion,
                VERIFICATION_CERTIFICATE_ARN: inputs.certificateArn,
                VERIFICATION_PRESENTED: inputs.presented,
                VERIFICATION_CERTIFICATE_ID: inputs.certificateId,
            },
            // The last output is of no use to the next run.
            addPreviousOutputInEnv: false,
            // The error already reports a failure.
            logging: "none",
        },
        opts,
    );
}

/** Warns at every run, previews included. */
export function warnUnverified(name: string, resource: pulumi.Resource): void {
    warn(`verify is off for "${name}": nothing checks that its url answers through the edge and refuses every bypass.`, resource);
}
