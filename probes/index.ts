export * from "./connectTo";
export * from "./deadline";
export * from "./described";
export * from "./handshake";
export * from "./plan";
export * from "./probe";
export type * from "./probeEvidence";
export * from "./strangersIdentity";
export * from "./verdict";
