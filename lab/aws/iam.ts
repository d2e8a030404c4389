/** IAM: roles, attached policies and inline policies. */
import type { Cloud, IamRole } from "../cloud";
import { broken, tags, text, type Props, type ResourceType } from "../shared/resourceType";

function roleOf(cloud: Cloud, name: string): IamRole {
    return cloud.aws.roles.get(name) ?? broken("role-exists", "role", `NoSuchEntity: no role ${name}`);
}

function checkJson(inputs: Props, property: string): void {
    if (typeof inputs[property] !== "string") return;
    try {
        JSON.parse(inputs[property]);
    } catch {
        broken("policy-json", property, "MalformedPolicyDocument: not JSON");
    }
}

const asJson = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const role: ResourceType = {
    token: "aws:iam/role:Role",
    properties: {
        name: "string replace",
        assumeRolePolicy: "any!",
        description: "string",
        forceDetachPolicies: "boolean",
        path: "string replace",
        tags: "map",
    },
    computed: ["arn", "uniqueId", "createDate", "tagsAll"],
    autoname: { property: "name" },
    check(inputs) {
        checkJson(inputs, "assumeRolePolicy");
        if (inputs.name !== undefined && !/^[\w+=,.@-]{1,64}$/.test(text(inputs, "name")))
            broken("role-name", "name", "1 to 64 of A-Za-z0-9+=,.@-_");
    },
    create(cloud, inputs) {
        const name = text(inputs, "name");
        if (cloud.aws.roles.has(name)) broken("role-unique", "name", `EntityAlreadyExists: Role with name ${name} already exists`);
        const role: IamRole = {
            name,
            arn: `arn:aws:iam::${cloud.aws.accountId}:role${text(inputs, "path") || "/"}${name}`,
            assumeRolePolicy: asJson(inputs.assumeRolePolicy),
            attachedPolicyArns: new Set(),
            inlinePolicies: new Map(),
            tags: tags(inputs),
        };
        cloud.aws.roles.set(name, role);
        return {
            id: name,
            outputs: { arn: role.arn, uniqueId: cloud.nextId("AROA"), createDate: new Date().toISOString(), tagsAll: role.tags },
        };
    },
    update(cloud, id, inputs) {
        Object.assign(roleOf(cloud, id), { assumeRolePolicy: asJson(inputs.assumeRolePolicy), tags: tags(inputs) });
        return { tagsAll: tags(inputs) };
    },
    read(cloud, id) {
        const role = cloud.aws.roles.get(id);
        return role && { assumeRolePolicy: role.assumeRolePolicy, tags: role.tags, tagsAll: role.tags };
    },
    delete(cloud, id, state) {
        const role = cloud.aws.roles.get(id);
        if (role && state.forceDetachPolicies !== true && role.attachedPolicyArns.size + role.inlinePolicies.size > 0) {
            broken("role-has-policies", "name", "DeleteConflict: Cannot delete entity, must detach all policies first");
        }
        cloud.aws.roles.delete(id);
    },
};

const attachment: ResourceType = {
    token: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    properties: { role: "string! replace", policyArn: "string! replace" },
    computed: [],
    check(inputs) {
        if (inputs.policyArn !== undefined && !/^arn:aws:iam::(aws|\d{12}):policy\//.test(text(inputs, "policyArn"))) {
            broken("policy-arn", "policyArn", "not the ARN of a policy");
        }
    },
    create(cloud, inputs) {
        roleOf(cloud, text(inputs, "role")).attachedPolicyArns.add(text(inputs, "policyArn"));
        return { id: `${text(inputs, "role")}/${text(inputs, "policyArn")}`, outputs: {} };
    },
    read: (cloud, _id, state) =>
        cloud.aws.roles.get(text(state, "role"))?.attachedPolicyArns.has(text(state, "policyArn")) ? {} : undefined,
    delete(cloud, _id, state) {
        cloud.aws.roles.get(text(state, "role"))?.attachedPolicyArns.delete(text(state, "policyArn"));
    },
};

const inline: ResourceType = {
    token: "aws:iam/rolePolicy:RolePolicy",
    properties: { name: "string replace", role: "string! replace", policy: "any!" },
    computed: [],
    autoname: { property: "name" },
    check: (inputs) => checkJson(inputs, "policy"),
    create(cloud, inputs) {
        roleOf(cloud, text(inputs, "role")).inlinePolicies.set(text(inputs, "name"), asJson(inputs.policy));
        return { id: `${text(inputs, "role")}:${text(inputs, "name")}`, outputs: {} };
    },
    update(cloud, _id, inputs) {
        roleOf(cloud, text(inputs, "role")).inlinePolicies.set(text(inputs, "name"), asJson(inputs.policy));
        return {};
    },
    read(cloud, _id, state) {
        const policy = cloud.aws.roles.get(text(state, "role"))?.inlinePolicies.get(text(state, "name"));
        return policy === undefined ? undefined : { policy };
    },
    delete(cloud, _id, state) {
        cloud.aws.roles.get(text(state, "role"))?.inlinePolicies.delete(text(state, "name"));
    },
};

export const iam: ResourceType[] = [role, attachment, inline];
