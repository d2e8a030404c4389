/** What a run asks the providers without changing anything: resources that are only read, and functions. */
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { ReadResourceResponse, type ReadResourceRequest, type ResourceInvokeRequest } from "@pulumi/pulumi/proto/resource_pb";
import { fromStruct, markOutputs, plainProps, toStruct, UNKNOWN } from "../shared/propertyValues";
import { failureTexts } from "./registration";
import type { Run } from "./run";

/** Newer SDKs have a type of their own for what a monitor answers, and serialize no other: the one that the service declares. */
const { responseType: InvokeAnswer } = ResourceMonitorService.invoke as unknown as { responseType: typeof pb.InvokeResponse };

export async function read(run: Run, request: ReadResourceRequest): Promise<ReadResourceResponse> {
    const [type, name, id] = [request.getType(), request.getName(), request.getId()];
    const urn = run.claim(type, name, request.getParent());
    return run.step("read", urn, { type, name }, async () => {
        const answer = new ReadResourceResponse();
        answer.setUrn(urn);
        const given = fromStruct(request.getProperties());
        if (id === UNKNOWN) {
            answer.setProperties(toStruct(given));
            return answer;
        }
        const question = new pb.ReadRequest();
        question.setId(id);
        question.setUrn(urn);
        question.setType(type);
        question.setName(name);
        question.setProperties(toStruct(plainProps(given)));
        const response = await run.call<pb.ReadResponse>(type, "read", question);
        if (!response.getId()) throw new Error(`${type} '${name}': nothing has the id '${id}'`);
        const outputs = markOutputs(fromStruct(response.getProperties()), given, request.getAdditionalsecretoutputsList());
        answer.setProperties(toStruct(outputs));
        return answer;
    });
}

export async function invoke(run: Run, request: ResourceInvokeRequest): Promise<pb.InvokeResponse> {
    const token = request.getTok();
    const question = new pb.InvokeRequest();
    question.setTok(token);
    question.setArgs(toStruct(plainProps(fromStruct(request.getArgs()))));
    const response = await run.call<pb.InvokeResponse>(token, "invoke", question);
    const failures = failureTexts(response.getFailuresList());
    if (failures.length) throw new Error(`invocation of ${token} failed: ${failures.join("; ")}`);
    const answer = new InvokeAnswer();
    answer.setReturn(response.getReturn());
    return answer;
}
