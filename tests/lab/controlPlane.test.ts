/** The lab's control planes. */
import { expect } from "chai";
import { HOST, TOKEN, REGION, collectors } from "../support/collectors";

describe("the lab's control planes", function () {
    const lab = collectors();
    const { calls, forgetEvents } = lab;

    it("refuse and tell every write and every call that they do not know", async () => {
        const { S3 } = await import("@aws-sdk/client-s3");
        const { ApiGatewayV2 } = await import("@aws-sdk/client-apigatewayv2");
        const s3 = new S3({ region: REGION, forcePathStyle: true });
        const gateway = new ApiGatewayV2({ region: REGION });
        const client = async (method: string, where: string) => {
            const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
            const answer = await fetch(`${lab.plane.cloudflareBaseUrl}/${where}`, {
                method,
                headers,
                ...(method !== "GET" && { body: "{}" }),
            });
            if (!answer.ok) throw new Error(await answer.text());
        };
        const before = JSON.stringify([...lab.cloud.aws.domains.values(), ...lab.zone.associations.values()]);
        const writes = [
            s3.putObject({ Bucket: "b", Key: "k", Body: "x" }),
            s3.getBucketPolicy({ Bucket: "b" }),
            gateway.deleteDomainName({ DomainName: HOST }),
            gateway.getVpcLinks({}),
            client("PUT", "zones/zone1/origin_tls_client_auth/hostnames"),
            client("PATCH", "zones/zone1/settings/ssl"),
            client("GET", "user/tokens/verify"),
        ];
        const ended = await Promise.allSettled(writes);
        expect(ended.map(({ status }) => status)).to.deep.equal(writes.map(() => "rejected"));
        expect(calls("refused").map(({ detail }) => detail.method)).to.have.members(["PUT", "GET", "DELETE", "GET", "PUT", "PATCH", "GET"]);
        expect(calls("call")).to.deep.equal([]);
        expect(JSON.stringify([...lab.cloud.aws.domains.values(), ...lab.zone.associations.values()])).to.equal(before);
        forgetEvents();
    });
});
