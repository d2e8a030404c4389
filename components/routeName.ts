/** Text as part of a resource name, reversibly: `/` is `-`, each other byte outside a-z and 0-9 is `_` and its two hex digits. */
export const encodedName = (text: string): string =>
    [...Buffer.from(text, "utf8")]
        .map((byte) => {
            const character = String.fromCharCode(byte);
            if (character === "/") return "-";
            return /[a-z0-9]/.test(character) ? character : `_${byte.toString(16).padStart(2, "0")}`;
        })
        .join("");

/**
 * A route in the names of its children: `GET /pets/{id}` is `get-pets-_7bid_7d`, `$default` is `default`. No two keys share a name: a
 * method is one of a few words without a hyphen, and every path begins with one.
 */
export function routeName(routeKey: string): string {
    if (routeKey === "$default") return "default";
    const space = routeKey.indexOf(" ");
    return routeKey.slice(0, space).toLowerCase() + encodedName(routeKey.slice(space + 1));
}
