/** What the tests see of a cloud: its shape, who gets in around the edge, and whether visitors are served. */
import { randomUUID } from "node:crypto";
import { stranger, type Attacker, type Identity } from "../../lab/attackers";
import type { Cloud } from "../../lab/cloud";
import { defaultEndpoint } from "../../lab/dns";
import { startEdge } from "../../lab/edge";
import { startGateway } from "../../lab/gateway";
import { tellNames } from "../../lab/names";
import { probe } from "../../lab/probe";
import { providers, type Provider } from "../../lab/provider";
import { NAME } from "./programs";

/** What is seen from outside of one cloud: probes after every operation, and a load of visitors. */
export class Watch {
    probes = 0;
    entered: string[] = [];
    served = 0;
    dropped: string[] = [];
    live = false;
    title = "";
    readonly attacker: Promise<Attacker> = stranger(NAME);

    private constructor(
        readonly cloud: Cloud,
        readonly gateway: Awaited<ReturnType<typeof startGateway>>,
        readonly edge: Awaited<ReturnType<typeof startEdge>>,
        readonly names: ReturnType<typeof tellNames>,
    ) {}

    static async start(cloud: Cloud): Promise<Watch> {
        const gateway = await startGateway(cloud);
        const edge = await startEdge(cloud, gateway);
        return new Watch(cloud, gateway, edge, tellNames(cloud, { gateway: gateway.port, edge: edge.port }));
    }

    /** The bypass identities that need no key of ours, at once. */
    async goAround(after: string): Promise<void> {
        const { cloud } = this;
        const attack = await this.attacker;
        const webCaPem = cloud.webCa.certificatePem;
        const regional = cloud.aws.domains.get(NAME)?.targetDomainName;
        const send = async (who: string, servername: string, host: string, identity?: Identity): Promise<void> => {
            const nonce = randomUUID();
            const tls = { version: "1.3" as const, servername, expectedName: servername, webCaPem, ...identity };
            await probe({ port: this.gateway.port, host, nonce, tls });
            this.probes++;
            if (cloud.invocations.has(nonce)) this.entered.push(`${who} after ${after}`);
        };
        await Promise.all([
            send("no certificate", NAME, NAME),
            send("a stranger's certificate", NAME, NAME, attack),
            send("no SNI", "", NAME),
            ...(regional ? [send("the regional SNI", regional, NAME)] : []),
            ...[...cloud.aws.apis.keys()].map((id) => send("the default endpoint", defaultEndpoint(cloud, id), defaultEndpoint(cloud, id))),
        ]);
    }

    async visit(when: string): Promise<void> {
        const nonce = randomUUID();
        const tls = { version: "1.3" as const, servername: NAME, expectedName: NAME, webCaPem: this.cloud.webCa.certificatePem };
        const result = await probe({ port: this.edge.port, host: NAME, nonce, tls });
        if (result.kind === "status" && result.status === 200 && this.cloud.invocations.has(nonce)) this.served++;
        else this.dropped.push(`${when}: ${result.kind === "status" ? result.status : result.reason}`);
    }

    /** Visitors without a pause until `work` has ended. */
    async underLoad<T>(when: string, work: Promise<T>): Promise<T> {
        let ended = false;
        const load = (async () => {
            do await this.visit(when);
            while (!ended);
        })();
        try {
            return await work;
        } finally {
            ended = true;
            await load;
        }
    }

    /** The providers, each operation followed by probes, and by `then`, before the engine hears of it. */
    watched(then: (operation: string) => Promise<void> = () => Promise.resolve()): Record<string, Provider> {
        const made = providers(this.cloud);
        for (const provider of Object.values(made))
            for (const method of ["create", "update", "delete"]) {
                const effect = provider.impl[method]!;
                provider.impl[method] = (call, cb) => {
                    const request = call.request as { getUrn(): string; getPreview?(): boolean };
                    effect(call, (error, response) => {
                        if (request.getPreview?.()) return cb(error, response);
                        const operation = `${method} ${request.getUrn().split("::").at(-1)}`;
                        void this.goAround(operation)
                            .then(() => then(operation))
                            .then(() => cb(error, response));
                    });
                };
            }
        return made;
    }

    async close(): Promise<void> {
        this.names.close();
        await this.edge.close();
        await this.gateway.close();
    }
}
