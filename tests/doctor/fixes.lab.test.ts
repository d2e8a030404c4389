/**
 * Anyone who follows the doctor's FIX, and knows nothing else, ends with a healthy API, and CONFIRM says so. Commands are pasted
 * into a terminal (support/terminal.ts), what the words tell a person to do is done by a table that quotes them (support/manualSteps).
 */
import { expect } from "chai";
import { FAULTS } from "../../lab/faults";
import { show } from "../../lab/faults/originPulls";
import { fromNow, leafOf, newAuthority, type FaultTarget } from "../../lab/faults/target";
import { createAuthority } from "../../lab/pki/authority";
import { MANUAL_STEPS } from "../support/manualSteps";
import { moves } from "../support/manualSteps/steps";
import { FixRunner, confirms, follow, type ManualSteps } from "../support/fixRunner";
import { LAB_DOMAIN, PROJECT, DeployedLab } from "../support/deployedLab";

/** One case: what broke, and which of several ways the person takes. */
interface FixCase {
    fault?: string;
    cause: string;
    title: string;
    /** What was deployed before. */
    before?: string[];
    /** A second problem besides the fault. */
    also?: (lab: DeployedLab) => unknown;
    /** The way that the person takes where the text names several. */
    way?: string;
}

/** Entries of the table that were used: the others quote words that are in no text any more. */
const MET = new Set<ManualSteps[number]>();
const noting = (steps: ManualSteps): ManualSteps =>
    steps.map((entry) => [entry[0], (runner, words) => (MET.add(entry), entry[1](runner, words))]);

/** The stack's own leaf ends at this time: what time does, and what the faults cannot do without its CA's key. */
const leafEnds = (days: number) => (lab: DeployedLab) => {
    for (const { type, outputs } of lab.engine.state.values())
        if (type === "tls:index/locallySignedCert:LocallySignedCert") outputs.validityEndTime = fromNow(days).toISOString();
};
const target = ({ cloud, deployed, attacker }: DeployedLab): FaultTarget => ({
    cloud,
    domainName: LAB_DOMAIN,
    zoneId: deployed.zoneId,
    strangerCaPem: attacker.caPem,
});
const set = (entries: Record<string, string>): string =>
    `${Object.entries(entries)
        .map(([key, value]) => `pulumi config set ${key} ${value}`)
        .join(" && ")} && pulumi up`;

/** As docs/authorities.md#modes has it, and the association let go of: it is protected. */
const TO_SHARED = [
    set({ originPullAuthorities: "1,cloudflare-shared", originPullPresented: "1" }),
    `pulumi state unprotect 'urn:pulumi:dev::${PROJECT}::${PROJECT}:index:CloudflareProtectedHttpApi$cloudflare:index/authenticatedOriginPulls:AuthenticatedOriginPulls::api-association' --yes`,
    "pulumi config set originPullMode Shared && pulumi config set originPullAuthorities 1 && pulumi config rm originPullPresented && pulumi up",
];

