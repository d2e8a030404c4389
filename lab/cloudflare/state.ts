/** The Cloudflare account as plain data: what its resource types write, and what the edge and the DNS read. */
import type { SSL } from "cloudflare/resources/zones/settings";
import type { Identity } from "../pki/authority";

export interface DnsRecord {
    id: string;
    /** Full name, lower case, no trailing dot. */
    name: string;
    type: string;
    content: string;
    ttl: number;
    proxied: boolean;
    comment: string | undefined;
    tags?: string[];
    settings?: Record<string, boolean>;
}

/** A client certificate uploaded for origin pulls of single hostnames. It is presented only from `activeAt` on (docs/sources.md 3.9). */
export interface HostnameCertificate extends Identity {
    id: string;
    /** Milliseconds since the epoch. */
    activeAt: number;
    /** Deleted, and still listed: it never becomes active again (docs/sources.md 12.11). */
    pendingDeletion?: boolean;
    issuer: string;
    serialNumber: string;
    expiresOn: string;
}

export interface HostnameAssociation {
    hostname: string;
    certId: string;
    /** `false` sends no certificate, regardless of the other levels (docs/sources.md 3.7). */
    enabled: boolean;
}

/** Products that answer at the edge. */
export type EdgeAnswer = "blocked" | "rate-limited" | "access-login" | "redirect" | "worker-failed" | "worker";

export interface Zone {
    id: string;
    name: string;
    /** By Cloudflare's own setting id: `ssl` (off, flexible, full, strict), `tls_client_auth` (on, off), `always_use_https` (on, off). */
    settings: Map<string, string>;
    records: Map<string, DnsRecord>;
    hostnameCertificates: Map<string, HostnameCertificate>;
    /** By hostname. */
    associations: Map<string, HostnameAssociation>;
    /** Zone-level origin pulls: the switch and the certificate, independent of the other levels. */
    zoneOriginPull: { enabled: boolean; certificatePem: string | undefined; privateKeyPem: string | undefined };
    /** An origin rule of this zone that overrides Host and SNI of its requests to the origin: what an attacker's zone does. */
    hostHeaderOverride: string | undefined;
    /** Name servers that the zone is to be delegated to. */
    nameServers: string[];
    /**
     * The zone's name, or names within it, that DNS delegates to other name servers: resolvers never see this zone's records there.
     * With the zone's own name in it, Cloudflare calls the zone pending.
     */
    delegatedElsewhere: Map<string, string[]>;
    /** A configuration rule that sets another SSL mode for one hostname, or for all below a name: `*.example.com`. */
    sslRule: { hostname: string; value: NonNullable<SSL["value"]>; description: string } | undefined;
    /** A rule that answers every visitor of the zone with a challenge page. */
    challenge: boolean;
    /** What the edge answers to every visitor by itself (docs/sources.md 13.12). */
    edgeAnswer?: EdgeAnswer;
    /** Subjects of the CAs in the zone's custom origin trust store: with one, no public CA counts (docs/sources.md 13.5). */
    originTrustStore?: string[];
    /** Compliance modes of TLS to origins, e.g. `pqh` (docs/sources.md 13.6). */
    originTlsModes?: string[];
    /** A page rule that sets another SSL mode for the whole zone (docs/sources.md 13.14). */
    pageRuleSsl?: string;
    /** Name servers of the zone's own name, and a zone that others serve (docs/sources.md 13.13). */
    vanityNameServers?: string[];
    type?: "partial";
    /** Whether the edge has a certificate for names deeper than one label below the zone, which Universal SSL has not (docs/sources.md 5). */
    deepCertificates: boolean;
}

export interface CloudflareAccount {
    zones: Map<string, Zone>;
    /** The lab's stand-in for Cloudflare's shared origin-pull CA and leaf: only Cloudflare has the real key. */
    shared: Identity & { caPem: string };
}

/** A request of the provider to Cloudflare's API. */
export interface ApiRequest {
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
    /** Below `/client/v4/`. */
    path: string;
}

/** What goes wrong with one try: an HTTP status, a connection that breaks before the effect, or an answer that is lost after it. */
export type Disturbance = { status: number; retryAfterMs?: number } | "refused" | "lost";

/** What is wrong with Cloudflare's API, and what the provider did about it. */
export interface ApiConditions {
    /** Asked before each try. */
    disturb?: (request: ApiRequest) => Disturbance | undefined;
    /** Every try, e.g. `GET zones/zone1/settings/ssl`. */
    tries: string[];
    /** What the provider would have waited between its tries. */
    waitedMs: number;
}
