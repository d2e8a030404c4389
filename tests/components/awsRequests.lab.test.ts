/**
 * Whatever arguments the component takes, AWS's own service models take what it registers. Proves nothing of what no model says: names that
 * exist already, limits of an account, and how the values of two resources fit.
 */
import { expect } from "chai";
import * as fc from "fast-check";
import { CloudflareProtectedHttpApi, OriginPullMode, StrictTls, type CloudflareProtectedHttpApiArgs } from "../../components";
import { refusals } from "../../lab/aws/requests";
import { plainProps } from "../../lab/shared/propertyValues";
import { record, type Registration } from "../support/recorder";
import { runs, SEED } from "../support/seed";

/** `SETS=10000` tries more; so does `npm run test:exhaustive`. */
const SETS = Number(process.env.SETS ?? 2000);

/** Mostly a usual value, at times one at a bound or beyond it. */
const usually = <T, U>(usual: fc.Arbitrary<T>, ...odd: U[]): fc.Arbitrary<T | U> =>
    fc.oneof({ weight: 12, arbitrary: usual }, ...odd.map((value) => ({ weight: 1, arbitrary: fc.constant(value) })));
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 2 });
const text = (length: number): string => "x".repeat(length);
// Objects as programs write them: the SDK sends nothing of one without a prototype.
const fields = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, options: { requiredKeys?: (keyof T)[] } = {}) =>
    fc.record(model, { ...options, noNullPrototype: true } as never) as fc.Arbitrary<T>;
const dictionary = (keys: fc.Arbitrary<string>, values: fc.Arbitrary<string>) =>
    fc.dictionary(keys, values, { maxKeys: 4, noNullPrototype: true });
const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,11}$/);

const routePath = fc
    .array(fc.oneof(word, fc.constantFrom("{id}", "v1.0", "_x", "A~b")), { minLength: 0, maxLength: 4 })
    .map((segments) => `/${segments.filter((segment, index) => segment !== "{id}" || segments.indexOf(segment) === index).join("/")}`);
const routeKey = fc.oneof(
    fc.constant("$default"),
    fc.tuple(fc.constantFrom("GET", "POST", "PUT", "DELETE", "ANY", "OPTIONS"), routePath).map(([method, path]) => `${method} ${path}`),
    fc.constantFrom("GET /{proxy+}", "ANY /a/{rest+}", `GET /${text(90)}`),
);
const functionName = usually(fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,20}$/), text(64), text(140), text(141));
const lambdaArn = functionName.map((name) => `arn:aws:lambda:eu-west-1:123456789012:function:${name}`);
const httpUrl = usually(
    word.map((host) => `https://${host}.example.com/{proxy}`),
    `https://a.example.com/${text(2026)}`,
    `https://a.example.com/${text(2100)}`,
);
const authorization = fc.oneof(
    { weight: 4, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.constant({ authorizationType: "AWS_IAM" as const }) },
    {
        weight: 1,
        arbitrary: fields({
            authorizationType: fc.constant("JWT" as const),
            authorizerId: usually(word, ""),
            authorizationScopes: maybe(fc.array(usually(word, "", text(64), text(65)), { maxLength: 3 })),
        }),
    },
);
const route = fc
    .tuple(routeKey, fc.oneof(fields({ lambdaArn }), fields({ httpUrl })), authorization)
    .map(([key, target, authorized]) => ({ routeKey: key, ...target, ...authorized }));

const tagText = fc.stringMatching(/^[A-Za-z][A-Za-z0-9 _.:/=+@-]{0,20}$/);
const tags = fc.oneof(
    { weight: 6, arbitrary: dictionary(tagText, tagText) },
    {
        weight: 1,
        arbitrary: dictionary(
            usually(tagText, "", text(128), text(129), "a;b", "aws:x", "größe"),
            usually(tagText, "", text(256), text(257), "x;y"),
        ),
    },
    {
        weight: 1,
        arbitrary: fc
            .constantFrom(8, 10, 11, 50, 51)
            .map((count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`tag${i}`, "x"]))),
    },
);

const domainName = fc.oneof(
    {
        weight: 8,
        arbitrary: fc.tuple(word, word).map(([host, zone]) => `${host.replace(/-+$/, "")}.${zone.replace(/-+$/, "")}.example.com`),
    },
    {
        weight: 1,
        arbitrary: fc.constantFrom(
            "API.Example.COM.",
            `${text(63)}.example.com`,
            `${text(64)}.example.com`,
            `${Array(4).fill(text(58)).join(".")}.example.com`,
            "-a.example.com",
            "a_b.example.com",
            "*.example.com",
        ),
    },
);

