/** A deployment in the lab, its control planes, and the doctor's collectors that read them. Its hooks belong to the enclosing `describe`. */
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { CloudflareProtectedHttpApi } from "../../components";
import { collectAws } from "../../doctor/collect/aws/collectAws";
import { collectCloudflare } from "../../doctor/collect/cloudflare/collectCloudflare";
import type { Cloud, CloudEvent, GatewayDomain, Zone } from "../../lab/cloud";
import { startControlPlane, type ControlPlane } from "../../lab/controlPlane";
import { createCloud } from "../../lab/createCloud";
import { Engine } from "../../lab/engine/engine";
import { providers } from "../../lab/providers";
import { pooledKeys } from "./keys";

export const HOST = "api.example.com";
export const KEY_ID = "AKIALABLABLABLABLAB1";
export const SECRET = "kept-to-ourselves/aws-secret-access-key";
export const TOKEN = "kept-to-ourselves_cloudflare-token";
export const REGION = "eu-west-1";
const TIMEOUT = 60_000;

/** Nothing of the machine that runs this may leak in: no profile, no configuration, no metadata service. */
export const cleanEnvironment = (home: string): Record<string, string | undefined> => ({
    ...Object.fromEntries(
        Object.keys(process.env)
            .filter((name) => /^(AWS_|CLOUDFLARE_)/.test(name))
            .map((name) => [name, undefined]),
    ),
    HOME: home,
    USERPROFILE: home,
});

export function setEnvironment(values: Record<string, string | undefined>): void {
    for (const [name, value] of Object.entries(values)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
    }
}

/** A cloud that gives one answer to everything. */
export async function withServer<T>(listener: http.RequestListener, work: (url: string) => Promise<T>): Promise<T> {
    const server = http.createServer(listener).listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    try {
        return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
        server.closeAllConnections();
        server.close();
    }
}

export function collectors() {
    let saved: NodeJS.ProcessEnv;
    let home: string;
    let cloud: Cloud;
    let plane: ControlPlane;
    let zone: Zone;
    let domain: GatewayDomain;
    let apiId: string;
    let caPem: string;
    let events: CloudEvent[];
    let told: string[];

    const aws = async (more: Partial<Parameters<typeof collectAws>[0]> = {}) => {
        const evidence = await collectAws({ domainName: HOST, timeoutMs: TIMEOUT, ...more });
        told.push(JSON.stringify(evidence));
        return evidence;
    };
    const cloudflare = async (more: Partial<Parameters<typeof collectCloudflare>[0]> = {}) => {
        const options = { domainName: HOST, token: TOKEN, baseUrl: plane.cloudflareBaseUrl, timeoutMs: TIMEOUT, ...more };
        const evidence = await collectCloudflare(options);
        told.push(JSON.stringify(evidence));
        return evidence;
    };
    const calls = (action: string) => events.filter((event) => event.source === "control-plane" && event.action === action);
    const operations = () => [...new Set(calls("call").map(({ detail }) => String(detail.operation)))].sort();
    const objects = () => cloud.aws.buckets.get(/^s3:\/\/([^/]+)/.exec(domain.mutualTls!.truststoreUri)![1]!)!.objects;
    const truststoreKey = () => [...objects().keys()][0]!;

    before(() => {
        saved = { ...process.env };
        home = fs.mkdtempSync(path.join(os.tmpdir(), "lab-home-"));
    });

    beforeEach(async () => {
        setEnvironment(cleanEnvironment(home));
        cloud = await createCloud({
            keys: pooledKeys(),
            region: REGION,
            zones: [{ id: "zone1", name: "example.com" }],
            activationDelayMs: 0,
        });
        const run = await new Engine(providers(cloud)).run(
            () =>
                void new CloudflareProtectedHttpApi("orders", {
                    domainName: HOST,
                    zoneId: "zone1",
                    routes: [{ routeKey: "$default", httpUrl: "https://backend.example.org/" }],
                    throttle: { burstLimit: 50, rateLimit: 20 },
                    strictTls: "Off",
                    // No data plane runs here.
                    verify: { enabled: false },
                }),
            { config: { "aws:region": REGION } },
        );
        expect(run.errors).to.deep.equal([]);
        zone = cloud.cloudflare.zones.get("zone1")!;
        domain = cloud.aws.domains.get(HOST)!;
        apiId = [...cloud.aws.apis.keys()][0]!;
        caPem = domain.mutualTls!.pem;
        events = [];
        told = [];
        cloud.events.on("event", (event) => events.push(event));
        plane = await startControlPlane(cloud, { awsAccessKeyId: KEY_ID, cloudflareToken: TOKEN });
        setEnvironment({
            AWS_ENDPOINT_URL: plane.awsEndpoint,
            AWS_ACCESS_KEY_ID: KEY_ID,
            AWS_SECRET_ACCESS_KEY: SECRET,
            AWS_DEFAULT_REGION: REGION,
        });
    });

    afterEach(async () => {
        await plane.close();
        setEnvironment({ ...cleanEnvironment(home), ...saved });
        const all = [...told, JSON.stringify(events)].join("\n");
        for (const secret of [TOKEN, SECRET, "PRIVATE KEY"]) expect(all).to.not.contain(secret);
        expect(calls("refused"), "only calls that the lab knows, all of them read-only").to.deep.equal([]);
    });

    after(() => fs.rmSync(home, { recursive: true, force: true }));

    return {
        aws,
        cloudflare,
        calls,
        operations,
        objects,
        truststoreKey,
        forgetEvents: () => void (events = []),
        told: () => told.join(),
        get home() {
            return home;
        },
        get cloud() {
            return cloud;
        },
        get plane() {
            return plane;
        },
        get zone() {
            return zone;
        },
        get domain() {
            return domain;
        },
        get apiId() {
            return apiId;
        },
        get caPem() {
            return caPem;
        },
    };
}
