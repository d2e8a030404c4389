import type { ManualSteps } from "../fixRunner";
import { NOTHING } from "./steps";

export const ORIGIN_TLS: Record<string, ManualSteps> = {
    "CUSTOM-ORIGIN-TRUST-STORE": [
        [/^Other origins in the zone may need these CAs/, NOTHING],
        [/^Add Amazon's root CAs .* If nothing needs the store, delete its certificates\.$/, ({ zone }) => (zone.originTrustStore = [])],
    ],
    "ORIGIN-TLS-COMPLIANCE": [
        [/^The mode may be required by policy: ask first\./, NOTHING],
        [/^If it must stay: use a name in another zone/, NOTHING],
    ],
    "ORIGIN-OVERRIDDEN-BY-RULE": [
        [/^In Rules, Trace, enter the URL: it names the page rule/, NOTHING],
        [/^Exclude this hostname from it; other hosts may need it\.$/, ({ zone }) => (zone.pageRuleSsl = undefined)],
    ],
};
