import * as pulumi from "@pulumi/pulumi";

/** One registration, with the options that `setMocks` hides. */
export interface Registration {
    type: string;
    name: string;
    parent: string;
    protect: boolean;
    deleteBeforeReplace: boolean;
    replacementTrigger: unknown;
    dependencies: string[];
    inputs: Record<string, unknown>;
    secretInputs: string[];
}

interface Request {
    getType(): string;
    getName(): string;
    getParent(): string;
    getProtect(): boolean;
    getDeletebeforereplace(): boolean;
    getReplacementTrigger(): { toJavaScript(): unknown } | undefined;
    getDependenciesList(): string[];
    getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
}
type Callback = (error: Error | null, response: unknown) => void;

/** What a run registered, what it returned, and what went wrong in it. */
export interface Recorded<T> {
    registrations: Registration[];
    result: T;
    warnings: string[];
    byName(name: string): Registration;
}

/** Answers of the mocked clouds: computed outputs by resource type. */
const COMPUTED: Record<string, (inputs: Record<string, unknown>, name: string) => Record<string, unknown>> = {
    "aws:s3/bucket:Bucket": (_, name) => ({ bucket: `${name}-1234567`, arn: `arn:aws:s3:::${name}-1234567` }),
    "aws:s3/bucketObjectv2:BucketObjectv2": () => ({ versionId: "v1" }),
    "aws:acm/certificate:Certificate": (inputs) => ({
        arn: "arn:aws:acm:eu-west-1:123456789012:certificate/1",
        domainValidationOptions: [
            {
                domainName: inputs.domainName,
                resourceRecordName: `_X1.${String(inputs.domainName)}.`,
                resourceRecordType: "CNAME",
                resourceRecordValue: "_Y1.acm-validations.aws.",
            },
        ],
    }),
    "aws:apigatewayv2/api:Api": () => ({ executionArn: "arn:aws:execute-api:eu-west-1:123456789012:abc" }),
    "aws:apigatewayv2/domainName:DomainName": (inputs) => ({
        domainNameConfiguration: {
            ...(inputs.domainNameConfiguration as object),
            targetDomainName: "d-1.execute-api.eu-west-1.amazonaws.com",
        },
    }),
    "aws:cloudwatch/logGroup:LogGroup": (_, name) => ({ arn: `arn:aws:logs:eu-west-1:123456789012:log-group:${name}`, name }),
    "tls:index/privateKey:PrivateKey": () => ({ privateKeyPem: "-----BEGIN PRIVATE KEY-----\nKEYKEYKEY\n-----END PRIVATE KEY-----\n" }),
    "tls:index/selfSignedCert:SelfSignedCert": (_, name) => ({
        certPem: `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`,
    }),
    "tls:index/certRequest:CertRequest": () => ({ certRequestPem: "request" }),
};

export interface RecordOptions {
    preview?: boolean;
    sslMode?: string | Error;
    /** The status of an uploaded client certificate, each time it is looked up. */
    certificateStatus?: () => string;
    computed?: typeof COMPUTED;
}

/** Runs a program against mocked clouds and settles everything. Rejects with what the program or its applies threw. */
export async function record<T>(program: () => T, options: RecordOptions = {}): Promise<Recorded<T>> {
    const registrations: Registration[] = [];
    const warnings: string[] = [];
    const computed = { ...COMPUTED, ...options.computed };
    await pulumi.runtime.setMocks(
        {
            newResource: (args) => ({ id: `${args.name}-id`, state: { ...args.inputs, ...computed[args.type]?.(args.inputs, args.name) } }),
            call: (args) => {
                if (args.token.includes("getAuthenticatedOriginPullsHostnameCertificate"))
                    return { ...args.inputs, status: options.certificateStatus?.() ?? "active" };
                if (args.token !== "cloudflare:index/getZoneSetting:getZoneSetting") throw new Error(`unexpected call of ${args.token}`);
                if (options.sslMode instanceof Error) throw options.sslMode;
                return options.sslMode === undefined ? {} : { ...args.inputs, value: options.sslMode };
            },
        },
        "project",
        "test",
        options.preview ?? false,
    );
    const monitor = pulumi.runtime.getMonitor() as unknown as { registerResource(request: Request, callback: Callback): void };
    const register = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request, callback) => {
        const inputs = request.getObject()?.toJavaScript() ?? {};
        registrations.push({
            type: request.getType(),
            name: request.getName(),
            parent: request.getParent(),
            protect: request.getProtect(),
            deleteBeforeReplace: request.getDeletebeforereplace(),
            replacementTrigger: request.getReplacementTrigger()?.toJavaScript(),
            dependencies: request.getDependenciesList(),
            inputs,
            secretInputs: Object.keys(inputs).filter((key) => pulumi.runtime.isRpcSecret(inputs[key])),
        });
        register(request, callback);
    };
    const rejections: unknown[] = [];
    const listeners = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    // A rejected output keeps the SDK waiting for ever: the first rejection ends the run.
    const firstRejection = new Promise<void>((resolve) =>
        process.on("unhandledRejection", (reason) => {
            rejections.push(reason);
            resolve();
        }),
    );
    const warn = pulumi.log.warn;
    (pulumi.log as { warn: typeof warn }).warn = (message) => {
        warnings.push(message);
        return Promise.resolve();
    };
    try {
        const result = program();
        await Promise.race([pulumi.runtime.disconnect(), firstRejection]);
        await new Promise((resolve) => setImmediate(resolve));
        if (rejections.length > 0) throw rejections[0];
        const byName = (name: string) => {
            const found = registrations.find((registration) => registration.name === name);
            if (!found)
                throw new Error(
                    `nothing was registered as ${name}; there are ${registrations.map((registration) => registration.name).join(", ")}`,
                );
            return found;
        };
        return { registrations, result, warnings, byName };
    } finally {
        (pulumi.log as { warn: typeof warn }).warn = warn;
        process.removeAllListeners("unhandledRejection");
        for (const listener of listeners) process.on("unhandledRejection", listener as (reason: unknown) => void);
    }
}

/** The value of an output, once known. */
export const valueOf = <T>(output: pulumi.Output<T>): Promise<T> => (output as unknown as { promise(): Promise<T> }).promise();
