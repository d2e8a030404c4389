import { expect } from "chai";
import { CloudflareProtectedHttpApi, type HttpApiRoute, type OriginPullAuthority } from "../../components";
import { stranger, type Attacker } from "../../lab/traffic/attackerCertificates";
import { record } from "../support/recorder";

const LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
const build = (authority: OriginPullAuthority, routes: HttpApiRoute[] = [{ routeKey: "$default", lambdaArn: LAMBDA }]) =>
    record(
        () =>
            new CloudflareProtectedHttpApi("orders", {
                domainName: "api.dev.example.com",
                zoneId: "zone1",
                routes,
                originPull: { authorities: [authority] },
            }),
    );

describe("a bring-your-own authority", () => {
    let own: Attacker;
    let other: Attacker;
    before(async () => {
        [own, other] = await Promise.all([stranger("api.dev.example.com"), stranger("api.dev.example.com")]);
    });
    const bringYourOwn = (changes: Partial<OriginPullAuthority> = {}): OriginPullAuthority => ({
        name: "corp",
        caCertificatePem: own.caPem,
        certificatePem: own.certificatePem,
        privateKeyPem: own.privateKeyPem,
        ...changes,
    });
    const refusal = async (authority: OriginPullAuthority): Promise<string> => {
        const rejections: string[] = [];
        const collect = (error: unknown) => void rejections.push(String((error as Error).message));
        process.on("unhandledRejection", collect);
        try {
            await build(authority);
        } catch (error) {
            rejections.push((error as Error).message);
        } finally {
            process.off("unhandledRejection", collect);
        }
        return rejections.join("\n") || "nothing was refused";
    };

    it("is uploaded with its key as a secret, and trusted, without anything being issued", async () => {
        const recorded = await build(bringYourOwn());
        const upload = recorded.byName("orders-origin-pull-upload-corp");
        expect(upload.inputs.certificate).to.equal(own.certificatePem);
        expect(upload.secretInputs).to.include("privateKey");
        expect(recorded.byName("orders-truststore-object").inputs.content).to.equal(own.caPem);
        expect(recorded.registrations.filter((registration) => registration.type.startsWith("tls:"))).to.deep.equal([]);
    });

    it("needs no key when its leaf is uploaded already", async () => {
        const recorded = await build({ name: "corp", caCertificatePem: own.caPem, certificateId: "uploaded-1" });
        expect(recorded.byName("orders-association").inputs.configs).to.deep.equal([
            { hostname: "api.dev.example.com", certId: "uploaded-1", enabled: true },
        ]);
        expect(recorded.registrations.map((registration) => registration.name)).not.to.include("orders-origin-pull-upload-corp");
    });

    it("is refused, without the key in the message, when the key belongs to another certificate", async () => {
        const message = await refusal(bringYourOwn({ privateKeyPem: other.privateKeyPem }));
        expect(message).to.contain("originPull.authorities[0].privateKeyPem must").and.not.to.contain("PRIVATE KEY-----\n");
        expect(message).not.to.contain(other.privateKeyPem.split("\n")[1]);
    });

    it("is refused when its leaf is a CA, or is signed by another CA", async () => {
        expect(await refusal(bringYourOwn({ certificatePem: own.caPem }))).to.contain("originPull.authorities[0].certificatePem must");
        expect(await refusal(bringYourOwn({ caCertificatePem: other.caPem }))).to.contain("originPull.authorities[0].certificatePem must");
    });
});

describe("a route to an HTTP URL", () => {
    it("is passed on to that URL, with no permission for a function", async () => {
        const recorded = await build({ name: "1" }, [{ routeKey: "GET /pets", httpUrl: "https://pets.example.com/pets" }]);
        const integration = recorded.registrations.find((registration) => registration.type === "aws:apigatewayv2/integration:Integration");
        expect(integration?.inputs).to.deep.include({ integrationType: "HTTP_PROXY", integrationUri: "https://pets.example.com/pets" });
        expect(recorded.registrations.map((registration) => registration.type)).not.to.include("aws:lambda/permission:Permission");
    });
});
