/** The doctor names each fault of the lab and nothing else: from outside if that is enough, else with both control planes. */
import { expect } from "chai";
import Table from "cli-table3";
import { examine, type Report } from "../../doctor";
import { RULES } from "../../doctor/diagnose/causes";
import { FAULTS } from "../../lab/faults";
import { DeployedLab } from "../support/deployedLab";
import { EXHAUSTIVE } from "../support/seed";

const ids = ({ causes }: Report): string[] => causes.map(({ id }) => id);
/** Faults that meet in one place: the second cannot be injected after the first. */
const PAIRS: [string, string][] = [
    ["association-off", "default-endpoint-open"],
    ["association-off", "truststore-lacks-authority"],
    ["dns-only-record", "mtls-removed"],
    ["dns-only-record", "stranger-answered"],
    ["other-domain-answers-for-our-host", "stranger-answered"],
    ["dns-only-record", "default-endpoint-open"],
    ["ssl-flexible", "association-missing"],
    ["ssl-overridden-by-rule", "leaf-expired"],
    ["certificate-pending", "second-mapping-without-mtls"],
    ["leaf-expired", "truststore-overwritten"],
    ["leaf-wrong-ca", "throttled"],
    ["server-certificate-expired", "association-off"],
    ["caa-forbids", "record-missing"],
    ["challenge-page", "flag-not-deployed"],
    ["name-too-deep", "shared-ca-trusted"],
    ["wrong-zone", "mapping-missing"],
    ["throttled", "port-80-open"],
    ["route-missing", "truststore-warnings"],
    ["integration-failing", "leaf-expires-soon"],
    ["token-without-scope", "mtls-removed"],
    ["role-without-scope", "association-off"],
    ["role-without-scope", "token-without-scope"],
    ["edge-blocked", "mtls-removed"],
    ["worker-answers", "association-off"],
    ["access-login", "default-endpoint-open"],
    ["custom-origin-trust-store", "truststore-version-deleted"],
    ["origin-tls-compliance", "domain-updating"],
    ["page-rule-ssl-off", "routing-rules-only"],
];

/** Pairs that look from where the doctor stands like a third fault, whose cause it names. */
const LOOK_LIKE: Record<string, string> = {
    "truststore-stale and ca-reissued-same-name": "TRUSTSTORE-LACKS-AUTHORITY",
    "truststore-stale and truststore-warnings": "TRUSTSTORE-LACKS-AUTHORITY",
    "truststore-stale and shared-ca-trusted": "TRUSTSTORE-LACKS-AUTHORITY",
    "truststore-stale and public-ca-trusted": "TRUSTSTORE-LACKS-AUTHORITY",
    "truststore-version-deleted and truststore-stale": "TRUSTSTORE-OVERWRITTEN",
    "flag-not-deployed and role-without-scope": "DEFAULT-ENDPOINT-OPEN",
    "server-certificate-pending and role-without-scope": "SERVER-CERTIFICATE-WRONG-NAME",
    "server-certificate-wrong-name and validation-record-missing": "SERVER-CERTIFICATE-PENDING",
    "validation-record-missing and role-without-scope": "SERVER-CERTIFICATE-WRONG-NAME",
};
const NAMES = Object.keys(FAULTS);
/** Without an association the zone's level takes over, and presents our own certificate: the second fault mends the first. */
const CANCEL_OUT = "other-level-only and zone-level-only";
const EVERY_PAIR = NAMES.flatMap((first, index) => NAMES.slice(index + 1).map((second): [string, string] => [first, second])).filter(
    ([first, second]) => `${first} and ${second}` !== CANCEL_OUT,
);

