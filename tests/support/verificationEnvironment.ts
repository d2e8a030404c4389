import { API_ID, DOMAIN, TARGET } from "./fakeOrigin";

/** Value of the header that the verification sends. */
export const SECRET = "token-6d0f2b7a91";

/** The environment of the verification's script. */
export const verificationEnvironment = (seconds: number, connectTo = "", more: Record<string, string> = {}) => ({
    VERIFICATION_DOMAIN: DOMAIN,
    VERIFICATION_TARGET: TARGET,
    VERIFICATION_API_ID: API_ID,
    VERIFICATION_PATH: "/",
    VERIFICATION_TIMEOUT_SECONDS: String(seconds),
    VERIFICATION_HEADERS: JSON.stringify({ Authorization: SECRET }),
    CLOUDFLARE_PROTECTED_HTTP_API_CONNECT_TO: connectTo,
    ...more,
});
