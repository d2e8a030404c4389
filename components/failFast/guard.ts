import type * as pulumi from "@pulumi/pulumi";

/** What watches over one component and all its children. */
export interface Guard {
    /** Once, before any child. */
    component(resource: pulumi.Resource): void;
    /** What a child is registered with instead; undefined if nothing changes. */
    child(
        resource: pulumi.Resource,
        props: pulumi.Inputs,
        opts: pulumi.ResourceOptions,
    ): { props: pulumi.Inputs; opts: pulumi.ResourceOptions } | undefined;
    settle(component: pulumi.ComponentResource, outermost: boolean): void;
    late<T>(values: T): T;
}
