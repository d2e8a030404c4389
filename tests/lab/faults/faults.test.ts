import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import program from "../../../index";
import type { Identity } from "../../../lab/pki/authority";
import { forged, stranger, type Attacker } from "../../../lab/traffic/attackerCertificates";
import type { Cloud, GatewayDomain } from "../../../lab/cloud";
import { cloneCloud } from "../../../lab/createCloud";
import { deploy } from "../../../lab/lab";
import { startEdge, type Edge } from "../../../lab/cloudflare/edge";
import { applyFault, FAULTS } from "../../../lab/faults";
import { startGateway, type Gateway } from "../../../lab/aws/apigatewayv2/server";
import { playIdentities, type Row } from "../../../lab/traffic/rows";
import { addSecondApi } from "../../../lab/traffic/secondApi";
import { call } from "../fixture";

const PROJECT = "cloudflare-protected-http-api";
const ZONE = { id: "023e105f4ecef8ad9ca31a8372d0c353", name: "example.com" };
const NAME = "api.dev.example.com";
const OTHER_DOMAIN = "second-api.example.com";

/** "ran" where the handler did. */
interface Seen {
    visitor: string;
    /** At the gateway, without a client certificate. */
    direct: string;
    /** At the gateway, with the leaf that the edge presented before the fault. */
    own: string;
}

const HEALTHY: Seen = { visitor: "200 ran", direct: "closed", own: "200 ran" };

