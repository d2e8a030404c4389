/** Hand-made reports of the doctor, for the unit test and the browser check of its HTML page. */
import type { ProbeEvidence } from "../../doctor/evidence";
import type { Check, Report } from "../../doctor/report/report";

const probe = (id: string, more: Partial<ProbeEvidence>): ProbeEvidence => ({
    id,
    tls: "1.3",
    outcome: "reset",
    reason: "ECONNRESET",
    serverVerified: true,
    serverNotAfter: "2027-03-01T23:59:59.000Z",
    milliseconds: 84,
    ...more,
});
const check = (hop: Check["hop"], id: string, expected: string, seen: string, verdict: Check["verdict"] = "ok"): Check => ({
    hop,
    id,
    expected,
    seen,
    verdict,
});

const CLOSED = "closed after the TLS handshake (ECONNRESET)";
const AROUND = [
    check("bypass", "no-certificate", "refused without a client certificate", CLOSED),
    check("bypass", "stranger", "a stranger's certificate refused", CLOSED),
    check("bypass", "sni-none", "no SNI, our Host: refused", "closed in the TLS handshake (ECONNRESET)"),
    check("bypass", "sni-regional", "the regional SNI, our Host: refused", "HTTP 403 (gateway)"),
    check("bypass", "sni-default-endpoint", "the default endpoint's SNI, our Host: refused", "HTTP 403 (gateway)"),
    check("bypass", "plain-http-origin", "plain HTTP at the origin: refused", "no connection (ECONNREFUSED)"),
    check("bypass", "default-endpoint", "the default endpoint: HTTP 404", "HTTP 404 (gateway)"),
];
const ORIGIN = [
    check("origin", "server-certificate", "valid for the name", "valid until 2027-03-01"),
    check("origin", "client-certificate", "asked for", "asked for, of CN=cloudflare-protected-http-api 1, O=Example"),
];
const PROBES = [
    probe("visitor", {
        outcome: "status",
        reason: undefined,
        status: 200,
        answeredBy: "gateway",
        edgeLocation: "FRA",
        body: '{"ok":true}',
    }),
    probe("no-certificate", { tls: "1.2", certificateRequested: true }),
    probe("no-certificate", {}),
    probe("stranger", {}),
    probe("sni-regional", { outcome: "status", reason: undefined, status: 403, answeredBy: "gateway", body: '{"message":"Forbidden"}' }),
    probe("plain-http-origin", { tls: "-", outcome: "refused", reason: "ECONNREFUSED", serverVerified: false, serverNotAfter: undefined }),
    probe("default-endpoint", {
        outcome: "status",
        reason: undefined,
        status: 404,
        answeredBy: "gateway",
        body: '{"message":"Not Found"}',
    }),
];

const HEALTHY: Report = {
    schemaVersion: 1,
    domainName: "api.example.com",
    verdict: "healthy",
    causes: [],
    checks: [
        check("dns", "record", "an address of the edge", "104.16.132.229, 104.16.133.229, 2606:4700::6810:84e5"),
        check("edge", "visitor", "answered by the API", "HTTP 200 (gateway)"),
        ...ORIGIN,
        ...AROUND,
    ],
    probes: PROBES,
    notes: [],
    edgeLocations: ["FRA"],
    took: 1840,
    startedAt: "2026-10-05T02:14:09.412Z",
};

