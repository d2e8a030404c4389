/**
 * The requests that the AWS provider sends for our resource types, as far as a service model can judge them: which operation, and which
 * property becomes which member. A type's create and update fail, as at AWS, on the first constraint that is not satisfied.
 */
import { constraints, violations, type Service, type Shape, type Violation } from "./constraints";
import { broken, type Props, type ResourceType } from "../shared/resourceType";

/** A property's member, if it is not the property's own name: a path such as `Tagging.TagSet`, and what becomes of the value. */
type Member = string | { member: string; value: (value: unknown) => unknown };

interface Requests {
    service: string;
    /** By operation, the members of other names. */
    create: Record<string, Record<string, Member>>;
    update?: Record<string, Record<string, Member>>;
    /** Properties that none of these requests carries, or as no more than bytes. */
    unjudged: string[];
}

const json = (member: string): Member => ({ member, value: (value) => (typeof value === "string" ? value : JSON.stringify(value)) });
/** A list of objects in the SDK, a map by one of their properties in the request. */
const keyed = (member: string, key: string, of?: string): Member => ({
    member,
    value: (list) =>
        Object.fromEntries(
            (list as Props[]).map(({ [key]: name, ...rest }) => [String(name), of === undefined ? rest : rest[of]] as const),
        ),
});
const unless = (member: string, absent: unknown): Member => ({ member, value: (value) => (value === absent ? undefined : value) });
/** The provider adds 26 letters. */
const prefix = (member: string): Member => ({ member, value: (value) => `${String(value)}${"0".repeat(26)}` });

/** The same members in `Create…` and `Update…`. */
const apigatewayv2 = (noun: string, members: Record<string, Member>, unjudged: string[] = []): Requests => ({
    service: "apigatewayv2",
    create: { [`Create${noun}`]: members },
    update: { [`Update${noun}`]: members },
    unjudged: ["region", "tags", ...unjudged].filter((property) => property !== "tags" || !TAGGED.includes(noun)),
});
const TAGGED = ["Api", "DomainName", "Stage"];

const bucketSetting = (operation: string, members: Record<string, Member>): Requests => ({
    service: "s3",
    create: { [operation]: members },
    unjudged: ["region"],
});

