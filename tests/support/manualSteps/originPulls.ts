import type { ManualSteps } from "../fixRunner";
import { NEW_LEAF, NOTHING, unlessHealthy } from "./steps";

export const ORIGIN_PULLS: Record<string, ManualSteps> = {
    "AOP-OTHER-LEVEL-ONLY": [[/^Immediately \(CLOUDFLARE_API_TOKEN needs .* it must print "success":true/, NOTHING], ...NEW_LEAF],
    "AOP-ASSOCIATION-OFF": [[/^Immediately \(CLOUDFLARE_API_TOKEN needs .* it must print "success":true/, NOTHING]],
    "AOP-ASSOCIATION-MISSING": NEW_LEAF,
    "AOP-CERTIFICATE-PENDING": [
        [
            /^Wait a few minutes\. If it does not become active:$/,
            async (runner, words) => {
                // The minutes pass, and with them what comes by waiting.
                if (runner.way === "it comes")
                    for (const certificate of runner.zone.hostnameCertificates.values()) certificate.activeAt = Date.now();
                return unlessHealthy(runner, words);
            },
        ],
        ...NEW_LEAF,
    ],
    "LEAF-EXPIRED": [[/^renews an issued leaf, and uploads it again/, NOTHING], [/^If it is your own, /, NOTHING], ...NEW_LEAF],
    "LEAF-EXPIRES-SOON": [
        [/^renews an issued leaf, and uploads it again/, NOTHING],
        [/^Run it in a weekly pipeline from now on\.$/, NOTHING],
        ...NEW_LEAF,
    ],
};
