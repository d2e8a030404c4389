import { elements, inside, objectIdentifier, type Der } from "./der";
import type { Fields } from "./fields";

// GeneralName's choices, as context tags.
const EMAIL = 0x81;
const DNS = 0x82;
const DIRECTORY = 0xa4;
const URI = 0x86;
const IP = 0x87;
const KIND: Record<number, string> = { [EMAIL]: "email", [DNS]: "DNS", [DIRECTORY]: "directory", [URI]: "URI", [IP]: "IP" };
const EMAIL_ATTRIBUTE = "1.2.840.113549.1.9.1";

const text = (name: Der) => name.body.toString("latin1").toLowerCase();

function inDomain(host: string, domain: string): boolean {
    if (domain === "") return true;
    return domain.startsWith(".") ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

/** Whether a name lies in a subtree of its own kind. Throws if either cannot be read. */
function matches(name: Der, base: Der): boolean {
    if (name.tag === DNS) return inDomain(text(name), text(base));
    if (name.tag === EMAIL) {
        const constraint = text(base);
        const [, host, ...more] = text(name).split("@");
        if (!host || more.length > 0) throw new Error("not an e-mail address");
        if (constraint.includes("@")) {
            const [user] = name.body.toString("latin1").split("@");
            const [wantedUser, wantedDomain = "", ...rest] = base.body.toString("latin1").split("@");
            if (rest.length > 0) throw new Error("not an e-mail address");
            return user === wantedUser && host === wantedDomain.toLowerCase();
        }
        return constraint.startsWith(".") ? host.endsWith(constraint) : host === constraint;
    }
    if (name.tag === URI) {
        const host = new URL(text(name)).hostname;
        return text(base).startsWith(".") ? host.endsWith(text(base)) : host === text(base);
    }
    if (name.tag === IP) {
        const size = base.body.length / 2;
        if (![4, 16].includes(name.body.length) || ![4, 16].includes(size)) throw new Error("not an address");
        return (
            size === name.body.length && name.body.every((byte, at) => ((byte ^ (base.body[at] ?? 0)) & (base.body[size + at] ?? 0)) === 0)
        );
    }
    // A directory name lies in a subtree that is a prefix of it. Compared byte for byte, which refuses more than RFC 5280's folding.
    const wanted = inside(base.body, 0x30);
    const given = inside(name.body, 0x30);
    return wanted.every((part, at) => given[at]?.body.equals(part.body) ?? false);
}

/** Whether a subtree that is excluded has a name in common with it: a wildcard stands for every name below its domain. */
function overlaps(name: Der, base: Der): boolean {
    if (name.tag !== DNS || !text(name).startsWith("*.")) return matches(name, base);
    const domain = text(name).slice(2);
    return inDomain(domain, text(base)) || inDomain(text(base), domain);
}

/** As OpenSSL has it: more comparisons than this are an attack. */
const MAXIMUM_COMPARISONS = 2 ** 20;

/** Names of a certificate that constraints apply to: alternative names, the subject, and e-mail addresses in it. */
function namesOf({ alternativeNames, subject, emptySubject }: Fields): Der[] {
    if (emptySubject) return alternativeNames;
    const sequence = Buffer.concat([Buffer.from([0x30, 0x84, 0, 0, 0, 0]), subject]);
    sequence.writeUInt32BE(subject.length, 2);
    const emails = elements(subject)
        .flatMap((set) => elements(set.body))
        .map((attribute) => elements(attribute.body))
        .filter(([oid]) => oid && objectIdentifier(oid.body) === EMAIL_ATTRIBUTE)
        .map(([, value]) => ({ tag: EMAIL, body: value?.body ?? Buffer.alloc(0) }));
    return [...alternativeNames, { tag: DIRECTORY, body: sequence }, ...emails];
}

/** What about a certificate's names violates an issuer's constraints, or undefined. What cannot be read counts as a violation. */
export function nameViolation(constraints: Buffer, fields: Fields): string | undefined {
    try {
        const parts = inside(constraints, 0x30);
        const subtrees = (tag: number) =>
            parts
                .filter((part) => part.tag === tag)
                .flatMap(({ body }) => elements(body))
                .flatMap(({ body }) => elements(body).slice(0, 1));
        const permitted = subtrees(0xa0);
        const excluded = subtrees(0xa1);
        if (permitted.length + excluded.length === 0) return "constraints without a subtree";
        const names = namesOf(fields);
        if (names.length * (permitted.length + excluded.length) > MAXIMUM_COMPARISONS) return "too many names to compare";
        for (const name of names) {
            // RFC 5280 4.2.1.6 has no empty label, by which a name would seem to lie below its domain.
            if (name.tag === DNS && text(name).split(".").includes("")) return "a malformed DNS name";
            const kind = KIND[name.tag];
            const ofKind = ({ tag }: Der) => tag === name.tag;
            if (!kind) {
                if ([...permitted, ...excluded].some(ofKind)) return "a name of a kind that cannot be compared";
                continue;
            }
            if (excluded.filter(ofKind).some((base) => overlaps(name, base))) return `an excluded ${kind} name`;
            const allowed = permitted.filter(ofKind);
            if (allowed.length > 0 && !allowed.some((base) => matches(name, base)))
                return `${/^[eI]/.test(kind) ? "an" : "a"} ${kind} name that is not permitted`;
        }
        return undefined;
    } catch {
        return "constraints or names that cannot be read";
    }
}
