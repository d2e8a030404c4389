import { expect } from "chai";
import { applies } from "../../../doctor/collect/cloudflare/ruleExpression";

const request = { host: "api.dev.example.com", path: "/pets?id=1" };
const TABLE: [string, boolean | undefined][] = [
    ["true", true],
    ["false", false],
    ['http.host eq "api.dev.example.com"', true],
    ['(http.host == "api.dev.example.com")', true],
    ['http.host eq "v2-api.dev.example.com"', false],
    ['http.host ne "www.example.com"', true],
    ['http.host != "api.dev.example.com"', false],
    ['not http.host eq "www.example.com"', true],
    ['!(http.host eq "api.dev.example.com")', false],
    ['not not (http.host eq "api.dev.example.com")', true],
    ['http.host in {"www.example.com" "api.dev.example.com"}', true],
    ['http.host in {"www.example.com"}', false],
    ["http.host in $hosts", undefined],
    ['http.host contains "example"', true],
    ['http.host wildcard "*.example.com"', true],
    ['http.host wildcard "*.EXAMPLE.com"', true],
    ['http.host strict wildcard "*.EXAMPLE.com"', false],
    ['http.host strict wildcard "api.*.example.com"', true],
    ['http.host wildcard "*.example.org"', false],
    ['http.host wildcard "api.dev.example.com*api.dev.example.com"', false],
    ['http.host wildcard r"*dev*dev*"', false],
    ['http.host wildcard r#"*dev*"#', true],
    ['http.request.full_uri wildcard "https://*.example.com/*"', true],
    ['http.request.full_uri wildcard "http://*"', false],
    ['ends_with(http.host, ".example.com")', true],
    ['starts_with(lower(http.host), "API")', false],
    ['upper(http.host) eq "API.DEV.EXAMPLE.COM"', true],
    ['starts_with(http.request.uri.path, "/pets")', true],
    ['http.request.uri.path eq "/pets" and http.request.uri.query eq "id=1"', true],
    ["ssl", true],
    ["not ssl", false],
    // An unknown value matters only if the rest does not decide.
    ['ip.geoip.country eq "DE"', undefined],
    ['ip.src.country eq "DE" and http.host eq "www.example.com"', false],
    ['ip.src.country eq "DE" and http.host eq "api.dev.example.com"', undefined],
    ['ip.src in {203.0.113.0/24 2001:db8::/32} or http.host eq "api.dev.example.com"', true],
    ["not cf.edge.server_port in {80 443}", undefined],
    ['http.host matches "^api"', undefined],
    ['http.host ~ "^api" or ssl', true],
    ["http.request.version ge 2", undefined],
    ['any(http.request.headers["x-a"][*] eq "1") and false', false],
    ['any(http.request.headers["x-a"][*] eq "1") or true', true],
    ['unknown(http.host) eq "x"', undefined],
    ['constructor(http.host) eq "x"', undefined],
    // The order: not, and, xor, or.
    ["true or true and false", true],
    ["true xor true or true", true],
    ["true ^^ true && false", true],
    ["not true or true", true],
    ["not (true or true)", false],
    // No expression.
    ["", undefined],
    ["http.host eq", undefined],
    ['http.host eq "api.dev.example.com', undefined],
    ["(true", undefined],
    ["true)", undefined],
    ["true true", undefined],
    ['http.host in {"a"', undefined],
    ["lower(", undefined],
    ["()", undefined],
    ["http.request.headers[", undefined],
    [`${"(".repeat(2000)}true${")".repeat(2000)}`, undefined],
    ["not ".repeat(1000) + "true", undefined],
    [`true or http.host eq "${"x".repeat(5000)}"`, undefined],
];

describe("a rule's expression", () => {
    for (const [expression, expected] of TABLE)
        it(`${expression.slice(0, 90) || "nothing"}: ${expected ?? "not known"}`, () => {
            expect(applies(expression, request)).to.equal(expected);
        });

    it("is evaluated quickly, even if hostile", () => {
        const before = process.cpuUsage();
        for (const hostile of [`http.host wildcard "${"*a".repeat(2000)}"`, '"\\'.repeat(2000), 'r#"'.repeat(1300)])
            applies(hostile, request);
        // CPU time of this process: a busy machine does not count.
        expect(process.cpuUsage(before).user / 1000).to.be.below(1000);
    });
});
