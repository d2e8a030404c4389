/** Visitors of a live API: every request must be served during any deployment. */
import { randomUUID } from "node:crypto";
import * as https from "node:https";
import { setTimeout as breathe } from "node:timers/promises";
import type { Cloud } from "../cloud";
import { probe } from "./probe";

/** Between two requests of one visitor: both ends and the deployment share this process. */
const BREATH_MS = 20;

/** The edge, and the name that is asked for. */
export interface Site {
    cloud: Cloud;
    edge: { port: number };
    domainName: string;
}

export interface Visit {
    /** Answered with 200, by the handler. */
    served: boolean;
    /** Status, or the reason why there is none. */
    seen: string;
    /** On a connection that an earlier request had opened. */
    kept: boolean;
}

/** One request on a connection of its own. */
export async function visit({ cloud, edge, domainName }: Site): Promise<Visit> {
    const nonce = randomUUID();
    const tls = { version: "1.3" as const, servername: domainName, expectedName: domainName, webCaPem: cloud.webCa.certificatePem };
    const result = await probe({ port: edge.port, host: domainName, nonce, tls });
    const seen = result.kind === "status" ? String(result.status) : result.reason;
    return { served: seen === "200" && cloud.invocations.has(nonce), seen, kept: false };
}

/** One request on the agent's connection. */
function visitAgain({ cloud, edge, domainName }: Site, agent: https.Agent): Promise<Visit> {
    const nonce = randomUUID();
    return new Promise((resolve) => {
        const request = https.get(
            {
                agent,
                host: "127.0.0.1",
                port: edge.port,
                servername: domainName,
                ca: cloud.webCa.certificatePem,
                path: "/orders/1",
                headers: { host: domainName, "x-lab-nonce": nonce },
            },
            (response) => {
                response.resume();
                response.on("end", () => {
                    const seen = String(response.statusCode);
                    resolve({ served: seen === "200" && cloud.invocations.has(nonce), seen, kept: request.reusedSocket });
                });
            },
        );
        request.on("error", (error) => resolve({ served: false, seen: error.message, kept: request.reusedSocket }));
    });
}

/**
 * Visitors without a pause until `work` has ended, however short it is: one on fresh connections, and one that keeps its own.
 *
 * @param others Repeated meanwhile.
 */
export async function underLoad<T>(
    site: Site,
    work: Promise<T>,
    onVisit: (visit: Visit) => void,
    others: (() => Promise<void>)[] = [],
): Promise<T> {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    const fresh = async () => onVisit(await visit(site));
    const keeping = async () => onVisit(await visitAgain(site, agent));
    let ended = false;
    const loops = [fresh, keeping, ...others].map(async (play) => {
        for (let i = 0; i < 3 || !ended; i++) {
            await play();
            await breathe(BREATH_MS);
        }
    });
    try {
        return await work;
    } finally {
        ended = true;
        await Promise.all(loops);
        agent.destroy();
    }
}
