/** API Gateway trusts the wrong CAs. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { reissued } from "../traffic/attackerCertificates";
import { createAuthority } from "../pki/authority";
import { show } from "./originPulls";
import { fromNow, leafOf, mutualTlsOf, newAuthority, overwriteTruststore, replaceTruststore, trustedAnd, type Faults } from "./target";

const SHARED_CA = path.join(__dirname, "..", "..", "certs", "cloudflare-origin-pull-ca.pem");

/** From Node's own bundle. */
function amazonRoot(): string {
    const pem = rootCertificates.find((root) => new X509Certificate(root).subject.includes("CN=Amazon Root CA 1"));
    if (pem === undefined) throw new Error("Node's bundle has no Amazon Root CA 1");
    return `${pem}\n`;
}

export const TRUSTSTORE: Faults = {
    "truststore-not-pinned-and-overwritten": {
        summary: "the domain takes the newest truststore, which was overwritten",
        row: "stranger",
        cause: "TRUSTSTORE-OVERWRITTEN",
        apply: (target) => {
            replaceTruststore(target, trustedAnd(target, target.strangerCaPem));
            mutualTlsOf(target).truststoreVersion = undefined;
        },
    },
    "truststore-overwritten": {
        summary: "the truststore in S3 was overwritten; the domain still has the pinned version",
        row: undefined,
        cause: "TRUSTSTORE-OVERWRITTEN",
        apply: (target) => {
            overwriteTruststore(target, trustedAnd(target, target.strangerCaPem));
        },
    },
    "truststore-version-deleted": {
        summary: "the version of the truststore that the domain pins is deleted from S3",
        row: undefined,
        cause: "TRUSTSTORE-VERSION-DELETED",
        apply: (target) => {
            const pinned = mutualTlsOf(target).truststoreVersion;
            for (const { objects } of target.cloud.aws.buckets.values())
                for (const [key, versions] of objects)
                    objects.set(
                        key,
                        versions.filter(({ versionId }) => versionId !== pinned),
                    );
        },
    },
    "truststore-stale": {
        summary: "the edge presents a leaf of a new CA, which only a version of the truststore has that the domain does not pin",
        row: "visitor",
        cause: "TRUSTSTORE-NOT-PINNED-VERSION",
        apply: async (target) => {
            const authority = await newAuthority(target);
            overwriteTruststore(target, trustedAnd(target, authority.certificatePem));
            show(target, await leafOf(target, authority), "instead");
        },
    },
    "truststore-lacks-authority": {
        summary: "the truststore holds another CA than the one of the edge's leaf",
        row: "visitor",
        cause: "TRUSTSTORE-LACKS-AUTHORITY",
        apply: async (target) =>
            replaceTruststore(target, (await createAuthority("CN=Some other CA,O=Example", target.cloud.keys)).certificatePem),
    },
    "ca-reissued-same-name": {
        summary: "the truststore holds a CA of the same name as the leaf's, with another key",
        row: "visitor",
        cause: "CA-REISSUED-SAME-NAME",
        apply: async (target) => replaceTruststore(target, await reissued(mutualTlsOf(target).pem)),
    },
    "truststore-warnings": {
        summary: "a CA in the truststore has expired, beside ours",
        row: undefined,
        cause: "TRUSTSTORE-WARNINGS",
        apply: async (target) => {
            const { pem } = mutualTlsOf(target);
            const old = await createAuthority("CN=Last year's CA,O=Example", target.cloud.keys, {
                notBefore: fromNow(-400),
                notAfter: fromNow(-35),
            });
            const place = pem.split("-----BEGIN CERTIFICATE-----").length;
            const { subject } = new X509Certificate(old.certificatePem);
            replaceTruststore(target, trustedAnd(target, old.certificatePem), [`certificate ${place} has expired: ${subject}`]);
        },
    },
    "public-ca-trusted": {
        summary: "a public root, Amazon's, is in the truststore, beside ours",
        row: undefined,
        cause: "PUBLIC-CA-TRUSTED",
        apply: (target) => replaceTruststore(target, trustedAnd(target, amazonRoot())),
    },
    "shared-ca-trusted": {
        summary: "Cloudflare's shared CA is in the truststore, beside ours",
        row: "other-customer",
        cause: "SHARED-CA-TRUSTED",
        apply: (target) => replaceTruststore(target, trustedAnd(target, readFileSync(SHARED_CA, "utf8"))),
    },
};
