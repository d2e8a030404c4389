/** Servers on free ports of 127.0.0.1. */
import * as grpc from "@grpc/grpc-js";
import type * as net from "node:net";

export function listen(server: net.Server): Promise<number> {
    return new Promise((done, fail) => {
        server.once("error", fail);
        server.listen(0, "127.0.0.1", () => done((server.address() as net.AddressInfo).port));
    });
}

/** Remembers the servers' connections from now on; what it returns closes the servers and ends every connection. */
export function closeLater(...servers: net.Server[]): () => Promise<void> {
    const sockets = new Set<net.Socket>();
    for (const server of servers) {
        server.on("connection", (socket: net.Socket) => {
            sockets.add(socket);
            socket.on("error", () => socket.destroy());
            socket.on("close", () => sockets.delete(socket));
        });
    }
    return async () => {
        const closed = servers.map((server) => new Promise((done) => server.close(done)));
        for (const socket of sockets) socket.destroy();
        await Promise.all(closed);
    };
}

/** A gRPC server without limits on the size of a message. */
export async function listenGrpc(
    services: [service: object, implementation: object][],
): Promise<{ port: number; address: string; close: () => void }> {
    const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
    for (const [service, implementation] of services)
        server.addService(service as grpc.ServiceDefinition, implementation as grpc.UntypedServiceImplementation);
    const port = await new Promise<number>((done, fail) =>
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? fail(error) : done(bound))),
    );
    return { port, address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}
