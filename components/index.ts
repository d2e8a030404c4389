export * from "./args";
export { CloudflareProtectedHttpApi } from "./cloudflareProtectedHttpApi";
