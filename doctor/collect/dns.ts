/** What DNS says about a name: its target, who may issue certificates for it, and the name servers of its zone. */
import type * as dns from "node:dns";
import type { DnsEvidence } from "../evidence";
import type { Names } from "./resolver";

type Answer<T> = { value: T } | { code: string };

const ask = async <T>(query: Promise<T>, deadline: AbortSignal): Promise<Answer<T>> => {
    const late = new Promise<Answer<T>>((resolve) =>
        deadline.addEventListener("abort", () => resolve({ code: "ETIMEOUT" }), { once: true }),
    );
    const answered = query.then(
        (value) => ({ value }),
        (error: NodeJS.ErrnoException) => ({ code: error.code ?? error.message }),
    );
    return Promise.race([answered, late]);
};

/** The name and its parents, without the top-level domain. */
export const ancestors = (name: string): string[] => {
    const labels = name.split(".");
    return labels.slice(0, -1).map((_, i) => labels.slice(i).join("."));
};

const caaValues = (records: dns.CaaRecord[]): string[] =>
    records.flatMap((record) => [record.issue, record.issuewild]).filter((value): value is string => value !== undefined);

/** Never rejects. All questions are asked at once. */
export async function gatherDns(names: Names, domainName: string, deadline: AbortSignal): Promise<DnsEvidence> {
    const { resolver } = names;
    const above = ancestors(domainName);
    const [alias, v4, v6, caa, ns] = await Promise.all([
        ask(resolver.resolveCname(domainName), deadline),
        ask(resolver.resolve4(domainName), deadline),
        ask(resolver.resolve6(domainName), deadline),
        Promise.all(above.map((name) => ask(resolver.resolveCaa(name), deadline))),
        Promise.all(above.map((name) => ask(resolver.resolveNs(name), deadline))),
    ]);
    const found: DnsEvidence = {
        domainName,
        aliases: "value" in alias ? alias.value.map((name) => name.toLowerCase()) : [],
        addresses: [v4, v6].flatMap((answer) => ("value" in answer ? answer.value : [])),
    };
    // RFC 8659: the closest name with any CAA record governs.
    const governing = caa.find((answer): answer is { value: dns.CaaRecord[] } => "value" in answer && answer.value.length > 0);
    if (governing) found.caa = caaValues(governing.value);
    else if (caa.some((answer) => "code" in answer && ["ENODATA", "ENOTFOUND"].includes(answer.code))) found.caa = [];
    const cut = ns.findIndex((answer) => "value" in answer && answer.value.length > 0);
    if (cut >= 0) {
        found.zoneName = above[cut];
        found.nameServers = (ns[cut] as { value: string[] }).value.map((name) => name.toLowerCase());
    }
    if (found.addresses.length === 0 && "code" in v4) found.problem = v4.code;
    return found;
}
