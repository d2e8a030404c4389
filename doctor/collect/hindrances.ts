/** What kept the doctor from looking. Sets: many calls fail for one reason. */
export interface Hindrances {
    denied: Set<string>;
    problems: Set<string>;
}
