import * as pulumi from "@pulumi/pulumi";
import {
    CLOUDFLARE_SHARED_CA_FINGERPRINT,
    fingerprint256,
    judgeKeyPair,
    judgeLeaf,
    judgeTruststoreCa,
    splitCertificates,
    type Problem,
} from "../../pki";
import { AuthorizationType, OriginPullMode, StrictTls, type CloudflareProtectedHttpApiArgs, type OriginPullAuthority } from "../args";
import { shapesProblems } from "./shapes";
import { shown } from "./shown";
import { verifyProblems } from "./verify";

/** What the authority behind mode Shared is called in outputs and messages. */
export const CLOUDFLARE_SHARED = "cloudflare-shared";
const KNOWN = [
    "domainName",
    "zoneId",
    "routes",
    "originPull",
    "strictTls",
    "certificateArn",
    "throttle",
    "cors",
    "accessLog",
    "deletionProtection",
    "verify",
    "tags",
];
const LATER = ["existingApi"];
/** S3 allows 63 characters; the name is followed by `-truststore` and Pulumi's eight. */
const NAME_LIMIT = 44;
const METHODS = "ANY|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS";
const ROUTE_KEY = new RegExp(`^(\\$default|(${METHODS}) /(([A-Za-z0-9._~:@!$&'()*+,;=%-]+|\\{[A-Za-z0-9._-]+\\+?\\})(/|$))*)$`);

/** The readable part of a route's resource names: `GET /pets/{id}` is `get-pets-id`. */
export const routeSlug = (routeKey: string): string =>
    routeKey
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-|-$/g, "");

/** Lower case, no trailing dot. */
export const normaliseDomainName = (name: string): string => name.toLowerCase().replace(/\.$/, "");

function plainString(path: string, value: unknown): Problem[] {
    return typeof value === "string" ? [] : [{ path, message: `must be a plain string; received ${shown(value)}` }];
}

function oneOf(path: string, value: unknown, allowed: Record<string, string>): Problem[] {
    if (value === undefined || Object.values(allowed).includes(value as string)) return [];
    return [{ path, message: `must be one of ${Object.values(allowed).join(", ")}; received ${shown(value)}` }];
}

function domainProblems(value: unknown): Problem[] {
    const path = "domainName";
    if (typeof value !== "string") return plainString(path, value);
    const name = normaliseDomainName(value);
    if (name.startsWith("*")) return [{ path, message: `must be a single name, not a wildcard; received ${shown(value)}` }];
    // ACM puts the name into the certificate's common name, which RFC 5280 limits to 64 characters.
    if (name.length > 64) return [{ path, message: `must be at most 64 characters; received ${name.length}` }];
    const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
    const labels = name.split(".");
    if (labels.length < 2 || !labels.every((part) => label.test(part)) || /^\d+$/.test(labels[labels.length - 1]!))
        return [{ path, message: `must be a full domain name such as api.example.com; received ${shown(value)}` }];
    return [];
}

function routeProblems(routes: unknown): Problem[] {
    if (!Array.isArray(routes)) return [{ path: "routes", message: `must be a plain list of routes; received ${shown(routes)}` }];
    if (routes.length === 0) return [{ path: "routes", message: "must have at least one route; received none" }];
    const problems: Problem[] = [];
    const slugs = new Map<string, string>();
    routes.forEach((route: Record<string, unknown>, i) => {
        const path = `routes[${i}]`;
        const key = route?.routeKey;
        if (typeof key !== "string") problems.push(...plainString(`${path}.routeKey`, key));
        else if (!ROUTE_KEY.test(key))
            problems.push({
                path: `${path}.routeKey`,
                message: `must be $default or a method and a path such as GET /pets/{id}; received ${shown(key)}`,
            });
        else {
            const other = slugs.get(routeSlug(key));
            if (other === key) problems.push({ path: `${path}.routeKey`, message: `must be listed once; received ${shown(key)} twice` });
            else if (other !== undefined)
                problems.push({
                    path: `${path}.routeKey`,
                    message: `must give a resource name of its own; received ${shown(key)}, which reads like ${shown(other)}`,
                });
            slugs.set(routeSlug(key), key);
        }
        if (route?.vpcLink !== undefined)
            problems.push({ path: `${path}.vpcLink`, message: "must be left out: this version does not have it; received a value" });
        const targets = ["lambdaArn", "httpUrl"].filter((target) => route?.[target] !== undefined);
        if (targets.length !== 1 && route?.vpcLink === undefined)
            problems.push({
                path,
                message: `must have exactly one target, lambdaArn or httpUrl; received ${targets.join(" and ") || "none"}`,
            });
        if (typeof route?.lambdaArn === "string") problems.push(...lambdaArnProblems(`${path}.lambdaArn`, route.lambdaArn));
        if (typeof route?.httpUrl === "string") problems.push(...httpUrlProblems(`${path}.httpUrl`, route.httpUrl));
        problems.push(...oneOf(`${path}.authorizationType`, route?.authorizationType, AuthorizationType));
        const needsAuthorizer = route?.authorizationType === "JWT" || route?.authorizationType === "CUSTOM";
        if (needsAuthorizer !== (route?.authorizerId !== undefined))
            problems.push({
                path: `${path}.authorizerId`,
                message: needsAuthorizer
                    ? "must be given for JWT and CUSTOM; received nothing"
                    : "must be left out unless authorizationType is JWT or CUSTOM; received a value",
            });
    });
    return problems;
}