const argumentSets: fc.Arbitrary<Partial<CloudflareProtectedHttpApiArgs>> = fields(
    {
        domainName,
        zoneId: usually(fc.stringMatching(/^[0-9a-f]{32}$/), ""),
        routes: fc.uniqueArray(route, { minLength: 1, maxLength: 4, selector: (chosen) => chosen.routeKey }),
        originPull: maybe(
            fc.constantFrom({ mode: OriginPullMode.Shared }, { authorities: [{ name: "1" }, { name: "2", leaf: "3" }], presented: "2" }),
        ),
        strictTls: maybe(fc.constantFrom(StrictTls.Off, StrictTls.Zone)),
        certificateArn: maybe(
            usually(
                fc.constant("arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"),
                "",
                "certificate",
                `arn:aws:acm:eu-west-1:123456789012:certificate/${text(2100)}`,
            ),
        ),
        throttle: maybe(fields({ burstLimit: usually(fc.nat(5000), -1, 0.5, 1e12), rateLimit: usually(fc.nat(10_000), -1, 0.5, 1e12) })),
        cors: maybe(
            fields(
                {
                    allowCredentials: fc.boolean(),
                    allowHeaders: fc.array(usually(word, "*", ""), { maxLength: 3 }),
                    allowMethods: fc.array(usually(fc.constantFrom("GET", "POST", "*"), "", text(64), text(65)), { maxLength: 3 }),
                    allowOrigins: fc.array(
                        usually(
                            word.map((host) => `https://${host}.example.com`),
                            "*",
                            "",
                        ),
                        { minLength: 1, maxLength: 3 },
                    ),
                    exposeHeaders: fc.array(word, { maxLength: 2 }),
                    maxAge: usually(fc.nat(86_400), -1, -2, 86_400, 86_401, 0.5),
                },
                { requiredKeys: ["allowOrigins"] },
            ),
        ),
        accessLog: maybe(
            fields(
                { enabled: fc.boolean(), retentionInDays: usually(fc.constantFrom(0, 1, 14, 30, 3653), 17, -1, 30.5, 4000) },
                { requiredKeys: [] },
            ),
        ),
        deletionProtection: maybe(fc.boolean()),
        verify: maybe(fields({ enabled: fc.boolean(), path: usually(routePath, "") }, { requiredKeys: [] })),
        tags: maybe(tags),
    },
    { requiredKeys: ["domainName", "zoneId", "routes"] },
);

/** What is sent: without the names that the provider makes, which it cuts to AWS's limits itself. */
function sent({ inputs }: Registration): Record<string, unknown> {
    const known = plainProps(inputs);
    // A mock's id is its name; API Gateway's are short.
    return known.target === undefined ? known : { ...known, target: "integrations/abc1234" };
}

/** Components made in one run of the mocks: starting and ending a run costs more than a component. */
const AT_ONCE = 50;

describe("what the component registers", () => {
    // The SDK keeps a stack of every promise, and Node maps each to its source: most of the time of this test.
    const { stackTraceLimit } = Error;
    before(() => (Error.stackTraceLimit = 0));
    after(() => (Error.stackTraceLimit = stackTraceLimit));

    it(`is accepted by AWS's service models, with ${SETS} sets of arguments that the component accepts or refuses`, async () => {
        const refused = new Map<string, unknown>();
        const sets = fc.sample(argumentSets, { numRuns: runs(SETS), seed: SEED });
        let accepted = 0;
        let judged = 0;
        for (let first = 0; first < sets.length; first += AT_ONCE) {
            const argsOf = new Map<string, unknown>();
            const { registrations } = await record(
                () => {
                    for (const [index, args] of sets.slice(first, first + AT_ONCE).entries()) {
                        const name = `api${first + index}`;
                        try {
                            new CloudflareProtectedHttpApi(name, args as CloudflareProtectedHttpApiArgs);
                            argsOf.set(name, args);
                        } catch {
                            // Refused before its first child.
                        }
                    }
                },
                { sslMode: "strict" },
            );
            accepted += argsOf.size;
            for (const registration of registrations) {
                if (!registration.type.startsWith("aws:")) continue;
                judged++;
                for (const { operation, path, reason } of refusals(registration.type, sent(registration), "create")) {
                    const finding = `${operation} ${path.replace(/\[[^\]]*\]/g, "[…]")}: ${reason}`;
                    if (!refused.has(finding)) refused.set(finding, argsOf.get(registration.name.split("-")[0]!));
                }
            }
        }
        expect([...refused].map(([finding, args]) => `${finding} with ${JSON.stringify(args)?.slice(0, 500)}`)).to.deep.equal([]);
        // Else this would prove nothing.
        for (const argument of ["originPull", "certificateArn", "throttle", "cors", "accessLog", "verify", "tags"] as const)
            expect(sets.filter((args) => args[argument] !== undefined).length, argument).to.be.greaterThan(sets.length / 10);
        expect(accepted, "sets that the component takes").to.be.greaterThan(sets.length / 5);
        expect(accepted, "sets that it does not take").to.be.lessThan(sets.length);
        expect(judged).to.be.greaterThan(accepted * 8);
    });
});
