/** What Cloudflare's own SDK says of its requests and answers, for the resource types that send them. Types only: nothing of it is loaded. */
import type { RecordCreateParams } from "cloudflare/resources/dns/records";
import type { HostnameCertificateCreateParams } from "cloudflare/resources/origin-tls-client-auth/hostname-certificates";
import type { HostnameUpdateParams } from "cloudflare/resources/origin-tls-client-auth/hostnames";
import type { SettingGetResponse } from "cloudflare/resources/zones/settings";
import type { Spec } from "../shared/resourceType";

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name;
/** A property for each parameter of the request, as Pulumi spells it: none that is required is missing, and no other is there. */
type PropertiesOf<Params> = { [Name in keyof Params as Camel<Name & string>]: Spec };

/** An MX record has every property that the other kinds have, and a priority. */
export type RecordProperties = PropertiesOf<RecordCreateParams.MXRecord>;
export type HostnameCertificateProperties = PropertiesOf<HostnameCertificateCreateParams>;
export type AssociationProperties = PropertiesOf<HostnameUpdateParams.Config>;

type ValueOf<Setting> = Setting extends { value?: infer Value } ? NonNullable<Value> : never;
/** The values of a zone's settings that the SDK knows by their id. */
export type SettingValues = {
    [Id in "ssl" | "tls_client_auth" | "always_use_https" | "automatic_https_rewrites" | "min_tls_version"]: ValueOf<
        Extract<SettingGetResponse, { id?: Id }>
    >[];
};