/** What differs from the healthy twin, on the data planes and in the data. `+`, `-`: added, removed. */
const EXPECTED: Record<string, { sees?: Partial<Seen>; changes: string[] }> = {
    // The sample handler refuses what comes without a certificate; that it was asked is what counts.
    "mtls-removed": {
        sees: { visitor: "403 ran", direct: "403 ran", own: "403 ran" },
        changes: ["domains.mutualTls"],
    },
    "stranger-answered": { changes: ["untrustedCertificate"] },
    "default-endpoint-open": { changes: ["apis.disableExecuteApiEndpoint", "apis.stages"] },
    "flag-not-deployed": { changes: ["apis.stages"] },
    "second-mapping-without-mtls": { changes: ["+certificates", "+domains"] },
    "wildcard-mapping-without-mtls": { changes: ["+certificates", "+domains"] },
    "other-domain-answers-for-our-host": { changes: ["hostMismatch"] },
    "port-80-open": { changes: ["gatewayPort80Open"] },
    "domain-missing": { sees: { visitor: "530", direct: "403", own: "403" }, changes: ["-domains"] },
    "domain-updating": { changes: ["domains.status"] },
    "domain-ownership-pending": { changes: ["domains.status", "domains.statusMessage"] },
    "domain-reimport-pending": { changes: ["domains.status"] },
    "routing-rules-only": { sees: { visitor: "403", own: "403" }, changes: ["domains.routingMode"] },
    "truststore-version-deleted": { changes: ["buckets.objects"] },
    "page-rule-ssl-off": { sees: { visitor: "521" }, changes: ["zones.pageRuleSsl"] },
    "custom-origin-trust-store": { sees: { visitor: "526" }, changes: ["zones.originTrustStore"] },
    "origin-tls-compliance": { sees: { visitor: "525" }, changes: ["zones.originTlsModes"] },
    "edge-blocked": { sees: { visitor: "403" }, changes: ["zones.edgeAnswer"] },
    "edge-rate-limited": { sees: { visitor: "429" }, changes: ["zones.edgeAnswer"] },
    "access-login": { sees: { visitor: "302" }, changes: ["zones.edgeAnswer"] },
    "edge-redirect": { sees: { visitor: "301" }, changes: ["zones.edgeAnswer"] },
    "worker-failed": { sees: { visitor: "500" }, changes: ["zones.edgeAnswer"] },
    "worker-answers": { sees: { visitor: "200" }, changes: ["zones.edgeAnswer"] },
    "mapping-missing": { sees: { visitor: "403", own: "403" }, changes: ["domains.mappings"] },
    "route-missing": { sees: { visitor: "404", own: "404" }, changes: ["apis.routes", "apis.stages"] },
    "integration-failing": { sees: { visitor: "500 ran", own: "500 ran" }, changes: ["functions.files"] },
    "integration-not-permitted": { sees: { visitor: "500", own: "500" }, changes: ["functions.permissions"] },
    "truststore-not-pinned-and-overwritten": { changes: ["buckets.objects", "domains.mutualTls"] },
    "truststore-overwritten": { changes: ["buckets.objects"] },
    "truststore-stale": {
        sees: { visitor: "403" },
        changes: ["buckets.objects", "+hostnameCertificates", "-hostnameCertificates", "associations.certId"],
    },
    "truststore-lacks-authority": { sees: { visitor: "403", own: "403" }, changes: ["buckets.objects", "domains.mutualTls"] },
    "ca-reissued-same-name": { sees: { visitor: "403", own: "403" }, changes: ["buckets.objects", "domains.mutualTls"] },
    "truststore-warnings": { changes: ["buckets.objects", "domains.mutualTls"] },
    "public-ca-trusted": { changes: ["buckets.objects", "domains.mutualTls"] },
    "shared-ca-trusted": { changes: ["buckets.objects", "domains.mutualTls"] },
    "association-off": { sees: { visitor: "520" }, changes: ["associations.enabled"] },
    "association-missing": { sees: { visitor: "520" }, changes: ["-associations"] },
    "other-level-only": { sees: { visitor: "403" }, changes: ["-associations", "zones.settings"] },
    "zone-level-only": { sees: { visitor: "520" }, changes: ["associations.enabled", "zones.zoneOriginPull"] },
    "certificate-pending": { sees: { visitor: "520" }, changes: ["hostnameCertificates.activeAt"] },
    "leaf-expired": {
        sees: { visitor: "403" },
        changes: ["buckets.objects", "domains.mutualTls", "+hostnameCertificates", "-hostnameCertificates", "associations.certId"],
    },
    "leaf-expires-soon": {
        changes: ["buckets.objects", "domains.mutualTls", "+hostnameCertificates", "-hostnameCertificates", "associations.certId"],
    },
    "leaf-wrong-ca": { sees: { visitor: "403" }, changes: ["+hostnameCertificates", "associations.certId"] },
    "dns-only-record": { sees: { visitor: "closed" }, changes: ["records.proxied"] },
    "record-missing": { sees: { visitor: "no address" }, changes: ["-records"] },
    "record-to-default-endpoint": { sees: { visitor: "403" }, changes: ["records.content"] },
    "wrong-zone": { sees: { visitor: "no address" }, changes: ["zones.delegatedElsewhere"] },
    "zone-not-delegated": { sees: { visitor: "no address" }, changes: ["zones.delegatedElsewhere"] },
    "name-too-deep": { sees: { visitor: "closed" }, changes: ["zones.deepCertificates"] },
    "ssl-off": { sees: { visitor: "521" }, changes: ["zones.settings"] },
    "ssl-flexible": { sees: { visitor: "521" }, changes: ["zones.settings"] },
    "ssl-overridden-by-rule": { sees: { visitor: "521" }, changes: ["zones.sslRule"] },
    "server-certificate-pending": {
        sees: { visitor: "526" },
        changes: ["certificates.status", "certificates.certificatePem", "certificates.privateKeyPem"],
    },
    // The direct caller with our leaf does not take an expired server for the origin either.
    "server-certificate-expired": {
        sees: { visitor: "526", own: "closed" },
        changes: ["certificates.status", "certificates.certificatePem", "certificates.privateKeyPem"],
    },
    "server-certificate-wrong-name": { sees: { visitor: "526" }, changes: ["+certificates", "domains.certificateArn"] },
    "validation-record-missing": {
        sees: { visitor: "526" },
        changes: ["-records", "certificates.status", "certificates.certificatePem", "certificates.privateKeyPem"],
    },
    "validation-record-proxied": {
        changes: ["records.proxied", "records.ttl", "certificates.renewal", "certificates.certificatePem", "certificates.privateKeyPem"],
    },
    "caa-forbids": {
        sees: { visitor: "526" },
        changes: [
            "+records",
            "certificates.status",
            "certificates.failureReason",
            "certificates.certificatePem",
            "certificates.privateKeyPem",
        ],
    },
    throttled: { sees: { visitor: "429", own: "429" }, changes: ["apis.stages"] },
    "challenge-page": { sees: { visitor: "403" }, changes: ["zones.challenge"] },
    "token-without-scope": { changes: ["denied"] },
    "role-without-scope": { changes: ["denied"] },
};

