/** What the docs name must exist: links, anchors, scripts, files, options, sources, child resources. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { parse } from "yaml";
import { CloudflareProtectedHttpApi, OriginPullMode, StrictTls, type CloudflareProtectedHttpApiArgs } from "../../components";
import { record } from "../support/recorder";
import { ROOT, blocksOf, commandsBelow, readPages, type Page } from "./pages";

const pages = readPages();
const CAUSES = "docs/causes.md";

const tracked = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" }).split("\n").filter((file) => file && fs.existsSync(path.join(ROOT, file))); // prettier-ignore
const sourcesIn = (...folders: string[]): string =>
    tracked
        .filter((file) => /\.(ts|js)$/.test(file) && folders.some((folder) => file.startsWith(folder)))
        .map((file) => fs.readFileSync(path.join(ROOT, file), "utf8"))
        .join("\n");
const all = (find: (page: Page) => string[]): string[] => [...pages.values()].flatMap((page) => find(page).map((what) => `${page.file}: ${what}`)); // prettier-ignore

describe("the docs", () => {
    it("have a front page of at most 150 lines", () => {
        expect(pages.get("README.md")!.text.split("\n").length - 1).to.be.at.most(150);
    });

    it("link to what exists, anchors included", () => {
        // The page of causes is generated from the doctor's table: an id is an anchor.
        const ids = new Set([...sourcesIn("doctor/").matchAll(/\bid: "([A-Z0-9]+(?:-[A-Z0-9]+)*)"/g)].map(([, id]) => id!.toLowerCase()));
        expect(ids.size).to.be.greaterThan(20);
        expect(
            all(({ file, prose }) =>
                [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
                    if (/^https?:/.test(link!)) return [];
                    const [to = "", anchor] = link!.split("#");
                    const target = to === "" ? file : path.posix.join(path.posix.dirname(file), to);
                    if (target === CAUSES) return anchor === undefined || ids.has(anchor) ? [] : [link!];
                    if (!fs.existsSync(path.join(ROOT, target))) return [link!];
                    return anchor === undefined || pages.get(target)?.anchors.has(anchor) ? [] : [link!];
                }),
            ),
        ).to.deep.equal([]);
    });

    it("have no anchor twice, and every page is linked", () => {
        expect(
            all(({ text }) => {
                const ids = [...text.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id]) => id!);
                return ids.filter((id, i) => ids.indexOf(id) !== i);
            }),
        ).to.deep.equal([]);
        const linked = new Set(
            [...pages.values()].flatMap(({ file, prose }) =>
                [...prose.matchAll(/\]\(([^)\s#]+)/g)].map(([, to]) => path.posix.join(path.posix.dirname(file), to!)),
            ),
        );
        expect([...pages.keys()].filter((file) => file !== "README.md" && !linked.has(file))).to.deep.equal([]);
    });

    it("name scripts that package.json has", () => {
        const { scripts } = JSON.parse(fs.readFileSync(path.join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
        const missing = all(({ text }) =>
            [...text.matchAll(/npm (?:run (?:--?\w+ )*([a-z][\w:-]*)|(start|test)\b)/g)]
                .map(([, run, short]) => run ?? short!)
                .filter((name) => scripts[name] === undefined),
        );
        expect(missing).to.deep.equal([]);
    });

    it("name files and folders that the repository has", () => {
        const top = new Set(tracked.map((file) => file.split("/")[0]!));
        const missing = all(({ file, prose }) =>
            [...prose.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\/?)`/g)]
                .map(([, name]) => name!)
                .filter((name) => {
                    if (name.startsWith("/") || fs.existsSync(path.join(ROOT, name))) return false;
                    // In the pages of sources, paths are of other repositories; a page may name its neighbours.
                    if (fs.existsSync(path.join(ROOT, path.dirname(file), name))) return false;
                    if (name.includes("/")) return top.has(name.split("/")[0]!);
                    return /^(Pulumi\.\w+\.yaml|tsconfig\.[\w.]*json|package(-lock)?\.json|CHANGELOG\.md)$/.test(name);
                }),
        );
        expect(missing).to.deep.equal([]);
    });

    it("name options that the commands have", () => {
        const [lab, doctor] = [sourcesIn("lab/"), sourcesIn("doctor/")];
        const missing = all(({ text }) =>
            [...text.matchAll(/(npm start -- |npm run doctor -- |npx --no cloudflare-protected-http-api doctor )([^\n`|#]*)/g)].flatMap(
                ([, command, rest]) =>
                    [...rest!.matchAll(/--[a-z][a-z-]*/g)]
                        .map(([option]) => option)
                        .filter((option) => option !== "--help" && !(command!.includes("start") ? lab : doctor).includes(`${option}`)),
            ),
        );
        expect(missing).to.deep.equal([]);
    });

    it("never have npx download anything", () => {
        expect(all(({ text }) => [...text.matchAll(/npx (?!--no )[^\n`]*/g)].map(([found]) => found))).to.deep.equal([]);
    });

    it("show the sample configuration as it is", () => {
        const sample = fs.readFileSync(path.join(ROOT, "Pulumi.dev.yaml"), "utf8");
        const shown = blocksOf(pages.get("docs/configuration.md")!).find(({ language }) => language === "yaml")!;
        expect(parse(shown.code)).to.deep.equal(parse(sample));
    });

    it("list every setting of the stack", () => {
        const [, table] = /^const SETTINGS = \{\n([\s\S]*?)^\} satisfies/m.exec(fs.readFileSync(path.join(ROOT, "index.ts"), "utf8"))!;
        const keys = [...table!.matchAll(/^ {4}(\w+):/gm)].map(([, key]) => key!);
        const listed = [...pages.get("docs/configuration.md")!.prose.matchAll(/^\| `(\w+)` +\|/gm)].map(([, key]) => key!);
        expect(listed.sort()).to.deep.equal(keys.sort());
    });
});

describe("the sources", () => {
    const known = pages.get("docs/sources.md")!.anchors;
    const CITED = /\b(?:facts|docs\/sources\.md) (\d+(?:\.\d+)?(?:, \d+(?:\.\d+)?)*)/gi;

    it("have an entry for every number that the code cites", () => {
        const cited = tracked
            .filter((file) => /\.(ts|js)$/.test(file) && !file.startsWith("tests/docs/"))
            .flatMap((file) =>
                [...fs.readFileSync(path.join(ROOT, file), "utf8").matchAll(CITED)].flatMap(([, list]) =>
                    list!.split(", ").map((number) => [file, number] as const),
                ),
            )
            // "facts 5, 526" is section 5 and the error.
            .filter(([, number]) => !/^\d{3}$/.test(number));
        expect(cited.length).to.be.greaterThan(20);
        expect(cited.filter(([, number]) => !known.has(number)).map(([file, number]) => `${file} cites ${number}`)).to.deep.equal([]);
    });

    it("have an entry for every number in the lab's tables", () => {
        const rows = pages.get("lab/README.md")!.prose.matchAll(/^\|.*\| +([\d., ()]+?) *\|$/gm);
        const numbers = [...rows].flatMap(([, cell]) => cell!.replace(/\(\d+\)/g, "").split(",").map((text) => text.trim())); // prettier-ignore
        expect(numbers.length).to.be.greaterThan(50);
        expect(numbers.filter((number) => !known.has(number))).to.deep.equal([]);
    });
});

describe("the component's page", () => {
    const page = pages.get("docs/component.md")!;
    const [, table] = /^## Child resources\n([\s\S]*?)^### /m.exec(page.text)!;
    const listed = [...table!.matchAll(/^\| `<name>-([^`]+)`(?: \\\*)? +\| (?:`([^`]+)`|component)/gm)].map(([, name, type]) => ({
        name: new RegExp(
            `^orders-${name!
                .replace("<authority>-<leaf>", "1-1")
                .replace("<authority>", "1")
                .replace("<function>", "pets")
                .replace("<ARN>", "123456789012-eu_2dwest_2d1-orders")
                .replace("<route>", "(default|get-pets-_7bid_7d|get-pets)")}$`,
        ),
        type,
    }));
    const LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
    const childrenOf = async (args: Partial<CloudflareProtectedHttpApiArgs> = {}) => {
        const minimal = { domainName: "api.example.com", zoneId: "zone1", routes: [{ routeKey: "$default", lambdaArn: LAMBDA }] };
        const { registrations } = await record(() => new CloudflareProtectedHttpApi("orders", { ...minimal, ...args }), {
            sslMode: "strict",
            computed: { "tls:index/locallySignedCert:LocallySignedCert": () => ({ certPem: "" }) },
        });
        return registrations.filter(({ type, name }) => name !== "orders" && type !== "pulumi:pulumi:Stack");
    };

    it("lists every child by name and type, and no other", async () => {
        const children = [
            ...(await childrenOf({
                routes: [
                    { routeKey: "$default", lambdaArn: LAMBDA },
                    { routeKey: "GET /pets/{id}", lambdaArn: pulumi.output(LAMBDA) },
                    { routeKey: "GET /pets", function: "pets" },
                ],
                functions: [{ name: "pets", lambdaArn: pulumi.output(LAMBDA) }],
                strictTls: StrictTls.Zone,
            })),
            ...(await childrenOf({ originPull: { mode: OriginPullMode.Shared } })),
        ].map(({ name, type }) => ({ name: name, type }));
        const unlisted = children.filter(
            (child) => !listed.some(({ name, type }) => name.test(child.name) && (type === undefined || type === child.type)),
        );
        expect(unlisted).to.deep.equal([]);
        expect(listed.filter(({ name }) => !children.some((child) => name.test(child.name))).map(({ name }) => name.source)).to.deep.equal(
            [],
        );
    });

    it("states how many resources an API has by default", async () => {
        const [, count] = /\*\*(\d+) resources\*\*/.exec(pages.get("docs/cost-and-limits.md")!.text)!;
        const all = async (args?: Partial<CloudflareProtectedHttpApiArgs>) => (await childrenOf(args)).length;
        const base = await all();
        expect(base).to.equal(Number(count));
        const further = async (route: object) =>
            (await all({
                routes: [
                    { routeKey: "$default", lambdaArn: LAMBDA },
                    { routeKey: "GET /a", ...route },
                ],
            })) - base;
        expect(await further({ lambdaArn: `${LAMBDA}-other` }), "a function of its own").to.equal(3);
        expect(await further({ lambdaArn: LAMBDA }), "the same function").to.equal(2);
        expect(await further({ httpUrl: "https://a.example.com" }), "a URL").to.equal(2);
        expect(
            (await all({ originPull: { authorities: [{ name: "1" }, { name: "2" }], presented: "1" } })) - base,
            "an authority",
        ).to.equal(6);
    });
});

describe("the commands in the docs", () => {
    it("are found below their headings", () => {
        expect(commandsBelow(pages.get("docs/authorities.md")!, "Change the CA of a live API")).to.have.length(3);
        expect(commandsBelow(pages.get("docs/incident/ca-key.md")!, "Commands")).to.have.length(6);
    });
});
