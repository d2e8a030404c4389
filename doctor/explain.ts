/** What is known of a cause apart from any deployment: `explain CAUSE` in a terminal, and docs/causes.md. */
import { RULES } from "./diagnose/causes";
import type { Rule } from "./diagnose/causes/rule";
import { Facts } from "./diagnose/facts";
import type { Evidence } from "./evidence";
import type { CausePlace, Impact } from "./report/report";
import { IMPACTS } from "./report/text";

/** Evidence of no deployment: every fact that a text quotes is a placeholder, as the doctor prints for what it does not know. */
const PLACEHOLDERS: Evidence = {
    domainName: "<domain name>",
    targetDomainName: "<regional name>",
    apiId: "<API id>",
    path: "/",
    now: new Date(0),
    dns: { domainName: "<domain name>", aliases: [], addresses: [] },
    probes: [],
    aws: {
        region: "<region>",
        denied: ["<IAM action>"],
        problems: [],
        api: { id: "<API id>", disableExecuteApiEndpoint: true, stages: [{ name: "<stage>", autoDeploy: false }] },
        otherDomains: [{ name: "<other domain>", mutualTls: false, mappings: [{ apiId: "<API id>", stage: "<stage>", key: "<key>" }] }],
    },
    cloudflare: {
        denied: ["<permission>"],
        problems: [],
        sslRules: [{ value: "<mode>", description: "<rule>", expression: "<its expression>", certain: true }],
        association: { certId: "<certificate id>", enabled: false },
    },
};

const PLACES: Record<CausePlace, string> = {
    dns: "DNS",
    edge: "Cloudflare's edge",
    gateway: "API Gateway's custom domain",
    handler: "the API and what is behind it",
    bypass: "a way around the edge",
};

/** One cause, in the order in which a reader needs it. */
export interface Explanation {
    id: string;
    title: string;
    where: string;
    impact: string;
    refresh: string;
    fix: string;
    confirm: string;
    /** Ids of causes that follow from this one. */
    explains: string[];
}

function explanationOf(rule: Rule): Explanation {
    const facts = new Facts(PLACEHOLDERS);
    const impact: Impact = typeof rule.impact === "function" ? rule.impact(facts) : rule.impact;
    return {
        id: rule.id,
        title: rule.title,
        where: rule.place === undefined ? "what the doctor may read" : PLACES[rule.place],
        impact: IMPACTS[impact],
        refresh: rule.refresh,
        fix: rule.fix(facts),
        confirm: rule.confirm(facts),
        explains: rule.explains ?? [],
    };
}

/** Every cause that the doctor knows, in the order in which it looks for them. */
export const explanations = (): Explanation[] => RULES.map(explanationOf);

/** The pages, one line each. */
export function listText(): string {
    const width = Math.max(...RULES.map(({ id }) => id.length));
    return RULES.map(({ id, title }) => `${id.padEnd(width)}  ${title}`).join("\n");
}

/** A cause's page; undefined if there is no such cause. */
export function explanationText(id: string): string | undefined {
    const found = explanations().find((each) => each.id === id.toUpperCase());
    if (!found) return undefined;
    const section = (heading: string, text: string): string[] =>
        text === "" ? [] : ["", heading, ...text.split("\n").map((line) => `  ${line}`)];
    return [
        `${found.id}: ${found.title}`,
        ...section("WHERE", found.where),
        ...section("IMPACT", found.impact),
        ...section("REFRESH", found.refresh),
        ...section("FIX", found.fix),
        ...section("CONFIRM", found.confirm),
        ...section("CAUSES ALSO", found.explains.join(", ")),
    ].join("\n");
}

/** docs/causes.md. */
export function explanationsMarkdown(): string {
    const block = (text: string): string =>
        text
            .split("\n")
            .map((line) => (line === "" ? "" : `    ${line}`))
            .join("\n");
    const pages = explanations().map(({ id, title, where, impact, refresh, fix, confirm, explains }) =>
        [
            `## <a id="${id.toLowerCase()}"></a>${id}`,
            `${title}. Where: ${where}. ${impact}`,
            ...(refresh === "" ? [] : [refresh]),
            "Fix:",
            block(fix),
            "Confirm:",
            block(confirm),
            ...(explains.length === 0
                ? []
                : [`It also causes ${explains.map((other) => `[${other}](#${other.toLowerCase()})`).join(", ")}.`]),
        ].join("\n\n"),
    );
    return (
        [
            "# Causes",
            "The doctor names one of these causes, with its fix. This page is generated from the doctor's own table by `npm run docs:causes`; `npx --no cloudflare-protected-http-api explain CAUSE` prints one of them in a terminal.",
            "Texts in angle brackets, such as `<zone id>`, are filled in by the doctor when it knows them. The lab plays every cause: [lab](lab.md).",
            ...pages,
            "",
        ]
            .join("\n\n")
            .trimEnd() + "\n"
    );
}
