/** A broken rule: names the property and the rule, as lab/README.md lists it. */
export class RuleError extends Error {
    constructor(
        readonly rule: string,
        readonly property: string,
        reason: string,
    ) {
        super(`${property}: ${reason} [${rule}]`);
        this.name = "RuleError";
    }
}

export function broken(rule: string, property: string, reason: string): never {
    throw new RuleError(rule, property, reason);
}