const REQUESTS: Record<string, Requests> = {
    "aws:acm/certificate:Certificate": { service: "acm", create: { RequestCertificate: {} }, unjudged: ["region"] },
    "aws:apigatewayv2/api:Api": apigatewayv2("Api", {}),
    "aws:apigatewayv2/apiMapping:ApiMapping": apigatewayv2("ApiMapping", {}),
    "aws:apigatewayv2/authorizer:Authorizer": apigatewayv2("Authorizer", { identitySources: "IdentitySource" }),
    "aws:apigatewayv2/domainName:DomainName": apigatewayv2("DomainName", { domainNameConfiguration: "DomainNameConfigurations" }),
    "aws:apigatewayv2/integration:Integration": apigatewayv2("Integration", {
        timeoutMilliseconds: "TimeoutInMillis",
        responseParameters: keyed("ResponseParameters", "statusCode", "mappings"),
    }),
    "aws:apigatewayv2/route:Route": apigatewayv2("Route", {}),
    "aws:apigatewayv2/stage:Stage": apigatewayv2("Stage", { name: "StageName", routeSettings: keyed("RouteSettings", "routeKey") }),
    "aws:cloudwatch/logGroup:LogGroup": {
        service: "logs",
        create: {
            CreateLogGroup: { name: "logGroupName", namePrefix: prefix("logGroupName") },
            // 0 is the provider's word for no policy.
            PutRetentionPolicy: { name: "logGroupName", retentionInDays: unless("retentionInDays", 0) },
        },
        unjudged: ["region", "skipDestroy"],
    },
    "aws:iam/role:Role": {
        service: "iam",
        create: { CreateRole: { name: "RoleName", assumeRolePolicy: json("AssumeRolePolicyDocument") } },
        unjudged: ["forceDetachPolicies"],
    },
    "aws:iam/rolePolicy:RolePolicy": {
        service: "iam",
        create: { PutRolePolicy: { name: "PolicyName", role: "RoleName", policy: json("PolicyDocument") } },
        unjudged: [],
    },
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
        service: "iam",
        create: { AttachRolePolicy: { role: "RoleName" } },
        unjudged: [],
    },
    "aws:lambda/function:Function": {
        service: "lambda",
        create: { CreateFunction: { name: "FunctionName" } },
        unjudged: ["region", "code", "reservedConcurrentExecutions", "sourceCodeHash"],
    },
    "aws:lambda/permission:Permission": {
        service: "lambda",
        create: { AddPermission: { function: "FunctionName", statementIdPrefix: prefix("StatementId") } },
        unjudged: ["region"],
    },
    "aws:s3/bucket:Bucket": {
        service: "s3",
        create: { CreateBucket: {}, PutBucketTagging: { tags: "Tagging.TagSet" } },
        unjudged: ["region", "forceDestroy"],
    },
    "aws:s3/bucketObjectv2:BucketObjectv2": {
        service: "s3",
        create: { PutObject: {}, PutObjectTagging: { tags: "Tagging.TagSet" } },
        unjudged: ["overrideProvider", "region", "content", "contentBase64", "source", "sourceHash", "etag", "forceDestroy"],
    },
    "aws:s3/bucketPolicy:BucketPolicy": bucketSetting("PutBucketPolicy", { policy: json("Policy") }),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": bucketSetting(
        "PutPublicAccessBlock",
        Object.fromEntries(
            ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"].map((member) => [
                `${member[0]!.toLowerCase()}${member.slice(1)}`,
                `PublicAccessBlockConfiguration.${member}`,
            ]),
        ),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": bucketSetting("PutBucketEncryption", {
        rules: "ServerSideEncryptionConfiguration.Rules",
    }),
    "aws:s3/bucketVersioning:BucketVersioning": bucketSetting("PutBucketVersioning", {
        versioningConfiguration: {
            member: "VersioningConfiguration",
            // Disabled is the provider's word for a bucket that never had it.
            value: (value) => ((value as Props).status === "Disabled" ? {} : value),
        },
    }),
};

/** Types for which AWS gets no request that holds their properties. */
export const WITHOUT_REQUEST: readonly string[] = [
    "aws:acm/certificateValidation:CertificateValidation",
    // Of tests only: nothing of ours registers one, and its operation is not in the table.
    "aws:lambda/alias:Alias",
];

export const judgedTypes = Object.keys(REQUESTS);

/** Members whose names are not the SDK's, inside of objects. */
const NESTED: Record<string, string> = { audiences: "Audience" };

const memberNamed = ({ members = {} }: Shape, property: string): string | undefined =>
    Object.keys(members).find((name) => name.toLowerCase() === (NESTED[property] ?? property).toLowerCase());

/** The value with the request's names, all the way down. What the shape does not have stays, to be named as a violation. */
function asRequested(service: Service, shapeName: string, value: unknown): unknown {
    const shape = service.shapes[shapeName]!;
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (shape.type === "structure" && isObject)
        return Object.fromEntries(
            Object.entries(value).flatMap(([property, part]) => {
                if (part === undefined) return [];
                const member = memberNamed(shape, property) ?? property;
                const inner = shape.members?.[member];
                return [[member, inner === undefined ? part : asRequested(service, inner, part)]];
            }),
        );
    if (shape.type === "list" && isObject) {
        const { members } = service.shapes[shape.member!]!;
        // Tags are a map in the SDK; a block that may stand only once is an object.
        const isTag = members !== undefined && Object.keys(members).sort().join() === "Key,Value";
        return asRequested(service, shapeName, isTag ? Object.entries(value).map(([Key, Value]) => ({ Key, Value })) : [value]);
    }
    if (shape.type === "list" && Array.isArray(value)) return value.map((part) => asRequested(service, shape.member!, part));
    if (shape.type === "map" && isObject)
        return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, asRequested(service, shape.value!, part)]));
    return value;
}

