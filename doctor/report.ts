import type { Evidence, ProbeEvidence } from "./evidence";

/** What a cause means for the people outside. */
export type Impact = "visitors-down" | "bypass-open" | "both" | "none-yet" | "not-judged";

/** One cause, as it is told. Ids are stable; docs/causes.md has an anchor for each, in lower case. */
export interface Cause {
    /** e.g. `AOP-ASSOCIATION-OFF` */
    id: string;
    title: string;
    impact: Impact;
    /** The observations that decide, a sentence each. */
    evidence: string[];
    /** Why `pulumi refresh` or `pulumi up` alone does not show or mend it; empty when it does. */
    refresh: string;
    /** A command or a change of arguments. */
    fix: string;
    /** How to see that it is mended. */
    confirm: string;
}

/** A row of the table: one thing that was looked at. */
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
    /** The first is the one to mend; the others are independent of it. */
    causes: Cause[];
    /** Set when the evidence does not decide: what to give or to look at next. */
    nextProbe?: string;
    checks: Check[];
    probes: ProbeEvidence[];
    /** Permissions that were missing, and what else kept the doctor from looking. */
    notes: string[];
    /** Cloudflare locations that answered. */
    edgeLocations: string[];
    /** Milliseconds. */
    took: number;
    startedAt: string;
}

export type { Evidence };
