import type { CausePlace, Impact } from "../../report/report";
import type { Facts } from "../facts";

/** One cause that the doctor knows. Commands get their own lines, prose stands between them or after a `#`: they are pasted into a shell. */
export interface Rule {
    /** Stable; docs/causes.md has an anchor of this name in lower case. */
    id: string;
    title: string;
    /** Where it sits on the request's path; undefined for a permission that the doctor lacks. */
    place: CausePlace | undefined;
    impact: Impact | ((facts: Facts) => Impact);
    /** The observations that prove it, one sentence each; undefined if it does not apply. */
    find(facts: Facts): string[] | undefined;
    /** Why `pulumi refresh` or `up` alone does not show or fix it; empty if it does. */
    refresh: string;
    fix(facts: Facts): string;
    confirm(facts: Facts): string;
    /** Reported before every other cause: the door is open to anyone. */
    first?: true;
    /** Causes that follow from this one: they are not reported with it. */
    explains?: string[];
}

export const doctorCommand = (facts: Facts): string => `npx --no cloudflare-protected-http-api doctor ${facts.evidence.domainName}`;
/** Quoted for a shell: a path may contain `&` or `;`. */
const quoted = (text: string): string => (/^[\w./:%@~-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
export const visitorCommand = (facts: Facts): string =>
    `curl -sS -o /dev/null -w '%{http_code}\\n' ${quoted(`https://${facts.evidence.domainName}${facts.evidence.path}`)}\n# fixed: your API's own answer, e.g. 200 or 401; not API Gateway's 403, and no 5xx`;
/** A request that bypasses the edge: it must get no answer, or API Gateway's own 403. A handler's 403 means that it got in. */
export const bypassCommand = (facts: Facts): string => {
    const { domainName, targetDomainName } = facts.evidence;
    return `curl -sS -w '\\n%{http_code}\\n' --connect-to ${domainName}:443:${targetDomainName ?? "<regional name>"}:443 https://${domainName}/\n# fixed: 000 and a connection error, or 403 with {"message":"Forbidden"}; anything else, even another 403, is still open. A change takes a minute or two`;
};
/** The option that every `aws` command needs. */
export const regionOf = (facts: Facts): string => `--region ${facts.aws?.region ?? "<region>"}`;
/** The default endpoint must be off. */
export const endpointCommand = (facts: Facts, apiId?: string): string =>
    `curl -sS -w '\\n%{http_code}\\n' https://${apiId ?? facts.evidence.apiId ?? "<API id>"}.execute-api.${facts.aws?.region ?? "<region>"}.amazonaws.com/\n# fixed: 404 with {"message":"Not Found"}; anything else is still open`;
/** Replaces the ACM certificate, which is protected by default. */
export const NEW_CERTIFICATE = [
    "pulumi stack --show-urns   # take the URN of type aws:acm/certificate:Certificate whose name ends in -certificate",
    "URN='<that URN>'",
    'pulumi state unprotect "$URN" --yes && pulumi up --refresh --replace "$URN"   # this protects it again',
    "If you pass your own certificateArn, renew or replace that certificate in ACM instead.",
].join("\n");
/** Makes the next deployment write the association again. */
export const NEW_LEAF = [
    "pulumi config get originPullAuthorities   # not found means 1",
    "Give the presented authority the next leaf number and keep the others: 1 becomes 1:2, 1:2 becomes 1:3, 1,2 with 2 presented becomes 1,2:2. Then:",
    "pulumi config set originPullAuthorities <the new value> && pulumi up --refresh",
    'In your own program: authorities: [{ name: "1", leaf: "2" }]. A bring-your-own certificate has no leaf number: pass a new certificateId, or a new certificatePem and privateKeyPem.',
].join("\n");
/** For a fault that `up` does not fix. */
export const FOREIGN_LEAF = [
    "If the fault remains, the edge presents a certificate that this program did not deploy. Issue a new leaf to present the program's own again:",
    NEW_LEAF,
].join("\n");
export const zoneOf = (facts: Facts): string => facts.cloudflare?.zone?.id ?? "<zone id>";
export const cloudflareApi = (method: string, path: string, body?: string): string =>
    // On the standard input: arguments are visible in process lists.
    `printf 'header = "Authorization: Bearer %s"' "$CLOUDFLARE_API_TOKEN" | curl -K - -X ${method}${body === undefined ? "" : ` -H "Content-Type: application/json" --data '${body}'`} https://api.cloudflare.com/client/v4${path}`;
