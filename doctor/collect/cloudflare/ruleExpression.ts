/**
 * Whether a Cloudflare rule matches one request, judged from its expression (Cloudflare's "Rules language"). Whatever is unknown here, such as
 * the visitor's country or a pattern, is `undefined`, and so is everything that depends on it.
 */

/** The known part of a request. */
export interface RuleRequest {
    /** Lower case. */
    host: string;
    /** With the query. */
    path: string;
}

type Value = string | boolean | undefined;

/** Cloudflare's limit. */
const LONGEST = 4096;
const DEEPEST = 100;
const TOKEN = /\s*(?:r(#*)"([^]*?)"\1|("(?:[^"\\]|\\[^])*")|([\w$][\w$.:/-]*)|(&&|\|\||\^\^|[=!<>]=|[^\s]))/y;
/** Loosest first; `not` binds tighter than all of them. */
const LOGIC: { names: string[]; join: (a: boolean | undefined, b: boolean | undefined) => boolean | undefined }[] = [
    { names: ["or", "||"], join: (a, b) => (a === true || b === true ? true : a === undefined || b === undefined ? undefined : false) },
    { names: ["xor", "^^"], join: (a, b) => (a === undefined || b === undefined ? undefined : a !== b) },
    { names: ["and", "&&"], join: (a, b) => (a === false || b === false ? false : a === undefined || b === undefined ? undefined : true) },
];
const NOT = ["not", "!"];
const COMPARISONS = ["eq", "==", "ne", "!=", "lt", "<", "le", "<=", "gt", ">", "ge", ">=", "contains", "wildcard", "matches", "~", "in"];

interface Token {
    /** The text of a literal string. */
    literal?: string;
    /** Anything else, as written. */
    word: string;
}

function tokens(expression: string): Token[] {
    const found: Token[] = [];
    TOKEN.lastIndex = 0;
    for (let match; (match = TOKEN.exec(expression));) {
        const [, , raw, quoted, word, sign] = match;
        if (raw !== undefined) found.push({ literal: raw, word: "" });
        else if (quoted !== undefined) found.push({ literal: quoted.slice(1, -1).replace(/\\([^])/g, "$1"), word: "" });
        else found.push({ word: (word ?? sign)! });
    }
    return found;
}

/** Without a regular expression, which a hostile pattern could keep busy for ever. */
function matchesWildcard(text: string, pattern: string): boolean {
    const [first = "", ...rest] = pattern.split("*");
    if (rest.length === 0) return text === pattern;
    const last = rest.pop()!;
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
    let at = first.length;
    for (const part of rest) {
        const next = text.indexOf(part, at);
        if (next < 0) return false;
        at = next + part.length;
    }
    return at + last.length <= text.length;
}

const FUNCTIONS: Record<string, ((...texts: string[]) => Value) | undefined> = {
    lower: (text) => text!.toLowerCase(),
    upper: (text) => text!.toUpperCase(),
    starts_with: (text, start) => text!.startsWith(start!),
    ends_with: (text, end) => text!.endsWith(end!),
    concat: (...texts) => texts.join(""),
};

class Reader {
    #at = 0;
    #depth = 0;
    constructor(
        readonly tokens: Token[],
        readonly fields: ReadonlyMap<string, Value>,
    ) {}

    get ended(): boolean {
        return this.#at >= this.tokens.length;
    }

    #take(...words: string[]): string | undefined {
        const { word } = this.tokens[this.#at] ?? { word: "" };
        return words.includes(word) ? (this.#at++, word) : undefined;
    }

    #expect(word: string): void {
        if (this.#take(word) === undefined) throw new SyntaxError(`${word} is missing`);
    }

    /** A whole expression, starting at the loosest operator. */
    value(level = 0): Value {
        const logic = LOGIC[level];
        if (!logic) return this.#negated();
        let left = this.value(level + 1);
        while (this.#take(...logic.names) !== undefined) {
            const right = this.value(level + 1);
            left = logic.join(truth(left), truth(right));
        }
        return left;
    }

    #negated(): Value {
        if (++this.#depth > DEEPEST) throw new SyntaxError("too deep");
        try {
            if (this.#take(...NOT) === undefined) return this.#compared();
            const value = truth(this.#negated());
            return value === undefined ? undefined : !value;
        } finally {
            this.#depth--;
        }
    }

    #compared(): Value {
        const left = this.#operand();
        const strict = this.#take("strict") !== undefined;
        const operator = this.#take(...COMPARISONS);
        if (operator === undefined) return left;
        if (operator === "in") return this.#among(left);
        const right = this.#operand();
        if (typeof left !== "string" || typeof right !== "string") return undefined;
        switch (operator) {
            case "eq":
            case "==":
                return left === right;
            case "ne":
            case "!=":
                return left !== right;
            case "contains":
                return left.includes(right);
            case "wildcard":
                return strict ? matchesWildcard(left, right) : matchesWildcard(left.toLowerCase(), right.toLowerCase());
            default:
                return undefined;
        }
    }

    /** `{"a" "b"}`, or a named list, which is unknown here. */
    #among(left: Value): Value {
        if (this.#take("{") === undefined) return (this.#at++, undefined);
        let found = false;
        while (this.#take("}") === undefined) {
            if (this.ended) throw new SyntaxError("} is missing");
            if (this.tokens[this.#at++]!.literal === left) found = true;
        }
        return typeof left === "string" ? found : undefined;
    }

    #operand(): Value {
        const token = this.tokens[this.#at++];
        if (!token) throw new SyntaxError("it ends too early");
        if (token.literal !== undefined) return token.literal;
        if (token.word === "(") {
            const value = this.value();
            this.#expect(")");
            return value;
        }
        if (!/^[\w$]/.test(token.word)) throw new SyntaxError(`${token.word} is not expected`);
        const value = this.#take("(") === undefined ? this.fields.get(token.word) : this.#called(token.word);
        if (this.#take("[") === undefined) return value;
        // An element of an unknown value.
        do while (!this.ended && this.#take("]") === undefined) this.#at++;
        while (this.#take("[") !== undefined);
        return undefined;
    }

    #called(name: string): Value {
        const given: Value[] = [];
        while (this.#take(")") === undefined) {
            given.push(this.value());
            this.#take(",");
        }
        const texts = given.filter((value) => typeof value === "string");
        return texts.length === given.length && Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]!(...texts) : undefined;
    }
}

const truth = (value: Value): boolean | undefined => (typeof value === "boolean" ? value : undefined);

/**
 * Whether a rule with this expression applies to a visitor's GET over HTTPS.
 * Source: Cloudflare's documentation, ruleset-engine/rules-language (operators, their order, functions; strings are case-sensitive).
 */
export function applies(expression: string, { host, path }: RuleRequest): boolean | undefined {
    if (expression.length > LONGEST) return undefined;
    const fields = new Map<string, Value>([
        ["true", true],
        ["false", false],
        ["ssl", true],
        ["http.host", host],
        ["http.request.method", "GET"],
        ["http.request.uri", path],
        ["http.request.uri.path", path.replace(/\?.*$/s, "")],
        ["http.request.uri.query", /\?(.*)$/s.exec(path)?.[1] ?? ""],
        ["http.request.full_uri", `https://${host}${path}`],
    ]);
    try {
        const reader = new Reader(tokens(expression), fields);
        const value = reader.value();
        return reader.ended ? truth(value) : undefined;
    } catch {
        return undefined;
    }
}
