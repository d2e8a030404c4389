export * from "./judge";
export * from "./pem";
