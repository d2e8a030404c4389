/** nginx as an origin, in many configurations, with the verdict that each must get. */

/** What nginx is told for one origin; left out, it asks for the edge's certificate and serves nobody else. */
export interface Origin {
    /** Directives of the server of the API's name; `ssl_client_certificate` and the server certificate are added. */
    own?: string;
    /** Its server certificate. */
    certificate?: "expired" | "wrong-name";
    /** Directives of the server for every other name, and for none. */
    other?: string;
    /** Directives of the server of the default endpoint. */
    endpoint?: string;
    /** Directives of the server on port 80; left out, nothing listens there. */
    plain?: string;
    /** Directives of the edge. */
    edge?: string;
    /** Without TLS on port 443. */
    withoutTls?: true;
    /** Ends only when the time is up. */
    hangs?: true;
}

export type Verdict = "live" | "down" | "open" | "closed" | "inconclusive";
export const ROWS = ["visitor", "no-certificate", "stranger", "sni-regional", "sni-none", "default-endpoint"] as const;
export type Verdicts = Partial<Record<(typeof ROWS)[number], Verdict>>;

export interface Case extends Origin {
    title: string;
    /** The rows that are not live and closed. */
    verdicts: Verdicts;
    /** Rows that only the doctor has. */
    doctor?: Record<string, Verdict>;
}

export const FORBIDDEN = `default_type application/json; add_header apigw-requestid r always; return 403 '{"message":"Forbidden"}';`;
export const NOT_FOUND = `default_type application/json; add_header apigw-requestid r always; return 404 '{"message":"Not Found"}';`;
const SERVED = `add_header apigw-requestid r; return 200 served;`;

/** Only there: nginx adds a server's own headers to its 400 and 421 too. */
export const everywhere = (answer: string): string => `location / { ${answer} }`;
const unless = (condition: string, answer: string): string =>
    `if (${condition}) { return 418; } error_page 418 = @refused; location @refused { ${answer} } location / { ${SERVED} }`;
const unverified = (answer: string): string => unless('$ssl_client_verify != "SUCCESS"', answer);
const ALL_OPEN: Verdicts = { "no-certificate": "open", stranger: "open" };
const OTHERS_OPEN: Verdicts = { "sni-regional": "open", "sni-none": "open" };
const OTHERS_UNKNOWN: Verdicts = { "sni-regional": "inconclusive", "sni-none": "inconclusive" };
const UNKNOWN: Verdicts = { "no-certificate": "inconclusive", stranger: "inconclusive" };
/** nginx takes our Host at any name, unless our own server refuses. */
const OPEN: Verdicts = { ...ALL_OPEN, ...OTHERS_OPEN };

