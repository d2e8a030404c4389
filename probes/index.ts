export * from "./connectTo";
export * from "./deadline";
export * from "./probe";
export type * from "./probeEvidence";
