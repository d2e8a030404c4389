import type * as grpc from "@grpc/grpc-js";

/** A message for people: the lines before the stack trace, without the wrapping that gRPC adds. */
export function errorText(error: unknown): string {
    const raw = error instanceof Error ? ((error as Partial<grpc.ServiceError>).details ?? error.message) : String(error);
    const lines = raw.split("\n");
    const end = lines.findIndex((line) => /^\s+at /.test(line));
    return lines
        .slice(0, end < 0 ? undefined : end)
        .join("\n")
        .replace(/^(Error: )+/, "")
        .trim();
}
