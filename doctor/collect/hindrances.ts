/** What kept the doctor from reading a cloud. Sets, because many calls fail for the same reason. */
export interface Hindrances {
    denied: Set<string>;
    problems: Set<string>;
}