export const CASES: Case[] = [
    { title: "ssl_verify_client on: 400 for no certificate and for an unknown one", verdicts: {} },
    {
        title: "on, with TLS 1.2 only",
        own: "ssl_protocols TLSv1.2;",
        other: `ssl_protocols TLSv1.2; ${everywhere(FORBIDDEN)}`,
        endpoint: `ssl_protocols TLSv1.2; ${everywhere(NOT_FOUND)}`,
        verdicts: {},
    },
    {
        title: "on, with TLS 1.3 only",
        own: "ssl_protocols TLSv1.3;",
        other: `ssl_protocols TLSv1.3; ${everywhere(FORBIDDEN)}`,
        endpoint: `ssl_protocols TLSv1.3; ${everywhere(NOT_FOUND)}`,
        verdicts: {},
    },
    { title: "on, with tickets", own: "ssl_session_tickets on; ssl_session_timeout 1h;", verdicts: {} },
    { title: "on, with a session cache and no tickets", own: "ssl_session_tickets off; ssl_session_cache shared:tls:1m;", verdicts: {} },
    { title: "on, without keepalive", own: "keepalive_timeout 0;", verdicts: {} },
    {
        title: "on, with its 400 told as API Gateway's 403",
        own: `error_page 495 496 = @no; location @no { ${FORBIDDEN} } location / { ${SERVED} }`,
        verdicts: {},
    },
    {
        title: "on, with a CA that did not sign the edge's certificate",
        own: "ssl_client_certificate other-ca.pem;",
        verdicts: { visitor: "down" },
    },
    { title: "on, with the edge's certificate on the revocation list", own: "ssl_crl revoked.pem;", verdicts: { visitor: "down" } },
    { title: "on, and an alert for every other name", other: "ssl_reject_handshake on;", verdicts: {} },
    {
        title: "on, with TLS 1.2 only, and an alert for every other name",
        own: "ssl_protocols TLSv1.2;",
        other: "ssl_protocols TLSv1.2; ssl_reject_handshake on;",
        endpoint: `ssl_protocols TLSv1.2; ${everywhere(NOT_FOUND)}`,
        verdicts: {},
    },
    { title: "on, and 444 for every other name", other: "return 444;", verdicts: {} },
    { title: "on, with a certificate that has expired", certificate: "expired", verdicts: UNKNOWN },
    { title: "on, with a certificate for another name", certificate: "wrong-name", verdicts: UNKNOWN },
    { title: "on, and the default endpoint answers", endpoint: everywhere(SERVED), verdicts: { "default-endpoint": "open" } },
    {
        title: "on, and an authorizer refuses at the default endpoint",
        endpoint: everywhere(FORBIDDEN),
        verdicts: { "default-endpoint": "inconclusive" },
    },
    { title: "on, and plain HTTP is served at port 80", plain: everywhere(SERVED), verdicts: {}, doctor: { "plain-http-origin": "open" } },
    {
        title: "on, and port 80 redirects",
        plain: "return 301 https://$host$request_uri;",
        verdicts: {},
        doctor: { "plain-http-origin": "closed" },
    },
    { title: "on, behind an edge with TLS 1.2 only", edge: "ssl_protocols TLSv1.2;", verdicts: {} },
    { title: "on, behind an edge with TLS 1.3 only", edge: "ssl_protocols TLSv1.3;", verdicts: {} },
    { title: "on, behind an edge with HTTP/2", edge: "http2", verdicts: {} },
    {
        title: "optional, and nothing looks at the result",
        own: "ssl_verify_client optional;",
        verdicts: { "no-certificate": "open", ...OTHERS_OPEN },
    },
    {
        title: "optional, and 403 without a verified certificate",
        own: `ssl_verify_client optional; ${unverified("return 403;")}`,
        verdicts: {},
    },
    { title: "optional, and 421", own: `ssl_verify_client optional; ${unverified("return 421;")}`, verdicts: {} },
    { title: "optional, and a closed connection", own: `ssl_verify_client optional; ${unverified("return 444;")}`, verdicts: {} },
    {
        title: "optional, and 404 from behind",
        own: `ssl_verify_client optional; ${unverified("return 404;")}`,
        verdicts: { "no-certificate": "open" },
    },
    {
        title: "optional, and 401 from behind",
        own: `ssl_verify_client optional; ${unverified("return 401;")}`,
        verdicts: { "no-certificate": "open", ...OTHERS_OPEN },
    },
    {
        title: "optional, and 400 from behind",
        own: `ssl_verify_client optional; ${unverified("return 400;")}`,
        verdicts: { "no-certificate": "open" },
    },
    {
        title: "optional, and API Gateway's own 404",
        own: `ssl_verify_client optional; ${unverified(NOT_FOUND)}`,
        verdicts: { "no-certificate": "open" },
    },
    {
        title: "optional, and a 403 of the handler's",
        own: `ssl_verify_client optional; ${unverified("add_header apigw-requestid r always; return 403 no;")}`,
        verdicts: { "no-certificate": "open", ...OTHERS_OPEN },
    },
    {
        title: "optional, and a redirect to a sign-in page",
        own: `ssl_verify_client optional; ${unverified("return 302 https://login.example.com/;")}`,
        verdicts: { "no-certificate": "open" },
    },
    {
        title: "optional, and a page that challenges",
        own: `ssl_verify_client optional; ${unverified("add_header cf-mitigated challenge always; return 403 wait;")}`,
        verdicts: {},
    },
    {
        title: "optional_no_ca: any self-signed certificate gets in",
        own: `ssl_verify_client optional_no_ca; ${unless('$ssl_client_s_dn = ""', "return 403;")}`,
        verdicts: { stranger: "open" },
    },
    { title: "optional_no_ca, and nothing looks at the result", own: "ssl_verify_client optional_no_ca;", verdicts: OPEN },
    { title: "off", own: "ssl_verify_client off;", verdicts: OPEN },
    {
        title: "off, with API Gateway's 403 for whom the edge does not vouch for",
        own: `ssl_verify_client off; ${unless("$http_x_edge != secret", FORBIDDEN)}`,
        verdicts: ALL_OPEN,
    },
    { title: "off, with a certificate that has expired", own: "ssl_verify_client off;", certificate: "expired", verdicts: OPEN },
    {
        title: "off, and closed to strangers by something else",
        own: `ssl_verify_client off; ${unless("$http_x_edge != secret", "return 444;")}`,
        verdicts: UNKNOWN,
    },
    {
        title: "off, and slow",
        own: `ssl_verify_client off; limit_rate 1k; location / { add_header apigw-requestid r; empty_gif; }`,
        verdicts: OPEN,
    },
    {
        title: "plain HTTP on port 443",
        withoutTls: true,
        verdicts: { visitor: "down", ...UNKNOWN, ...OTHERS_UNKNOWN, "default-endpoint": "inconclusive" },
    },
    {
        title: "hanging for everyone",
        hangs: true,
        own: "ssl_verify_client optional_no_ca; location / { proxy_pass http://hanging; }",
        verdicts: { visitor: "down", ...UNKNOWN, ...OTHERS_UNKNOWN },
    },
];
