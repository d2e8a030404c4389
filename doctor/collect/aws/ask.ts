/** One read-only call to AWS, and what its failure means: a denial names the permission, an absence is an answer, the rest is a problem. */
import { DeadlineError, type Deadline } from "../../../probes";
import type { Hindrances } from "../hindrances";

/** The answer; `null` if AWS has no such thing; `undefined` if it did not answer. Never rejects. */
export type Ask = <T>(
    service: string,
    permission: string,
    call: (options: { abortSignal: AbortSignal }) => Promise<T>,
) => Promise<T | null | undefined>;

const EXPIRED = ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"];
const NOT_ACCEPTED = [
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidToken",
    "AuthFailure",
    "OptInRequired",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestTimeTooSkewed",
];
const ABSENT = ["NotFoundException", "ResourceNotFoundException", "NoSuchBucket", "NoSuchKey", "NoSuchVersion"];
const THROTTLED = [
    "TooManyRequestsException",
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "SlowDown",
    "LimitExceededException",
];

/** What the SDK calls an answer without an error code of AWS's, e.g. a proxy's page. S3's `NotFound` is any such 404. */
const UNCODED = ["Unknown", "UnknownError", "Error", "SyntaxError", "NotFound", "IncompleteAnswer"];

interface Failure {
    name: string;
    code: string | undefined;
    message: string;
    status: number | undefined;
    credentials: boolean;
}

/** Foreign words are reported only if they look like error names: an error's text may contain anything. */
const word = (text: unknown): string | undefined => (typeof text === "string" && /^[A-Za-z_.]{1,60}$/.test(text) ? text : undefined);

interface RawFailure {
    name?: unknown;
    code?: unknown;
    message?: unknown;
    $metadata?: { httpStatusCode?: number };
    $response?: { headers?: Record<string, string | undefined> };
}

function readFailure(error: unknown): Failure {
    const raw = error as RawFailure | undefined;
    const given = word(raw?.name) ?? "an unnamed error";
    // AWS's services repeat their code in a header; a URI may follow it.
    const header = word(raw?.$response?.headers?.["x-amzn-errortype"]?.split(":")[0]);
    const name = UNCODED.includes(given) ? (header ?? given) : given;
    return {
        name,
        code: word(raw?.code),
        message: typeof raw?.message === "string" ? raw.message : "",
        status: raw?.$metadata?.httpStatusCode,
        credentials: /Provider/.test(name),
    };
}

/** Why there are no credentials, without the SDK's text: it may contain a credential process's command line. */
function credentialsProblem({ message }: Failure, profile: string | undefined): string {
    if (/expired|aws sso login|aws login/i.test(message)) return "the AWS session has expired: log in again (aws sso login)";
    if (profile) return `the AWS profile ${profile} has no credentials`;
    return "no AWS credentials were found (EC2 instance credentials need AWS_EC2_METADATA_DISABLED=false)";
}

/** What AWS's error means; `null` is an absence. */
function judge({ name, message, status }: Failure, service: string, permission: string): null | { denied: string } | { problem: string } {
    if (ABSENT.includes(name)) return null;
    if (EXPIRED.includes(name)) return { problem: "the AWS credentials have expired" };
    if (NOT_ACCEPTED.includes(name)) return { problem: `AWS does not accept the credentials (${name})` };
    if (THROTTLED.includes(name) || status === 429) return { problem: `${service} throttles this account's calls: try again later` };
    // What is not AWS's word proves neither a missing permission nor an absence.
    if (UNCODED.includes(name))
        return { problem: `${service}'s answer is not in AWS's format (HTTP ${status}): a proxy or another server may have sent it` };
    // AWS may name the action itself: a KMS key or a missing object can need a different one than the call.
    if (/AccessDenied|Unauthorized|NotAuthorized|Forbidden/.test(name))
        return { denied: /not authorized to perform: ([a-z0-9-]+:\w+)/.exec(message)?.[1] ?? permission };
    return { problem: `${service} answered ${name} (HTTP ${status})` };
}

/** Creates the caller of one collection. `profile` is named if it has no credentials. */
export function createAsk(limit: Deadline, hindrances: Hindrances, profile: string | undefined): Ask {
    return async (service, permission, call) => {
        try {
            return await limit.within(call({ abortSignal: limit.signal }));
        } catch (error) {
            const failure = readFailure(error);
            const { name, code, status, credentials } = failure;
            if (error instanceof DeadlineError || limit.signal.aborted)
                hindrances.problems.add(`${service} did not answer within ${limit.milliseconds} ms`);
            else if (credentials) hindrances.problems.add(credentialsProblem(failure, profile));
            else if (status === undefined && !ABSENT.includes(name))
                hindrances.problems.add(`${service} cannot be reached (${code ?? name})`);
            else {
                const meaning = judge(failure, service, permission);
                if (meaning === null) return null;
                if ("denied" in meaning) hindrances.denied.add(meaning.denied);
                else hindrances.problems.add(meaning.problem);
            }
            return undefined;
        }
    };
}

/** The answer, if it says what it is about: an empty object is no domain without mutual TLS, but a proxy's answer. */
export function complete<T extends object>(answer: T, key: keyof T): T {
    if (answer[key] === undefined) throw Object.assign(new Error(), { name: "IncompleteAnswer", $metadata: { httpStatusCode: 200 } });
    return answer;
}

/** Every page of a list; rejects if one is missing: part of a list is not "no more". */
export async function allPages<T>(fetch: (token: string | undefined) => Promise<{ Items?: T[]; NextToken?: string }>): Promise<T[]> {
    const items: T[] = [];
    const seen = new Set<string>();
    for (let token: string | undefined; ;) {
        const page = await fetch(token);
        items.push(...complete(page, "Items").Items!);
        token = page.NextToken;
        if (token === undefined || token === "") return items;
        // It would loop for ever.
        if (seen.has(token)) throw Object.assign(new Error(), { name: "RepeatedToken", $metadata: { httpStatusCode: 200 } });
        seen.add(token);
    }
}
