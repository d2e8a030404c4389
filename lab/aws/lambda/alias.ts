/** Lambda: names for published versions. */
import type { Cloud } from "../../cloud";
import { broken, checkRegion, REGIONAL, text, type Props, type ResourceType } from "../../shared/resourceType";

function write(cloud: Cloud, inputs: Props): Props {
    const [functionName, name, version] = [text(inputs, "functionName"), text(inputs, "name"), text(inputs, "functionVersion")];
    const fn =
        [...cloud.aws.functions.values()].find((fn) => fn.name === functionName || fn.arn === functionName) ??
        broken("alias-function-exists", "functionName", `ResourceNotFoundException: Function not found: ${functionName}`);
    if (version !== "$LATEST" && !fn.versions.has(version))
        broken("alias-version-exists", "functionVersion", `ResourceNotFoundException: Function not found: ${fn.arn}:${version}`);
    fn.aliases.set(name, version);
    return { arn: `${fn.arn}:${name}`, invokeArn: fn.invokeArn.replace("/invocations", `:${name}/invocations`) };
}

export const alias: ResourceType = {
    token: "aws:lambda/alias:Alias",
    properties: {
        ...REGIONAL,
        name: "string replace",
        functionName: "string! replace",
        functionVersion: "string!",
        description: "string",
    },
    computed: ["arn", "invokeArn"],
    autoname: { property: "name" },
    check(inputs, cloud) {
        checkRegion(inputs, cloud);
        if (inputs.name !== undefined && !/^(?!\d+$)[A-Za-z0-9_-]{1,128}$/.test(text(inputs, "name")))
            broken("alias-name", "name", "1 to 128 of A-Za-z0-9_-, and not a number");
    },
    create(cloud, inputs) {
        const outputs = write(cloud, inputs);
        return { id: String(outputs.arn), outputs };
    },
    update: (cloud, _id, inputs) => write(cloud, inputs),
    read(cloud, id) {
        const at = id.lastIndexOf(":");
        const fn = [...cloud.aws.functions.values()].find(({ arn }) => arn === id.slice(0, at));
        const functionVersion = fn?.aliases.get(id.slice(at + 1));
        return functionVersion === undefined ? undefined : { functionVersion };
    },
    delete(cloud, id) {
        const at = id.lastIndexOf(":");
        const fn = [...cloud.aws.functions.values()].find(({ arn }) => arn === id.slice(0, at));
        fn?.aliases.delete(id.slice(at + 1));
        // Its policy goes with it.
        for (const [key, { qualifier }] of fn?.permissions ?? []) if (qualifier === id.slice(at + 1)) fn!.permissions.delete(key);
    },
};
