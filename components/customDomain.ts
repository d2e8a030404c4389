import * as apigatewayv2 from "@pulumi/aws/apigatewayv2";
import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "./httpApi";
import type { Truststore } from "./truststore";

/** The regional custom domain that asks for a client certificate of the truststore's authorities. */
export function createDomain(
    name: string,
    inputs: { domainName: string; certificateArn: pulumi.Input<string>; truststore: Truststore; protect: true | undefined; tags: Tags },
    opts: pulumi.CustomResourceOptions,
): apigatewayv2.DomainName {
    return new apigatewayv2.DomainName(
        `${name}-domain`,
        {
            domainName: inputs.domainName,
            domainNameConfiguration: { certificateArn: inputs.certificateArn, endpointType: "REGIONAL", securityPolicy: "TLS_1_2" },
            // The pinned version makes a new truststore an update of the domain: API Gateway keeps the copy it took.
            mutualTlsAuthentication: { truststoreUri: inputs.truststore.uri, truststoreVersion: inputs.truststore.version },
            tags: inputs.tags,
        },
        // The name is unique in a region, so a replacement cannot be created first.
        { ...opts, protect: inputs.protect, deleteBeforeReplace: true },
    );
}

/** The PEM of the truststore's version that the domain has pinned; empty if the state does not hold it. */
export const pinnedPem = (truststore: Truststore, domain: apigatewayv2.DomainName): pulumi.Output<string> =>
    pulumi
        .all([truststore.content, truststore.version, domain.mutualTlsAuthentication])
        .apply(([content, version, pinned]) => (pinned?.truststoreVersion === version ? (content ?? "") : ""));

/** Maps the whole domain to the stage. */
export function mapDomain(
    name: string,
    inputs: { domainName: pulumi.Input<string>; apiId: pulumi.Input<string>; stage: pulumi.Input<string> },
    opts: pulumi.CustomResourceOptions,
): apigatewayv2.ApiMapping {
    return new apigatewayv2.ApiMapping(`${name}-mapping`, inputs, { ...opts, deleteBeforeReplace: true });
}
