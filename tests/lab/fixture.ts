/** A cloud with one protected API, written by hand as the resource types would write it, and a client that can lie in every field. */
import { randomUUID } from "node:crypto";
import * as http from "node:http";
import * as tls from "node:tls";
import { createApi, createDomain, createFunction } from "../../lab/aws/createApi";
import type { Cloud, GatewayDomain, HttpApi, LambdaFunction, Zone } from "../../lab/cloud";
import { createCloud } from "../../lab/createCloud";
import type { CloudOptions } from "../../lab/createCloud";
import { createAuthority, generateKeys } from "../../lab/pki/authority";
import type { Authority, Identity } from "../../lab/pki/authority";

export const apiHost = "api.example.com";
export const otherHost = "open.example.com";

export interface Fixture {
    cloud: Cloud;
    zone: Zone;
    api: HttpApi;
    fn: LambdaFunction;
    domain: GatewayDomain;
    other: GatewayDomain;
    authority: Authority;
    own: Identity;
}

const handlerSource = `exports.handler = async (event) => ({ statusCode: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(event) });`;

export function addApi(cloud: Cloud, id: string): HttpApi {
    const destinationArn = `arn:aws:logs:${cloud.aws.region}:${cloud.aws.accountId}:log-group:${id}`;
    cloud.aws.logGroups.set(id, { name: id, arn: destinationArn, retentionInDays: 7, lines: [], tags: {} });
    return createApi(cloud, {
        id,
        fn: createFunction(cloud, id, handlerSource),
        routes: [
            { routeKey: "$default" },
            { routeKey: "GET /items/{id}" },
            { routeKey: "ANY /jwt", authorizationType: "JWT" },
            { routeKey: "ANY /iam", authorizationType: "AWS_IAM" },
        ],
        accessLog: {
            destinationArn,
            format: '{"status":"$context.status","domain":"$context.domainName","issuer":"$context.identity.clientCert.issuerDN"}',
        },
    });
}

export function addDomain(cloud: Cloud, domainName: string, apiId: string, truststore: string | undefined): Promise<GatewayDomain> {
    const mutualTls =
        truststore === undefined
            ? undefined
            : { truststoreUri: "s3://bucket/truststore.pem", truststoreVersion: "1", pem: truststore, warnings: [] };
    return createDomain(cloud, { domainName, apiId, mutualTls });
}

export function addRecord(zone: Zone, name: string, content: string, proxied = true, type = "CNAME"): void {
    zone.records.set(name, { id: name, name, type, content, ttl: 1, proxied, comment: undefined });
}

export async function build(options: CloudOptions = {}): Promise<Fixture> {
    const zones = [
        { id: "zone1", name: "example.com" },
        { id: "zone2", name: "attacker.test" },
    ];
    const cloud = await createCloud({ zones, ...options });
    const authority = await createAuthority("CN=Own CA,O=Example", generateKeys);
    const own = await authority.issue({ subject: `CN=${apiHost}`, usage: "client" });
    const api = addApi(cloud, "abc123");
    addApi(cloud, "evil999");
    const domain = await addDomain(cloud, apiHost, api.id, authority.certificatePem);
    const other = await addDomain(cloud, otherHost, "evil999", undefined);
    const zone = cloud.cloudflare.zones.get("zone1")!;
    addRecord(zone, apiHost, domain.targetDomainName);
    zone.hostnameCertificates.set("c1", { id: "c1", ...own, activeAt: 0, issuer: "", serialNumber: "", expiresOn: "" });
    zone.associations.set(apiHost, { hostname: apiHost, certId: "c1", enabled: true });
    return { cloud, zone, api, fn: cloud.aws.functions.get(api.id)!, domain, other, authority, own };
}

export interface Call {
    port: number;
    /** Server name; undefined sends none. */
    sni?: string;
    host?: string;
    path?: string;
    method?: string;
    headers?: Record<string, string>;
    client?: Identity;
    version?: "TLSv1.2" | "TLSv1.3";
    session?: Buffer;
    plain?: boolean;
}

export interface Outcome {
    /** 0 when the connection was closed without an answer. */
    status: number;
    headers: http.IncomingHttpHeaders;
    body: string;
    invocations: number;
    session: Buffer | undefined;
    resumed: boolean;
}

/** One request on a connection of its own, counted by a fresh nonce. */
export async function call(cloud: Cloud, options: Call): Promise<Outcome> {
    const nonce = randomUUID();
    let session: Buffer | undefined;
    let resumed = false;
    const answer = await new Promise<{ status: number; headers: http.IncomingHttpHeaders; body: string }>((done) => {
        const closed = () => done({ status: 0, headers: {}, body: "" });
        const socket = options.plain
            ? undefined
            : tls.connect({
                  host: "127.0.0.1",
                  port: options.port,
                  servername: options.sni ?? "",
                  ca: cloud.webCa.certificatePem,
                  checkServerIdentity: () => undefined,
                  cert: options.client?.certificatePem,
                  key: options.client?.privateKeyPem,
                  minVersion: options.version,
                  maxVersion: options.version,
                  session: options.session,
              });
        socket?.on("session", (ticket: Buffer) => (session = ticket));
        socket?.on("secureConnect", () => (resumed = socket.isSessionReused()));
        const request = http.request({
            host: "127.0.0.1",
            port: options.port,
            method: options.method ?? "GET",
            path: options.path ?? "/",
            headers: { host: options.host ?? options.sni ?? "", "x-lab-nonce": nonce, ...options.headers },
            ...(socket ? { createConnection: () => socket } : { agent: false }),
        });
        request.on("error", closed);
        request.on("response", (res) => {
            const chunks: Buffer[] = [];
            res.on("data", (chunk: Buffer) => chunks.push(chunk));
            res.on("error", closed);
            res.on("end", () => done({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks).toString() }));
        });
        request.end();
    });
    return { ...answer, invocations: cloud.invocations.get(nonce) ?? 0, session, resumed };
}
