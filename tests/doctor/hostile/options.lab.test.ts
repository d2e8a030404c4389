/** The doctor with bad options, a reader that leaves, and many names: one clear outcome, in time. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { examine, type DoctorOptions } from "../../../doctor";
import { DOMAIN } from "../../support/fakeOrigin";
import { SECRET, hostileServers } from "../../support/hostileServers";

describe("the doctor with hostile options", function () {
    const { folder, raw, run, file } = hostileServers();

    describe("refuses with a sentence, before any request,", () => {
        const cases: [string, () => string[], string][] = [
            ["an address instead of a name", () => ["192.0.2.10"], "must be a full domain name"],
            ["a time beyond Node's timers", () => [DOMAIN, "--timeout", "99999999999"], "at most 24h"],
            [
                "port 0 of a DNS server, at which Node ends the process",
                () => [DOMAIN, "--dns-server", "127.0.0.1:0"],
                "--dns-server must be",
            ],
            ["a port that is none", () => [DOMAIN, "--connect-to", "a:443:127.0.0.1:99999"], "connect-to must be"],
            ["a page in a folder that is not there", () => [DOMAIN, "--html", "/no/such/page.html"], "--html must be a writable file"],
            ["a page that is a folder", () => [DOMAIN, "--html", folder], "EISDIR"],
            ["a path that is none", () => [DOMAIN, "--path", "a b"], "--path must start with /"],
            ["a header of two lines, untold", () => [DOMAIN, "--header-env", "x-a=LINES"], "the value of x-a must be a single line"],
            ["a header that the request is made of", () => [DOMAIN, "--header-env", "host=PATH"], "host must be left out"],
            [
                "CA certificates that are none",
                () => [DOMAIN, "--cacert", file("ca.pem", "garbage")],
                "--cacert must contain CA certificates",
            ],
            ["an API's id that leads elsewhere", () => [DOMAIN, "--api-id", "x.evil/#"], "--api-id must be"],
            ["an address of Cloudflare's that is none", () => [DOMAIN, "--cloudflare-base-url", "nonsense"], "must start with https://"],
            ["a number for a path", () => ["--all", file("a.json", `[{"domainName":"${DOMAIN}","path":5}]`)], "--path must start"],
            ["a list that is none, whose text is not shown", () => ["--all", file("b.json", SECRET)], "--all must be JSON"],
        ];
        it("bad options", async () => {
            const ended = await Promise.all(
                cases.map(async ([title, args, said]) => ({ title, said, ...(await run(args(), { LINES: `${SECRET}\r\nx: y` })) })),
            );
            for (const { title, said, code, stdout, stderr } of ended) {
                expect(stderr, title).to.contain(said).and.not.contain("    at ");
                expect(stderr, title).not.to.contain("Warning").and.not.contain(SECRET.slice(0, 8));
                expect([code, stdout], title).to.deep.equal([2, ""]);
            }
        });

        it("unknown options of `examine`", async () => {
            const wrong: unknown[] = [undefined, null, "api.example.com", {}, { domainName: "" }, { domainName: 5 }];
            for (const more of [
                { timeoutMs: -1 },
                { timeoutMs: NaN },
                { network: null },
                { network: { dnsServers: "127.0.0.1" } },
                { headers: [] },
                { own: {} },
            ])
                wrong.push({ domainName: DOMAIN, aws: false, ...more });
            for (const options of wrong) {
                const error = await examine(options as DoctorOptions).then(
                    () => undefined,
                    (reason: Error) => reason,
                );
                expect(error?.name, JSON.stringify(options)).to.equal("OptionError");
            }
        });
    });

    it("accepts a fraction of a millisecond, and stops a hanging search for credentials", async () => {
        const pid = path.join(folder, "credentials.pid");
        const hang = file("hang.sh", `echo $$ > ${pid}\nexec sleep 600\n`);
        const config = file("config", `[profile hangs]\ncredential_process = sh ${hang}\nregion = eu-west-1\n`);
        const env = { AWS_CONFIG_FILE: config, AWS_PROFILE: "hangs" };
        const { code, stderr, stdout } = await run([DOMAIN, "--timeout", "500.5ms", "--dns-server", "127.0.0.1:1"], env);
        expect([code, stderr], stderr).to.deep.equal([2, ""]);
        expect(stdout).to.contain("COULD NOT TELL");
        // Fails if it no longer hangs.
        process.kill(Number(fs.readFileSync(pid, "utf8")));
    });

    it("keeps the verdict's exit code when the reader closes the pipe", async () => {
        const { code } = await run([DOMAIN, "--no-aws", "--timeout", "500ms", "--dns-server", "127.0.0.1:1"], {}, (child) =>
            child.stdout!.destroy(),
        );
        expect(code).to.equal(2);
    });

    it("checks only a few names at a time", async () => {
        let now = 0;
        let most = 0;
        const port = await raw((socket) => {
            now++;
            let open = true;
            const gone = (): void => {
                if (open) now--;
                open = false;
            };
            socket.resume().on("end", gone).on("error", gone).on("close", gone);
            // That an earlier one has ended may be read later than this one is accepted, and has come before it: all that has come is read by then.
            setImmediate(() => (most = Math.max(most, now)));
        });
        const names = Array.from({ length: 20 }, (_, i) => `n${i}.example.com`);
        const all = file("many.json", JSON.stringify(names));
        await run([
            "--all",
            all,
            "--no-aws",
            "--timeout",
            "1500ms",
            "--dns-server",
            "127.0.0.1:1",
            "--connect-to",
            `:443:127.0.0.1:${port}`,
        ]);
        // Four requests of a visitor each.
        expect(most).to.be.greaterThan(4).and.lessThan(33);
    });
});
