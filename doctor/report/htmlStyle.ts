/**
 * The style of the report's page. Nothing in it is fetched: no font, no image, no import. Each colour has a contrast of 4.5:1 or more on each
 * ground that it is used on (tools/htmlCheck.ts measures it), and every verdict is a word before it is a colour.
 */
export const STYLE = `
:root {
    color-scheme: light dark;
    --ground: #ffffff; --raised: #f6f8fa; --text: #1b1f24; --muted: #57606a; --line: #8c959f; --link: #0550ae;
    --ok: #116329; --ok-ground: #dafbe1; --bad: #a40e26; --bad-ground: #ffebe9; --unknown: #7d4e00; --unknown-ground: #fff8c5;
}
@media (prefers-color-scheme: dark) {
    :root {
        --ground: #0d1117; --raised: #161b22; --text: #e6edf3; --muted: #9ea7b1; --line: #6e7681; --link: #79c0ff;
        --ok: #56d364; --ok-ground: #0f2a1a; --bad: #ff9790; --bad-ground: #3a1518; --unknown: #e3b341; --unknown-ground: #2e2409;
    }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
header, main, nav { max-width: 80rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.5rem; }
nav { margin-top: 1rem; }
nav + main { margin-top: 2.5rem; }
main { padding-bottom: 4rem; }
/* Evidence has long names without a space in them. */
h1, h2, h3, h4, p, li, td, dd, code, pre { overflow-wrap: anywhere; }
h1 { font-size: 1rem; font-weight: 600; color: var(--muted); margin: 0; }
h2 { font-size: 1.75rem; line-height: 1.25; margin: .25rem 0 .5rem; }
h3 { font-size: 1.125rem; margin: 2.5rem 0 .75rem; }
h4 { font-size: 1rem; margin: 0; }
p { margin: .25rem 0; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
code, pre { font: .875rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.muted { color: var(--muted); }
.lead { font-size: 1.125rem; max-width: 50rem; }
.report + .report { border-top: 1px solid var(--line); margin-top: 4rem; padding-top: 2rem; }

.mark { display: inline-block; min-width: 1.75rem; padding: 0 .375rem; border: 1px solid; border-radius: .25rem; font-size: .8125rem;
    font-weight: 700; line-height: 1.375rem; text-align: center; white-space: nowrap; overflow-wrap: normal; }
h2 .mark { font-size: 1rem; line-height: 1.75rem; padding: 0 .625rem; vertical-align: .25rem; }
.ok { color: var(--ok); }
.bad { color: var(--bad); }
.unknown { color: var(--unknown); }
.mark.ok { background: var(--ok-ground); }
.mark.bad { background: var(--bad-ground); }
.mark.unknown { background: var(--unknown-ground); }
svg { display: block; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.dashed { stroke-dasharray: 4 4; }

/* The path: from top to bottom, and from left to right where there is room. */
.path, .facts, .ways { list-style: none; margin: 0; padding: 0; }
.hop > svg { width: 2rem; height: 1.25rem; transform: rotate(90deg); margin: .375rem auto; }
.node { border: 1px solid var(--line); border-top: .25rem solid; border-radius: .375rem; background: var(--raised); padding: .75rem; height: 100%; }
.node > *, .way > * { color: var(--text); }
.node .top { display: flex; gap: .5rem; align-items: start; justify-content: space-between; }
.node .muted, .way .muted { color: var(--muted); }
.top .mark.ok, .facts .mark.ok, .way .mark.ok { color: var(--ok); }
.top .mark.bad, .facts .mark.bad, .way .mark.bad { color: var(--bad); }
.top .mark.unknown, .facts .mark.unknown, .way .mark.unknown { color: var(--unknown); }
.facts { font-size: .875rem; margin-top: .5rem; }
.facts li { margin-top: .375rem; }
.facts b { font-weight: 600; }
.node p { font-size: .875rem; }
.ways { margin-top: .5rem; }
.around { margin-top: 1rem; border-left: 2px solid var(--line); padding: .5rem 0 .5rem 1rem; }
.way { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .125rem .75rem; align-items: center; padding: .5rem 0; font-size: .875rem; }
.way .mark { justify-self: start; }
.way svg { width: 5.5rem; height: 1.5rem; }
.way.ok svg { color: var(--ok); }
.way.bad svg { color: var(--bad); }
.way.unknown svg { color: var(--unknown); }
@media (min-width: 64rem) {
    .path { display: grid; grid-template-columns: 10fr 14fr 15fr 19fr 11fr; }
    .hop { display: grid; grid-template-columns: 2rem minmax(0, 1fr); align-items: start; }
    .hop:first-child { display: block; }
    .hop > svg { width: 1.5rem; transform: none; margin: 1.125rem auto 0; }
    /* The second branch leaves from the visitor's box, which is above it only here. */
    .around { margin: 0 0 0 1.5rem; padding: 1rem 0 0 1.25rem; }
    .way { grid-template-columns: 2.25rem 24rem 5.5rem minmax(0, 1fr); padding: .1875rem 0; position: relative; }
    .way::before { content: ""; position: absolute; left: -1.25rem; top: 50%; width: 1rem; border-top: 2px solid var(--line); }
}

.cause { border: 1px solid var(--line); border-left: .25rem solid var(--bad); border-radius: .375rem; padding: .25rem 1rem 1rem; margin-top: 1rem; }
.cause.later { border-left-color: var(--unknown); }
.cause h3 { margin-top: .75rem; }
.cause h3 small { display: block; font-size: .8125rem; font-weight: 400; color: var(--muted); }
dl { margin: 0; display: grid; gap: .125rem 1rem; }
dt { font-size: .8125rem; font-weight: 700; letter-spacing: .04em; color: var(--muted); margin-top: .625rem; }
dd { margin: 0; min-width: 0; }
dd ul, .notes { margin: 0; padding-left: 1.125rem; }
@media (min-width: 40rem) {
    dl { grid-template-columns: 6rem minmax(0, 1fr); gap: .625rem 1rem; }
    dt { margin-top: .125rem; }
}
/* One click selects all of it; a long line is broken here and not in what is copied. */
pre { margin: 0; padding: .5rem .75rem; background: var(--raised); border: 1px solid var(--line); border-radius: .375rem; white-space: pre-wrap;
    -webkit-user-select: all; user-select: all; }

.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .375rem; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
caption { text-align: left; padding: .5rem .75rem; color: var(--muted); }
th, td { text-align: left; vertical-align: top; padding: .375rem .75rem; border-top: 1px solid var(--line); min-width: 4rem; }
thead th { white-space: nowrap; background: var(--raised); }
tbody th { font-weight: 600; white-space: nowrap; }
tbody th.wide { min-width: 10rem; white-space: normal; overflow-wrap: anywhere; }
td.wide { min-width: 13rem; }
td.middle { min-width: 11rem; }
td.short { white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
@media (min-width: 64rem) { tbody th.wide { white-space: nowrap; } }
@media print {
    pre, .scroll { overflow: visible; }
    .scroll th, .scroll td { min-width: 0; padding: .375rem; }
    .scroll th { white-space: normal; }
    .cause, .node { break-inside: avoid; }
}
`;
