import { expect } from "chai";
import type { ManualSteps } from "../fixRunner";
import { NEW_LEAF, NOTHING, moves, takeUrn } from "./steps";

export const TRUSTSTORE: Record<string, ManualSteps> = {
    "TRUSTSTORE-OVERWRITTEN": [
        [
            /^it must update the truststore object; if it changes only the domain's truststoreVersion, stop$/,
            (runner) => expect(moves(runner)).to.include("update api-truststore-object"),
        ],
        [/^Then find out who wrote the object/, NOTHING],
    ],
    "TRUSTSTORE-NOT-PINNED-VERSION": [[/^pins the version that it writes/, NOTHING], ...NEW_LEAF],
    "CA-REISSUED-SAME-NAME": [[/^restores a truststore that was changed by hand$/, NOTHING], ...NEW_LEAF],
    "LEAF-WRONG-CA": [...NEW_LEAF, [/^Then find out who uploaded the other certificate\.$/, NOTHING]],
    "TRUSTSTORE-LACKS-AUTHORITY": [[/^restores the program's truststore$/, NOTHING], ...NEW_LEAF],
    "PUBLIC-CA-TRUSTED": [
        [/^restores the program's truststore$/, NOTHING],
        [/^Then find out who wrote the object, and why\.$/, NOTHING],
    ],
    "SHARED-CA-TRUSTED": [
        [
            /^not found means Hostname$/,
            ({ answers, printed }) => {
                const [mode, list] = printed.split("\n");
                Object.assign(answers, { mode, list });
            },
        ],
        [
            /^Mode Shared: move to Hostname\. If originPullAuthorities was not found, trust the new authority first:$/,
            ({ answers }) => (answers.mode === "Shared" && answers.list!.includes("not found") ? undefined : "skip"),
        ],
        [
            /^Mode Shared: its zone setting will be deleted, so unprotect it \(tls_client_auth itself stays on\):$/,
            ({ answers }) => (answers.mode === "Shared" ? undefined : "skip"),
        ],
        [
            /^take the URN of type cloudflare:index\/zoneSetting:ZoneSetting whose name ends in -tls-client-auth$/,
            takeUrn(/urn:\S+\$cloudflare:index\/zoneSetting:ZoneSetting::\S+-tls-client-auth$/m),
        ],
        [
            /^Mode Shared: run two deployments, with your own list instead of 1 if it was found:$/,
            ({ answers }) => (answers.mode === "Shared" ? undefined : "skip"),
        ],
        [
            /^Mode Hostname with cloudflare-shared in the list: finish the move:$/,
            ({ answers }) => {
                const names = answers.list!.split(",");
                answers["<the list without cloudflare-shared>"] = names.filter((name) => name !== "cloudflare-shared").join(",");
                return answers.mode !== "Shared" && names.includes("cloudflare-shared") ? undefined : "skip";
            },
        ],
        [
            /^Neither: the truststore was changed by hand\. Restore it, and find out who did it:$/,
            ({ answers }) => (answers.mode === "Shared" || answers.list!.includes("cloudflare-shared") ? "skip" : undefined),
        ],
    ],
    "TRUSTSTORE-WARNINGS": [
        [/^removes a certificate that was added to the program's$/, NOTHING],
        [/^If the warning remains, it is about one of the program's authorities\./, NOTHING],
    ],
};
