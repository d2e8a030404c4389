/** Values that must be plain: they decide which children exist or what they are called. */
import type { Problem } from "../../pki";
import { shown } from "./shown";

export function plainString(path: string, value: unknown): Problem[] {
    return typeof value === "string" ? [] : [{ path, message: `must be a plain string; received ${shown(value)}` }];
}

export function oneOf(path: string, value: unknown, allowed: Record<string, string>): Problem[] {
    if (value === undefined || Object.values(allowed).includes(value as string)) return [];
    return [{ path, message: `must be one of ${Object.values(allowed).join(", ")}; received ${shown(value)}` }];
}
