/** A domain renamed under break-glass, on both engines: the old hostname's association is off, and everything can be deleted. */
import { expect } from "chai";
import { needsPulumi } from "../support/needsPulumi";
import { CliHost } from "./cliHost";
import { PROJECT, type Host } from "./host";
import { LabHost } from "./labHost";
import { NAME, program } from "./programs";
import { startLab } from "./resettableLab";
import type { TrafficMonitor } from "./trafficMonitor";

const OTHER = "orders.example.com";
const HOSTS: Record<string, (traffic: TrafficMonitor) => Promise<Host>> = {
    "the real engine": (traffic) => CliHost.open(traffic.providers()),
    "the lab's engine": (traffic) => Promise.resolve(new LabHost(traffic.providers())),
};

for (const [title, open] of Object.entries(HOSTS))
    describe(`a domain renamed under break-glass on ${title}`, () => {
        let traffic: TrafficMonitor | undefined;
        let host: Host | undefined;
        before(async function () {
            needsPulumi(this);
            traffic = await startLab();
            host = await open(traffic);
        });
        after(async () => {
            await host?.close();
            await traffic?.close();
        });

        it("moves the association, voids the old one, and lets the next up and destroy pass", async () => {
            const { cloud } = traffic!;
            const zone = cloud.cloudflare.zones.get("zone1")!;
            const done = async (work: Promise<{ ok: boolean; text: string; steps: string[] }>): Promise<string[]> => {
                const { ok, text, steps } = await work;
                expect(ok, text).to.equal(true);
                return steps;
            };
            await done(host!.up(program()));
            expect([...zone.associations.keys()]).to.deep.equal([NAME]);
            const [before] = [...zone.hostnameCertificates.keys()];

            const refused = await host!.preview(program({ domainName: OTHER }));
            expect(refused.text).to.contain("[other-name]");
            const config = { [`${PROJECT}:breakGlass`]: "orders: renamed" };
            const order: string[] = [];
            cloud.events.on("event", ({ source, action, detail }) => {
                if (/authenticatedOriginPulls/.test(source)) order.push(`${action} ${String((detail as { id: string }).id)}`);
            });
            const steps = await done(host!.up(program({ domainName: OTHER }), { config }));
            expect(steps).to.include("replace orders-association");
            expect([...zone.associations.keys()]).to.deep.equal([OTHER]);
            expect([...zone.hostnameCertificates.keys()])
                .to.have.length(1)
                .and.not.include(before);
            const [after] = [...zone.hostnameCertificates.keys()];
            expect(order).to.deep.equal([`create ${after}`, `create ${OTHER}`, `delete ${NAME}`, `delete ${before}`]);

            expect(await done(host!.up(program({ domainName: OTHER })))).to.deep.equal([]);
            await done(host!.destroy());
            expect([zone.associations.size, zone.hostnameCertificates.size]).to.deep.equal([0, 0]);
        });
    });
