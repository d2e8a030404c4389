import { expect } from "chai";
import * as fc from "fast-check";
import { RULES } from "../../../doctor/diagnose/causes";
import { causePlace, reportHtml } from "../../../doctor/report/html";
import { STYLE } from "../../../doctor/report/htmlStyle";
import type { Report } from "../../../doctor/report/report";
import { SAMPLES } from "../../support/doctorReports";
import { runs } from "../../support/seed";

const [HEALTHY, FAULT, UNKNOWN] = SAMPLES as [Report, Report, Report];
const VOID = ["meta", "path"];
const ALLOWED =
    "a body caption code div dd dl dt h1 h2 h3 h4 head header html li main meta nav ol p path pre section small span b style svg table tbody td th thead time title tr ul".split(
        " ",
    );
const ATTRIBUTES =
    "aria-hidden aria-label aria-labelledby charset class content d datetime href http-equiv id lang name rel role scope tabindex viewBox".split(
        " ",
    );

interface Tag {
    name: string;
    attributes: Record<string, string>;
}

/** Every tag of the page, which must be well formed: known tags with quoted, known attributes, closed in order, and no `<` or `>` besides. */
function tags(page: string): Tag[] {
    const found: Tag[] = [];
    const open: string[] = [];
    // The style is ours; hostile values in it have a test of their own.
    const body = page.replace(/^<!doctype html>/, "").replace(STYLE, "");
    const rest = body.replace(/<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z-]+="[^"<>]*")*)\s*(\/?)>/g, (_tag, end, name, attributes, alone) => {
        if (end) expect(open.pop()).to.equal(name);
        else {
            expect(ALLOWED).to.include(name);
            expect(Boolean(alone), name).to.equal(VOID.includes(name));
            if (!alone) open.push(name);
            const pairs = [...String(attributes).matchAll(/([a-zA-Z-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!] as const);
            for (const [key] of pairs) expect(ATTRIBUTES, `${name} ${key}`).to.include(key);
            found.push({ name, attributes: Object.fromEntries(pairs) });
        }
        return "";
    });
    expect(open).to.deep.equal([]);
    expect(rest).not.to.match(/[<>]/);
    expect(rest.replace(/&(amp|lt|gt|quot|#39);/g, "")).not.to.include("&");
    return found;
}
const skeleton = (page: string): string => tags(page).reduce((all, { name }) => `${all} ${name}`, "");
const texts = (page: string): string =>
    page
        .replace(STYLE, "")
        .replace(/<[^>]*>/g, " ")
        .replace(/&lt;/g, "<")
        .replace(/&gt;/g, ">")
        .replace(/&quot;/g, '"')
        .replace(/&#39;/g, "'")
        .replace(/&amp;/g, "&");

/** That report, with `value` wherever foreign text may stand. */
const said = (report: Report, value: string): Report => ({
    ...report,
    domainName: value,
    causes: report.causes.map((cause) => ({
        ...cause,
        title: value,
        evidence: cause.evidence.map(() => value),
        refresh: cause.refresh && value,
        fix: value,
        confirm: value,
    })),
    ...(report.nextProbe === undefined ? {} : { nextProbe: value }),
    checks: report.checks.map((check) => ({ ...check, expected: value, seen: value })),
    probes: report.probes.map((probe) => ({
        ...probe,
        reason: value,
        body: value,
        edgeLocation: value,
        serverProblem: value,
        serverNotAfter: value,
    })),
    notes: report.notes.map(() => value),
    edgeLocations: [value],
    startedAt: value,
});

describe("the doctor's page", () => {
    for (const [name, reports] of Object.entries({ healthy: [HEALTHY], fault: [FAULT], unknown: [UNKNOWN], several: SAMPLES, none: [] })) {
        it(`is well formed: ${name}`, () => {
            const page = reportHtml(reports);
            expect(page).to.match(/^<!doctype html>\s*<html lang="en">/);
            const found = tags(page);
            const count = (tag: string): number => found.filter((element) => element.name === tag).length;
            for (const tag of ["title", "h1", "main", "style"]) expect(count(tag), tag).to.equal(1);
            expect(count("table")).to.equal(count("caption"));
            for (const { attributes } of found.filter((element) => element.name === "th")) expect(attributes.scope).to.match(/^(col|row)$/);
            let level = 0;
            for (const { name: tag } of found.filter((element) => /^h[1-6]$/.test(element.name))) {
                expect(Number(tag[1])).to.be.at.most(level + 1);
                level = Number(tag[1]);
            }
            const ids = found.flatMap(({ attributes }) => attributes.id ?? []);
            expect(new Set(ids).size).to.equal(ids.length);
            const anchors = found.flatMap(({ attributes }) => [
                ...(attributes.href?.startsWith("#") ? [attributes.href.slice(1)] : []),
                ...("aria-labelledby" in attributes ? [attributes["aria-labelledby"]] : []),
            ]);
            for (const anchor of anchors) expect(ids).to.include(anchor);
        });
    }

    it("shows every check, cause, probe and note", () => {
        const page = texts(reportHtml(SAMPLES)).replace(/\s+/g, " ");
        const told = SAMPLES.flatMap(({ domainName, causes, checks, probes, notes, nextProbe, edgeLocations }) => [
            domainName,
            ...causes.flatMap(({ id, title, evidence, refresh, fix, confirm }) => [id, title, ...evidence, refresh, fix, confirm]),
            ...checks.flatMap(({ id, expected, seen }) => [id, expected, seen]),
            ...probes.flatMap(({ id, body, reason, serverProblem }) => [id, body ?? "", reason ?? "", serverProblem ?? ""]),
            ...notes,
            nextProbe ?? "",
            ...edgeLocations,
        ]);
        for (const text of told) expect(page).to.include(text.replace(/\s+/g, " "));
        for (const text of ["HEALTHY", "FAULT", "COULD NOT TELL", "2026-10-05 02:14:09 UTC", "1.8 s", "Cloudflare can be bypassed"])
            expect(page).to.include(text);
    });

    it("spells out the verdict of each check", () => {
        const page = reportHtml([FAULT]);
        const marks = (verdict: string, word: string): number => page.split(`<span class="mark ${verdict}">${word}</span>`).length - 1;
        // In the drawing and in the table; the five hops besides.
        expect(marks("ok", "ok") + marks("bad", "NO") + marks("unknown", "?")).to.equal(2 * FAULT.checks.length + 5);
        const bad = FAULT.checks.filter(({ verdict }) => verdict === "bad").length;
        // The visitor, the edge and API Gateway.
        expect(marks("bad", "NO")).to.equal(2 * bad + 3);
    });

    it("crosses out the ways that are closed, and the path behind the hop that is at fault", () => {
        // The strokes of a cross: of the path, and of a way.
        const crosses = (report: Report): number[] =>
            ["M10 4l12 12M22 4L10 16", "M34 5l14 14M48 5L34 19"].map((stroke) => reportHtml([report]).split(stroke).length - 1);
        expect(crosses(HEALTHY)).to.deep.equal([0, 7]);
        expect(crosses(FAULT)).to.deep.equal([1, 6]);
        expect(crosses(UNKNOWN)).to.deep.equal([0, 0]);
        // The path ends at the edge, regardless of later faults.
        expect(reportHtml([FAULT]).indexOf("M10 4l12 12")).to.be.within(
            reportHtml([FAULT]).indexOf("<h4>Cloudflare edge"),
            reportHtml([FAULT]).indexOf("<h4>API Gateway"),
        );
    });

    it("has a place on the path for every cause but those of what the doctor may read", () => {
        expect(RULES.filter(({ id }) => causePlace(id) === undefined).map(({ id }) => id)).to.deep.equal(
            RULES.filter(({ impact }) => impact === "not-judged").map(({ id }) => id),
        );
    });

    it("links the summary of several to each", () => {
        const several = tags(reportHtml(SAMPLES)).flatMap(({ attributes }) => attributes.href ?? []);
        expect(several).to.include.members(["#report-0", "#report-1", "#report-2"]);
        expect(tags(reportHtml([HEALTHY])).map(({ name }) => name)).not.to.include("nav");
    });

    it("fetches nothing", () => {
        const page = reportHtml(SAMPLES);
        expect(page).to.include('content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;;');
        expect(STYLE).not.to.match(/@import|url\(|http|<|@font-face|image-set/i);
        expect(page.split("<style>").length).to.equal(2);
        expect(page).not.to.match(/<[^>]*\s(src|srcset|poster|action|style|on\w+)=/i);
        for (const { name, attributes } of tags(page)) if (attributes.href !== undefined) expect(name).to.equal("a");
    });

    for (const hostile of [
        "<script>alert(1)</script>",
        `"><img src=x onerror="alert(1)">`,
        "' onmouseover='alert(1)",
        "</style><script>alert(1)</script>",
        "</pre></section><!-- ",
        "&lt;script&gt; &amp",
        "]]><svg/onload=alert(1)>",
        "$& $1 $' $`",
        "${7*7}",
    ])
        it(`escapes ${hostile}`, () => {
            const harmless = reportHtml(SAMPLES.map((report) => said(report, "harmless")));
            const page = reportHtml(SAMPLES.map((report) => said(report, hostile)));
            expect(skeleton(page)).to.equal(skeleton(harmless));
            if (/[<>"']/.test(hostile)) expect(page).not.to.include(hostile);
            expect(texts(page)).to.include(hostile);
        });

    it("keeps its structure with any text", function () {
        const drawn = (value: string): string => skeleton(reportHtml([said(FAULT, value), said(UNKNOWN, value)]));
        const harmless = drawn("harmless");
        const words = fc.constantFrom(
            "<",
            ">",
            "&",
            '"',
            "'",
            "/",
            "!--",
            "--",
            "]]",
            "script",
            "style",
            "=",
            "`",
            "\0",
            "\r",
            "\n",
            "é",
            "😀",
        );
        const anything = fc.oneof(
            fc.string({ minLength: 1, unit: "binary" }),
            fc.array(words, { minLength: 1 }).map((all) => all.join("")),
        );
        fc.assert(
            fc.property(anything, (value) => drawn(value) === harmless),
            { numRuns: runs(40) },
        );
    });

    it("shows characters that hide or turn the line round by their number, and lone halves of a pair too", () => {
        const page = reportHtml([said(HEALTHY, "evil\u202egpj.exe\u0000\u200b\ud800\u2028")]);
        expect(page).to.include("evil\\u{202e}gpj.exe\\u{0}\\u{200b}\\u{d800}\\u{2028}");
    });

    it("shortens what is long in the drawing and nowhere else", () => {
        const long = "x".repeat(5000);
        const page = reportHtml([{ ...HEALTHY, checks: [{ hop: "dns", id: "record", expected: "e", seen: long, verdict: "ok" }] }]);
        expect(page.split(long).length).to.equal(2);
        expect(page).to.include(`${"x".repeat(140)}…`);
    });
});
