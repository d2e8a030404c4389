/** One read-only call to AWS, and what its failure means: a denial names the permission, an absence is an answer, the rest is a sentence. */
import { DeadlineError, type Deadline } from "../../../probes";
import type { Hindrances } from "../hindrances";

/** The answer; `null` when AWS has no such thing; `undefined` when it did not say. Never rejects. */
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
const ABSENT = ["NotFound", "NotFoundException", "ResourceNotFoundException", "NoSuchBucket", "NoSuchKey", "NoSuchVersion"];
const THROTTLED = ["TooManyRequestsException", "ThrottlingException", "Throttling", "SlowDown", "LimitExceededException"];

interface Failure {
    name: string;
    code: string | undefined;
    message: string;
    status: number | undefined;
    credentials: boolean;
}

/** A word of the other side is told only if it looks like one: an error's text can hold anything. */
const word = (text: unknown): string | undefined => (typeof text === "string" && /^[A-Za-z_.]{1,60}$/.test(text) ? text : undefined);

function readFailure(error: unknown): Failure {
    const raw = error as { name?: unknown; code?: unknown; message?: unknown; $metadata?: { httpStatusCode?: number } } | undefined;
    const name = word(raw?.name) ?? "an unnamed error";
    return {
        name,
        code: word(raw?.code),
        message: typeof raw?.message === "string" ? raw.message : "",
        status: raw?.$metadata?.httpStatusCode,
        credentials: /Provider/.test(name),
    };
}

/** Why no credentials came, without the SDK's own text: it can hold the command line of a credential process. */
function credentialsProblem({ message }: Failure, profile: string | undefined): string {
    if (/expired|aws sso login|aws login/i.test(message)) return "the AWS session has expired: log in again (aws sso login)";
    if (profile) return `the AWS profile ${profile} gives no credentials`;
    return "no AWS credentials were found (those of an EC2 instance are looked for only with AWS_EC2_METADATA_DISABLED=false)";
}

/** What an answer of AWS means; `null` is an absence. */
function judge({ name, message, status }: Failure, service: string, permission: string): null | { denied: string } | { problem: string } {
    if (ABSENT.includes(name)) return null;
    if (EXPIRED.includes(name)) return { problem: "the AWS credentials have expired" };
    if (NOT_ACCEPTED.includes(name)) return { problem: `AWS does not accept the credentials (${name})` };
    if (THROTTLED.includes(name) || status === 429) return { problem: `${service} throttles this account's calls: try again` };
    // AWS names the action itself where it can: a key of KMS or a missing object may need another one than the call's.
    if (/AccessDenied|Unauthorized/.test(name) || status === 403)
        return { denied: /not authorized to perform: ([a-z0-9-]+:\w+)/.exec(message)?.[1] ?? permission };
    // A 404 that does not name what is absent is somebody else's: a proxy's, or a wrong endpoint's.
    return { problem: `${service} answered ${name} (HTTP ${status})` };
}

/** Makes the asker of one collection. `profile` is the one in use, to be named when it gives no credentials. */
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

/** Every page of a list. */
export async function allPages<T>(fetch: (token: string | undefined) => Promise<{ Items?: T[]; NextToken?: string }>): Promise<T[]> {
    const items: T[] = [];
    const seen = new Set<string>();
    for (let token: string | undefined; ;) {
        const page = await fetch(token);
        items.push(...(page.Items ?? []));
        token = page.NextToken;
        // A token that comes twice would never end.
        if (token === undefined || token === "" || seen.has(token)) return items;
        seen.add(token);
    }
}