const flat = (value: unknown): string =>
    JSON.stringify(value, (_key, held: unknown) => (held instanceof Map ? [...held] : held instanceof Set ? [...held] : held)) ?? "";

/** Which properties of which things differ. */
function changesBetween(before: Cloud, after: Cloud): string[] {
    const [zoneBefore, zoneAfter] = [before, after].map(({ cloudflare }) => cloudflare.zones.get(ZONE.id)!) as [object, object];
    const changes: string[] = [];
    const compare = (kind: string, before: object, after: object, without: string[] = []) => {
        for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
            if (!without.includes(key) && flat(before[key as never]) !== flat(after[key as never])) changes.push(`${kind}${key}`);
    };
    const collections = (before: object, after: object, names: string[]) => {
        for (const name of names) {
            const [had, has] = [before[name as never], after[name as never]] as [Map<string, object>, Map<string, object>];
            for (const key of new Set([...had.keys(), ...has.keys()])) {
                const [old, now] = [had.get(key), has.get(key)];
                if (!old) changes.push(`+${name}`);
                else if (!now) changes.push(`-${name}`);
                else compare(`${name}.`, old, now);
            }
        }
    };
    collections(before.aws, after.aws, ["certificates", "buckets", "apis", "domains", "functions", "roles", "logGroups"]);
    const within = ["records", "hostnameCertificates", "associations"];
    collections(zoneBefore, zoneAfter, within);
    compare("zones.", zoneBefore, zoneAfter, within);
    compare("", before.variants, after.variants);
    for (const key of ["denied", "gatewayPort80Open"] as const) if (flat(before[key]) !== flat(after[key])) changes.push(key);
    return [...new Set(changes)].sort();
}

