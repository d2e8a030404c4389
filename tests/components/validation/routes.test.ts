import { expect } from "chai";
import { build, LAMBDA, refusal } from "../../support/component";

const routes = (...keys: string[]) => ({ routes: keys.map((routeKey) => ({ routeKey, lambdaArn: LAMBDA })) });

describe("route keys", () => {
    const refused: [what: string, keys: string[], text: string][] = [
        [
            "a method that API Gateway does not know",
            ["FETCH /"],
            'routes[0].routeKey must begin with one of the methods ANY, GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS; received "FETCH /"',
        ],
        ["a method in lower case", ["get /pets"], "routes[0].routeKey must begin with one of the methods"],
        ["a path without its slash", ["GET pets"], "routes[0].routeKey must have a path that begins with /"],
        ["a method alone", ["GET"], "routes[0].routeKey must be $default, or a method, one space and a path without spaces"],
        ["a method stuck to its path", ["GET/pets"], "must be $default, or a method, one space and a path without spaces"],
        ["two spaces", ["GET  /pets"], "must be $default, or a method, one space and a path without spaces"],
        ["a space in the path", ["GET /my pets"], "must be $default, or a method, one space and a path without spaces"],
        ["a line break", ["GET /pets\n"], "must be $default, or a method, one space and a path without spaces"],
        ["a key of a WebSocket API", ["$connect"], "must be $default, or a method"],
        ["a query string", ["GET /pets?page=1"], "must have a path without ? and #"],
        [
            "a greedy variable that is not last",
            ["GET /{proxy+}/pets"],
            "must have a greedy variable such as {proxy+} only at the end of the path",
        ],
        [
            "a greedy variable with a slash behind it",
            ["GET /{proxy+}/"],
            "must have a greedy variable such as {proxy+} only at the end of the path",
        ],
        ["a brace left open", ["GET /{id"], "must write a path variable as {name}"],
        ["a variable without a name", ["GET /{}"], "must write a path variable as {name}"],
        ["the same key twice", ["GET /pets", "GET /pets"], 'routes[1].routeKey must be listed once; received "GET /pets" twice'],
        [
            "keys that differ only in the names of variables",
            ["GET /pets/{id}", "$default", "GET /pets/{pet}"],
            'routes[2].routeKey must differ from routes[0].routeKey in more than the names of path variables, or API Gateway refuses one of them as a conflict; received "GET /pets/{pet}" beside "GET /pets/{id}"',
        ],
        ["the same for greedy ones", ["ANY /{proxy+}", "ANY /{rest+}"], "routes[1].routeKey must differ from routes[0].routeKey"],
    ];
    for (const [what, keys, text] of refused)
        it(`refuses ${what}`, async () => {
            expect(await refusal(routes(...keys))).to.contain(text);
        });

    it("takes what API Gateway takes side by side, each under a name that no other key changes", async () => {
        const keys = [
            ["$default", "GET /", "GET /pets", "GET /pets/", "GET /Pets", "POST /pets", "ANY /pets"],
            [
                "GET /pets/{id}",
                "GET /pets/id",
                "GET /pets/{proxy+}",
                "GET /pets/{id}/toys",
                "GET /pets.json",
                "GET /pets-json",
                "GET /pets_json",
            ],
        ].flat();
        const namesOf = async (some: string[]) =>
            (await build(routes(...some))).registrations
                .map(({ name }) => name)
                .filter((name) => /^orders-(route|integration)-/.test(name));
        const all = await namesOf(keys);
        expect(new Set(all).size).to.equal(2 * keys.length);
        for (const key of ["GET /pets/id", "$default"]) expect(all).to.include.members(await namesOf([key]));
    });

    it("refuses a scope that API Gateway refuses, beside one that it takes", async () => {
        const scoped = (...authorizationScopes: string[]) => ({
            routes: [{ routeKey: "GET /", lambdaArn: LAMBDA, authorizationType: "JWT", authorizerId: "abc123", authorizationScopes }],
        });
        await build(scoped("read", "x".repeat(64)) as never);
        const text = await refusal(scoped("read", "", "x".repeat(65)) as never);
        expect(text).to.contain("routes[0].authorizationScopes[1] must have 1 to 64 characters; received 0");
        expect(text).to.contain("routes[0].authorizationScopes[2] must have 1 to 64 characters; received 65");
    });

    it("warns of what no source settles, and of nothing else", async () => {
        const warningsOf = async (...keys: string[]) => (await build(routes(...keys))).warnings;
        const doubtful: [keys: string[], text: string][] = [
            [
                ["GET /pets/{id}", "POST /pets/{pet}"],
                'the route key "POST /pets/{pet}" beside "GET /pets/{id}": they give the path variable of one level different names',
            ],
            [["GET /pets/{id}", "GET /pets/{pet}/toys"], "different names. Use one name."],
            [["GET /a/{id}/b/{id}"], "the same path variable twice"],
            [["GET /files/{name}.json"], "a path variable beside other text"],
            [["GET /a//b"], "an empty part of its path"],
            [["GET /é"], "a character that no URL path holds"],
        ];
        for (const [keys, text] of doubtful) {
            const warnings = await warningsOf(...keys);
            expect(warnings, keys.join()).to.have.length(1);
            expect(warnings[0])
                .to.match(/^API Gateway may refuse/)
                .and.to.contain(text);
        }
        expect(
            await warningsOf("GET /pets/{id}", "POST /pets/{id}", "GET /pets/{proxy+}", "GET /toys/{toy}", "$default", "GET /a/"),
        ).to.deep.equal([]);
    });
});
