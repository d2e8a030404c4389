import { expect } from "chai";
import { Calls, failure } from "../../../support/calls";
import { makeCloud } from "../../../support/cloud";

describe("the lab's route keys", () => {
    const ROUTE = "aws:apigatewayv2/route:Route";
    let calls: Calls;
    let route: (routeKey: string) => { apiId: string; routeKey: string; target: string };
    beforeEach(async () => {
        calls = new Calls(makeCloud());
        const { id: apiId } = await calls.create("aws:apigatewayv2/api:Api", { protocolType: "HTTP" });
        const proxy = { apiId, integrationType: "HTTP_PROXY", integrationUri: "https://a.example", integrationMethod: "ANY" };
        const integration = await calls.create("aws:apigatewayv2/integration:Integration", proxy);
        route = (routeKey) => ({ apiId, routeKey, target: `integrations/${integration.id}` });
    });

    for (const [routeKey, rule] of [
        ["FETCH /", "route-key"],
        ["get /", "route-key"],
        ["GET pets", "route-key"],
        ["GET /my pets", "route-key"],
        ["$connect", "route-key"],
        ["GET /{proxy+}/pets", "route-greedy-last"],
    ])
        it(`refuse ${routeKey} by ${rule}`, async () => {
            expect(await failure(calls.create(ROUTE, route(routeKey!)))).to.contain(`[${rule}]`);
        });

    it("take what differs, and refuse what differs only in the names of variables", async () => {
        for (const routeKey of ["$default", "GET /pets/{id}", "GET /pets/id", "POST /pets/{pet}", "GET /pets/{id}/", "GET /pets/{id+}"])
            expect(await failure(calls.create(ROUTE, route(routeKey))), routeKey).to.equal("");
        expect(await failure(calls.create(ROUTE, route("GET /pets/{pet}"))))
            .to.contain("[route-conflict]")
            .and.contain('conflicting variable on the same hierarchical level as "GET /pets/{id}"');
    });

    it("rename a variable in place", async () => {
        const created = await calls.create(ROUTE, route("GET /pets/{id}"));
        expect(await failure(calls.update(created, route("GET /pets/{pet}")))).to.equal("");
    });
});
