/** The few commands of the AWS CLI that stand in the doctor's texts, on the lab's cloud. */
import type { HttpApi } from "../../lab/cloud";
import type { DeployedLab } from "./deployedLab";

/** Flags by name, and what is left. */
export function flagsOf(words: string[], known: Record<string, "value" | "switch">): { flags: Map<string, string>; rest: string[] } {
    const flags = new Map<string, string>();
    const rest: string[] = [];
    for (let i = 0; i < words.length; i++) {
        const word = words[i]!;
        if (!word.startsWith("-")) rest.push(word);
        else if (known[word] === undefined) throw new Error(`unknown flag: ${word}`);
        else flags.set(word, known[word] === "value" ? words[++i]! : "");
    }
    return { flags, rest };
}

const present = <T>(value: T | undefined, what: string | undefined): T => {
    if (value === undefined) throw new Error(`NotFoundException: ${what}`);
    return value;
};

/** `{ $.field = "*end" }`, the one form of CloudWatch's patterns that the texts have. */
function filterOf(pattern: string | undefined): (line: string) => boolean {
    if (pattern === undefined) return () => true;
    const [, field, end] = /^\{ \$\.(\w+) = "\*([^"*]*)" \}$/.exec(pattern) ?? [];
    if (field === undefined) throw new Error(`unknown filter pattern: ${pattern}`);
    return (line) => {
        try {
            return String((JSON.parse(line) as Record<string, unknown>)[field]).endsWith(end!);
        } catch {
            return false;
        }
    };
}

/** API Gateway's own deployment of what is written. */
function deploy({ stages, disableExecuteApiEndpoint, routes, integrations }: HttpApi, stage: string | undefined): string {
    present(stages.get(stage ?? ""), stage).deployed = structuredClone({ disableExecuteApiEndpoint, routes, integrations });
    return "DEPLOYED";
}

/** What the command prints. Every call but one needs a region, and it must be the API's. */
export function awsCli({ cloud }: DeployedLab, [service = "", verb = "", ...words]: string[]): string {
    const { apis, domains, certificates, logGroups, region, accountId } = cloud.aws;
    const names = [
        "--region",
        "--api-id",
        "--stage-name",
        "--domain-name",
        "--api-mapping-id",
        "--certificate-arn",
        "--routing-mode",
        "--query",
        "--output",
    ];
    const { flags, rest } = flagsOf(words, Object.fromEntries([...names, "--since", "--filter-pattern"].map((name) => [name, "value"])));
    const flag = (name: string): string | undefined => flags.get(`--${name}`);
    if (service !== "sts" && flag("region") !== region) throw new Error(`You must specify a region: ${region}, not ${flag("region")}`);
    const domain = () => present(domains.get(flag("domain-name") ?? ""), flag("domain-name"));
    const query = flag("query") ?? "";
    switch (`${service} ${verb}`) {
        case "sts get-caller-identity":
            return accountId;
        case "apigatewayv2 create-deployment":
            return deploy(present(apis.get(flag("api-id") ?? ""), flag("api-id")), flag("stage-name"));
        case "apigatewayv2 get-api-mappings": {
            const [, apiId] = /^Items\[\?ApiId=='([^']+)'\]\.\[ApiMappingId,ApiMappingKey\]$/.exec(query) ?? [];
            const found = [...domain().mappings.values()].filter((mapping) => mapping.apiId === apiId);
            return found.map(({ id, apiMappingKey }) => `${id}\t${apiMappingKey || "None"}`).join("\n");
        }
        case "apigatewayv2 delete-api-mapping": {
            const id = flag("api-mapping-id") ?? "";
            if (!domain().mappings.delete(id)) throw new Error(`NotFoundException: ${id}`);
            return "";
        }
        case "apigatewayv2 update-domain-name":
            if (flag("routing-mode") !== "API_MAPPING_ONLY") throw new Error(`BadRequestException: ${flag("routing-mode")}`);
            domain().routingMode = undefined;
            return "";
        case "apigatewayv2 get-domain-name": {
            if (query === "DomainNameConfigurations[].ApiGatewayDomainName") return domain().targetDomainName;
            if (query === "DomainNameConfigurations[0].CertificateArn") return domain().certificateArn;
            if (query === "DomainNameConfigurations[0].DomainNameStatus") return domain().status ?? "AVAILABLE";
            if (query !== "MutualTlsAuthentication") throw new Error(`unknown query: ${query}`);
            const { truststoreUri, truststoreVersion, warnings = [] } = domain().mutualTls ?? {};
            const TruststoreWarnings = warnings.length > 0 ? warnings : undefined;
            return JSON.stringify({ TruststoreUri: truststoreUri, TruststoreVersion: truststoreVersion, TruststoreWarnings });
        }
        case "acm describe-certificate":
            if (query !== "Certificate.Status") throw new Error(`unknown query: ${query}`);
            return present(certificates.get(flag("certificate-arn") ?? ""), flag("certificate-arn")).status;
        case "logs tail": {
            const { lines } = present([...logGroups.values()].find(({ name }) => name === rest[0]), rest[0]); // prettier-ignore
            return lines.filter(filterOf(flag("filter-pattern"))).join("\n");
        }
        default:
            throw new Error(`unknown command: aws ${service} ${verb}`);
    }
}
