/** The command that points the doctor at this lab: the lab itself never calls the doctor. */
import { startControlPlane, type ControlPlane } from "./controlPlane";
import type { Deployment } from "./lab";
import { edgeAddress, gatewayAddress } from "./dns";

/** Starts both control planes for it. */
export async function doctorCommand(
    deployment: Deployment,
    names: { domainName: string; zoneId: string },
): Promise<{ command: string; controlPlane: ControlPlane }> {
    const { cloud, edge, gateway, dnsPort } = deployment;
    const controlPlane = await startControlPlane(cloud);
    const domain = cloud.aws.domains.get(names.domainName);
    const apiId = [...(domain?.mappings.values() ?? [])][0]?.apiId ?? [...cloud.aws.apis.keys()][0];
    const connectTo = [
        `${edgeAddress}:443:127.0.0.1:${edge.port}`,
        `${gatewayAddress}:443:127.0.0.1:${gateway.port}`,
        `${gatewayAddress}:80:127.0.0.1:${gateway.httpPort}`,
    ];
    const words = [
        `AWS_ENDPOINT_URL=${controlPlane.awsEndpoint} AWS_ACCESS_KEY_ID=lab AWS_SECRET_ACCESS_KEY=lab AWS_REGION=${cloud.aws.region} CLOUDFLARE_API_TOKEN=lab`,
        `npm run doctor -- ${names.domainName} --zone-id ${names.zoneId}`,
        ...(domain ? [`--target ${domain.targetDomainName}`] : []),
        ...(apiId ? [`--api-id ${apiId}`] : []),
        `--dns-server 127.0.0.1:${dnsPort}`,
        ...connectTo.map((entry) => `--connect-to ${entry}`),
        `--cacert ${cloud.commandEnvironment?.NODE_EXTRA_CA_CERTS}`,
        `--cloudflare-base-url ${controlPlane.cloudflareBaseUrl}`,
    ];
    return { command: words.join(" "), controlPlane };
}
