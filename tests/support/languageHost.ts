/**
 * A stand-in for `pulumi-language-nodejs`, which asks for no plugins and runs nothing: `pulumi import` starts a language host even when it
 * needs none, and where the CLI was built from its module there is no other.
 */
import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { GetRequiredPluginsResponse } from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";

const answer =
    <T>(make: () => T) =>
    (_: unknown, cb: (error: null, response: T) => void) =>
        cb(null, make());
const server = new grpc.Server();
server.addService(LanguageRuntimeService as unknown as grpc.ServiceDefinition, {
    getPluginInfo: answer(() => new PluginInfo()),
    getRequiredPlugins: answer(() => new GetRequiredPluginsResponse()),
});
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    console.log(port);
});
