/** moto's server on a port that the system chose, and its own switches: a new account, and who may do what in it. */
import { spawn } from "node:child_process";

export const REGION = "eu-west-1";

export interface Keys {
    accessKeyId: string;
    secretAccessKey: string;
    sessionToken?: string;
}

export interface Moto {
    /** For `AWS_ENDPOINT_URL`. */
    endpoint: string;
    /** Forgets everything, and lets anyone do anything again. */
    reset(): Promise<void>;
    /** From now on the caller's keys, signature and policies are judged. */
    judgeCallers(): Promise<void>;
    /** A user with a policy of these statements, and keys of theirs. */
    createUser(statements: object[]): Promise<Keys>;
    /** A session of a role with these statements. */
    assumeRole(statements: object[]): Promise<Keys>;
    close(): Promise<void>;
}

/** Starts it. `pendingSeconds`: how long a certificate waits for its validation, which nobody does. */
export async function startMoto(executable: string, pendingSeconds = 0): Promise<Moto> {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, MOTO_ACM_VALIDATION_WAIT: String(pendingSeconds) };
    const child = spawn(executable, ["--host", "127.0.0.1", "--port", "0"], { stdio: ["ignore", "ignore", "pipe"], env });
    const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
    let said = "";
    const endpoint = await new Promise<string>((resolve, reject) => {
        child.stderr.on("data", (chunk: Buffer) => {
            // Afterwards it is a line per request.
            if (said.length < 10_000) said += chunk.toString();
            const [, url] = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(said) ?? [];
            if (url !== undefined) resolve(url);
        });
        child.on("error", reject);
        child.on("close", () => reject(new Error(`moto did not start: ${said}`)));
    });

    async function post(path: string, body: string, headers: Record<string, string> = {}): Promise<string> {
        const response = await fetch(`${endpoint}${path}`, { method: "POST", body, headers });
        const text = await response.text();
        if (!response.ok) throw new Error(`moto answered HTTP ${response.status}: ${text}`);
        return text;
    }
    /** A call of IAM or STS. While callers are not judged, only the service's name is read of a signature. */
    const call = (service: "iam" | "sts", Version: string, parameters: Record<string, string>): Promise<string> =>
        post("/", new URLSearchParams({ Version, ...parameters }).toString(), {
            "content-type": "application/x-www-form-urlencoded",
            authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
        });
    const iam = (parameters: Record<string, string>): Promise<string> => call("iam", "2010-05-08", parameters);
    const policyOf = (Statement: object[]): string => JSON.stringify({ Version: "2012-10-17", Statement });
    const element = (xml: string, name: string): string => new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)![1]!;
    const keysIn = (xml: string): Keys => ({
        accessKeyId: element(xml, "AccessKeyId"),
        secretAccessKey: element(xml, "SecretAccessKey"),
    });

    return {
        endpoint,
        async reset() {
            await post("/moto-api/reset", "");
            await post("/moto-api/reset-auth", "inf");
        },
        judgeCallers: async () => void (await post("/moto-api/reset-auth", "0")),
        async createUser(statements) {
            await iam({ Action: "CreateUser", UserName: "doctor" });
            await iam({ Action: "PutUserPolicy", UserName: "doctor", PolicyName: "read", PolicyDocument: policyOf(statements) });
            return keysIn(await iam({ Action: "CreateAccessKey", UserName: "doctor" }));
        },
        async assumeRole(statements) {
            const trust = policyOf([{ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }]);
            await iam({ Action: "CreateRole", RoleName: "doctor", AssumeRolePolicyDocument: trust });
            await iam({ Action: "PutRolePolicy", RoleName: "doctor", PolicyName: "read", PolicyDocument: policyOf(statements) });
            const role = { RoleArn: "arn:aws:iam::123456789012:role/doctor", RoleSessionName: "test" };
            const session = await call("sts", "2011-06-15", { Action: "AssumeRole", ...role });
            return { ...keysIn(session), sessionToken: element(session, "SessionToken") };
        },
        async close() {
            child.kill("SIGTERM");
            await ended;
        },
    };
}
