/** Who can reach the API: one row per identity, each refusal with a positive control, judged by what the handler itself counted. */
import { answered, bypasses, direct, plainBypasses, viaDns, VERSIONS, type Outcome, type Surroundings, type Version } from "./bypasses";
import type { Identity } from "../pki/authority";

/** What the probes go against. `regional` and `apiIds` are those of the deployment before anything was broken. */
export interface Scene extends Surroundings {
    shared: boolean;
    /** The certificate that the edge presents, for the positive control of the direct probes. */
    own: Identity;
    /** Defaults to both. */
    versions?: readonly Version[];
}

/** One row of the result. */
export interface Row {
    id: string;
    tls: Version | "-";
    expected: string;
    seen: string;
    invocations: number;
    ok: boolean;
    /** Set if the mode itself explains the result. */
    note?: string;
}

const described = ({ result }: Outcome): string =>
    result.kind === "status" ? `HTTP ${result.status}` : result.reason === "ENOTFOUND" ? "no address" : "closed";

/** A row for an identity that must get in. */
function admitted(id: string, tls: Row["tls"], outcome: Outcome, note?: string): Row {
    const ok = outcome.result.kind === "status" && outcome.result.status === 200 && outcome.result.verified && outcome.invocations === 1;
    return { id, tls, expected: "HTTP 200", seen: described(outcome), invocations: outcome.invocations, ok, ...(note ? { note } : {}) };
}

/**
 * A row for an identity that must not get in. `control`: the same path with what it takes was answered, so that a refusal is a refusal and
 * not a dead server.
 */
function refused(id: string, tls: Row["tls"], outcome: Outcome, control: boolean): Row {
    const { result, invocations } = outcome;
    const status = result.kind === "status" ? result.status : undefined;
    const sawServer = control && (tls === "-" || result.kind === "closed" || result.verified);
    const got = status !== undefined && status >= 200 && status < 400 && status !== 301;
    const seen = invocations > 0 || got || sawServer ? described(outcome) : "inconclusive";
    return { id, tls, expected: "refused", seen, invocations, ok: invocations === 0 && !got && seen !== "inconclusive" };
}

/** Plays every identity, one after another. */
export async function playIdentities(scene: Scene): Promise<Row[]> {
    const { domainName, shared, own } = scene;
    const rows: Row[] = [];
    const add = (row: Row) => rows.push(row);
    for (const version of scene.versions ?? VERSIONS) {
        add(admitted("visitor", version, await viaDns(scene, version, domainName)));
        const control = await direct(scene, version, domainName, { identity: own });
        add(admitted("own-certificate", version, control));
        for (const { id, send } of bypasses(scene, version)) {
            const outcome = await send();
            add(
                shared && id === "other-customer"
                    ? admitted(id, version, outcome, "known hole of mode Shared")
                    : refused(id, version, outcome, outcome.control ?? answered(control)),
            );
        }
    }
    const live = rows.some((row) => row.id === "own-certificate" && row.ok);
    for (const { id, tls, send } of plainBypasses(scene)) add(refused(id, tls, await send(), live));
    return rows;
}
