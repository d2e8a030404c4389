/**
 * A stand-in for `pulumi-language-nodejs`, which asks for no plugins and runs nothing: `pulumi import` starts a language host even when it
 * needs none, and where the CLI was built from its module there is no other.
 */
import * as grpc from "@grpc/grpc-js";
import { LanguageServer } from "@pulumi/pulumi/automation/server";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";

const server = new grpc.Server();
server.addService(
    LanguageRuntimeService as unknown as grpc.ServiceDefinition,
    new LanguageServer(() => Promise.resolve()) as unknown as grpc.UntypedServiceImplementation,
);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    console.log(port);
});
