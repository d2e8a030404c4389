import type { Impact } from "../report";
import type { View } from "../view";

/** One cause that the doctor knows. Commands stand on lines of their own, prose in between or after a `#`: they are pasted at night. */
export interface Rule {
    /** Stable; docs/causes.md has an anchor of this name in lower case. */
    id: string;
    title: string;
    impact: Impact | ((view: View) => Impact);
    /** The observations that decide, a sentence each; undefined when they do not. */
    find(view: View): string[] | undefined;
    /** Why `pulumi refresh` or `up` alone does not show or mend it; empty when it does. */
    refresh: string;
    fix(view: View): string;
    confirm(view: View): string;
    /** Causes that this one makes: they are not told beside it. */
    explains?: string[];
}

export const doctorCommand = (view: View): string => `npx --no cloudflare-protected-http-api doctor ${view.evidence.domainName}`;
/** As a shell takes it: a path may hold `&` or `;`. */
const quoted = (text: string): string => (/^[\w./:%@~-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
export const visitorCommand = (view: View): string =>
    `curl -sS -o /dev/null -w '%{http_code}\\n' ${quoted(`https://${view.evidence.domainName}${view.evidence.path}`)}\n# mended: what your API answers there, e.g. 200 or 401; not API Gateway's 403, and no 5xx`;
/** A request around the edge: it must end without an answer, or with API Gateway's own 403. A handler that says 403 was reached. */
export const aroundCommand = (view: View): string => {
    const { domainName, targetDomainName } = view.evidence;
    return `curl -sS -w '\\n%{http_code}\\n' --connect-to ${domainName}:443:${targetDomainName ?? "<regional name>"}:443 https://${domainName}/\n# mended: 000 and a connection error, or 403 with {"message":"Forbidden"}; anything else, another 403 too: still open. A change takes a minute or two`;
};
/** As every `aws` command needs it. */
export const regionOf = (view: View): string => `--region ${view.aws?.region ?? "<region>"}`;
/** The default endpoint must be off. */
export const endpointCommand = (view: View): string =>
    `curl -sS -w '\\n%{http_code}\\n' https://${view.evidence.apiId ?? "<API id>"}.execute-api.${view.aws?.region ?? "<region>"}.amazonaws.com/\n# mended: 404 with {"message":"Not Found"}; anything else: still open`;
/** A certificate of ACM's is made anew: it is protected, as long as nobody says otherwise. */
export const NEW_CERTIFICATE = [
    "pulumi stack --show-urns   # take the URN of type aws:acm/certificate:Certificate whose name ends in -certificate",
    "URN='<that URN>'",
    'pulumi state unprotect "$URN" --yes && pulumi up --refresh --replace "$URN"   # the up protects it again',
    "A certificateArn of your own: renew or replace it in ACM instead.",
].join("\n");
/** Makes the next deployment write the association. */
export const NEW_LEAF = [
    "pulumi config get originPullAuthorities   # not found: it is 1",
    "Give the presented authority the next leaf number, and leave the others as they are: 1 becomes 1:2, 1:2 becomes 1:3, 1,2 with 2 presented becomes 1,2:2. Then:",
    "pulumi config set originPullAuthorities <the new value> && pulumi up --refresh",
    'In a program of yours: authorities: [{ name: "1", leaf: "2" }]. A brought certificate has no leaf number: pass a new certificateId, or a new certificatePem and privateKeyPem.',
].join("\n");
/** For a fault that an `up` leaves where it was. */
export const FOREIGN_LEAF = [
    "If the fault stays, the edge presents a certificate that is not the program's. With a new leaf it presents the program's again:",
    NEW_LEAF,
].join("\n");
export const zoneOf = (view: View): string => view.cloudflare?.zone?.id ?? "<zone id>";
export const cloudflareApi = (method: string, path: string, body?: string): string =>
    // Through the standard input: an argument is in every process list.
    `printf 'header = "Authorization: Bearer %s"' "$CLOUDFLARE_API_TOKEN" | curl -K - -X ${method}${body === undefined ? "" : ` -H "Content-Type: application/json" --data '${body}'`} https://api.cloudflare.com/client/v4${path}`;
