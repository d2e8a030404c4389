/** Which requests are sent where: through the edge, and around it. Every one over TLS 1.2 and 1.3. */
import type { ClientIdentity, ProbeRequest } from "./probe";

const VERSIONS = ["1.2", "1.3"] as const;

/** What all requests of one look have in common. */
export interface Deployment {
    domainName: string;
    path: string;
    /** May be secret: sent only to a server whose certificate is valid. */
    headers?: Record<string, string>;
    /** CA certificates to trust besides Node's own. */
    caPem?: string;
}

interface Place {
    host: string;
    servername: string;
    hostHeader: string;
    /** The name that the server's certificate must be valid for, if it is not the server name. */
    expectedName?: string;
    identity?: ClientIdentity;
}

/** The same request over both versions of TLS. */
export const inEachVersion = ({ path, headers, caPem }: Omit<Deployment, "domainName">, id: string, place: Place): ProbeRequest[] =>
    VERSIONS.map((version) => {
        const { host, servername, hostHeader, expectedName = servername, identity } = place;
        return { id, host, port: 443, hostHeader, path, headers, tls: { version, servername, expectedName, caPem, identity } };
    });

/** Through the edge. */
export const visitorRequests = (deployment: Deployment): ProbeRequest[] => {
    const name = deployment.domainName;
    return inEachVersion(deployment, "visitor", { host: name, servername: name, hostHeader: name });
};

/** Directly at the regional name, with our name in Host. */
export function directRequests(deployment: Deployment, regionalName: string, stranger: ClientIdentity): ProbeRequest[] {
    const name = deployment.domainName;
    const at = (id: string, servername: string, more: Partial<Place> = {}) =>
        inEachVersion(deployment, id, { host: regionalName, servername, hostHeader: name, ...more });
    return [
        ...at("no-certificate", name),
        ...at("stranger", name, { identity: stranger }),
        ...at("sni-none", "", { expectedName: regionalName }),
        ...at("sni-regional", regionalName),
    ];
}

/** At the API's default endpoint, which must be off. */
export const defaultEndpointRequests = (deployment: Deployment, name: string): ProbeRequest[] =>
    inEachVersion(deployment, "default-endpoint", { host: name, servername: name, hostHeader: name });