describe("the doctor on the lab", function () {
    let lab: DeployedLab;

    before(async () => {
        lab = await DeployedLab.deploy();
        lab.awsEnvironment();
    });
    after(() => lab.close());
    beforeEach(() => lab.restore());

    for (const variant of ["forbidden", "closed"] as const)
        it(`finds nothing in a healthy deployment (untrusted certificates are ${variant})`, async () => {
            lab.cloud.variants.untrustedCertificate = variant;
            for (const [options, noted] of [
                [lab.outside(), 1],
                [lab.inside(), 0],
            ] as const) {
                const report = await examine(options);
                expect(ids(report)).to.deep.equal([]);
                expect(report.checks.filter(({ verdict }) => verdict !== "ok")).to.deep.equal([]);
                expect(report.verdict).to.equal("healthy");
                // From outside it names what it cannot see.
                expect(report.notes, report.notes.join()).to.have.length(noted);
            }
        });

    it("calls nothing healthy if it could not try the bypasses", async () => {
        const report = await examine({ ...lab.outside(), targetDomainName: undefined, apiId: undefined });
        expect([report.verdict, ids(report)]).to.deep.equal(["unknown", []]);
        expect(report.nextProbe).to.contain("--target").and.contain("--api-id");
    });

    describe("names each fault", () => {
        const accuracy = new Table({
            head: ["fault", "from outside", "with both control planes"],
            style: { head: [], border: [], compact: true },
        });
        after(() => console.log(accuracy.toString()));

        for (const [name, { summary, cause }] of Object.entries(FAULTS))
            it(`${cause}: ${summary}`, async () => {
                for (const variant of ["forbidden", "closed"] as const) {
                    lab.restore();
                    lab.cloud.variants.untrustedCertificate = variant;
                    await lab.break(name);
                    const [outside, inside] = await Promise.all([examine(lab.outside()), examine(lab.inside())]);
                    expect(ids(inside), `with control planes (untrusted certificates are ${variant})`).to.deep.equal([cause]);
                    // From outside it may be inconclusive, but never wrong: it may name what follows from the cause.
                    const { explains = [] } = RULES.find(({ id }) => id === cause)!;
                    expect(
                        ids(outside).filter((id) => id !== cause && !explains.includes(id)),
                        "from outside",
                    ).to.deep.equal([]);
                    if (variant === "forbidden")
                        accuracy.push([name, outside.causes.length > 0 ? "named" : outside.verdict, ids(inside).join()]);
                    if (outside.causes.length === 0 && outside.verdict !== "healthy") expect(outside.nextProbe).to.be.a("string");
                }
            });
    });

    describe("names no wrong cause for two faults", () => {
        for (const [first, second] of EXHAUSTIVE ? EVERY_PAIR : PAIRS)
            it(`${first} and ${second}`, async function () {
                const both = async (...faults: string[]): Promise<boolean> => {
                    lab.restore();
                    try {
                        for (const fault of faults) await lab.break(fault);
                        return true;
                    } catch {
                        return false;
                    }
                };
                // One may take away what the other breaks, e.g. the truststore; then there is no such pair.
                if (!(await both(first, second)) && !(await both(second, first))) {
                    // A pair that was chosen is one.
                    expect(EXHAUSTIVE, "the lab breaks both").to.equal(true);
                    return this.skip();
                }
                const report = await examine(lab.inside());
                const right = [FAULTS[first]!.cause, FAULTS[second]!.cause, LOOK_LIKE[`${first} and ${second}`]];
                expect(ids(report).filter((id) => !right.includes(id))).to.deep.equal([]);
                expect(report.verdict).not.to.equal("healthy");
            });
    });

    it("takes a refusal by the handler itself as reached", async () => {
        for (const fn of lab.cloud.aws.functions.values())
            fn.files["index.js"] =
                `exports.handler = async (event) => event.requestContext.authentication?.clientCert ? { statusCode: 200, body: "ok" } : { statusCode: 403, body: "no certificate" };`;
        expect(ids(await examine(lab.inside()))).to.deep.equal([]);
        for (const [fault, cause] of [
            ["flag-not-deployed", "FLAG-NOT-DEPLOYED"],
            ["port-80-open", "ORIGIN-PORT-80-OPEN"],
        ] as const) {
            await lab.break(fault);
            expect(ids(await examine(lab.inside()))).to.include(cause);
        }
    });

    it("writes nothing, and prints no secret", async () => {
        const calls: string[] = [];
        const refused: unknown[] = [];
        const listen = ({ source, action, detail }: { source: string; action: string; detail: Record<string, unknown> }): void => {
            if (source !== "control-plane") return;
            if (action === "refused") refused.push(detail);
            else calls.push(String(detail.operation));
        };
        lab.cloud.events.on("event", listen);
        const [leaf] = [...lab.cloud.cloudflare.zones.values()].flatMap(({ hostnameCertificates }) => [...hostnameCertificates.values()]);
        try {
            const report = await examine({ ...lab.inside(), own: leaf, headers: { authorization: "Bearer secret-of-the-visitor" } });
            const text = JSON.stringify(report);
            expect(report.verdict).to.equal("healthy");
            expect(report.checks.find(({ id }) => id === "own-certificate")).to.deep.include({ verdict: "ok" });
            for (const secret of ["cf-token-of-the-test", "lab-secret", "secret-of-the-visitor", "PRIVATE KEY"])
                expect(text).not.to.contain(secret);
        } finally {
            lab.cloud.events.off("event", listen);
        }
        expect(calls.length).to.be.greaterThan(10);
        expect(refused).to.deep.equal([]);
    });
});
