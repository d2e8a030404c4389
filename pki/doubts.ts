import { issuerOf, subject } from "./chains";
import { crossSigned, read } from "./judge";

const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const ANY = "2.5.29.37.0";

/** What no source settles of texts that are accepted, as sentences for a warning. Unreadable texts are refused elsewhere. */
export function doubts(caPem: string, leafPem?: string): string[] {
    const found: string[] = [];
    const cas = read(caPem).reads;
    for (const ca of cas) {
        const other = crossSigned(ca, cas);
        if (other && ca.certificate.issuer !== ca.certificate.subject)
            found.push(
                `${subject(ca.certificate)} is there twice, signed by ${issuerOf(other.certificate)} and by ${issuerOf(ca.certificate)}: a cross-signed bundle. API Gateway then trusts any client certificate of ${issuerOf(ca.certificate)} too. Keep one chain, unless you mean to trust both.`,
            );
    }
    for (const { certificate, fields } of [...cas, ...(leafPem === undefined ? [] : read(leafPem).reads)]) {
        const purposes = fields?.extendedKeyUsage;
        if (purposes && !purposes.includes(CLIENT_AUTH) && !purposes.includes(ANY))
            found.push(
                `${subject(certificate)} is not for clients: its extendedKeyUsage ${purposes.join() === SERVER_AUTH ? "is serverAuth alone" : "lacks clientAuth"}. AWS does not say whether API Gateway checks that; issue one with clientAuth.`,
            );
        if (fields && !fields.ca && fields.keyUsage && !fields.keyUsage.digitalSignature)
            found.push(`${subject(certificate)} may not sign: its keyUsage lacks digitalSignature, which a TLS client needs.`);
    }
    return [...new Set(found)];
}