export const FAULT: Report = {
    ...HEALTHY,
    domainName: "orders.api.internal-platform-production.example.org",
    verdict: "fault",
    causes: [
        {
            id: "AOP-ASSOCIATION-OFF",
            title: "Origin pulls are turned off for this hostname",
            impact: "visitors-down",
            evidence: [
                "the association of orders.api.internal-platform-production.example.org exists and is not enabled",
                "a visitor gets HTTP 525 from the edge, and API Gateway asks for a client certificate",
            ],
            refresh: "The provider reads the association back as it was written: `refresh` sees no difference, and `up` writes nothing.",
            fix: `Let the next deployment write the association anew: originPull: { authorities: [{ name: "1", leaf: "2" }] }, then pulumi up. At once: curl -X PUT -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" -H "Content-Type: application/json" --data '{"config":[{"hostname":"orders.api.internal-platform-production.example.org","cert_id":"2458ce5a-0c35-4c7f-82c7-8e9487d3ff60","enabled":true}]}' https://api.cloudflare.com/client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353/origin_tls_client_auth/hostnames`,
            confirm: "curl -sS -o /dev/null -w '%{http_code}\\n' https://orders.api.internal-platform-production.example.org/",
        },
        {
            id: "DEFAULT-ENDPOINT-OPEN",
            title: "The API's default endpoint answers, without mutual TLS",
            impact: "bypass-open",
            evidence: ["a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com answered HTTP 200", "disableExecuteApiEndpoint is false"],
            refresh: "",
            fix: "pulumi up --refresh, now",
            confirm: "curl -sS -o /dev/null -w '%{http_code}\\n' https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/",
        },
        {
            id: "LEAF-EXPIRES-SOON",
            title: "The client certificate that the edge presents is about to expire",
            impact: "none-yet",
            evidence: ["it expires in 9 days, on 2026-10-14"],
            refresh: "Time alone is no difference to Pulumi until the renewal window begins.",
            fix: "pulumi up, and let a pipeline run it every week",
            confirm: "npx --no cloudflare-protected-http-api doctor orders.api.internal-platform-production.example.org",
        },
    ],
    checks: [
        check("dns", "record", "an address of the edge", "104.16.132.229, 104.16.133.229"),
        check("edge", "visitor", "answered by the API", "HTTP 525 (edge)", "bad"),
        ...ORIGIN,
        ...AROUND.slice(0, -1),
        check("bypass", "default-endpoint", "the default endpoint: HTTP 404", "HTTP 200 (gateway)", "bad"),
        check("aws", "domain", "AVAILABLE, mutual TLS", "AVAILABLE, mutual TLS on"),
        check(
            "aws",
            "truststore",
            "the newest version, pinned",
            "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY, newest 3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
        ),
        check("aws", "api", "default endpoint off, deployed automatically", "ON, $default automatic", "bad"),
        check("aws", "acm", "ISSUED", "ISSUED"),
        check("cloudflare", "zone", "active", "example.org, active"),
        check("cloudflare", "dns-record", "proxied, to the regional name", "CNAME d-abc123.execute-api.eu-west-1.amazonaws.com"),
        check("cloudflare", "ssl", "full or strict", "strict"),
        check("cloudflare", "origin-pull", "on, certificate active", "off, active, until 2026-10-14", "bad"),
    ],
    probes: [
        probe("visitor", {
            outcome: "status",
            reason: undefined,
            status: 525,
            answeredBy: "edge",
            edgeLocation: "FRA",
            body: "<!DOCTYPE html><html><head><title>525: SSL handshake failed</title><script>alert(1)</script></head>",
        }),
        ...PROBES.slice(1),
        probe("sni-other-domain", { serverVerified: false, serverProblem: "ERR_TLS_CERT_ALTNAME_INVALID" }),
    ],
    notes: ["Cloudflare: 9 of the zone's 10 hostname certificates are used; a rotation needs a spare one"],
};

const UNKNOWN: Report = {
    ...HEALTHY,
    domainName: "api.example.net",
    verdict: "unknown",
    nextProbe:
        "AWS was not asked: give credentials and a region as to the AWS CLI, or --target <regional name> --api-id <id> (pulumi stack output), and run npx --no cloudflare-protected-http-api doctor api.example.net again",
    checks: [
        check("dns", "record", "an address of the edge", "104.16.132.229"),
        check("edge", "visitor", "answered by the API", "HTTP 403 (gateway)", "bad"),
        check("bypass", "no-certificate", "refused without a client certificate", "not tried: the regional name is not known", "unknown"),
        check("bypass", "sni-regional", "the regional SNI, our Host: refused", "not tried: the regional name is not known", "unknown"),
        check("bypass", "default-endpoint", "the default endpoint: HTTP 404", "not tried: the API's id is not known", "unknown"),
    ],
    probes: [probe("visitor", { outcome: "status", reason: undefined, status: 403, answeredBy: "gateway", edgeLocation: "FRA" })],
    notes: ["AWS: no credentials were found"],
};

/** One report of each verdict, with long names. */
export const SAMPLES: Report[] = [HEALTHY, FAULT, UNKNOWN];
