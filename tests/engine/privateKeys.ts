import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Provider } from "../../lab/shared/provider";

/** The providers, with the private keys that they make or take put by. */
export function keepingKeys(providers: Record<string, Provider>, privateKeys: Set<string>): Record<string, Provider> {
    const take = (message: unknown): void => {
        const properties = (message as { getProperties?(): Struct | undefined } | undefined)?.getProperties?.()?.toJavaScript() ?? {};
        for (const value of Object.values(properties))
            if (typeof value === "string" && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(value)) privateKeys.add(value);
    };
    return Object.fromEntries(
        Object.entries(providers).map(([name, { impl }]) => [
            name,
            {
                impl: {
                    ...impl,
                    create: (call, cb) => {
                        take(call.request);
                        impl.create!(call, (error, response) => {
                            take(response);
                            cb(error, response);
                        });
                    },
                },
            } satisfies Provider,
        ]),
    );
}
