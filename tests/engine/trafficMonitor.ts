/** What the tests see of a cloud from outside: who gets in around the edge, and whether visitors are served. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { expired, forged, newKeys, stranger, type Attacker } from "../../lab/traffic/attackerCertificates";
import type { Identity } from "../../lab/pki/authority";
import { bypasses, plainBypasses, VERSIONS, type Surroundings } from "../../lab/traffic/bypasses";
import type { Cloud } from "../../lab/cloud";
import { startEdge } from "../../lab/cloudflare/edge";
import { startGateway } from "../../lab/aws/apigatewayv2/server";
import { tellNames } from "../../lab/local/commandEnvironment";
import { providers } from "../../lab/providers";
import type { Provider } from "../../lab/shared/provider";
import { addSecondApi } from "../../lab/traffic/secondApi";
import { underLoad, visit, type Site, type Visit } from "../../lab/traffic/visitors";
import { NAME, SHARED_CA } from "./programs";
import { isNeighbour } from "./summary";

/** gRPC's. */
const UNAVAILABLE = 14;
const OTHER_DOMAIN = "second-api.example.com";
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g;

/** Slow to make, so made once per process. */
function once<T>(make: (key: string) => Promise<T>): (key?: string) => Promise<T> {
    const made = new Map<string, Promise<T>>();
    return (key = "") => {
        if (!made.has(key)) made.set(key, make(key));
        return made.get(key)!;
    };
}
const keysOf = once((curve) => newKeys(curve || undefined));
const strangerOf = once((name) => stranger(name, keysOf));

/** Probes after every operation, and a load of visitors. */
export class TrafficMonitor {
    probes = 0;
    /** Who reached the handler around the edge. */
    entered: string[] = [];
    /** Requests of another Cloudflare customer while Cloudflare's shared CA was trusted: the known hole of mode Shared. */
    throughSharedCa = 0;
    served = 0;
    /** Of the served: on a connection that was open already. */
    kept = 0;
    dropped: string[] = [];
    #rounds = 0;
    readonly #forged = once((caPem) => forged(caPem, NAME, keysOf));
    readonly #expired = new Map<string, Promise<Identity>>();
    /** Private keys that the providers handed out, to find those of the authorities. */
    readonly #keys: string[] = [];

    private constructor(
        readonly cloud: Cloud,
        readonly gateway: Awaited<ReturnType<typeof startGateway>>,
        readonly edge: Awaited<ReturnType<typeof startEdge>>,
        readonly names: ReturnType<typeof tellNames>,
        readonly attacker: Attacker,
    ) {}

    static async start(cloud: Cloud): Promise<TrafficMonitor> {
        const gateway = await startGateway(cloud);
        const edge = await startEdge(cloud, gateway);
        await addSecondApi(cloud, OTHER_DOMAIN);
        const names = tellNames(cloud, { gateway: gateway.port, edge: edge.port });
        return new TrafficMonitor(cloud, gateway, edge, names, await strangerOf(NAME));
    }

    /** Resets the counts. */
    forget(): void {
        Object.assign(this, { probes: 0, entered: [], throughSharedCa: 0, served: 0, kept: 0, dropped: [] });
    }

