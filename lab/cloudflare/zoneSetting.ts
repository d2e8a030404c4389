/** Cloudflare's settings of a zone. Deleting one leaves it as it is (docs/sources.md 7.6). */
import { apiError, ask, inZonePath, overApi } from "./api";
import type { ApiRequest, Cloud } from "../cloud";
import { zoneOf } from "./dnsRecord";
import type { SettingValues } from "./requests";
import { oneOf, text, type Props, type ResourceType } from "../shared/resourceType";

const KNOWN = {
    ssl: ["off", "flexible", "full", "strict"],
    tls_client_auth: ["on", "off"],
    always_use_https: ["on", "off"],
    automatic_https_rewrites: ["on", "off"],
    min_tls_version: ["1.0", "1.1", "1.2", "1.3"],
} satisfies SettingValues;
/** The SDK has no type for the automatic mode. */
const SETTINGS: Record<string, string[]> = { ...KNOWN, ssl_automatic_mode: ["auto", "custom"] };
const DEFAULTS: Record<string, string> = { ssl: "full", ssl_automatic_mode: "auto", min_tls_version: "1.0" };

const zoneSettingType: ResourceType = {
    token: "cloudflare:index/zoneSetting:ZoneSetting",
    properties: { zoneId: "string! replace", settingId: "string! replace", value: "any!" },
    computed: ["editable", "modifiedOn"],
    check(inputs) {
        oneOf(inputs, "settingId", Object.keys(SETTINGS), "zone-setting-id");
        oneOf(inputs, "value", SETTINGS[text(inputs, "settingId")] ?? [inputs.value], "zone-setting-value");
    },
    create(cloud, inputs) {
        zoneOf(cloud, text(inputs, "zoneId")).settings.set(text(inputs, "settingId"), text(inputs, "value"));
        return { id: text(inputs, "settingId"), outputs: { editable: true, modifiedOn: new Date().toISOString() } };
    },
    update(cloud, id, inputs) {
        zoneOf(cloud, text(inputs, "zoneId")).settings.set(id, text(inputs, "value"));
        return { modifiedOn: new Date().toISOString() };
    },
    read(cloud, id, state) {
        const zone = cloud.cloudflare.zones.get(text(state, "zoneId"));
        return zone && { value: zone.settings.get(id) ?? DEFAULTS[id] ?? "off" };
    },
    delete() {
        // The provider's Delete is empty: the zone keeps the setting.
    },
};

export function getZoneSetting(cloud: Cloud, args: Props): Promise<Props> {
    const settingId = text(args, "settingId");
    const request: ApiRequest = { method: "GET", path: inZonePath(args, "settings", settingId) };
    return ask(cloud, request, "Zone Settings Read", () => {
        const zone = cloud.cloudflare.zones.get(text(args, "zoneId"));
        if (!zone) throw apiError(request, 404, 1001, "Invalid zone identifier");
        if (!SETTINGS[settingId]) throw apiError(request, 400, 1006, `Unrecognized zone setting name ${settingId}`);
        const value = zone.settings.get(settingId) ?? DEFAULTS[settingId] ?? "off";
        return { id: settingId, settingId, zoneId: zone.id, value, editable: true, enabled: true, modifiedOn: "", timeRemaining: 0 };
    });
}

export const zoneSetting: ResourceType[] = [
    overApi(zoneSettingType, {
        permission: "Zone Settings",
        path: (props) => inZonePath(props, "settings", text(props, "settingId")),
        create: "PATCH",
        update: "PATCH",
        delete: undefined,
    }),
];
