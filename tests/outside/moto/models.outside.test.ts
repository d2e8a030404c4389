/** What docs/lab.md says that AWS's service models say is in them: errors, values and texts. botocore, which moto brings, holds the models. */
import * as fs from "node:fs";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import { expect } from "chai";
import { idsIn, rowsBelow } from "../../docs/pages";
import { needsTool } from "../../support/outsideTool";

interface Shape {
    documentation?: string;
    enum?: string[];
    error?: { code?: string };
    exception?: boolean;
    members?: Record<string, { documentation?: string }>;
}
interface Model {
    operations: Record<string, { documentation?: string; errors?: { shape: string }[] }>;
    shapes: Record<string, Shape>;
}

const SERVICES = ["acm", "apigatewayv2", "iam", "lambda", "logs", "s3"] as const;

/** What a row calls "the text of …". */
const TEXTS: { rule: string; service: (typeof SERVICES)[number]; says: RegExp }[] = [
    { rule: "aws-tag-prefix", service: "acm", says: /cannot specify a tag value that begins with aws:/ },
    { rule: "bucket-not-empty", service: "s3", says: /All objects .* must be deleted before the bucket itself can be deleted/ },
    { rule: "integration-uri", service: "apigatewayv2", says: /For an HTTP integration, specify a fully-qualified URL/ },
    { rule: "integration-payload", service: "apigatewayv2", says: /For all other integrations, 1\.0 is the only supported value/ },
    {
        rule: "truststore-uri",
        service: "apigatewayv2",
        says: /truststore for mutual TLS authentication, for example, s3:\/\/bucket-name\/key-name/,
    },
    { rule: "truststore-versioning", service: "apigatewayv2", says: /To specify a version, you must have versioning enabled/ },
    { rule: "permission-latest", service: "lambda", says: /does not support adding policies to version \$LATEST/ },
    { rule: "log-group-name", service: "logs", says: /Log group names can't start with the string aws\// },
    { rule: "log-group-retention", service: "logs", says: /Possible values are: 1, 3, 5, 7, 14, .* 3288, and 3653/ },
];
/** Where a row says that no conflict is named. */
const WITHOUT_CONFLICT = { "api-mapped": "DeleteApi", "integration-in-use": "DeleteIntegration" };

describe("AWS's service models, as docs/lab.md cites them,", () => {
    const models = new Map<string, Model>();
    const rows = rowsBelow("docs/lab.md", "## Who else judges a rule").filter(([, judge]) => judge === "AWS's models");
    const verdictOf = (rule: string): string => rows.find(([ids]) => idsIn(ids!).includes(rule))?.[2] ?? "";

    before(function () {
        const data = path.join(path.dirname(needsTool(this, "moto")), "botocore", "data");
        for (const service of SERVICES) {
            // Names of versions are dates: the last is the newest.
            const folder = path.join(data, service, fs.readdirSync(path.join(data, service)).sort().at(-1)!);
            const file = path.join(folder, "service-2.json");
            const text = fs.existsSync(file) ? fs.readFileSync(file) : gunzipSync(fs.readFileSync(`${file}.gz`));
            models.set(service, JSON.parse(text.toString("utf8")) as Model);
        }
    });

    const textOf = (service: string): string => {
        const { operations, shapes } = models.get(service)!;
        const texts = [
            ...Object.values(operations).map(({ documentation }) => documentation),
            ...Object.values(shapes).flatMap(({ documentation, members = {} }) => [
                documentation,
                ...Object.values(members).map((member) => member.documentation),
            ]),
        ];
        return texts.join("\n").replace(/<[^>]*>/g, "").replace(/\s+/g, " "); // prettier-ignore
    };

    it("have every error and value that a row names", () => {
        const known = new Set<string>();
        for (const { shapes } of models.values())
            for (const [name, shape] of Object.entries(shapes)) {
                if (shape.exception || shape.error) known.add(name).add(shape.error?.code ?? name);
                for (const value of shape.enum ?? []) known.add(value);
            }
        const named = rows.flatMap(([ids, , verdict]) =>
            [...verdict!.matchAll(/\b(?:[A-Z][A-Za-z]+(?:Exception|Exists|Conflict|Entity|Bucket)|[A-Z]+(?:_[A-Za-z0-9]+)+)\b/g)].map(
                ([word]) => ({ ids, word }),
            ),
        );
        expect(named.length).to.be.greaterThan(25);
        expect(named.filter(({ word }) => !known.has(word) && !models.get("s3")!.operations[word])).to.deep.equal([]);
    });

    it("say in their texts what a row leaves to a text, and the row agrees", () => {
        for (const { rule, service, says } of TEXTS) {
            expect(textOf(service), rule).to.match(says);
            expect(verdictOf(rule), rule).to.match(/^agrees/);
        }
    });

    it("name no conflict where a row says so", () => {
        for (const [rule, operation] of Object.entries(WITHOUT_CONFLICT)) {
            const errors = (models.get("apigatewayv2")!.operations[operation]!.errors ?? []).map(({ shape }) => shape);
            expect(errors, rule).to.include("NotFoundException").and.not.include("ConflictException");
            expect(verdictOf(rule)).to.match(/^silent: the deletes name no conflict/);
        }
        const { errors = [] } = models.get("apigatewayv2")!.operations.CreateRoute!;
        expect(errors.map(({ shape }) => shape)).to.include("ConflictException");
    });
});