describe("the lab's faults", function () {
    let healthy: Cloud;
    let domain: GatewayDomain;
    let own: Identity;
    let attack: Attacker;
    let counterfeit: Attacker;
    let cloud: Cloud;
    let gateway: Gateway;
    let edge: Edge;

    before(async () => {
        const config = {
            "aws:region": "eu-west-1",
            [`${PROJECT}:domainName`]: NAME,
            [`${PROJECT}:zoneId`]: ZONE.id,
            [`${PROJECT}:deletionProtection`]: "false",
        };
        const deployment = await deploy({ program, project: PROJECT, stack: "dev", config, zone: ZONE, region: "eu-west-1" });
        await deployment.close();
        healthy = deployment.cloud;
        domain = healthy.aws.domains.get(NAME)!;
        const [uploaded] = healthy.cloudflare.zones.get(ZONE.id)!.hostnameCertificates.values();
        own = uploaded!;
        uploaded!.activeAt = 0;
        await addSecondApi(healthy, OTHER_DOMAIN);
        [attack, counterfeit] = await Promise.all([stranger(NAME), forged(domain.mutualTls!.pem, NAME)]);
    });
    beforeEach(async () => {
        cloud = cloneCloud(healthy);
        gateway = await startGateway(cloud);
        edge = await startEdge(cloud, gateway);
    });
    afterEach(async () => {
        await edge.close();
        await gateway.close();
    });

    const breakIt = (name: string) => applyFault(name, { cloud, domainName: NAME, zoneId: ZONE.id, strangerCaPem: attack.caPem });

    async function look(version: "1.2" | "1.3"): Promise<{ sees: Seen; red: Row[] }> {
        const at = { port: gateway.port, sni: NAME, version: `TLSv${version}` as const };
        const said = ({ status, invocations }: { status: number; invocations: number }) =>
            `${status || "closed"}${invocations ? " ran" : ""}`;
        const [direct, mine] = await Promise.all([call(cloud, at), call(cloud, { ...at, client: own })]);
        const rows = await playIdentities({
            cloud,
            domainName: NAME,
            otherDomain: OTHER_DOMAIN,
            regional: domain.targetDomainName,
            apiIds: [[...domain.mappings.values()][0]!.apiId],
            shared: false,
            gateway,
            edge,
            own,
            stranger: attack,
            forged: counterfeit,
            expired: undefined,
            versions: [version],
        });
        const { seen, invocations } = rows.find(({ id }) => id === "visitor")!;
        const visitor = `${seen.replace("HTTP ", "")}${invocations ? " ran" : ""}`;
        return { sees: { visitor, direct: said(direct), own: said(mine) }, red: rows.filter((row) => !row.ok) };
    }

    for (const version of ["1.2", "1.3"] as const)
        it(`finds nothing wrong with the healthy twin (TLS ${version})`, async () => {
            expect(changesBetween(healthy, cloud)).to.deep.equal([]);
            expect(await look(version)).to.deep.equal({ sees: HEALTHY, red: [] });
        });

    for (const [index, [name, fault]] of Object.entries(FAULTS).entries()) {
        const version = index % 2 === 0 ? "1.2" : "1.3";
        it(`${name}: ${fault.row ? `turns ${fault.row} red` : "turns no row red"}, and is nothing but that (TLS ${version})`, async () => {
            const expected = EXPECTED[name];
            if (!expected) throw new Error(`no expectation of ${name}`);
            await breakIt(name);
            expect(changesBetween(healthy, cloud)).to.deep.equal([...expected.changes].sort());
            const { sees, red } = await look(version);
            expect(sees).to.deep.equal({ ...HEALTHY, ...expected.sees });
            if (fault.row === undefined) expect(red).to.deep.equal([]);
            // Red because of what was seen there, and not because nothing could be told.
            else expect(red.filter(({ seen }) => seen !== "inconclusive").map(({ id }) => id)).to.include(fault.row);
        });
    }

    it("has an expectation of every fault and of no other, and every cause in capitals", () => {
        expect(Object.keys(EXPECTED).sort()).to.deep.equal(Object.keys(FAULTS).sort());
        for (const [name, { cause }] of Object.entries(FAULTS)) expect(cause, name).to.match(/^[A-Z0-9]+(-[A-Z0-9]+)+$|^THROTTLED$/);
    });

    it("is listed in the README, each fault with its row and cause", () => {
        const readme = readFileSync(path.join(__dirname, "..", "..", "..", "lab", "README.md"), "utf8");
        const listed = [...readme.matchAll(/^\| `([a-z0-9-]+)` +\| (.*?) +\| (\S+) +\| ([A-Z0-9-]+) +\| [^|]+\|$/gm)];
        expect(listed.map(([, ...cells]) => cells)).to.deep.equal(
            Object.entries(FAULTS).map(([name, { summary, row, cause }]) => [name, summary, row ?? "none", cause]),
        );
    });

    it("refuses by name what it does not know or cannot break", async () => {
        const failure = (work: Promise<void>) => work.then(() => "", (error: Error) => error.message); // prettier-ignore
        expect(await failure(breakIt("nonsense")))
            .to.contain("nonsense")
            .and.contain("mtls-removed");
        cloud.aws.domains.delete(NAME);
        expect(await failure(breakIt("mtls-removed"))).to.equal(`the lab has no domain ${NAME}`);
        cloud.cloudflare.zones.get(ZONE.id)!.associations.clear();
        expect(await failure(breakIt("association-off"))).to.contain("mode Hostname");
    });
});
