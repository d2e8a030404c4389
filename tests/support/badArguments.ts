/** The arguments of the component with a bad value in each place. */
import type { CloudflareProtectedHttpApiArgs } from "../../components";
import { argsProblems, problemText } from "../../components/validation/validation";
import { ARGS, LAMBDA } from "./component";

/** What the component says of arguments. */
export const judge = (args: object, name: unknown = "orders"): string =>
    problemText(
        "args",
        argsProblems(name as string, { ...ARGS, ...args } as unknown as CloudflareProtectedHttpApiArgs, new Date(0), undefined),
    );

/** Every place of the arguments, with a value in it. */
export const places = (value: unknown): [place: string, args: object][] => {
    const route = (field: string) => ({ routes: [{ routeKey: "$default", lambdaArn: LAMBDA, [field]: value }] });
    const authority = (field: string) => ({ originPull: { authorities: [{ name: "1", [field]: value }] } });
    const name = String(value);
    return [
        ...Object.keys({ ...ARGS, originPull: 0, cors: 0, throttle: 0, accessLog: 0, verify: 0, functions: 0 }),
        "strictTls",
        "certificateArn",
        "deletionProtection",
        "existingApi",
    ]
        .map((field): [string, object] => [field, { [field]: value }])
        .concat(
            [
                "routeKey",
                "lambdaArn",
                "function",
                "httpUrl",
                "invokePermission",
                "authorizationType",
                "authorizerId",
                "authorizationScopes",
            ].map((field) => [`route.${field}`, route(field)]),
            ["name", "leaf", "caCertificatePem", "certificatePem", "privateKeyPem", "certificateId"].map((field) => [
                `authority.${field}`,
                authority(field),
            ]),
            ["mode", "authorities", "presented"].map((field) => [`originPull.${field}`, { originPull: { [field]: value } }]),
            ["path", "headers", "timeoutSeconds", "enabled"].map((field) => [`verify.${field}`, { verify: { [field]: value } }]),
            ["enabled", "retentionInDays", "destinationArn"].map((field) => [`accessLog.${field}`, { accessLog: { [field]: value } }]),
            ["burstLimit", "rateLimit"].map((field) => [
                `throttle.${field}`,
                { throttle: { burstLimit: 1, rateLimit: 1, [field]: value } },
            ]),
            ["allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders", "allowCredentials", "maxAge"].flatMap((field) => [
                [`cors.${field}`, { cors: { allowOrigins: ["*"], [field]: value } }] as [string, object],
                [`cors.${field}[0]`, { cors: { allowOrigins: ["*"], [field]: [value] } }] as [string, object],
            ]),
            ["name", "lambdaArn", "invokePermission"].map((field) => [
                `functions.${field}`,
                { functions: [{ name: "f", lambdaArn: LAMBDA, [field]: value }] },
            ]),
            [
                ["routes[0]", { routes: [value] }],
                ["functions[0]", { functions: [value] }],
                ["authorities[0]", { originPull: { authorities: [value] } }],
                ["an unknown argument", { [name]: 1 }],
                ["an unknown part of a group", { verify: { [name]: 1 } }],
                ["a tag's name", { tags: { [name]: "x" } }],
                ["a tag's value", { tags: { team: value } }],
                ["a header's name", { verify: { headers: { [name]: "x" } } }],
                ["a header's value", { verify: { headers: { "x-token": value } } }],
            ],
        );
};
