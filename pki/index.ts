export { doubts } from "./doubts";
export { judgeLeaf, judgeTruststoreCa, type Problem } from "./judge";
export * from "./pem";
export { judgeKeyPair, normalisePrivateKey } from "./privateKey";
export * from "./publicCa";
export * from "./publicRoots";