/** Problems of a function ARN. */
export function lambdaArnProblems(path: string, arn: string): Problem[] {
    if (/^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?$/.test(arn)) return [];
    const hint = arn.includes(":apigateway:") ? " (that is an invoke ARN: pass the function's `arn`)" : "";
    return [{ path, message: `must be the ARN of a Lambda function; received ${shown(arn)}${hint}` }];
}

/** Problems of a URL that requests are passed on to. */
export function httpUrlProblems(path: string, url: string): Problem[] {
    return /^https:\/\/[^/\s]+/i.test(url)
        ? []
        : [{ path, message: `must be an https:// URL; received ${shown(url.replace(/\/\/[^@/]*@/, "//…@"))}` }];
}

/** Problems of one authority's PEM, of the values that are known. `allowShared` lets Cloudflare's shared CA pass as trusted only. */
export function authorityPemProblems(path: string, pem: { ca?: string; leaf?: string; key?: string }, now: Date): Problem[] {
    const problems: Problem[] = [];
    if (pem.ca !== undefined) problems.push(...judgeTruststoreCa(`${path}.caCertificatePem`, pem.ca, now));
    if (problems.length === 0 && pem.leaf !== undefined && pem.ca !== undefined)
        problems.push(...judgeLeaf(`${path}.certificatePem`, pem.leaf, pem.ca, now));
    if (problems.length === 0 && pem.leaf !== undefined && pem.key !== undefined)
        problems.push(...judgeKeyPair(`${path}.privateKeyPem`, pem.leaf, pem.key));
    return problems;
}

/** Whether the PEM holds Cloudflare's shared origin-pull CA. A PEM that cannot be read is judged elsewhere. */
export function isSharedCa(pem: string): boolean {
    try {
        return splitCertificates(pem).some((one) => fingerprint256(one) === CLOUDFLARE_SHARED_CA_FINGERPRINT);
    } catch {
        return false;
    }
}

function authorityProblems(path: string, authority: OriginPullAuthority, presented: boolean, now: Date): Problem[] {
    const problems: Problem[] = [];
    const { name, leaf, caCertificatePem: ca, certificatePem, privateKeyPem, certificateId } = authority;
    if (typeof name !== "string") problems.push(...plainString(`${path}.name`, name));
    else if (!/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/.test(name))
        problems.push({ path: `${path}.name`, message: `must be 1 to 22 of a-z, 0-9 and -; received ${shown(name)}` });
    else if (name === CLOUDFLARE_SHARED)
        problems.push({ path: `${path}.name`, message: `must not be the name of Cloudflare's own; received ${shown(name)}` });
    if (leaf !== undefined && (typeof leaf !== "string" || !/^[a-z0-9-]{1,22}$/.test(leaf)))
        problems.push({ path: `${path}.leaf`, message: `must be a plain string of 1 to 22 of a-z, 0-9 and -; received ${shown(leaf)}` });
    if ((certificatePem === undefined) !== (privateKeyPem === undefined))
        problems.push({ path, message: `must have certificatePem and privateKeyPem together; received one without the other` });
    if (certificatePem !== undefined && certificateId !== undefined)
        problems.push({ path, message: "must have certificatePem or certificateId, not both; received both" });
    if ((certificatePem !== undefined || certificateId !== undefined) && ca === undefined)
        problems.push({ path: `${path}.caCertificatePem`, message: "must be given with a leaf of your own; received nothing" });
    if (presented && ca !== undefined && certificatePem === undefined && certificateId === undefined)
        problems.push({
            path,
            message: "must have a leaf (certificatePem or certificateId) to be presented; received only caCertificatePem",
        });
    const text = (value: unknown) => (typeof value === "string" ? value : undefined);
    problems.push(...authorityPemProblems(path, { ca: text(ca), leaf: text(certificatePem), key: text(privateKeyPem) }, now));
    if (presented && typeof ca === "string" && isSharedCa(ca))
        problems.push({
            path: `${path}.caCertificatePem`,
            message: "must be a CA of your own to be presented; received Cloudflare's shared CA",
        });
    return problems;
}

