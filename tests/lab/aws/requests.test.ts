/** What AWS's own service models refuse, the lab refuses: at create and at update, as AWS does. */
import { expect } from "chai";
import { constraints, violations, type Service } from "../../../lab/aws/constraints";
import { WITHOUT_REQUEST, judgedTypes, refusals, unplaced } from "../../../lab/aws/requests";
import { createCloud } from "../../../lab/createCloud";
import { resourceTypes } from "../../../lab/providers";
import { RuleError, type Props } from "../../../lab/shared/resourceType";

const GROUP = "aws:cloudwatch/logGroup:LogGroup";
const API = "aws:apigatewayv2/api:Api";
const STAGE = "aws:apigatewayv2/stage:Stage";
const INTEGRATION = "aws:apigatewayv2/integration:Integration";
const DOMAIN = "aws:apigatewayv2/domainName:DomainName";
const PERMISSION = "aws:lambda/permission:Permission";
const CERTIFICATE = "aws:acm/certificate:Certificate";
const OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2";

const text = (length: number): string => "x".repeat(length);

describe("AWS's service models in the lab", () => {
    const awsTypes = [...resourceTypes.values()].filter(({ token }) => token.startsWith("aws:"));

    it("judge every AWS type, or the type is known to send nothing", () => {
        expect(awsTypes.length).to.be.greaterThan(15);
        expect([...judgedTypes, ...WITHOUT_REQUEST].sort()).to.include.members(awsTypes.map(({ token }) => token));
    });

    it("have a member for each property of these types, or the property is known to be in no request", () => {
        for (const { token, properties } of awsTypes)
            if (judgedTypes.includes(token)) expect(unplaced(token, Object.keys(properties)), token).to.deep.equal([]);
    });

    it("have patterns that JavaScript reads as Java does", () => {
        const patterns = Object.values(constraints.services).flatMap((service) =>
            Object.entries(service.shapes).flatMap(([name, { pattern }]) => (pattern === undefined ? [] : [[service, name] as const])),
        );
        expect(patterns.length).to.be.greaterThan(20);
        for (const [service, name] of patterns) expect(() => violations(service, name, "a", ""), name).to.not.throw();
        const judge = (service: string, shape: string, value: string) =>
            violations(constraints.services[service] as Service, shape, value, "").length;
        expect(judge("lambda", "StatementId", "orders-get_pets"), "letters, digits, - and _").to.equal(0);
        expect(judge("lambda", "StatementId", "orders.get"), "no dot").to.equal(1);
        expect(judge("acm", "TagKey", "Größe 1"), "letters of any language").to.equal(0);
        expect(judge("acm", "TagKey", "a;b"), "no semicolon").to.equal(1);
        expect(judge("acm", "DomainNameString", "*.api.example.com")).to.equal(0);
        expect(judge("acm", "DomainNameString", "api..example.com")).to.equal(1);
    });

    const cases: [kind: string, token: string, property: string, accepted: Props, refused: Props, words: RegExp][] = [
        [
            "an enum",
            API,
            "ipAddressType",
            { ipAddressType: "dualstack" },
            { ipAddressType: "ipv6" },
            /satisfy enum value set: \[ipv4, dualstack\]/,
        ],
        ["a length", API, "name", { name: text(128) }, { name: text(129) }, /length less than or equal to 128/],
        ["a length of nothing", API, "name", { name: "x" }, { name: "" }, /length greater than or equal to 1/],
        [
            "a range",
            INTEGRATION,
            "timeoutMilliseconds",
            { timeoutMilliseconds: 50 },
            { timeoutMilliseconds: 49 },
            /value greater than or equal to 50/,
        ],
        ["a whole number", INTEGRATION, "timeoutMilliseconds", { timeoutMilliseconds: 51 }, { timeoutMilliseconds: 51.5 }, /be an integer/],
        [
            "a range in an object",
            API,
            "corsConfiguration",
            { corsConfiguration: { maxAge: 86_400 } },
            { corsConfiguration: { maxAge: 86_401 } },
            /CorsConfiguration\.MaxAge/,
        ],
        [
            "a list of values",
            GROUP,
            "retentionInDays",
            { retentionInDays: 14 },
            { retentionInDays: 17 },
            /satisfy enum value set: \[1, 3, 5, 7, 14,/,
        ],
        ["a pattern", PERMISSION, "statementId", { statementId: "a-b" }, { statementId: "a b" }, /regular expression pattern/],
        [
            "a pattern that only a text has",
            STAGE,
            "stageVariables",
            { stageVariables: { url: "a.b/c?d=e" } },
            { stageVariables: { url: "a b" } },
            /StageVariables\[url\]/,
        ],
        [
            "a size",
            CERTIFICATE,
            "subjectAlternativeNames",
            { subjectAlternativeNames: Array(100).fill("a.example.com") },
            { subjectAlternativeNames: Array(101).fill("a.example.com") },
            /length less than or equal to 100/,
        ],
        ["tags as a list", CERTIFICATE, "tags", { tags: { team: "orders" } }, { tags: { "a;b": "x" } }, /Tags\[0\]\.Key/],
        ["tags as a map", GROUP, "tags", { tags: { team: "orders" } }, { tags: { team: text(257) } }, /tags\[team\]/],
        ["tags of an object", OBJECT, "tags", { tags: { a: "" } }, { tags: { "": "a" } }, /Tagging\.TagSet\[0\]\.Key/],
        [
            "an object that AWS takes as a list",
            DOMAIN,
            "domainNameConfiguration",
            { domainNameConfiguration: { securityPolicy: "TLS_1_2" } },
            { domainNameConfiguration: { securityPolicy: "TLS_1_3" } },
            /DomainNameConfigurations\[0\]\.SecurityPolicy/,
        ],
    ];
    for (const [kind, token, property, accepted, refused, words] of cases)
        it(`refuse ${kind}: ${property} of ${token.split(":")[2]}, and take its neighbour`, () => {
            for (const action of ["create", "update"] as const) {
                expect(refusals(token, accepted, action), action).to.deep.equal([]);
                const all = refusals(token, refused, action);
                // Tags are no part of an update of API Gateway's, and none of these is one.
                expect(all.map((refusal) => refusal.property)).to.deep.equal([property]);
                expect(`${all[0]!.path}: ${all[0]!.reason}`).to.match(words);
            }
        });

    it("refuse at create and at update, name property and rule, and change nothing", async () => {
        const cloud = await createCloud({ zones: [] });
        const group = resourceTypes.get(GROUP)!;
        const attempt = async (work: () => unknown): Promise<RuleError | undefined> => {
            try {
                await work();
            } catch (error) {
                if (error instanceof RuleError) return error;
                throw error;
            }
            return undefined;
        };
        const name = "/aws/vendedlogs/orders";
        const created = await attempt(() => group.create(cloud, { name, tags: { "a;b": "x" } }, { timeoutMs: 1000 }));
        expect([created?.rule, created?.property]).to.deep.equal(["aws-service-model", "tags"]);
        expect(cloud.aws.logGroups.size).to.equal(0);
        expect(await attempt(() => group.create(cloud, { name }, { timeoutMs: 1000 }))).to.equal(undefined);
        const updated = await attempt(() => group.update!(cloud, name, { name, tags: { team: text(257) } }, { name }));
        expect([updated?.rule, updated?.property]).to.deep.equal(["aws-service-model", "tags"]);
        expect(updated!.message, "the value may be a secret").to.not.contain("xxx");
        expect(await attempt(() => group.update!(cloud, name, { name, tags: { team: "orders" } }, { name }))).to.equal(undefined);
        expect(cloud.aws.logGroups.get(name)!.tags).to.deep.equal({ team: "orders" });
    });
});
