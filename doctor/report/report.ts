import type { Evidence, ProbeEvidence } from "../evidence";

/** What a cause means for visitors and attackers. */
export type Impact = "visitors-down" | "bypass-open" | "both" | "none-yet" | "not-judged";

/** Where a cause sits on the request's path. */
export type CausePlace = "dns" | "edge" | "gateway" | "handler" | "bypass";

/** One cause. Ids are stable; docs/causes.md has an anchor for each, in lower case. */
export interface Cause {
    /** e.g. `AOP-ASSOCIATION-OFF` */
    id: string;
    title: string;
    impact: Impact;
    /** The observations that prove it, one sentence each. */
    evidence: string[];
    /** Why `pulumi refresh` or `pulumi up` alone does not show or fix it; empty if it does. */
    refresh: string;
    /** Commands, or a change of arguments. */
    fix: string;
    /** How to see that it is fixed. */
    confirm: string;
}

/** A row of the table: one thing that was checked. */
export interface Check {
    /** The hop: `dns`, `edge`, `origin`, `bypass`, `aws`, `cloudflare`. */
    hop: "dns" | "edge" | "origin" | "bypass" | "aws" | "cloudflare";
    id: string;
    expected: string;
    seen: string;
    verdict: "ok" | "bad" | "unknown";
}

/** `healthy`: 0, `fault`: 1, `unknown`: 2 are the exit codes. */
export interface Report {
    schemaVersion: 1;
    domainName: string;
    verdict: "healthy" | "fault" | "unknown";
    /** The first is the one to fix; the others are independent of it. */
    causes: Cause[];
    /** Set if the evidence does not decide: what to provide or to check next. */
    nextProbe?: string;
    checks: Check[];
    probes: ProbeEvidence[];
    /** Missing permissions, and whatever else kept the doctor from looking. */
    notes: string[];
    /** Cloudflare locations that answered. */
    edgeLocations: string[];
    /** Milliseconds. */
    took: number;
    startedAt: string;
}

/** Prints the cause's page in a terminal. */
export const explainCommand = (id: string): string => `npx --no cloudflare-protected-http-api explain ${id}`;

export type { Evidence };
