/** CloudWatch: log groups. */
import { broken, checkRegion, number, oneOf, optional, REGIONAL, tags, text, type ResourceType } from "../shared/resourceType";

const DAYS = [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

const logGroup: ResourceType = {
    token: "aws:cloudwatch/logGroup:LogGroup",
    properties: {
        ...REGIONAL,
        name: "string replace",
        namePrefix: "string replace",
        retentionInDays: "number",
        skipDestroy: "boolean",
        tags: "map",
    },
    computed: ["arn", "name", "tagsAll"],
    autoname: { property: "name", unless: "namePrefix" },
    check(inputs, cloud) {
        checkRegion(inputs, cloud);
        oneOf(inputs, "retentionInDays", DAYS, "log-group-retention");
        if (inputs.name !== undefined && !/^[\w./#-]{1,512}$/.test(text(inputs, "name")))
            broken("log-group-name", "name", "1 to 512 of A-Za-z0-9_-./#");
        if (inputs.namePrefix !== undefined && !/^[\w./#-]{1,486}$/.test(text(inputs, "namePrefix")))
            broken("log-group-name", "namePrefix", "1 to 486 of A-Za-z0-9_-./#");
        for (const property of ["name", "namePrefix"])
            if (optional(inputs, property)?.startsWith("aws/")) broken("log-group-name", property, "log group names can't start with aws/");
        if (inputs.name !== undefined && inputs.namePrefix !== undefined) broken("log-group-name", "namePrefix", "conflicts with name");
    },
    create(cloud, inputs) {
        const name = optional(inputs, "name") ?? `${text(inputs, "namePrefix")}${cloud.nextId("log")}`;
        if (cloud.aws.logGroups.has(name)) broken("log-group-unique", "name", `ResourceAlreadyExistsException: ${name}`);
        const arn = `arn:aws:logs:${cloud.aws.region}:${cloud.aws.accountId}:log-group:${name}`;
        cloud.aws.logGroups.set(name, { name, arn, retentionInDays: number(inputs, "retentionInDays"), lines: [], tags: tags(inputs) });
        return { id: name, outputs: { arn, name, tagsAll: tags(inputs) } };
    },
    update(cloud, id, inputs) {
        const group = cloud.aws.logGroups.get(id) ?? broken("log-group-exists", "name", `ResourceNotFoundException: ${id}`);
        Object.assign(group, { retentionInDays: number(inputs, "retentionInDays"), tags: tags(inputs) });
        return { tagsAll: tags(inputs) };
    },
    read(cloud, id) {
        const group = cloud.aws.logGroups.get(id);
        return group && { retentionInDays: group.retentionInDays, tags: group.tags, tagsAll: group.tags };
    },
    delete(cloud, id, state) {
        if (state.skipDestroy !== true) cloud.aws.logGroups.delete(id);
    },
};

export const cloudwatch: ResourceType[] = [logGroup];
