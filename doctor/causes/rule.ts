import type { Impact } from "../report";
import type { View } from "../view";

/** One cause that the doctor knows. */
export interface Rule {
    /** Stable; README has an anchor of this name in lower case. */
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

export const doctorCommand = (view: View): string => `npx cloudflare-protected-http-api doctor ${view.evidence.domainName}`;
export const visitorCommand = (view: View): string => `curl -sS -o /dev/null -w '%{http_code}\\n' https://${view.evidence.domainName}/`;
/** A request around the edge: it must end without an answer, or with HTTP 403. */
export const aroundCommand = (view: View): string => {
    const { domainName, targetDomainName } = view.evidence;
    return `curl -sS -o /dev/null -w '%{http_code}\\n' --connect-to ${domainName}:443:${targetDomainName ?? "<regional name>"}:443 https://${domainName}/`;
};
export const zoneOf = (view: View): string => view.cloudflare?.zone?.id ?? "<zone id>";
export const cloudflareApi = (method: string, path: string, body?: string): string =>
    // Through the standard input: an argument is in every process list.
    `printf 'header = "Authorization: Bearer %s"' "$CLOUDFLARE_API_TOKEN" | curl -K - -X ${method}${body === undefined ? "" : ` -H "Content-Type: application/json" --data '${body}'`} https://api.cloudflare.com/client/v4${path}`;
