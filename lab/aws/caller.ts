/** Who signed a request to AWS, for what, and how that service words an error. */
import { json, type ControlRequest, type Reply } from "../shared/controlPlane";
import { s3Error } from "./s3/controlPlane";

/** The scope of a Signature Version 4: who signed, for which region and which service. */
const SCOPE = /Credential=([^/\s]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/;
export interface Scope {
    accessKeyId: string;
    region: string;
    service: string;
}

export function scopeOf(request: ControlRequest): Scope | undefined {
    const [, accessKeyId, region, service] = SCOPE.exec(request.headers.authorization ?? "") ?? [];
    return accessKeyId && region && service ? { accessKeyId, region, service } : undefined;
}

/** An error as the service of this request words it. */
export function failure(request: ControlRequest, status: number, type: string, message: string): Reply {
    const service = scopeOf(request)?.service;
    if (service === "s3") return s3Error(status, type.replace(/Exception$/, ""), message);
    if (service === "acm") return json(status, { __type: type, message }, { "content-type": "application/x-amz-json-1.1" });
    return json(status, { message }, { "x-amzn-errortype": type });
}
