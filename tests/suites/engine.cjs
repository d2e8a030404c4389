/** `npm run test:engine`: the real Pulumi engine. */
module.exports = { ...require("../../.mocharc.cjs"), spec: ["tests/engine/**/*.test.ts"], ignore: ["tests/**/*.lab.test.ts"] };
