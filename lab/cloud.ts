/**
 * The state of both clouds as plain data, and the events of their changes. Nothing in here decides anything: the resource types
 * (providers.ts) write it, the data planes (API Gateway's server, the edge, DNS) read it, and a fault edits it behind Pulumi's back.
 */
import { EventEmitter } from "node:events";
import type { AwsAccount } from "./aws/state";
import type { ApiConditions, CloudflareAccount } from "./cloudflare/state";
import type { KeySource, WebCa } from "./pki/authority";

export type * from "./aws/state";
export type * from "./cloudflare/state";

/** Behaviours that no source settles (UNCONFIRMED in the facts): the lab plays each, and the project must be right in all. */
export interface Variants {
    /** What a client certificate that does not chain to the truststore gets (docs/sources.md 1.15). */
    untrustedCertificate: "forbidden" | "closed" | "answered";
    /** What a Host that differs from the SNI of the connection gets (docs/sources.md 1.16). */
    hostMismatch: "refused" | "answered";
    /** What voiding an association gets whose certificate is gone (docs/sources.md 12.3). */
    voidWithoutCertificate: "refused" | "accepted";
}

export interface CloudEvent {
    /** e.g. `aws:apigatewayv2/domainName:DomainName` or `edge`, `gateway`, `lambda` */
    source: string;
    /** e.g. `create`, `update`, `delete`, `request`, `invoke` */
    action: string;
    /** Contains no secrets. */
    detail: Record<string, unknown>;
}

export interface Cloud {
    aws: AwsAccount;
    cloudflare: CloudflareAccount;
    variants: Variants;
    /** The lab's public CA: it signs ACM's and the edge's server certificates, and every client of the lab trusts it. */
    webCa: WebCa;
    /** Source of private keys: generated, or taken from a pool in tests. */
    keys: KeySource;
    /** Milliseconds until an uploaded hostname certificate is active. */
    activationDelayMs: number;
    /** Whether something answers plain HTTP at API Gateway's port 80. Always false at AWS; a fault opens it. */
    gatewayPort80Open: boolean;
    /** What is wrong with Cloudflare's API as the provider calls it. */
    api: ApiConditions;
    /** IAM actions and Cloudflare permissions that the read-only calls are denied: what a token or role with too few permissions cannot do. */
    denied: Set<string>;
    /** Environment of `command:local:Command`'s processes: the addresses of the lab's names (local/commandEnvironment.ts). */
    commandEnvironment: Record<string, string>;
    /** What the providers answer a read with when the engine sends an id only (an import): by `<type token> <id>`. */
    providerState: Map<string, Record<string, unknown>>;
    /** Emits "event" with a {@link CloudEvent}. */
    events: EventEmitter<{ event: [CloudEvent] }>;
    /** Nonces that reached the handler, each with how often. Filled by the Lambda worker itself. */
    invocations: Map<string, number>;
    /** Deterministic, cloud-wide: `nextId("api")` is e.g. `api0000001`. */
    nextId(prefix: string): string;
}
