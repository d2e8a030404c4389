/** The environment of processes that the lab starts: its addresses, as curl's `--connect-to`, and a file with its public CA. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Cloud } from "../cloud";

/** AWS's own names lead to the gateway, all others to the edge, until `close` is called. */
export function tellNames(cloud: Cloud, ports: { gateway: number; edge: number }): { close(): void } {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-names-"));
    const caFile = path.join(folder, "ca.pem");
    fs.writeFileSync(caFile, cloud.webCa.certificatePem);
    cloud.commandEnvironment = {
        CLOUDFLARE_PROTECTED_HTTP_API_CONNECT_TO: [
            `*.execute-api.${cloud.aws.region}.amazonaws.com:443:127.0.0.1:${ports.gateway}`,
            `:443:127.0.0.1:${ports.edge}`,
        ].join(","),
        NODE_EXTRA_CA_CERTS: caFile,
    };
    return {
        close() {
            cloud.commandEnvironment = {};
            fs.rmSync(folder, { recursive: true, force: true });
        },
    };
}
