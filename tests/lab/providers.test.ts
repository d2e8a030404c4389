import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { resourceTypes } from "../../lab/providers";
import type { ResourceType } from "../../lab/shared/resourceType";
import { SIG, UNKNOWN } from "../../lab/shared/propertyValues";
import { Calls } from "../support/calls";
import { makeCloud } from "../support/cloud";
import { API, BUCKET } from "./resources";

describe("the lab's resource types", () => {
    let calls: Calls;
    beforeEach(() => {
        calls = new Calls(makeCloud());
    });

    it("refuse a type that the lab does not know", async () => {
        expect((await calls.check("aws:sns/topic:Topic", {})).failures.join()).to.contain("[unknown-type]");
    });
    it("refuse an unknown, a missing and a mistyped property by name", async () => {
        const { failures } = await calls.check(API, { protocolTyp: "HTTP", name: 3 });
        expect(failures.join("\n")).to.match(/protocolTyp: .*\[unknown-property\][^]*name: .*\[wrong-type\]/);
        expect(failures.join("\n")).to.match(/protocolType: .*\[missing-property\]/);
        expect((await calls.check(API, { protocolType: "HTTP" })).failures).to.deep.equal([]);
    });
    it("know in a preview what the inputs say and nothing else", async () => {
        const { outputs } = await calls.create(API, { protocolType: "HTTP", name: UNKNOWN }, { preview: true });
        expect(outputs).to.include({ protocolType: "HTTP", name: UNKNOWN, executionArn: UNKNOWN });
        expect(calls.cloud.aws.apis.size).to.equal(0);
    });
    it("keep a generated name, and replace for the properties that say so", async () => {
        const first = await calls.check(BUCKET, {});
        expect(first.inputs.bucket).to.match(/^thing-[0-9a-f]{7}$/);
        expect((await calls.check(BUCKET, {}, { bucket: "thing-kept" })).inputs.bucket).to.equal("thing-kept");
        const bucket = await calls.create(BUCKET, {});
        expect((await calls.diff(bucket, { ...bucket.inputs, bucket: "other" })).replaces).to.deep.equal(["bucket"]);
        expect((await calls.diff(bucket, { ...bucket.inputs, forceDestroy: true })).replaces).to.deep.equal([]);
    });
    it("name nested paths in a diff as AWS's provider does, and top-level properties only as the plugin framework does", async () => {
        const nested = ([token, { properties }]: [string, ResourceType]): [string, string][] =>
            Object.entries(properties).flatMap(([name, spec]) => (typeof spec === "string" ? [] : [[token, name] as [string, string]]));
        const seen: string[] = [];
        for (const [token, property] of [...resourceTypes].flatMap(nested)) {
            const isList = String(resourceTypes.get(token)!.properties[property]![0]).startsWith("object[]");
            const value = (x: string): unknown => (isList ? [{ x }] : { x });
            const resource = { token, id: "1", inputs: { [property]: value("a") }, outputs: { [property]: value("a") } };
            const { diffs, paths } = await calls.diff(resource, { [property]: value("b") });
            expect(diffs, token).to.include(property);
            const detailed = /^(aws|command):/.test(token);
            expect(paths, `${token} ${property}`).to.deep.equal(detailed ? [`${property}${isList ? "[0]" : ""}.x`] : []);
            seen.push(token.split(":")[0]!);
        }
        expect([...new Set(seen)].sort()).to.include.members(["aws", "cloudflare", "tls"]);
    });
    it("take secrets and outputs out of their wrappers", async () => {
        const secret = { [SIG]: "1b47061264138c4ac30d75fd1eb44270", value: "HTTP" };
        expect((await calls.create(API, { protocolType: secret })).outputs.protocolType).to.equal("HTTP");
    });
    it("tell of every change", async () => {
        const events: string[] = [];
        calls.cloud.events.on("event", ({ source, action }) => events.push(`${action} ${source}`));
        await calls.delete(await calls.create(BUCKET, {}));
        expect(events).to.deep.equal([`create ${BUCKET}`, `delete ${BUCKET}`]);
    });
    it("take no property that the SDK does not declare", () => {
        for (const { token, properties } of resourceTypes.values()) {
            const [pkg, path = "", type] = token.split(":");
            const module = path.includes("/") ? path.replace("index/", "") : `${path}/${type?.toLowerCase()}`;
            const file = `node_modules/@pulumi/${pkg}/${module}.d.ts`;
            expect(existsSync(file), file).to.equal(true);
            const body = new RegExp(`export interface ${type}Args \\{([^]*?)\n\\}`).exec(readFileSync(file, "utf8"))?.[1] ?? "";
            const declared = [...body.matchAll(/^ {4}(\w+)\??:/gm)].map((match) => match[1]);
            expect(declared, token).not.to.deep.equal([]);
            expect(declared, token).to.include.members(Object.keys(properties));
        }
    });
});