function originPullProblems(originPull: unknown, now: Date): Problem[] {
    if (originPull === undefined) return [];
    const { mode, authorities, presented } = originPull as Record<string, unknown>;
    if (mode === "Zone")
        return [{ path: "originPull.mode", message: 'must be Hostname or Shared: this version does not have Zone; received "Zone"' }];
    const problems = oneOf("originPull.mode", mode, OriginPullMode);
    if (presented !== undefined) problems.push(...plainString("originPull.presented", presented));
    if (authorities !== undefined && !Array.isArray(authorities))
        return [...problems, { path: "originPull.authorities", message: `must be a plain list; received ${shown(authorities)}` }];
    const list = (authorities ?? []) as OriginPullAuthority[];
    const shared = mode === OriginPullMode.Shared;
    if (authorities !== undefined && list.length === 0 && !shared)
        problems.push({ path: "originPull.authorities", message: "must have at least one authority; received none" });
    const names = list.map((one) => one?.name);
    if (new Set(names).size !== names.length)
        problems.push({ path: "originPull.authorities", message: `must have names of their own; received ${names.join(", ")}` });
    if (shared && presented !== undefined)
        problems.push({
            path: "originPull.presented",
            message: "must be left out in mode Shared, where Cloudflare's own leaf is presented; received a value",
        });
    if (!shared && presented === undefined && list.length > 1)
        problems.push({ path: "originPull.presented", message: `must name one of ${names.join(", ")}; received nothing` });
    if (!shared && typeof presented === "string" && !(authorities === undefined ? ["1"] : names).includes(presented))
        problems.push({
            path: "originPull.presented",
            message: `must name one of ${names.join(", ") || "1"}; received ${shown(presented)}`,
        });
    list.forEach((one, i) =>
        problems.push(...authorityProblems(`originPull.authorities[${i}]`, one, !shared && (presented ?? names[0]) === one?.name, now)),
    );
    return problems;
}

/** Every problem of the values that are known when the program runs. */
export function argsProblems(name: string, args: CloudflareProtectedHttpApiArgs, now: Date): Problem[] {
    const problems: Problem[] = [];
    if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name) || name.length > NAME_LIMIT)
        problems.push({
            path: "name",
            message: `must be 1 to ${NAME_LIMIT} of a-z, 0-9 and -, for it becomes part of an S3 bucket's name; received ${shown(name)}`,
        });
    if (typeof args !== "object" || args === null)
        return [...problems, { path: "args", message: `must be a plain object; received ${shown(args)}` }];
    const { problems: shapes, readable } = shapesProblems(args);
    problems.push(...shapes);
    if (!readable) return problems;
    for (const key of Object.keys(args)) {
        if (LATER.includes(key)) problems.push({ path: key, message: "must be left out: this version does not have it; received a value" });
        else if (!KNOWN.includes(key))
            problems.push({ path: key, message: `must be one of ${KNOWN.join(", ")}; received an unknown argument` });
    }
    problems.push(...domainProblems(args.domainName));
    if (args.zoneId === undefined || (typeof args.zoneId === "string" && args.zoneId.trim() === ""))
        problems.push({ path: "zoneId", message: "must be the id of the Cloudflare zone; received nothing" });
    problems.push(
        ...routeProblems(args.routes),
        ...originPullProblems(args.originPull, now),
        ...oneOf("strictTls", args.strictTls, StrictTls),
        ...verifyProblems(args.verify),
    );
    for (const [path, value] of [
        ["deletionProtection", args.deletionProtection],
        ["accessLog.enabled", args.accessLog?.enabled],
    ] as const)
        if (value !== undefined && typeof value !== "boolean")
            problems.push({ path, message: `must be a plain boolean; received ${shown(value)}` });
    return problems;
}

/** All problems as one text. */
export const problemText = (title: string, problems: Problem[]): string =>
    [`${title} cannot be built:`, ...problems.map(({ path, message }) => `  - ${path} ${message}`)].join("\n");

/** The value, or a clear end of the deployment: for what is only known late. The result must be what feeds the child. */
export function checkedLate<T>(
    resource: pulumi.Resource,
    value: pulumi.Input<T>,
    judge: (value: pulumi.Unwrap<T>) => Problem[],
): pulumi.Output<pulumi.Unwrap<T>> {
    return pulumi.output(value).apply((known) => {
        // A consumer's mocks may know of no such output; the cloud itself refuses what is missing.
        const problems = known === undefined ? [] : judge(known);
        if (problems.length > 0)
            throw new pulumi.ResourceError(problems.map(({ path, message }) => `${path} ${message}`).join("\n"), resource, true);
        return known;
    });
}
