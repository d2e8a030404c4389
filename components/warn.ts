import * as pulumi from "@pulumi/pulumi";

export function warn(text: string, resource: pulumi.Resource): void {
    // In a test the engine may be gone already; a lost warning must not become a rejection.
    pulumi.log.warn(text, resource).catch(() => undefined);
}
