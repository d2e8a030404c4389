import type { Problem } from "../../pki";
import { plainString } from "./plain";
import { late, shown, shownField } from "./shown";

/** Problems of a function ARN. */
export function lambdaArnProblems(path: string, arn: unknown): Problem[] {
    if (typeof arn !== "string") return [{ path, message: `must be the ARN of a Lambda function; received ${shown(arn)}` }];
    const match = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(?::([A-Za-z0-9$_-]{1,128}))?$/.exec(arn);
    if (match?.[1] === "$LATEST")
        return [
            {
                path,
                message: `must not end in :$LATEST, because Lambda takes no permission for it; received ${shown(arn)}. Leave :$LATEST out: the ARN without a qualifier is the same code`,
            },
        ];
    if (match && !match[1]?.includes("$")) return [];
    const hint = arn.includes(":apigateway:") ? " (this is an invoke ARN: pass the function's `arn`)" : "";
    return [{ path, message: `must be the ARN of a Lambda function; received ${shown(arn)}${hint}` }];
}

type Fields = Record<string, unknown> | undefined;

/** Problems of `functions`, and of the routes that name them. The routes are a list. */
export function functionProblems(functions: unknown, routes: unknown[]): Problem[] {
    if (functions !== undefined && !Array.isArray(functions))
        return [{ path: "functions", message: `must be a plain list; received ${shown(functions)}` }];
    const list = (functions ?? []) as Fields[];
    const problems: Problem[] = [];
    const names = new Set<unknown>();
    const arns = new Set<unknown>();
    const used = new Set(routes.map((route) => (route as Fields)?.function));
    list.forEach((entry, i) => {
        const path = `functions[${i}]`;
        const name = entry?.name;
        const arn = entry?.lambdaArn;
        if (typeof name !== "string") problems.push(...plainString(`${path}.name`, name));
        else if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name))
            problems.push({ path: `${path}.name`, message: `must be 1 to 40 characters of a-z, 0-9 and -; received ${shown(name)}` });
        else if (names.has(name)) problems.push({ path: `${path}.name`, message: `must be unique; received ${shown(name)} twice` });
        else if (!used.has(name))
            problems.push({
                path: `${path}.name`,
                message: `must be the \`function\` of a route; received ${shown(name)}, which no route names`,
            });
        if (typeof arn === "string") problems.push(...lambdaArnProblems(`${path}.lambdaArn`, arn));
        if (arn !== undefined && arns.has(arn))
            problems.push({ path: `${path}.lambdaArn`, message: "must be listed once; received the same function twice" });
        names.add(name);
        arns.add(arn);
    });
    problems.push(...routes.flatMap((route, i) => routeFunctionProblems(`routes[${i}]`, route as Fields, [...names])));
    return [...problems, ...permissionProblems(list, routes as Fields[])];
}

function routeFunctionProblems(path: string, route: Fields, names: unknown[]): Problem[] {
    const { function: name, lambdaArn, invokePermission } = route ?? {};
    const problems: Problem[] = [];
    if (name !== undefined && (typeof name !== "string" || !names.includes(name)))
        problems.push({
            path: `${path}.function`,
            message: `must be the name of one of \`functions\` (${names.map((each) => (typeof each === "string" ? shownField(each) : shown(each))).join(", ") || "there are none"}); received ${shown(name)}`,
        });
    if (invokePermission !== undefined && lambdaArn === undefined)
        problems.push({
            path: `${path}.invokePermission`,
            message:
                name === undefined
                    ? "must be left out without a lambdaArn; received a value"
                    : "must be set in `functions`, because every route of the function shares the permission; received a value",
        });
    return problems;
}

/** Routes of one function share its permission, so they must agree about it. */
function permissionProblems(functions: Fields[], routes: Fields[]): Problem[] {
    const byArn = new Map<unknown, boolean>(functions.map((entry) => [entry?.lambdaArn, entry?.invokePermission !== false]));
    return routes.flatMap((route, i) => {
        const arn = route?.lambdaArn;
        if (arn === undefined || (late(arn) && !byArn.has(arn))) return [];
        const granted = route?.invokePermission !== false;
        const before = byArn.get(arn);
        byArn.set(arn, granted);
        if (before === undefined || before === granted) return [];
        return [
            {
                path: `routes[${i}].invokePermission`,
                message: `must be the same everywhere for one function; received ${granted} after ${before}`,
            },
        ];
    });
}
