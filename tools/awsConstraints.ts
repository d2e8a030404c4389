/**
 * `npm run tools:awsConstraints -- [--from FOLDER]`: writes lab/aws/constraints.json, what AWS's own service models say of the requests behind
 * our resource types: types, required members, enums, lengths, ranges, patterns. The models are those of the Python package botocore: fetched
 * with pip in the version below, or read from a folder that holds `botocore/data` (an unpacked wheel or sdist, or site-packages).
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import type { Constraints, Shape } from "../lab/aws/constraints";

const VERSION = "1.44.8";
const RELEASED = "2026-11-20";
const TABLE = path.join(__dirname, "../lab/aws/constraints.json");

/** The requests behind the lab's AWS types. */
const OPERATIONS: Record<string, string[]> = {
    acm: ["RequestCertificate"],
    apigatewayv2: ["Api", "ApiMapping", "Authorizer", "DomainName", "Integration", "Route", "Stage"].flatMap((noun) => [
        `Create${noun}`,
        `Update${noun}`,
    ]),
    iam: ["AttachRolePolicy", "CreateRole", "PutRolePolicy"],
    lambda: ["AddPermission", "CreateFunction"],
    logs: ["CreateLogGroup", "PutRetentionPolicy"],
    s3: [
        "CreateBucket",
        "PutBucketEncryption",
        "PutBucketPolicy",
        "PutBucketTagging",
        "PutBucketVersioning",
        "PutObject",
        "PutObjectTagging",
        "PutPublicAccessBlock",
    ],
};

/** A shape as a service model has it. */
interface ModelShape {
    type: string;
    documentation?: string;
    required?: string[];
    members?: Record<string, { shape: string; documentation?: string }>;
    member?: { shape: string };
    key?: { shape: string };
    value?: { shape: string };
    min?: number;
    max?: number;
    pattern?: string;
    enum?: string[];
}

interface Model {
    operations: Record<string, { input?: { shape: string } }>;
    shapes: Record<string, ModelShape>;
}

const proseOf = (html = ""): string =>
    html
        .replace(/<[^>]*>/g, "")
        .replace(/&lt;/g, "<")
        .replace(/&gt;/g, ">")
        .replace(/&amp;/g, "&");

/** API Gateway's and CloudWatch's models say some constraints only in prose. */
function fromProse(shape: ModelShape): Partial<Shape> {
    const prose = proseOf(shape.documentation);
    const [, min, max] = /with a length between \[(\d+)-(\d+)\]/.exec(prose) ?? [];
    const [, values] = /Possible values are: ([\d, and]+)/.exec(prose) ?? [];
    return {
        ...(min !== undefined && shape.type === "string" ? { min: Number(min), max: Number(max) } : {}),
        ...(values !== undefined ? { values: [...values.matchAll(/\d+/g)].map(([value]) => Number(value)) } : {}),
    };
}

/** What a member's own text says of the values of a map. */
const patternOfValues = (documentation: string | undefined): string | undefined =>
    /values must match (\[\S*\][+*]?)/.exec(proseOf(documentation))?.[1];

/** The shapes that the operations reach, without their texts. */
function shapesOf(model: Model, operations: string[]): Record<string, Shape> {
    const shapes: Record<string, Shape> = {};
    const take = (name: string): string => {
        if (shapes[name]) return name;
        const shape = model.shapes[name]!;
        const { type, required, min, max, pattern, enum: values } = shape;
        // First, so that a shape that holds itself ends.
        const taken: Shape = (shapes[name] = { type });
        Object.assign(taken, fromProse(shape), JSON.parse(JSON.stringify({ required, min, max, pattern, enum: values })));
        if (shape.members)
            taken.members = Object.fromEntries(
                Object.entries(shape.members).map(([member, { shape: inner, documentation }]) => [
                    member,
                    takeMember(inner, documentation),
                ]),
            );
        for (const part of ["member", "key", "value"] as const) if (shape[part]) taken[part] = take(shape[part].shape);
        return name;
    };
    const takeMember = (name: string, documentation: string | undefined): string => {
        const valuePattern = patternOfValues(documentation);
        if (valuePattern === undefined) return take(name);
        const own = `${name} (values as the member's text says)`;
        const shape = shapes[take(name)]!;
        shapes[`${own}: value`] = { ...shapes[shape.value!]!, pattern: valuePattern };
        shapes[own] = { ...shape, value: `${own}: value` };
        return own;
    };
    for (const operation of operations) take(model.operations[operation]!.input!.shape);
    return shapes;
}

function readModel(data: string, service: string): Model {
    const folder = path.join(data, service);
    // Names of versions are dates: the last is the newest. A service may have a newer, partial one beside it.
    const versions = fs.readdirSync(folder).sort().reverse();
    for (const version of versions) {
        const file = path.join(folder, version, "service-2.json");
        const text = fs.existsSync(file) ? fs.readFileSync(file) : gunzipSync(fs.readFileSync(`${file}.gz`));
        const model = JSON.parse(text.toString("utf8")) as Model;
        if (OPERATIONS[service]!.every((operation) => model.operations[operation])) return model;
    }
    throw new Error(`${folder} has no model with ${OPERATIONS[service]!.join(", ")}`);
}

function fetchPackage(folder: string): string {
    execFileSync("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, `botocore==${VERSION}`], {
        stdio: "inherit",
    });
    const wheel = fs.readdirSync(folder).find((file) => file.endsWith(".whl"))!;
    execFileSync("python3", ["-m", "zipfile", "-e", path.join(folder, wheel), folder]);
    return folder;
}

function versionIn(folder: string): string {
    const [, version] = /__version__ = '([^']+)'/.exec(fs.readFileSync(path.join(folder, "botocore", "__init__.py"), "utf8")) ?? [];
    return version ?? "unknown";
}

/** One shape per line: a new version of the models is a diff that can be read. */
function print({ botocore, released, services }: Constraints): string {
    const line = (value: unknown): string => JSON.stringify(value);
    const parts = Object.entries(services).map(([service, { operations, shapes }]) => {
        const lines = Object.entries(shapes)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, shape]) => `        ${line(name)}: ${line(shape)}`);
        return `    ${line(service)}: {\n      "operations": ${line(operations)},\n      "shapes": {\n${lines.join(",\n")}\n      }\n    }`;
    });
    return `{\n  "botocore": ${line(botocore)},\n  "released": ${line(released)},\n  "services": {\n${parts.join(",\n")}\n  }\n}\n`;
}

function main(): void {
    const { values } = parseArgs({ options: { from: { type: "string" }, released: { type: "string" } } });
    const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "aws-constraints-"));
    try {
        const folder = values.from ?? fetchPackage(temporary);
        const botocore = versionIn(folder);
        const released = values.released ?? (botocore === VERSION ? RELEASED : undefined);
        if (released === undefined) throw new Error(`--released must be the date of botocore ${botocore}, e.g. --released ${RELEASED}`);
        const services = Object.fromEntries(
            Object.entries(OPERATIONS).map(([service, operations]) => {
                const model = readModel(path.join(folder, "botocore", "data"), service);
                const inputs = Object.fromEntries(operations.map((operation) => [operation, model.operations[operation]!.input!.shape]));
                return [service, { operations: inputs, shapes: shapesOf(model, operations) }];
            }),
        );
        fs.writeFileSync(TABLE, print({ botocore, released, services }));
        console.log(`${path.relative(process.cwd(), TABLE)}: botocore ${botocore} of ${released}`);
    } finally {
        fs.rmSync(temporary, { recursive: true, force: true });
    }
}

main();
