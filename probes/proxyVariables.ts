/** Which variables of a proxy a machine has set for the hosts that are asked, as curl reads them. */

const VARIABLES = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/** Whether `NO_PROXY` names the host or a domain above it: a list with commas, a leading dot or `*.` allowed, `*` for all. */
function excluded(host: string, noProxy: string): boolean {
    return noProxy
        .split(/[\s,]+/)
        .map((entry) => entry.replace(/^\*?\./, "").toLowerCase())
        .some((entry) => entry === "*" || (entry !== "" && (host === entry || host.endsWith(`.${entry}`))));
}

/** The names of the variables; none if `NO_PROXY` excludes every host. Nothing here uses a proxy: it would end the TLS that is judged. */
export function proxyVariables(environment: Record<string, string | undefined>, hosts: string[]): string[] {
    const noProxy = environment.no_proxy || environment.NO_PROXY || "";
    if (hosts.every((host) => excluded(host.toLowerCase(), noProxy))) return [];
    return VARIABLES.filter((name) => environment[name]);
}