/** Where a property goes in an operation's request; undefined if that has no member for it. */
function memberOf(
    { members = {} }: Shape,
    renamed: Record<string, Member>,
    property: string,
): { path: string[]; value: (value: unknown) => unknown } | undefined {
    const own = renamed[property];
    if (own === undefined) {
        const name = Object.keys(members).find((member) => member.toLowerCase() === property.toLowerCase());
        return name === undefined ? undefined : { path: [name], value: (value) => value };
    }
    return typeof own === "string" ? { path: own.split("."), value: (value) => value } : { path: own.member.split("."), value: own.value };
}

interface Request {
    service: Service;
    operation: string;
    shapeName: string;
    request: Props;
    /** The property behind each member. */
    properties: Record<string, string>;
}

/** The requests of a resource's create or update, as far as `inputs` are known. */
export function requestsOf(token: string, inputs: Props, action: "create" | "update"): Request[] {
    const requests = REQUESTS[token];
    if (!requests) return [];
    const service = constraints.services[requests.service]!;
    const operations = (action === "update" && requests.update) || requests.create;
    return Object.entries(operations).flatMap(([operation, renamed]) => {
        const shapeName = service.operations[operation]!;
        const request: Props = {};
        const properties: Record<string, string> = {};
        for (const [property, given] of Object.entries(inputs)) {
            const member = requests.unjudged.includes(property) ? undefined : memberOf(service.shapes[shapeName]!, renamed, property);
            // The provider leaves an empty map of tags out.
            const empty = property === "tags" && Object.keys((given ?? {}) as object).length === 0;
            const value = given === undefined || empty ? undefined : member?.value(given);
            if (!member || value === undefined) continue;
            let part = request;
            for (const step of member.path.slice(0, -1)) part = (part[step] ??= {}) as Props;
            part[member.path.at(-1)!] = value;
            properties[member.path.join(".")] = property;
        }
        return [{ service, operation, shapeName, request: asRequested(service, shapeName, request) as Props, properties }];
    });
}

/** Properties of a type that are neither in a request nor known to be in none. */
export function unplaced(token: string, properties: string[]): string[] {
    const { service, create, update, unjudged } = REQUESTS[token]!;
    const { operations, shapes } = constraints.services[service]!;
    return properties.filter(
        (property) =>
            !unjudged.includes(property) &&
            !Object.entries({ ...create, ...update }).some(([operation, renamed]) =>
                memberOf(shapes[operations[operation]!]!, renamed, property),
            ),
    );
}

/** What AWS refuses of a resource, by its own model. */
export interface Refusal extends Violation {
    operation: string;
    /** The SDK's property that is sent there. */
    property: string;
}

export function refusals(token: string, inputs: Props, action: "create" | "update"): Refusal[] {
    return requestsOf(token, inputs, action).flatMap(({ service, operation, shapeName, request, properties }) =>
        violations(service, shapeName, request, "")
            // Members that other requests of the resource carry, or the id that the provider adds.
            .filter(({ path, reason }) => !(reason === "Member must not be null" && /^\.\w+$/.test(path)))
            .map(({ path, reason }) => {
                const member = path.slice(1);
                const sent = Object.keys(properties).find(
                    (name) => member === name || (/^[.[ ]/.test(member.slice(name.length)) && member.startsWith(name)),
                );
                return { operation, path: member, reason, property: sent === undefined ? member : properties[sent]! };
            }),
    );
}

/** The type, whose create and update AWS's model judges first. */
export function judgedByModel(type: ResourceType): ResourceType {
    if (!REQUESTS[type.token]) return type;
    const judge = (inputs: Props, action: "create" | "update"): void => {
        const [refusal] = refusals(type.token, inputs, action);
        if (!refusal) return;
        const { operation, path, property, reason } = refusal;
        broken("aws-service-model", property, `${operation}: value at '${path}' failed to satisfy constraint: ${reason}`);
    };
    return {
        ...type,
        create(cloud, inputs, options) {
            judge(inputs, "create");
            return type.create(cloud, inputs, options);
        },
        ...(type.update && {
            update(cloud, id, inputs, state) {
                judge(inputs, "update");
                return type.update!(cloud, id, inputs, state);
            },
        }),
    };
}
