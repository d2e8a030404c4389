import * as grpc from "@grpc/grpc-js";
import * as automationServer from "@pulumi/pulumi/automation/server";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import type { Program } from "./host";

/** Not in the SDK's types: what serves an inline program to the CLI. */
const { LanguageServer } = automationServer as unknown as {
    LanguageServer: new (program: () => Promise<Record<string, unknown>>) => { onPulumiExit(failed: boolean): void };
};

/** Serves a program to a CLI that is started with `--client`. */
export async function serveProgram(program: Program): Promise<{ port: number; close(failed: boolean): void }> {
    const server = new grpc.Server();
    const languageServer = new LanguageServer(async () => ((await program()) ?? {}) as Record<string, unknown>);
    server.addService(
        LanguageRuntimeService as unknown as grpc.ServiceDefinition,
        languageServer as unknown as grpc.UntypedServiceImplementation,
    );
    const port = await new Promise<number>((resolve, reject) =>
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
            error ? reject(error) : resolve(bound),
        ),
    );
    return {
        port,
        close(failed) {
            languageServer.onPulumiExit(failed);
            server.forceShutdown();
        },
    };
}