    /** An expired leaf of the trusted CA: anyone with the CA's key could make one. */
    async #expiredLeaf(caPem: string): Promise<Identity | undefined> {
        const authority = new X509Certificate(caPem);
        const privateKeyPem = this.#keys.find((pem) => authority.checkPrivateKey(createPrivateKey(pem)));
        if (privateKeyPem === undefined) return undefined;
        const made = this.#expired.get(caPem) ?? expired({ certificatePem: caPem, privateKeyPem }, NAME, keysOf);
        this.#expired.set(caPem, made);
        return made;
    }

    get #site(): Site {
        return { cloud: this.cloud, edge: this.edge, domainName: NAME };
    }

    async #surroundings(): Promise<Surroundings> {
        const { cloud, gateway, edge, attacker } = this;
        const domain = cloud.aws.domains.get(NAME);
        const [caPem] = domain?.mutualTls?.pem.match(BLOCK) ?? [];
        return {
            cloud,
            gateway,
            edge,
            domainName: NAME,
            otherDomain: OTHER_DOMAIN,
            regional: domain?.targetDomainName,
            apiIds: [...cloud.aws.apis.keys()].filter((id) => !isNeighbour(id)),
            stranger: attacker,
            forged: caPem ? await this.#forged(caPem) : undefined,
            expired: caPem ? await this.#expiredLeaf(caPem) : undefined,
        };
    }

    #trustsShared = (): boolean => this.cloud.aws.domains.get(NAME)?.mutualTls?.pem.includes(SHARED_CA.trim()) === true;

    /** Every way around the edge, at once; over TLS 1.2 and 1.3 in turns. */
    async probeBypasses(after: string): Promise<void> {
        const around = await this.#surroundings();
        const trustedBefore = this.#trustsShared();
        const ways = [...bypasses(around, VERSIONS[this.#rounds++ % VERSIONS.length]!), ...plainBypasses(around)];
        const outcomes = await Promise.all(ways.map(async (way) => ({ way, ...(await way.send()) })));
        this.probes += ways.length;
        const known = trustedBefore || this.#trustsShared();
        for (const { way, invocations, result } of outcomes) {
            if (result.kind === "closed" && result.reason.startsWith("no answer within"))
                this.entered.push(`inconclusive, ${result.reason}: ${way.id} over TLS ${way.tls} after ${after}`);
            if (invocations === 0) continue;
            if (known && way.id === "other-customer") this.throughSharedCa++;
            else this.entered.push(`${way.id} over TLS ${way.tls} after ${after}`);
        }
    }

    #count(when: string, { served, kept, seen }: Visit): void {
        if (served) this.served++;
        else this.dropped.push(`${when}: ${seen}`);
        if (served && kept) this.kept++;
    }

    async visit(when: string): Promise<void> {
        this.#count(when, await visit(this.#site));
    }

    underLoad<T>(when: string, work: Promise<T>): Promise<T> {
        return underLoad(this.#site, work, (seen) => this.#count(when, seen));
    }

    /**
     * The providers, each operation followed by probes, and by `then`, before the engine hears of it. With what `then`, or `first` before
     * it, rejects with, the operation fails.
     */
    watched(
        then: (operation: string) => Promise<void> = () => Promise.resolve(),
        first: (operation: string) => Promise<void> = () => Promise.resolve(),
    ): Record<string, Provider> {
        const made = providers(this.cloud);
        for (const provider of Object.values(made))
            for (const method of ["create", "update", "delete"]) {
                const effect = provider.impl[method]!;
                provider.impl[method] = (call, cb) => {
                    const request = call.request as { getUrn(): string; getPreview?(): boolean };
                    if (request.getPreview?.()) return effect(call, cb);
                    const operation = `${method} ${request.getUrn().split("::").at(-1)}`;
                    const fail = (reason: Error) => cb({ code: UNAVAILABLE, details: reason.message });
                    first(operation).then(
                        () =>
                            effect(call, (error, response) => {
                                const made = (response as { getProperties?(): Struct | undefined } | undefined)
                                    ?.getProperties?.()
                                    ?.toJavaScript();
                                if (typeof made?.privateKeyPem === "string") this.#keys.push(made.privateKeyPem);
                                void this.probeBypasses(operation)
                                    .then(() => then(operation))
                                    .then(() => cb(error, response), fail);
                            }),
                        fail,
                    );
                };
            }
        return made;
    }

    /** The providers, with nothing done after their operations. */
    providers = (): Record<string, Provider> => providers(this.cloud);

    async close(): Promise<void> {
        this.names.close();
        await this.edge.close();
        await this.gateway.close();
    }
}
