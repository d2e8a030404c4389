/** AWS's control plane: the read-only calls of API Gateway, ACM and S3 on one endpoint. */
import type { Api } from "../shared/controlPlane";
import { findAcmCall } from "./acm/controlPlane";
import { findGatewayCall } from "./apigatewayv2/controlPlane";
import { failure, scopeOf } from "./caller";
import { findS3Call, s3Error } from "./s3/controlPlane";

/** AWS's APIs; with `accessKeyId`, any other key is refused. */
export function awsApi(accessKeyId: string | undefined): Api {
    return {
        reject(request) {
            const scope = scopeOf(request);
            if (!scope) return failure(request, 403, "MissingAuthenticationTokenException", "Missing Authentication Token");
            if (accessKeyId === undefined || scope.accessKeyId === accessKeyId) return undefined;
            if (scope.service === "s3")
                return s3Error(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.");
            const type = "UnrecognizedClientException";
            return failure(request, scope.service === "acm" ? 400 : 403, type, "The security token included in the request is invalid.");
        },
        find(cloud, request) {
            const scope = scopeOf(request);
            const here = scope?.region === cloud.aws.region;
            if (scope?.service === "apigateway") return findGatewayCall(cloud, request, here);
            if (scope?.service === "acm") return findAcmCall(cloud, request, here);
            if (scope?.service === "s3") return findS3Call(cloud, request);
            return undefined;
        },
        refuse: (request) =>
            request.method === "GET" || request.method === "HEAD"
                ? failure(request, 400, "BadRequestException", "the lab's control plane does not know this call")
                : failure(request, 405, "MethodNotAllowedException", "the lab's control plane is read-only"),
    };
}