const FIX_CASES: FixCase[] = [
    ...Object.entries(FAULTS).map(([fault, { cause, summary }]) => ({ fault, cause, title: summary })),
    { fault: "record-to-default-endpoint", cause: "RECORD-TO-DEFAULT-ENDPOINT", title: "the record is set by hand, too", way: "by hand" },
    { fault: "ssl-flexible", cause: "SSL-MODE-PLAIN", title: "Flexible is ended for the whole zone", way: "the whole zone" },
    {
        fault: "ssl-overridden-by-rule",
        cause: "SSL-OVERRIDDEN-BY-RULE",
        title: "the rule is one for every name of the zone",
        also: ({ cloud, deployed }) => {
            const zone = cloud.cloudflare.zones.get(deployed.zoneId)!;
            zone.sslRule!.hostname = `*.${zone.name}`;
        },
    },
    { fault: "throttled", cause: "THROTTLED", title: "the limit is raised", way: "more" },
    {
        fault: "throttled",
        cause: "THROTTLED",
        title: "a limit in the console where none is configured",
        before: ["pulumi config rm throttleBurstLimit", "pulumi config rm throttleRateLimit && pulumi up"],
        way: "none configured",
    },
    { fault: "certificate-pending", cause: "AOP-CERTIFICATE-PENDING", title: "the client certificate becomes active", way: "it comes" },
    { fault: "leaf-expired", cause: "LEAF-EXPIRED", title: "the stack's own leaf has expired", also: leafEnds(-1) },
    { fault: "leaf-expires-soon", cause: "LEAF-EXPIRES-SOON", title: "the stack's own leaf expires soon", also: leafEnds(5) },
    {
        fault: "association-missing",
        cause: "AOP-ASSOCIATION-MISSING",
        title: "the association is gone in the middle of a change of the CA",
        before: [set({ originPullAuthorities: "1,2", originPullPresented: "1" }), set({ originPullPresented: "2" })],
    },
    {
        fault: "server-certificate-pending",
        cause: "SERVER-CERTIFICATE-PENDING",
        title: "ACM's validation has failed",
        also: ({ cloud }) => {
            for (const held of cloud.aws.certificates.values()) held.status = "FAILED";
        },
    },
    {
        cause: "LEAF-EXPIRED",
        title: "the edge presents a foreign, expired leaf, and the truststore is unchanged",
        also: async (lab) => {
            const other = await createAuthority("CN=Somebody else's CA,O=Example", lab.cloud.keys);
            show(target(lab), await leafOf(target(lab), other, { notBefore: fromNow(-366), notAfter: fromNow(-1) }), "beside");
        },
    },
    {
        cause: "TRUSTSTORE-LACKS-AUTHORITY",
        title: "the edge presents a leaf of a former CA of the API's, and the truststore is as it was",
        also: async (lab) => show(target(lab), await leafOf(target(lab), await newAuthority(target(lab))), "beside"),
    },
    {
        cause: "CA-REISSUED-SAME-NAME",
        title: "the edge presents a leaf of a CA of the same name, and the truststore is as it was",
        also: async (lab) => {
            const { cloud } = lab;
            const twin = await createAuthority(`CN=${LAB_DOMAIN} pull CA 1`, cloud.keys);
            show(target(lab), await leafOf(target(lab), twin), "beside");
        },
    },
    { cause: "SHARED-CA-TRUSTED", title: "mode Shared", before: TO_SHARED },
    {
        cause: "SHARED-CA-TRUSTED",
        title: "mode Shared, with no authority beside it",
        before: [...TO_SHARED, "pulumi config rm originPullAuthorities && pulumi up"],
    },
    { cause: "SHARED-CA-TRUSTED", title: "a move away from mode Shared that was not ended", before: TO_SHARED.slice(0, 1) },
];

describe("the doctor's fixes, followed", function () {
    let lab: DeployedLab;
    const followed = new Set<FixCase>();

    before(async () => {
        lab = await DeployedLab.deploy("stack");
        lab.awsEnvironment();
        expect(await new FixRunner(lab, undefined).healthy()).to.equal(true);
    });
    after(async () => {
        await lab.close();
        const faults = Object.keys(FAULTS).length;
        const [done, more] = [true, false].map(
            (plain) => [...followed].filter((fixCase) => FIX_CASES.indexOf(fixCase) < faults === plain).length,
        );
        console.log(`      ${faults} faults, ${done} fixes followed, and ${more} harder cases; healthy after each`);
    });
    beforeEach(() => lab.restore());

    for (const fixCase of FIX_CASES)
        it(`${fixCase.cause}: ${fixCase.title}`, async () => {
            const runner = new FixRunner(lab, fixCase.way);
            const { terminal } = runner;
            for (const line of fixCase.before ?? []) expect(await terminal.paste(line), terminal.printed).to.equal(true);
            if (fixCase.before && fixCase.cause !== "SHARED-CA-TRUSTED") expect(await runner.healthy(), "before").to.equal(true);
            if (fixCase.fault) await lab.break(fixCase.fault);
            await fixCase.also?.(lab);

            const { causes } = await terminal.diagnose();
            const [cause] = causes;
            expect(cause?.id).to.equal(fixCase.cause);
            // Where CONFIRM is the doctor it has just been asked.
            if (!cause!.confirm.startsWith("npx"))
                expect(await confirms(runner, cause!), "CONFIRM says that it is fixed before anything was done").to.equal(false);
            await follow(runner, cause!.fix, noting(MANUAL_STEPS[fixCase.cause] ?? []));

            // A new client certificate takes time to deploy.
            const deadline = Date.now() + 120_000;
            let left = await terminal.diagnose();
            while (left.verdict !== "healthy" && Date.now() < deadline) left = await terminal.diagnose();
            expect(
                [left.verdict, ...left.causes.map(({ id }) => id)],
                JSON.stringify(left.checks.filter(({ verdict }) => verdict !== "ok")),
            ).to.deep.equal(["healthy"]);
            expect(await confirms(runner, cause!), `CONFIRM: ${terminal.printed}`).to.equal(true);
            if (!terminal.run) {
                // The next deployment must accept the manual changes.
                expect(await terminal.paste("pulumi preview"), terminal.printed).to.equal(true);
                expect(moves(runner)).to.deep.equal([]);
            }
            followed.add(fixCase);
        });

    it("use every entry of the table", function () {
        if (followed.size < FIX_CASES.length) this.skip();
        const unmet = Object.values(MANUAL_STEPS).flatMap((steps) => steps.filter((step) => !MET.has(step)));
        expect([...new Set(unmet)].map(([said]) => said.source)).to.deep.equal([]);
    });
});
