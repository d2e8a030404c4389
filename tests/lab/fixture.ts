/** A cloud with one protected API, written by hand as the resource types would write it, and a client that can lie in every field. */
import { randomUUID } from "node:crypto";
import * as http from "node:http";
import * as tls from "node:tls";
import type { Cloud, GatewayDomain, HttpApi, LambdaFunction, Zone } from "../../lab/cloud";
import { createCloud } from "../../lab/createCloud";
import type { CloudOptions } from "../../lab/createCloud";
import { createAuthority, generateKeys } from "../../lab/pki/authority";
import type { Authority } from "../../lab/pki/authority";

export const apiHost = "api.example.com";
export const siblingHost = "open.example.com";

export interface Fixture {
    cloud: Cloud;
    zone: Zone;
    api: HttpApi;
    fn: LambdaFunction;
    domain: GatewayDomain;
    sibling: GatewayDomain;
    authority: Authority;
    own: { certificatePem: string; privateKeyPem: string };
}

const handlerSource = `exports.handler = async (event) => ({ statusCode: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(event) });`;

export function addApi(cloud: Cloud, id: string): HttpApi {
    const { region, accountId } = cloud.aws;
    const arn = `arn:aws:lambda:${region}:${accountId}:function:${id}`;
    const fn: LambdaFunction = {
        name: id,
        arn,
        invokeArn: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`,
        handler: "index.handler",
        files: { "index.js": handlerSource },
        timeoutSeconds: 3,
        environment: {},
        permissions: new Map(),
        tags: {},
    };
    const sourceArn = `arn:aws:execute-api:${region}:${accountId}:${id}/*/*`;
    fn.permissions.set("p", { statementId: "p", action: "lambda:InvokeFunction", principal: "apigateway.amazonaws.com", sourceArn });
    cloud.aws.functions.set(id, fn);
    const integrations = new Map([
        [
            "i1",
            {
                id: "i1",
                integrationType: "AWS_PROXY",
                integrationUri: fn.invokeArn,
                integrationMethod: "POST",
                payloadFormatVersion: "2.0",
                timeoutMilliseconds: 30000,
            },
        ],
    ]);
    const route = (routeId: string, routeKey: string, authorizationType = "NONE") => ({
        id: routeId,
        routeKey,
        target: "integrations/i1",
        authorizationType,
        authorizerId: undefined,
        authorizationScopes: [],
    });
    const routes = new Map(
        [route("r1", "$default"), route("r2", "GET /items/{id}"), route("r3", "ANY /jwt", "JWT"), route("r4", "ANY /iam", "AWS_IAM")].map(
            (each) => [each.id, each] as const,
        ),
    );
    const logArn = `arn:aws:logs:${region}:${accountId}:log-group:${id}`;
    cloud.aws.logGroups.set(id, { name: id, arn: logArn, retentionInDays: 7, lines: [], tags: {} });
    const api: HttpApi = {
        id,
        name: id,
        disableExecuteApiEndpoint: true,
        cors: undefined,
        integrations,
        routes,
        stages: new Map(),
        tags: {},
    };
    api.stages.set("$default", {
        name: "$default",
        autoDeploy: true,
        throttlingBurstLimit: undefined,
        throttlingRateLimit: undefined,
        accessLog: {
            destinationArn: logArn,
            format: '{"status":"$context.status","domain":"$context.domainName","issuer":"$context.identity.clientCert.issuerDN"}',
        },
        deployed: { disableExecuteApiEndpoint: true, routes, integrations },
        tags: {},
    });
    cloud.aws.apis.set(id, api);
    return api;
}

export async function addDomain(cloud: Cloud, domainName: string, apiId: string, truststore: string | undefined): Promise<GatewayDomain> {
    const target = `${cloud.nextId("d-")}.execute-api.${cloud.aws.region}.amazonaws.com`;
    const certificateArn = `arn:aws:acm:${cloud.aws.region}:${cloud.aws.accountId}:certificate/${domainName}`;
    cloud.aws.certificates.set(certificateArn, {
        arn: certificateArn,
        domainName,
        subjectAlternativeNames: [domainName],
        status: "ISSUED",
        validationRecords: [],
        tags: {},
        ...(await cloud.webCa.issue([domainName])),
    });
    const domain: GatewayDomain = {
        domainName,
        certificateArn,
        targetDomainName: target,
        hostedZoneId: "Z1",
        mutualTls:
            truststore === undefined
                ? undefined
                : { truststoreUri: "s3://bucket/truststore.pem", truststoreVersion: "1", pem: truststore, warnings: [] },
        mappings: new Map([["m", { id: "m", apiId, stage: "$default", apiMappingKey: "" }]]),
        tags: {},
    };
    cloud.aws.domains.set(domainName, domain);
    return domain;
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
    const sibling = await addDomain(cloud, siblingHost, "evil999", undefined);
    const zone = cloud.cloudflare.zones.get("zone1")!;
    addRecord(zone, apiHost, domain.targetDomainName);
    zone.hostnameCertificates.set("c1", { id: "c1", ...own, activeAt: 0, issuer: "", serialNumber: "", expiresOn: "" });
    zone.associations.set(apiHost, { hostname: apiHost, certId: "c1", enabled: true });
    return { cloud, zone, api, fn: cloud.aws.functions.get(api.id)!, domain, sibling, authority, own };
}

export interface Call {
    port: number;
    /** Server name; undefined sends none. */
    sni?: string;
    host?: string;
    path?: string;
    method?: string;
    headers?: Record<string, string>;
    client?: { certificatePem: string; privateKeyPem: string };
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
