import { expect } from "chai";
import * as fc from "fast-check";
import { routeName } from "../../components/routeName";
import { routeKeyRule } from "../../components/validation/routeKey";
import { runs } from "../support/seed";

/** The way back, by rules of its own: what can be decoded cannot collide. */
function routeKeyOf(name: string): string {
    if (name === "default") return "$default";
    const [, method, path] = /^([a-z]+)(-.*)$/.exec(name)!;
    const bytes = [...path!.matchAll(/_([0-9a-f]{2})|(-)|([a-z0-9])/g)].map(([, hex, slash, other]) =>
        hex === undefined ? (slash ? 0x2f : other!.charCodeAt(0)) : parseInt(hex, 16),
    );
    return `${method!.toUpperCase()} ${Buffer.from(bytes).toString("utf8")}`;
}

/** Few letters, so that near misses are frequent: what the encoding itself uses, case, and text beyond ASCII. */
const segment = fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "A", "0", "2", "5", "f", "-", "_", ".", "~", "%", "é", "id"), maxLength: 5 }),
    fc.constantFrom("{id}", "{ID}", "{i-d}", "id", "_7bid_7d", "default"),
);
const routeKey = fc
    .tuple(
        fc.constantFrom("ANY", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
        fc.array(segment, { minLength: 1, maxLength: 3 }),
        fc.constantFrom("", "/", "/{proxy+}"),
    )
    .map(([method, segments, end]) => `${method} /${segments.join("/")}${end}`);

describe("the name of a route's children", () => {
    it("is readable, and documented", () => {
        const keys = [
            "$default",
            "GET /",
            "GET /pets",
            "GET /pets/",
            "GET /pets/{id}",
            "GET /pets/id",
            "GET /Pets",
            "ANY /a-b_c.d/{proxy+}",
        ];
        expect(keys.map(routeName)).to.deep.equal([
            "default",
            "get-",
            "get-pets",
            "get-pets-",
            "get-pets-_7bid_7d",
            "get-pets-id",
            "get-_50ets",
            "any-a_2db_5fc_2ed-_7bproxy_2b_7d",
        ]);
    });

    it("leads back to its key, so that no two keys share one", () => {
        fc.assert(
            fc.property(routeKey, (key) => {
                expect(routeKeyRule(key), key).to.equal(undefined);
                expect(routeName(key)).to.match(/^[a-z0-9_-]+$/);
                expect(routeKeyOf(routeName(key))).to.equal(key);
            }),
            { numRuns: runs(500) },
        );
        expect(routeKeyOf(routeName("$default"))).to.equal("$default");
    });
});
